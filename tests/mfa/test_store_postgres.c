/*
 * The PostgreSQL store: addresses that must be refused, an environment that must not matter, a server
 * that is gone, killed or hangs, and tables that are not in order.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <pthread.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "mfa/store.h"
#include "mfa/store_postgres_uri.h"
#include "tests/mfa/postgres.h"

static const char alice[] = "S-1-5-21-1-2-3-1104";

static char where[256], why[STORE_WHY_MAX];
static struct store *store;

static struct store_row
row_of(const char *sid, const char *name)
{
    struct store_row row = {.enrolled_s = 1700000000, .record_len = 300};

    (void)snprintf(row.sid, sizeof(row.sid), "%s", sid);
    (void)snprintf(row.name, sizeof(row.name), "%s", name);
    memset(row.record, 0, 100);
    memset(row.record + 100, 0xa5, 200);
    return row;
}

static int
make_server(void **state)
{
    (void)state;
    if (postgres_make() != 0)
        return -1;
    (void)snprintf(where, sizeof(where), "postgresql://awsfed@/awsfed?host=%s", postgres_folder);
    return 0;
}

static int
remove_server(void **state)
{
    (void)state;
    return postgres_remove();
}

static int
set_up(void **state)
{
    struct store_row row = row_of(alice, "alice@corp.example.com");

    (void)state;
    assert_int_equal(postgres_sql("DROP SCHEMA IF EXISTS awsfed CASCADE"), 0);
    assert_int_equal(store_open(where, &store, why), 0);
    assert_int_equal(store_swap(store, &row), 0);
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    store_close(store);
    store = NULL;
    return 0;
}

/* Ask until the server is back: it is left alone for a second after it did not answer. */
static int
load_again(struct store_row *ret)
{
    int64_t end_ms = clock_mono_ms() + 10000;
    int r;

    do {
        r = store_load(store, alice, ret);
        if (r != 0)
            (void)usleep(20000);
    } while (r == FED_E_STORE && clock_mono_ms() < end_ms);
    return r;
}

/* ---- Addresses ---- */

static void
refused(const char *rest, const char *says)
{
    struct store_postgres_uri uri;

    why[0] = '\0';
    assert_int_equal(store_postgres_uri_read(rest, &uri, why), FED_E_CONFIG);
    if (strstr(why, says) == NULL)
        fail_msg("\"%s\": \"%s\" does not say \"%s\"", rest, why, says);
    assert_null(strstr(why, "hunter2"));
}

static void
test_addresses_refused(void **state)
{
    static const char *const plain_modes[] = {
        "disable", "allow", "prefer", "require", "verify-ca", "nonsense"};
    char text[128];

    (void)state;
    refused("awsfed:hunter2@db.example.com/mfa", "passfile=");
    refused("db.example.com/mfa?password=hunter2", "passfile=");
    refused("db.example.com/mfa?sslpassword=hunter2", "passfile=");
    refused("db.example.com/mfa?passwrd=hunter2", "not a connection URI");
    refused("db.example.com:70000x/mfa?%", "not a connection URI");
    refused("db.example.com/mfa?options=-csynchronous_commit%3Doff", "\"options\"");
    refused("db.example.com/mfa?service=other", "\"service\"");
    refused("db.example.com/mfa?target_session_attrs=any", "\"target_session_attrs\"");
    for (size_t i = 0; i < sizeof(plain_modes) / sizeof(plain_modes[0]); i++) {
        (void)snprintf(text, sizeof(text), "db.example.com/mfa?sslmode=%s", plain_modes[i]);
        refused(text, "verify-full");
        (void)snprintf(
            text, sizeof(text), "localhost,db.example.com/mfa?sslmode=%s", plain_modes[i]);
        refused(text, "verify-full");
        (void)snprintf(
            text, sizeof(text), "localhost/mfa?hostaddr=192.0.2.1&sslmode=%s", plain_modes[i]);
        refused(text, "verify-full");
        (void)snprintf(text, sizeof(text), "127.evil.example.com/mfa?sslmode=%s", plain_modes[i]);
        refused(text, "verify-full");
    }
    refused("localhost/mfa?passfile=relative", "passfile");
    refused("localhost/mfa?passfile=/nonexistent", "passfile");
    refused("localhost/mfa?passfile=/etc/passwd", "0600");
    refused("localhost/mfa?passfile=/etc", "passfile");
}

