/*
 * A person who comes from another store, and may be in this one already.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef MFA_RECORD_MERGE_H
#define MFA_RECORD_MERGE_H

#include "mfa/record.h"

/*
 * Put what comes into what is there:
 *   nobody enrolled there   takes over what comes; an open ticket and recovery codes that are there stay
 *   the same tokens         both lives of them become one: the higher watermark, with its drift, and a recovery
 *                           code that was used in either is used. Recovery codes made since are a difference
 *   other tokens            FED_E_EXISTS; with replace what comes takes their place, and no moment that was used
 *                           with any of them opens again (I-24)
 * So a watermark never falls, and the same twice is the same once. 0, FED_E_EXISTS, FED_E_TOO_BIG (numbers of tokens).
 */
FED_MUST_USE int record_merge(struct record *there, const struct record *comes, bool replace);

/*
 * Had somebody who is not enrolled, or waits to be, a token here with the number of one that comes? Then it was removed here, and what
 * comes may be that one, of before.
 */
bool record_was_removed(const struct record *there, const struct record *comes);

#endif
