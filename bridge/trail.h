/*
 * Reading the audit trail from its beginning to its end, in little memory however long it is: the file and what log rotation left
 * of it beside it (FILE.1, FILE-20261121), or the journal. What cannot be read is counted and named, never passed over in silence.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_TRAIL_H
#define BRIDGE_TRAIL_H

#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "bridge/audit_line.h"

enum { TRAIL_WHY_MAX = 512, TRAIL_FILES_MOST = 1000 };

struct trail_options {
    const char *where; /* required: [bridge] audit */
    uid_t
        uid; /* required: the bridge's user. What others have written is not believed, but for root's and our own files */
    int64_t since_s; /* lines from before are left out, and files too; 0 = all */
    const char *
        needle; /* NULL, or a text without characters that JSON escapes: lines without it are left out */
    const char *field; /* the journal's field whose value the needle is; NULL = any */
};

/* What the reading was like. */
struct trail_told {
    uint64_t lines;  /* that were looked at, those without the needle too */
    uint64_t torn;   /* that were no lines of ours */
    unsigned files;  /* that were read; 1 for the journal */
    unsigned unread; /* that are part of the trail, and could not be read, or are compressed */
    char what[TRAIL_WHY_MAX]; /* of the first of these: which, why and what helps; "" = none */
};

/* One line, lent. Not 0 ends the reading with that. */
typedef int trail_fn(void *arg, const struct audit_line *line);

/*
 * The oldest first. Blocks on files. One thread a call.
 *   ret_told   always written
 *   why        TRAIL_WHY_MAX bytes, on failure what and why
 * Returns 0, FED_E_NOT_FOUND (there is no trail, or no journal), FED_E_PERMISSION (it may not be read), FED_E_SYSTEM, FED_E_NOMEM, or
 * what fn gave.
 */
FED_MUST_USE int trail_each(const struct trail_options *options, trail_fn *fn, void *arg,
    struct trail_told *ret_told, char *why);

/* The same of the journal alone (trail_journal.c). */
FED_MUST_USE int trail_journal(const struct trail_options *options, trail_fn *fn, void *arg,
    struct trail_told *told, char *why);

/* Hand one line over, as far as the options want it; counts it. Used by both. */
FED_MUST_USE int trail_take(const struct trail_options *options, const char *data, size_t len,
    trail_fn *fn, void *arg, struct trail_told *told);

#endif
