/*
 * A list that grows one by one: checks find little.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "conf/findings.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum { TEXT_SIZE = 768, WHERE_SIZE = 512, FINDINGS_MOST = 1000 };

static char *
clean_copy(const char *text)
{
    char clean[TEXT_SIZE];

    return text == NULL ? NULL : strdup(text_clean(clean, sizeof(clean), text));
}

static bool
is_known(const struct findings *to, const char *where, const char *what)
{
    for (size_t i = 0; i < to->n; i++) {
        if (strcmp(to->items[i].where, where) == 0 && strcmp(to->items[i].what, what) == 0)
            return true;
    }
    return false;
}

static void
add(struct findings *to, enum finding_state state, const char *where, const char *remedy,
    const char *what)
{
    struct finding one = {state, clean_copy(where), clean_copy(what), clean_copy(remedy)};
    struct finding *grown =
        to->n < FINDINGS_MOST ? reallocarray(to->items, to->n + 1, sizeof(*grown)) : NULL;

    if (grown != NULL)
        to->items = grown;
    if (grown == NULL || one.where == NULL || one.what == NULL ||
        (remedy != NULL && one.remedy == NULL)) {
        to->lost = true;
        free(one.where);
        free(one.what);
        free(one.remedy);
        return;
    }
    to->items[to->n++] = one;
}

void
findings_add(struct findings *to, enum finding_state state, const char *where, const char *remedy,
    const char *format, ...)
{
    char what[TEXT_SIZE];
    va_list ap;

    va_start(ap, format);
    int n = vsnprintf(what, sizeof(what), format, ap);
    va_end(ap);
    add(to, state, where, remedy, n < 0 ? "?" : what);
}

void
findings_add_at(struct findings *to, enum finding_state state, const char *file, unsigned line,
    const char *remedy, const char *format, ...)
{
    char what[TEXT_SIZE], clean[TEXT_SIZE], where[WHERE_SIZE];
    va_list ap;

    va_start(ap, format);
    int n = vsnprintf(what, sizeof(what), format, ap);
    va_end(ap);
    if (line > 0)
        (void)snprintf(where, sizeof(where), "%s:%u", file, line);
    else
        (void)snprintf(where, sizeof(where), "%s", file);
    if (!is_known(to, where, text_clean(clean, sizeof(clean), n < 0 ? "?" : what)))
        add(to, state, where, remedy, clean);
}

enum finding_state
findings_worst(const struct findings *findings)
{
    enum finding_state worst = findings->lost ? FINDING_FAIL : FINDING_OK;

    for (size_t i = 0; i < findings->n; i++) {
        if (findings->items[i].state > worst)
            worst = findings->items[i].state;
    }
    return worst;
}

const char *
finding_state_name(enum finding_state state)
{
    return state == FINDING_OK ? "ok" : state == FINDING_WARN ? "warn" : "FAIL";
}

void
findings_done(struct findings *findings)
{
    for (size_t i = 0; i < findings->n; i++) {
        free(findings->items[i].where);
        free(findings->items[i].what);
        free(findings->items[i].remedy);
    }
    free(findings->items);
    *findings = (struct findings){0};
}
