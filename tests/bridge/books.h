/*
 * Books for tests, without files and without a directory: a configuration of one domain, made of memory.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_BRIDGE_BOOKS_H
#define TESTS_BRIDGE_BOOKS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bridge/book.h"

/* The SID of the n-th group. */
static inline struct sid
books_sid(unsigned n)
{
    char text[SID_TEXT_MAX];
    struct sid sid;

    (void)snprintf(text, sizeof(text), "S-1-5-21-1-2-3-%u", n);
    assert_int_equal(sid_from_text(text, &sid), 0);
    return sid;
}

/* A configuration as conf_read leaves it, with the roles given (lent) and one reference. */
static inline void
books_conf(struct conf *conf, struct conf_domain *domain, struct conf_role *roles, size_t n)
{
    *domain = (struct conf_domain){.name = (char *)"corp.example.com", .is_default = true};
    *conf = (struct conf){.domains = domain, .n_domains = 1, .roles = roles, .n_roles = n};
    atomic_init(&conf->refs, 1);
}

/* The group SIDs of an entry, sorted; the caller frees groups. */
static inline struct addir_entry
books_entry(const unsigned *groups, size_t n)
{
    struct addir_entry entry = {.n_groups = n};

    entry.groups = calloc(n + 1, sizeof(*entry.groups));
    assert_non_null(entry.groups);
    for (size_t i = 0; i < n; i++)
        entry.groups[i] = books_sid(groups[i]);
    qsort(entry.groups, n, sizeof(*entry.groups), sid_compare);
    return entry;
}

#endif
