/*
 * Credentials renewed before their askers come back for them: an SDK asks again a quarter of an hour before the end, waits two
 * seconds for an answer, and AWS may take longer than that.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_RENEWALS_H
#define BRIDGE_RENEWALS_H

#include "bridge/bridge.h"

enum { RENEWALS_PER_ROUND = 4 };

/*
 * Hand the workers a job for each credential that is due, RENEWALS_PER_ROUND of a ticket: it may have hundreds, one a duration, and
 * the workers are for all (I-55). Never blocks for long; the housekeeper calls it every few seconds.
 */
void renewals_start(struct bridge *b);

#endif
