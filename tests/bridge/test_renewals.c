/*
 * Renewals ahead of time: what a ticket has much of does not fill the queue that is everybody's.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/bridge/books.h"

#include <time.h>

#include "bridge/renewals.h"

enum { MANY = 40, DUE_LEFT_S = 1000, ASKED_S = 3600 };

static void
let_go(void *arg, struct job *job)
{
    (void)arg, (void)job;
}

static bool
is_renewal(void *arg, struct job *job)
{
    (void)arg;
    assert_true(job->renews);
    return true;
}

static void
cache_one(struct cache *cache, const struct ticket *t, uint64_t role, int64_t duration_s)
{
    struct cache_key key = {.role = role, .duration_s = duration_s};
    struct sts_credential c = {.access_key = FED_SECRET_INIT(128),
        .secret_key = FED_SECRET_INIT(128),
        .session_token = FED_SECRET_INIT(128),
        .expires_s = (int64_t)time(NULL) + DUE_LEFT_S};
    struct sts_credential got;
    struct job job = {.renews = false};
    char why[STS_WHY_MAX];
    int error;

    memcpy(key.ticket, t->id, sizeof(key.ticket));
    assert_int_equal(
        cache_claim(cache, &key, &job, (int64_t)time(NULL), &got, &error, why), CACHE_LEAD);
    assert_int_equal(cache_land(cache, &key, 0, "", &c, ASKED_S), 0);
    sts_credential_done(&c);
}

/* I-55: a person may ask for one role with a thousand durations, and each is a credential of its own. */
static void
test_a_ticket_has_a_few_renewals_at_a_time(void **state)
{
    struct conf_domain domain;
    struct conf_role role = {
        .name = (char *)"dev", .arn = (char *)"arn:aws:iam::1:role/dev", .digest = 7};
    struct conf conf;
    struct book_groups groups = {.known = false};
    struct tickets_options options = {.lifetime_s = 8 * 3600};
    struct workers_options pool = {.n = 4, .work = is_renewal};
    struct bridge b = {.conf = NULL};
    struct cache_key left;
    unsigned n_left = 0;
    struct ticket *t = NULL;
    struct proof proof = {.factors = 3, .n_roles = 1};

    (void)state;
    books_conf(&conf, &domain, &role, 1);
    assert_int_equal(book_new(&conf, &groups, true, &proof.book), 0);
    proof.roles = calloc(1, sizeof(*proof.roles));
    assert_non_null(proof.roles);
    assert_int_equal(tickets_new(&options, &b.tickets), 0);
    assert_int_equal(tickets_sign_in(b.tickets, 2000, "alice", &proof, &t), 0);
    assert_int_equal(cache_new(let_go, NULL, &b.cache), 0);
    assert_int_equal(workers_new(&pool, &b.workers), 0);
    for (unsigned i = 0; i < MANY; i++)
        cache_one(b.cache, t, role.digest, 900 + i);

    renewals_start(&b);
    while (cache_renewable(b.cache, t->id, t->ends_s, (int64_t)time(NULL), &left))
        n_left++; /* each is named once */
    assert_int_equal(n_left, MANY - RENEWALS_PER_ROUND);
    workers_free(b.workers);
    cache_free(b.cache);
    ticket_unref(t);
    tickets_free(b.tickets);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_ticket_has_a_few_renewals_at_a_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
