/*
 * A parcel: everybody of a store in one file, on the way to another store. Sealed by the keeper, so that only a host
 * with the same seal key reads it, and nobody can make one up, change, shorten, reorder or join any.
 *
 * A text of lines, LF at the end of each:
 *
 *     awsfed-parcel 1 9f86d081884c7d659a2feaa0c55ad015 1795305600      version, id (random), Unix s
 *     person AwEC…                                                     one a person, in base64
 *     end AwEC…
 *
 * Each line behind the first is a piece sealed on its own (mfa/seal.h), bound to "parcel ID TIME NUMBER KIND": the first
 * line's id and time, the place among the pieces from 1 on, "person" or "end". So a piece opens in its place alone, and
 * a parcel without an end, or with anything behind it, is none. Sealed are
 *
 *     of a person   1 length of the SID, then it; then as in mfa/store_directory_value.h, with version 0
 *     of the end    8 number of people
 *
 * A person's record holds their seeds sealed once more, as every store does: no seed is ever opened on the way (I-34).
 * It has watermarks, drift, labels, recovery codes' hashes and which of them are used, and an open ticket. Failed
 * attempts and locks are of minutes and stay behind: they are counted anew.
 *
 * On the wire a piece is its kind's first letter and the sealed bytes.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef MFA_PARCEL_H
#define MFA_PARCEL_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/secret.h"
#include "mfa/store.h"

enum {
    PARCEL_ID_SIZE = 33,
    PARCEL_HEAD_MAX = 80, /* the first line, with a NUL in the place of its LF */
    PARCEL_PLACE_MAX = 128,
    PARCEL_PIECE_MAX = 1 + SEAL_OVERHEAD + SEAL_RECORD_MAX,
    PARCEL_LINE_MAX = 8 + (PARCEL_PIECE_MAX + 2) / 3 * 4,
};

enum parcel_kind { PARCEL_PERSON = 'p', PARCEL_END = 'e' };

struct parcel_head {
    char id[PARCEL_ID_SIZE];
    int64_t when_s;
};

/* What the keeper does for a parcel. Secrets are initialised by the caller, and replaced. 0, FED_E_CRYPTO, FED_E_KEEPER. */
struct parcel_keeper {
    int (*seal)(void *arg, const char *place, const void *data, size_t len, struct fed_secret *ret);
    int (*open)(void *arg, const char *place, const void *data, size_t len, struct fed_secret *ret);
    int (*try_seed)(void *arg, const char *sid, const void *blob, size_t len); /* does it open? */
    void *arg;
};

/* A new one. 0 or FED_E_CRYPTO. */
FED_MUST_USE int parcel_head_make(int64_t now_s, struct parcel_head *ret);

/* The first line, without its LF; and back: 0 or FED_E_INVALID. Any bytes are safe. */
void parcel_head_show(const struct parcel_head *head, char ret[PARCEL_HEAD_MAX]);
FED_MUST_USE int parcel_head_read(const void *line, size_t len, struct parcel_head *ret);

/* What a piece is bound to. */
void parcel_place(const struct parcel_head *head, uint64_t number, enum parcel_kind kind,
    char ret[PARCEL_PLACE_MAX]);

/* A piece as a line with its LF, appended to ret; and back from a line without it: 0, FED_E_INVALID, FED_E_NOMEM. Any bytes are safe. */
FED_MUST_USE int parcel_line_show(const void *piece, size_t len, struct fed_secret *ret);
FED_MUST_USE int parcel_line_read(const void *line, size_t len, struct fed_secret *ret_piece);

/* What is sealed, to and from. ret is initialised by the caller, and replaced. 0, FED_E_INVALID, FED_E_TOO_BIG, FED_E_NOMEM. Any bytes are safe. */
FED_MUST_USE int parcel_person_pack(const struct store_row *row, struct fed_secret *ret);
FED_MUST_USE int parcel_person_unpack(const void *data, size_t len, struct store_row *ret);
FED_MUST_USE int parcel_end_pack(uint64_t people, struct fed_secret *ret);
FED_MUST_USE int parcel_end_unpack(const void *data, size_t len, uint64_t *ret_people);

#endif
