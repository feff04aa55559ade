/*
 * What does mapping cost a login? 10,000 role sections read from a file, then somebody with 1,500 groups and some roles among
 * them, many times. Prints microseconds; asserts nothing. The configuration's text comes from mapping.py.
 * usage: mapping CONFIG-DIR ROUNDS
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bridge/book.h"

enum { GROUPS = 1500 };

static int64_t
now_ns(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* The SID of the n-th group, in no order: what a domain of some age has. */
static struct sid
group_sid(unsigned n)
{
    char text[SID_TEXT_MAX];
    struct sid sid = {.len = 0};

    (void)snprintf(
        text, sizeof(text), "S-1-5-21-1004336348-1177238915-682003330-%u", n * 2654435761u);
    if (sid_from_text(text, &sid) != 0)
        abort();
    return sid;
}

static struct book *
make_book(struct conf *conf)
{
    struct sid *sids = calloc(conf->n_roles + 1, sizeof(*sids));
    struct book_groups groups = {.known = true, .roles = sids};
    struct book *book = NULL;

    if (sids == NULL)
        return NULL;
    for (unsigned i = 0; i < conf->n_roles; i++)
        sids[i] = group_sid(i);
    int64_t start = now_ns();
    int r = book_new(conf, &groups, true, &book);
    (void)printf("book of %zu roles             %8.1f ms\n", conf->n_roles,
        (double)(now_ns() - start) / 1e6);
    free(sids);
    return r == 0 ? book : NULL;
}

static void
time_logins(const struct book *book, unsigned long rounds)
{
    struct addir_person person = {.sam = "u77", .upn = "u77@corp.example.com"};
    static struct sid groups[GROUPS];
    struct addir_entry entry = {.groups = groups, .n_groups = GROUPS};
    size_t n = 0;

    /* A fifth of the groups gives a role. */
    for (unsigned i = 0; i < GROUPS; i++)
        groups[i] = group_sid(i % 5 == 0 ? i * 6 : 1000000 + i);
    qsort(groups, GROUPS, sizeof(groups[0]), sid_compare);
    int64_t start = now_ns();
    for (unsigned long i = 0; i < rounds; i++) {
        unsigned *roles = NULL;
        if (book_roles(book, 0, &person, &entry, &roles, &n) != 0)
            n = 0;
        free(roles);
    }
    (void)printf("a login of %d groups (%zu roles) %8.1f us\n", GROUPS, n,
        (double)(now_ns() - start) / 1e3 / (double)rounds);
}

int
main(int argc, char **argv)
{
    struct conf_errors errors;
    struct conf *conf = NULL;

    if (argc != 3)
        return 2;
    int64_t start = now_ns();
    int r = conf_read(argv[1], &conf, &errors);
    for (size_t i = 0; i < errors.n; i++)
        (void)fprintf(stderr, "%s\n", errors.lines[i]);
    conf_errors_done(&errors);
    if (r != 0)
        return 1;
    (void)printf("reading %zu role sections     %8.1f ms\n", conf->n_roles,
        (double)(now_ns() - start) / 1e6);
    struct book *book = make_book(conf);
    if (book == NULL)
        return 1;
    time_logins(book, strtoul(argv[2], NULL, 10));
    book_unref(book);
    conf_free(conf);
    return 0;
}
