/*
 * The root entry of a server, which every server has and anybody may read: is it there, and what time is it there?
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LDAP_ROOT_H
#define LDAP_ROOT_H

#include "ldap/conn.h"

/*
 * One question to which every server has an answer, whoever asks.
 *   ret_time_s  what its clock says (currentTime), Unix seconds; 0 = it does not tell
 * 0 or FED_E_DIRECTORY: the connection is broken.
 */
FED_MUST_USE int root_ask(struct conn *conn, int64_t deadline_ms, int64_t *ret_time_s, char *why);

#endif
