/*
 * The thread for what comes with time: groups resolved again, the directory's lockout policy read, tickets ended,
 * credentials renewed.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_HOUSEKEEPER_H
#define BRIDGE_HOUSEKEEPER_H

#include "bridge/bridge.h"

struct housekeeper;

enum { HOUSEKEEPER_SWEEP_S = 10, HOUSEKEEPER_RETRY_S = 15 };

/* One round of directory work in the caller's thread: at start, before the first login. Errors are logged. */
FED_MUST_USE int housekeeper_round(struct bridge *b);

/* Start the thread. refreshed: did the round at start succeed? 0, FED_E_NOMEM, FED_E_SYSTEM. */
FED_MUST_USE int housekeeper_start(struct bridge *b, bool refreshed, struct housekeeper **ret);

/* Read the configuration again, and do the directory work now (SIGHUP). Any thread. */
void housekeeper_reload(struct housekeeper *h);
void housekeeper_stop(struct housekeeper *h);

#endif
