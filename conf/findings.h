/*
 * What a check found, for a person: how bad, where, what, and what to do about it.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CONF_FINDINGS_H
#define CONF_FINDINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum finding_state { FINDING_OK, FINDING_WARN, FINDING_FAIL };

struct finding {
    enum finding_state state;
    char *where;  /* "FILE:LINE", or what was looked at; cleaned, like the others */
    char *what;   /* never NULL */
    char *remedy; /* NULL = none */
};

/* In the order found. Zeros are an empty list. */
struct findings {
    struct finding *items;
    size_t n;
    bool lost; /* there was no memory for one */
};

/* Add one; out of memory loses its text, and is told by findings_worst. remedy may be NULL. */
void findings_add(struct findings *to, enum finding_state state, const char *where,
    const char *remedy, const char *format, ...) FED_PRINTF(5, 6);
/* The same at a line of a file; one that says the same of the same line is not said twice. */
void findings_add_at(struct findings *to, enum finding_state state, const char *file, unsigned line,
    const char *remedy, const char *format, ...) FED_PRINTF(6, 7);

/* The worst of them; FINDING_OK when there is none. */
enum finding_state findings_worst(const struct findings *findings);

/* "ok", "warn", "FAIL". */
const char *finding_state_name(enum finding_state state);

void findings_done(struct findings *findings);

#endif
