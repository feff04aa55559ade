/*
 * Asking for the root entry.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ldap/root.h"

#include "ldap/entry.h"
#include "ldap/generalized.h"

static void
root_start(void *arg)
{
    *(int64_t *)arg = 0;
}

static int
root_entry(void *arg, const struct berval *dn)
{
    (void)arg;
    (void)dn;
    return 0;
}

/* A time that cannot be read is none: the server is there all the same. */
static int
root_attribute(void *arg, const struct berval *name, const struct berval *values, size_t n)
{
    int64_t time_s;

    if (n == 1 && entry_name_is(name, "currentTime") &&
        generalized_read(values->bv_val, values->bv_len, &time_s) == 0 && time_s > 0)
        *(int64_t *)arg = time_s;
    return 0;
}

int
root_ask(struct conn *conn, int64_t deadline_ms, int64_t *ret_time_s, char *why)
{
    static char *const wanted[] = {(char *)"currentTime", NULL};
    int64_t time_s = 0;
    struct conn_query query = {.base = "",
        .scope = LDAP_SCOPE_BASE,
        .filter = "(objectClass=*)",
        .attributes = wanted,
        .most = 1};
    struct conn_sink sink = {root_start, root_entry, root_attribute, &time_s};
    struct conn_answer answer; /* whatever it says, it is an answer */
    int r = conn_search(conn, &query, &sink, deadline_ms, &answer, why);

    if (r == 0)
        *ret_time_s = time_s;
    return r;
}
