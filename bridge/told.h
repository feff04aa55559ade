/*
 * What a person at a login is told besides yes and no. What is not told here stays between the bridge and its log.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_TOLD_H
#define BRIDGE_TOLD_H

#include "bridge/dispatch.h"

/* Why somebody is refused whose password AD has proved (I-12), or why nobody can be judged; nothing for other errors. */
void told_error(int error, struct answer *answer);

/* What to do about a password that AD refuses to bind with, where it cannot be changed here; nothing for other errors. */
void told_expired(int error, struct answer *answer);

/* How soon the password expires: see account_password_days. */
void told_days(int days, struct answer *answer);

#endif
