/*
 * A ticket to enrol: what the helpdesk gives to somebody who has no second factor yet, good for one enrolment
 * and a day. Twenty characters of mfa/handcode.h, 100 bits; kept as a SHA-256 in the record.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef MFA_TICKET_H
#define MFA_TICKET_H

#include <stdint.h>

#include "base/secret.h"
#include "mfa/record.h"

enum { TICKET_LIFE_S = 24 * 3600, TICKET_TEXT_SIZE = 24 };

/* Make one. ret_text is initialised by the caller. 0, FED_E_CRYPTO, FED_E_NOMEM, FED_E_TOO_BIG. */
FED_MUST_USE int ticket_make(struct fed_secret *ret_text, unsigned char ret_hash[RECORD_HASH_SIZE]);

/* Is this the record's ticket, and still good? Any bytes are safe. */
bool ticket_is(const struct record *record, const void *typed, size_t len, int64_t now_s);

/* The ticket is no more. */
void ticket_end(struct record *record);

#endif
