/*
 * The one type that passwords, codes, seeds, keys, assertions and STS secrets live in: a bounded,
 * growing buffer that wipes itself. It is also the project's only growing buffer; what is not
 * secret loses nothing by being wiped.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Fields are for reading only; data is NULL when nothing was ever added, else NUL-terminated. */
struct fed_secret {
    unsigned char *data;
    size_t len;   /* bytes in use, without the terminating NUL */
    size_t cap;   /* bytes allocated */
    size_t limit; /* len never exceeds this */
    bool locked;  /* kept in memory and out of core dumps */
};

/* A buffer of at most limit bytes that lives for one request. Allocates nothing. */
#define FED_SECRET_INIT(bytes) ((struct fed_secret){.limit = (bytes)})
void fed_secret_init(struct fed_secret *s, size_t limit);

/*
 * The same for memory that outlives a request: pages of its own, locked and left out of core dumps.
 * Locking is refused by RLIMIT_MEMLOCK at times: then the memory is used unlocked, since a
 * bridge that cannot lock is still better than no login; --check and the log say so.
 */
void fed_secret_init_locked(struct fed_secret *s, size_t limit);

/* Wipe and free; the buffer is empty and usable afterwards. NULL is accepted. */
void fed_secret_done(struct fed_secret *s);

/* Wipe the content, keep the allocation. */
void fed_secret_clear(struct fed_secret *s);

/*
 * Append. 0, FED_E_TOO_BIG (content unchanged) or FED_E_NOMEM (unchanged). Growing copies, wipes
 * and frees; it never reallocs. A NULL source of length 0 is accepted.
 */
FED_MUST_USE int fed_secret_add(struct fed_secret *s, const void *data, size_t len);
FED_MUST_USE int fed_secret_add_str(struct fed_secret *s, const char *text);
FED_MUST_USE int fed_secret_add_byte(struct fed_secret *s, unsigned char byte);
FED_MUST_USE int fed_secret_addf(struct fed_secret *s, const char *format, ...) FED_PRINTF(2, 3);

/* Replace the content by a copy of (data, len). Errors as for adding; unchanged on failure. */
FED_MUST_USE int fed_secret_set(struct fed_secret *s, const void *data, size_t len);

/* Make room for len bytes and set the length, for callers that fill the bytes themselves. */
FED_MUST_USE int fed_secret_resize(struct fed_secret *s, size_t len);

/* Move the content of from into to (which is wiped first); from is empty afterwards. */
void fed_secret_move(struct fed_secret *to, struct fed_secret *from);

/* The content as a C string, "" when empty; borrowed until the next change. */
const char *fed_secret_str(const struct fed_secret *s);

/* Compare in time that depends on the lengths only. True when equal. */
FED_MUST_USE bool fed_secret_equal(const void *a, size_t a_len, const void *b, size_t b_len);

/* Wipe and free a heap C string that held a secret (a PAM answer, say). NULL is accepted. */
void fed_wipe_str(char *text);

#endif
