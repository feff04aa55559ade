/*
 * Many threads over few connections: the bound holds, everybody gets their own answer, and who cannot be
 * served in time is told so.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <pthread.h>

#include "tests/ldap/peer.h"

enum { THREADS = 12, LOGINS = 8 };

static struct peer_domain *shared;
static int outcome[THREADS];

static void *
log_in_often(void *arg)
{
    int *failures = arg;

    for (int i = 0; i < LOGINS; i++) {
        struct fed_secret password = FED_SECRET_INIT(64);
        struct addir_entry entry = {0};
        struct addir_person person;
        char why[ADDIR_WHY_MAX];
        enum addata data;
        if (fed_secret_add_str(&password, "correct horse") != 0 ||
            addir_resolve(shared->dir, "alice", &person, why) != 0 ||
            addir_login(shared->dir, &person, &password, &entry, &data, why) != 0 ||
            entry.n_groups != 4)
            ++*failures;
        addir_entry_done(&entry);
        fed_secret_done(&password);
    }
    return NULL;
}

static void
many_threads_share_few_connections(void **state)
{
    struct peer *peer = peer_start("");
    pthread_t threads[THREADS];
    (void)state;

    shared = domain_start(CONF_LDAPS, (unsigned[4]){peer->port});
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, log_in_often, &outcome[i]), 0);
    for (size_t i = 0; i < THREADS; i++) {
        (void)pthread_join(threads[i], NULL);
        assert_int_equal(outcome[i], 0);
    }
    domain_stop(shared);
    peer_stop(peer);
    assert_true(peer_count(peer, " connect") <= 2 * 3);
    assert_int_equal(peer_count(peer, " bind " PEER_PERSON), THREADS * LOGINS);
    peer_free(peer);
}

static int busy_result[THREADS];
static int64_t busy_ms[THREADS];

static void *
log_in_at_a_mute_server(void *arg)
{
    struct fed_secret password = FED_SECRET_INIT(64);
    struct addir_entry entry = {0};
    char why[ADDIR_WHY_MAX];
    enum addata data;
    int *result = arg;
    int64_t start = clock_mono_ms();

    if (fed_secret_add_str(&password, "correct horse") == 0)
        *result = addir_login(shared->dir, &shared->person, &password, &entry, &data, why);
    busy_ms[result - busy_result] = clock_mono_ms() - start;
    fed_secret_done(&password);
    return NULL;
}

/* Nobody waits past connect-timeout plus timeout, and one bind each is the most that goes out (I-6). */
static void
waiting_has_an_end(void **state)
{
    struct peer *peer = peer_start("bind=mute");
    pthread_t threads[THREADS];
    unsigned busy = 0, directory = 0;
    (void)state;

    /* Three hold the three connections for three seconds; who waits for one gives up after one. */
    shared = domain_start(CONF_LDAPS, (unsigned[4]){peer->port});
    shared->conf.timeout_s = 3;
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(
            pthread_create(&threads[i], NULL, log_in_at_a_mute_server, &busy_result[i]), 0);
    for (size_t i = 0; i < THREADS; i++) {
        (void)pthread_join(threads[i], NULL);
        busy += busy_result[i] == FED_E_BUSY;
        directory += busy_result[i] == FED_E_DIRECTORY;
        assert_true(busy_ms[i] < 4500);
    }
    assert_int_equal(busy + directory, THREADS);
    assert_int_equal(busy, THREADS - 3);
    domain_stop(shared);
    peer_stop(peer);
    assert_true(peer_count(peer, " bind " PEER_PERSON) <= directory);
    peer_free(peer);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_threads_share_few_connections),
        cmocka_unit_test(waiting_has_an_end),
    };
    return cmocka_run_group_tests(tests, peer_set_up, peer_tear_down);
}
