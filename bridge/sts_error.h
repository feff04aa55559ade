/*
 * What to do about an error of STS: one table, a row an error code.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_STS_ERROR_H
#define BRIDGE_STS_ERROR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "bridge/sts.h"

enum sts_action {
    STS_FAIL,           /* the answer is no */
    STS_RESIGN,         /* once more with a fresh assertion, then no */
    STS_RETRY,          /* again after a pause, then in the next region */
    STS_NEXT_REGION,    /* not here, perhaps there */
    STS_LEARN_DURATION, /* once with the longest session that the role allows, then no */
};

struct sts_error_row {
    const char *code; /* without "Exception"; NULL in rows for HTTP statuses */
    enum sts_action action;
    int error;          /* FED_E_*, when it ends the request */
    bool of_clock;      /* a wrong clock of ours would cause just that */
    const char *remedy; /* likely cause and what to do; "%s" stands for the role's name */
};

/*
 * The row of an error of an action; the same code can have another cause with another way to ask. An unknown code is judged by the HTTP status: 429 and 5xx are worth another
 * try, everything else is a refusal. Never NULL, static; any thread.
 *   error         with code "" when the reply was no XML of STS's
 */
const struct sts_error_row *sts_error_row(
    enum sts_how how, const struct sts_error *error, long http_status);

/*
 * The longest session that an error on DurationSeconds allows: the number that its text names, or else 3600,
 * which is the least that any role's maximum can be set to.
 *   asked_s    what was asked for
 * Returns seconds below asked_s, or 0 when less than asked_s is not to be had.
 */
int64_t sts_error_duration(const struct sts_error *error, int64_t asked_s);

/* One line for the log and the person: what AWS said, the likely cause, the remedy. why has STS_WHY_MAX bytes. */
void sts_error_explain(const struct sts_error_row *row, const struct sts_error *error,
    long http_status, const char *role, char *why);

#endif