static const char *
value(const struct store_postgres_uri *uri, const char *keyword)
{
    for (size_t i = 0; uri->keywords[i] != NULL; i++)
        if (strcmp(uri->keywords[i], keyword) == 0)
            return uri->values[i];
    return "";
}

static void
test_what_is_not_said_is_ours(void **state)
{
    struct store_postgres_uri uri;

    (void)state;
    assert_int_equal(store_postgres_uri_read("u@db.example.com/mfa", &uri, why), 0);
    assert_string_equal(value(&uri, "sslmode"), "verify-full");
    assert_string_equal(value(&uri, "gssencmode"), "disable");
    assert_string_equal(value(&uri, "target_session_attrs"), "read-write");
    assert_string_equal(value(&uri, "passfile"), "/dev/null/none");
    assert_string_equal(value(&uri, "sslrootcert"), "/etc/ssl/certs/ca-certificates.crt");
    assert_string_equal(value(&uri, "user"), "u");
    store_postgres_uri_done(&uri);
    assert_int_equal(store_postgres_uri_read("[::1]/mfa", &uri, why), 0);
    assert_string_equal(value(&uri, "sslmode"), "prefer");
    store_postgres_uri_done(&uri);
}

/* I-56: PG… variables that would lead elsewhere, or nowhere, lead nowhere new. */
static void
test_environment_changes_nothing_i56(void **state)
{
    static const char *const hostile[][2] = {{"PGHOST", "192.0.2.1"}, {"PGHOSTADDR", "192.0.2.1"},
        {"PGPORT", "1"}, {"PGDATABASE", "elsewhere"}, {"PGUSER", "mallory"}, {"PGPASSWORD", "x"},
        {"PGPASSFILE", "/etc/passwd"}, {"PGSERVICE", "nonsense"}, {"PGSERVICEFILE", "/nonexistent"},
        {"PGOPTIONS", "-c nonsense=1"}, {"PGSSLMODE", "nonsense"}, {"PGREQUIRESSL", "1"},
        {"PGTZ", "nonsense/zone"}, {"PGDATESTYLE", "nonsense"}, {"PGCLIENTENCODING", "LATIN1"},
        {"PGTARGETSESSIONATTRS", "standby"}, {"PGCHANNELBINDING", "require"},
        {"PGGSSENCMODE", "require"}, {"PGREQUIREPEER", "nobody"}, {"PGCONNECT_TIMEOUT", "x"}};
    struct store *other = NULL;
    struct store_row row;

    (void)state;
    for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++)
        assert_int_equal(setenv(hostile[i][0], hostile[i][1], 1), 0);
    int opened = store_open(where, &other, why);
    int r = opened == 0 ? store_load(other, alice, &row) : opened;
    for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++)
        (void)unsetenv(hostile[i][0]);
    store_close(other);
    assert_int_equal(r, 0);
}

/* ---- A server that is away ---- */

static void
test_gone_is_unavailable_i29(void **state)
{
    struct store_failures failures;
    struct store_row row, copy;
    struct store *other = NULL;
    char sid[STORE_SID_MAX];

    (void)state;
    assert_int_equal(store_load(store, alice, &row), 0);
    copy = row;
    assert_int_equal(postgres_stop("fast"), 0);
    assert_int_equal(store_load(store, alice, &copy), FED_E_STORE);
    assert_int_equal(store_swap(store, &copy), FED_E_STORE);
    assert_int_equal(store_remove(store, alice), FED_E_STORE);
    assert_int_equal(store_find(store, "alice@corp.example.com", sid), FED_E_STORE);
    assert_int_equal(store_failures_get(store, alice, "", 1, 1, &failures), FED_E_STORE);
    assert_int_equal(
        store_failures_add(store, alice, "", STORE_FAILED_CODE, 1000, 10), FED_E_STORE);
    /* A bridge that starts now starts, and says unavailable too. */
    assert_int_equal(store_open(where, &other, why), 0);
    assert_int_equal(store_load(other, alice, &copy), FED_E_STORE);
    store_close(other);
    assert_int_equal(postgres_start(), 0);
    assert_int_equal(load_again(&copy), 0);
    assert_true(copy.version == row.version);
}

