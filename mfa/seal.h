/*
 * Seeds at rest: AES-256-GCM with the person's SID as associated data, so that a blob copied to
 * another person's row does not open (I-34). Used by the keeper only: it alone has the key.
 *
 * A sealed blob: what is inside (1 byte; 1 a seed, 2 a record, 3 a parcel's piece), key id (4 bytes: the first of SHA-256 of the key),
 * nonce (12, random), ciphertext (as long as the seed), tag (16). The associated data is the blob's first
 * five bytes, then the SID's text.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef MFA_SEAL_H
#define MFA_SEAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/secret.h"

enum {
    SEAL_KEY_SIZE = 32,
    SEAL_KEYS_MAX = 4,
    SEAL_HEAD = 5, /* bytes of a blob that tell its version and key */
    SEAL_OVERHEAD = 1 + 4 + 12 + 16,
    SEAL_BLOB_MAX = SEAL_OVERHEAD + 128,
    SEAL_RECORD_MAX = 3584
};

/*
 * Read seal keys as their file has them: 64 hexadecimal digits or base64 of 32 bytes a line, SEAL_KEYS_MAX lines at most; or one
 * key as its 32 bytes, which are no text. The first seals;
 * those after it, earlier ones, only open what was sealed with them. So a key is changed by a new first line.
 * ret (initialised by the caller) gets SEAL_KEY_SIZE bytes each. 0 or FED_E_CONFIG (also one key twice). Any bytes
 * are safe.
 *
 * Wherever below a key is wanted, it is such a ring of them.
 */
FED_MUST_USE int seal_key_parse(const void *text, size_t len, struct fed_secret *ret);

/* Append the sealed blob to ret_blob. 0, FED_E_CRYPTO, FED_E_TOO_BIG, FED_E_NOMEM. */
FED_MUST_USE int seal_close(const struct fed_secret *key, const char *sid,
    const struct fed_secret *seed, struct fed_secret *ret_blob);

/* Was this blob sealed with the first key? By its head alone; any bytes are safe. */
bool seal_is_current(const struct fed_secret *key, const void *blob, size_t blob_len);

/*
 * Open a blob. FED_E_CRYPTO for one that is torn, changed, of another person or another key; ret_seed is
 * then untouched. Any bytes are safe.
 */
FED_MUST_USE int seal_open(const struct fed_secret *key, const char *sid, const void *blob,
    size_t blob_len, struct fed_secret *ret_seed);

/*
 * The same for a person's whole record (1 to SEAL_RECORD_MAX bytes), where it is kept by somebody who must be able to
 * neither read nor write it (mfa/store_directory.h). A blob of one kind does not open as the other.
 */
FED_MUST_USE int seal_close_record(const struct fed_secret *key, const char *sid,
    const struct fed_secret *record, struct fed_secret *ret_blob);
FED_MUST_USE int seal_open_record(const struct fed_secret *key, const char *sid, const void *blob,
    size_t blob_len, struct fed_secret *ret_record);

/* The same for a piece of a parcel (mfa/parcel.h), whose place in it takes the SID's. */
FED_MUST_USE int seal_close_piece(const struct fed_secret *key, const char *place,
    const struct fed_secret *piece, struct fed_secret *ret_blob);
FED_MUST_USE int seal_open_piece(const struct fed_secret *key, const char *place, const void *blob,
    size_t blob_len, struct fed_secret *ret_piece);

#endif
