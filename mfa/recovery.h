/*
 * Recovery codes: ten, each good once, for the day on which the phone is lost. Shown when they are made
 * and never again; kept as scrypt hashes (RFC 7914) in the person's record (I-30).
 *
 * A code is ten characters of mfa/handcode.h, 50 bits, shown as "xxxxx-xxxxx".
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef MFA_RECOVERY_H
#define MFA_RECOVERY_H

#include "base/secret.h"
#include "mfa/record.h"

enum { RECOVERY_TEXT_SIZE = 12, RECOVERY_ALL_MAX = RECORD_CODES_MAX * RECOVERY_TEXT_SIZE };

/* What a set of codes becomes in a record. */
struct recovery_set {
    unsigned char salt[RECORD_SALT_SIZE];
    unsigned char codes[RECORD_CODES_MAX][RECORD_HASH_SIZE];
};

/*
 * Make a set.
 *   ret_text  initialised, limit RECOVERY_ALL_MAX at least; gets the codes, a newline after each
 * 0, FED_E_CRYPTO, FED_E_NOMEM. Takes about half a second of one processor: not under a lock.
 */
FED_MUST_USE int recovery_make(struct recovery_set *ret_set, struct fed_secret *ret_text);

/* Put a set in the place of what codes there were. */
void recovery_put(struct record *record, const struct recovery_set *set);

/* Can this be one, by its form? A one-time code of digits never can. Any bytes are safe. */
bool recovery_has_form(const void *code, size_t len);

/*
 * Which code of the record is this? One scrypt, then all are compared in constant time, used ones included.
 * 0, FED_E_DENIED (none; also without the form), FED_E_REPLAY (used), FED_E_CRYPTO. Blocks while another thread hashes.
 */
FED_MUST_USE int recovery_find(
    const struct record *record, const void *code, size_t len, size_t *ret_index);

#endif