/* A warm connection whose server was restarted meanwhile costs nobody a login. */
static void
test_restart_is_not_noticed(void **state)
{
    struct store_row row;

    (void)state;
    assert_int_equal(store_load(store, alice, &row), 0);
    assert_int_equal(postgres_stop("immediate"), 0);
    assert_int_equal(postgres_start(), 0);
    assert_int_equal(store_swap(store, &row), 0);
    assert_int_equal(store_load(store, alice, &row), 0);
}

static void *
load_in_vain(void *arg)
{
    struct store_row row;
    int *ret = arg;

    *ret = store_load(store, alice, &row);
    return NULL;
}

/* A server that hangs costs its time once, not once for each of those who wait. */
static void
test_frozen_is_unavailable_in_time(void **state)
{
    enum { THREADS = 12 };
    pthread_t threads[THREADS];
    int results[THREADS];
    struct store_row row;

    (void)state;
    assert_int_equal(postgres_signal("STOP"), 0);
    int64_t begin_ms = clock_mono_ms();
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, load_in_vain, &results[i]), 0);
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(results[i], FED_E_STORE);
    }
    assert_in_range(clock_mono_ms() - begin_ms, 1, 9000);
    assert_int_equal(postgres_signal("CONT"), 0);
    assert_int_equal(load_again(&row), 0);
}

static bool killing;
static unsigned writes, failed; /* by test_killed_in_mid_write, read by its killer too */

/*
 * Kill at least four times, each after some writes have gone through, and on until a kill has met one under way: how
 * many that takes is the scheduler's matter.
 */
static void *
kill_and_start(void *arg)
{
    (void)arg;
    for (int i = 0; i < 4 || (i < 60 && __atomic_load_n(&failed, __ATOMIC_SEQ_CST) == 0); i++) {
        unsigned before = __atomic_load_n(&writes, __ATOMIC_SEQ_CST);
        while (__atomic_load_n(&writes, __ATOMIC_SEQ_CST) < before + 5)
            (void)usleep(1000);
        (void)postgres_kill();
        (void)postgres_start();
    }
    __atomic_store_n(&killing, false, __ATOMIC_SEQ_CST);
    return NULL;
}

/*
 * I-25, I-33: killed in mid-write again and again, the row is always one that was written, never older than
 * the last that was confirmed; one that was not confirmed may be there or not.
 */
static void
test_killed_in_mid_write_i25_i33(void **state)
{
    uint64_t confirmed = 0;
    pthread_t killer;
    struct store_row row;

    (void)state;
    assert_int_equal(store_load(store, alice, &row), 0);
    confirmed = row.version;
    __atomic_store_n(&killing, true, __ATOMIC_SEQ_CST);
    assert_int_equal(pthread_create(&killer, NULL, kill_and_start, NULL), 0);
    while (__atomic_load_n(&killing, __ATOMIC_SEQ_CST)) {
        uint64_t unconfirmed = 0;
        row.record[0]++;
        memset(row.record + 1, row.record[0], row.record_len - 1);
        unsigned char mark = row.record[0];
        int r = store_swap(store, &row);
        assert_true(r == 0 || r == FED_E_STORE);
        (void)__atomic_fetch_add(&writes, 1, __ATOMIC_SEQ_CST);
        if (r != 0)
            (void)__atomic_fetch_add(&failed, 1, __ATOMIC_SEQ_CST);
        if (r == 0)
            confirmed = row.version;
        else
            unconfirmed = 1;
        assert_int_equal(load_again(&row), 0);
        assert_true(row.version == confirmed || (unconfirmed && row.record[0] == mark));
        for (size_t i = 1; i < row.record_len; i++)
            assert_int_equal(row.record[i], row.record[0]); /* never torn */
        confirmed = row.version;
    }
    assert_int_equal(pthread_join(killer, NULL), 0);
    assert_true(failed > 0);
}

/* ---- Tables that are not in order ---- */

static void
unusable(const char *sql)
{
    struct store_row row;

    assert_int_equal(postgres_sql(sql), 0);
    if (store_load(store, alice, &row) != FED_E_STORE)
        fail_msg("taken all the same after: %s", sql);
}

static void
test_rows_refused_i29(void **state)
{
    char sid[STORE_SID_MAX];

    (void)state;
    unusable("UPDATE awsfed.person SET record = ''");
    unusable("UPDATE awsfed.person SET record = convert_to(repeat('x', 5000), 'UTF8')");
    unusable("UPDATE awsfed.person SET record = 'x', enrolled = -1");
    unusable("UPDATE awsfed.person SET enrolled = 1, name = ''");
    unusable("UPDATE awsfed.person SET name = repeat('x', 400)");
    unusable("ALTER TABLE awsfed.person DROP CONSTRAINT person_version_check;"
             "UPDATE awsfed.person SET name = 'x', version = 0");
    unusable("UPDATE awsfed.person SET version = -5");
    unusable("ALTER TABLE awsfed.person ALTER record DROP NOT NULL;"
             "UPDATE awsfed.person SET version = 5, record = NULL");
    unusable("UPDATE awsfed.person SET record = 'x';"
             "ALTER TABLE awsfed.person ALTER version TYPE int USING 5");
    unusable(
        "ALTER TABLE awsfed.person ALTER version TYPE bigint, ALTER name TYPE bytea USING 'x'");
    unusable("ALTER TABLE awsfed.person RENAME record TO other");
    unusable("DROP TABLE awsfed.person");
    assert_int_equal(store_find(store, "alice@corp.example.com", sid), FED_E_STORE);
}

static void
test_tables_of_another_version_refused(void **state)
{
    struct store *other = NULL;
    struct store_row row;

    (void)state;
    assert_int_equal(postgres_sql("UPDATE awsfed.schema SET version = 2"), 0);
    assert_int_equal(store_open(where, &other, why), 0);
    assert_int_equal(store_load(other, alice, &row), FED_E_STORE);
    store_close(other);
    assert_int_equal(
        postgres_sql("DROP TABLE awsfed.schema; CREATE VIEW awsfed.schema AS SELECT 'x'"), 0);
    assert_int_equal(store_open(where, &other, why), 0);
    assert_int_equal(store_load(other, alice, &row), FED_E_STORE);
    store_close(other);
}

static void *
open_first(void *arg)
{
    char line[STORE_WHY_MAX];
    struct store *own = NULL;
    struct store_row row;
    int *ret = arg;

    *ret = store_open(where, &own, line);
    if (*ret == 0)
        *ret = store_load(own, alice, &row);
    store_close(own);
    return NULL;
}

/* Many hosts that start on an empty database make one schema. */
static void
test_schema_is_made_once(void **state)
{
    enum { THREADS = 8 };
    pthread_t threads[THREADS];
    int results[THREADS];

    (void)state;
    assert_int_equal(postgres_sql("DROP SCHEMA awsfed CASCADE"), 0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, open_first, &results[i]), 0);
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(results[i], FED_E_NOT_ENROLLED);
    }
}

/* Whatever the role's settings are, a commit waits for the disk (I-25). */
static void
test_commits_are_synchronous_i25(void **state)
{
    struct store *other = NULL;
    struct store_row row;

    (void)state;
    assert_int_equal(
        postgres_sql("ALTER ROLE awsfed SET synchronous_commit = off;"
                     "ALTER ROLE awsfed SET default_transaction_read_only = off;"
                     "CREATE FUNCTION awsfed.look() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN"
                     " IF current_setting(''synchronous_commit'') <> ''on'' THEN RAISE EXCEPTION "
                     "''off''; END IF;"
                     " RETURN NEW; END';"
                     "CREATE TRIGGER look BEFORE UPDATE ON awsfed.person FOR EACH ROW EXECUTE "
                     "FUNCTION awsfed.look()"),
        0);
    assert_int_equal(store_open(where, &other, why), 0);
    assert_int_equal(store_load(other, alice, &row), 0);
    assert_int_equal(store_swap(other, &row), 0);
    store_close(other);
    assert_int_equal(postgres_sql("ALTER ROLE awsfed RESET ALL"), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses_refused),
        cmocka_unit_test(test_what_is_not_said_is_ours),
        cmocka_unit_test_setup_teardown(test_environment_changes_nothing_i56, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_gone_is_unavailable_i29, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_restart_is_not_noticed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_frozen_is_unavailable_in_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_killed_in_mid_write_i25_i33, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_rows_refused_i29, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_tables_of_another_version_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_schema_is_made_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_commits_are_synchronous_i25, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, make_server, remove_server);
}
