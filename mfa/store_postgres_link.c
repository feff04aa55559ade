/*
 * One connection to PostgreSQL. libpq's own waiting has no end when a server hangs, so sending
 * and receiving are ours, with poll(2).
 * SPDX-License-Identifier: Apache-2.0
 */
#include "mfa/store_postgres_link.h"

#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "mfa/store.h"

/* ---- Arguments ---- */

static void
add(struct store_postgres_args *args, Oid type, const void *value, size_t len, int format)
{
    args->types[args->n] = type;
    args->values[args->n] = value;
    args->lengths[args->n] = (int)len;
    args->formats[args->n++] = format;
}

void
store_postgres_arg_text(struct store_postgres_args *args, const char *text)
{
    add(args, STORE_POSTGRES_TEXT, text, strlen(text), 0);
}

void
store_postgres_arg_number(struct store_postgres_args *args, int64_t number)
{
    uint64_t *at = &args->numbers[args->n];

    *at = htobe64((uint64_t)number);
    add(args, STORE_POSTGRES_NUMBER, at, sizeof(*at), 1);
}

void
store_postgres_arg_bytes(struct store_postgres_args *args, const void *data, size_t len)
{
    /* A NULL pointer would be SQL's NULL. */
    add(args, STORE_POSTGRES_BYTES, len == 0 ? "" : data, len, 1);
}

/* ---- Asking ---- */

/* The server's or libpq's text on one line, without what a log must not see. */
static int
fail(const char *text, char *why)
{
    char line[STORE_WHY_MAX];
    size_t len = strcspn(text, "\n");

    (void)snprintf(why, STORE_WHY_MAX, "PostgreSQL: %s",
        len == 0 ? "no answer"
                 : text_clean(line, len < sizeof(line) ? len + 1 : sizeof(line), text));
    return FED_E_STORE;
}

static int
break_off(struct store_postgres_link *link, const char *text, char *why)
{
    link->broken = true;
    return fail(text, why);
}

/* Wait until libpq has something to do: 0, or FED_E_STORE when the time is over or the peer is gone. */
static int
wait_for_peer(struct store_postgres_link *link, bool to_send, int64_t deadline_ms, char *why)
{
    struct pollfd fd = {
        .fd = PQsocket(link->pg), .events = (short)(POLLIN | (to_send ? POLLOUT : 0))};
    int n;

    do {
        n = poll(&fd, 1, clock_left_ms(deadline_ms));
    } while (n < 0 && errno == EINTR);
    if (n <= 0)
        return break_off(link, "no answer in time", why);
    if ((fd.revents & ~POLLOUT) != 0 && PQconsumeInput(link->pg) != 1)
        return break_off(link, PQerrorMessage(link->pg), why);
    return 0;
}

/* The next result of what was sent, NULL past the last. */
static int
next_result(struct store_postgres_link *link, int64_t deadline_ms, PGresult **ret, char *why)
{
    for (;;) {
        int unsent = PQflush(link->pg);
        if (unsent < 0)
            return break_off(link, PQerrorMessage(link->pg), why);
        if (unsent == 0 && PQisBusy(link->pg) == 0) {
            *ret = PQgetResult(link->pg);
            return 0;
        }
        int r = wait_for_peer(link, unsent > 0, deadline_ms, why);
        if (r != 0)
            return r;
    }
}

int
store_postgres_ask(struct store_postgres_link *link, const char *sql,
    const struct store_postgres_args *args, PGresult **ret, char *why)
{
    static const struct store_postgres_args none;
    int64_t deadline_ms =
        clock_mono_ms() + (link->patience_ms != 0 ? link->patience_ms : STORE_POSTGRES_ANSWER_MS);
    PGresult *answer = NULL, *next = NULL;
    int r;

    if (args == NULL)
        args = &none;
    if (link->broken || PQsendQueryParams(link->pg, sql, args->n, args->types, args->values,
                            args->lengths, args->formats, 1) != 1)
        return break_off(link, PQerrorMessage(link->pg), why);
    while ((r = next_result(link, deadline_ms, &next, why)) == 0 && next != NULL) {
        PQclear(answer);
        answer = next;
    }
    if (r == 0 && PQstatus(link->pg) != CONNECTION_OK)
        r = break_off(link, PQerrorMessage(link->pg), why);
    if (r == 0 && PQresultStatus(answer) != PGRES_COMMAND_OK &&
        PQresultStatus(answer) != PGRES_TUPLES_OK)
        r = fail(PQresultErrorMessage(answer), why);
    if (r != 0) {
        PQclear(answer);
        return r;
    }
    *ret = answer;
    return 0;
}

int
store_postgres_do(struct store_postgres_link *link, const char *sql, char *why)
{
    PGresult *answer = NULL;
    int r = store_postgres_ask(link, sql, NULL, &answer, why);

    if (r == 0)
        PQclear(answer);
    return r;
}

/* ---- Opening and closing ---- */

static void
no_notice(void *arg, const PGresult *result)
{
    (void)arg;
    (void)result; /* libpq would write it to standard error */
}

/*
 * Whatever the server's, the database's or the role's settings are: a commit is on disk (and on a
 * synchronous standby's) when it is answered (I-25), names mean our schema or PostgreSQL's own, nothing waits long.
 */
static int
settle(struct store_postgres_link *link, char *why)
{
    static const char sql[] =
        "SELECT set_config('synchronous_commit', 'on', false),"
        " set_config('search_path', 'pg_catalog', false),"
        " set_config('default_transaction_isolation', 'read committed', false),"
        " set_config('default_transaction_read_only', 'off', false),"
        " set_config('statement_timeout', '3000', false),"
        " set_config('lock_timeout', '2000', false),"
        " set_config('idle_in_transaction_session_timeout', '5000', false)";
    const char *encoding = PQparameterStatus(link->pg, "server_encoding");

    _Static_assert(STORE_POSTGRES_STATEMENT_MS == 3000, "as said above");
    if (encoding == NULL || strcmp(encoding, "UTF8") != 0)
        return fail("the database's encoding is not UTF8: create it with ENCODING 'UTF8'", why);
    return store_postgres_do(link, sql, why);
}

int
store_postgres_link_open(
    const struct store_postgres_uri *uri, struct store_postgres_link *ret, char *why)
{
    struct store_postgres_link link = {.pg = PQconnectdbParams(uri->keywords, uri->values, 0)};
    int r;

    if (link.pg == NULL)
        return fail("out of memory", why);
    if (PQstatus(link.pg) != CONNECTION_OK || PQsetnonblocking(link.pg, 1) != 0) {
        r = fail(PQerrorMessage(link.pg), why);
    } else {
        (void)PQsetNoticeReceiver(link.pg, no_notice, NULL);
        r = settle(&link, why);
    }
    if (r != 0) {
        store_postgres_link_close(&link);
        return r;
    }
    *ret = link;
    return 0;
}

void
store_postgres_link_close(struct store_postgres_link *link)
{
    PQfinish(link->pg);
    link->pg = NULL;
}

bool
store_postgres_link_is_live(struct store_postgres_link *link)
{
    struct pollfd fd = {.fd = PQsocket(link->pg), .events = POLLIN};

    return !link->broken && PQtransactionStatus(link->pg) == PQTRANS_IDLE && poll(&fd, 1, 0) == 0;
}

/* ---- Columns ---- */

bool
store_postgres_is_shape(const PGresult *result, const Oid *types, int n)
{
    if (PQnfields(result) != n)
        return false;
    for (int i = 0; i < n; i++)
        if (PQftype(result, i) != types[i] || PQfformat(result, i) != 1)
            return false;
    return true;
}

static bool
column(const PGresult *result, int at, const char **ret, size_t *ret_len)
{
    if (PQntuples(result) < 1 || PQgetisnull(result, 0, at) != 0)
        return false;
    *ret = PQgetvalue(result, 0, at);
    *ret_len = (size_t)PQgetlength(result, 0, at);
    return true;
}

bool
store_postgres_text(const PGresult *result, int at, char *ret, size_t size)
{
    const char *value;
    size_t len;

    if (!column(result, at, &value, &len) || len >= size || memchr(value, '\0', len) != NULL)
        return false;
    memcpy(ret, value, len);
    ret[len] = '\0';
    return true;
}

bool
store_postgres_number(const PGresult *result, int at, int64_t *ret)
{
    const char *value;
    uint64_t big_endian;
    size_t len;

    if (!column(result, at, &value, &len) || len != sizeof(big_endian))
        return false;
    memcpy(&big_endian, value, sizeof(big_endian));
    uint64_t number = be64toh(big_endian);
    if (number > INT64_MAX)
        return false;
    *ret = (int64_t)number;
    return true;
}

bool
store_postgres_bytes(const PGresult *result, int at, void *ret, size_t size, size_t *ret_len)
{
    const char *value;
    size_t len;

    if (!column(result, at, &value, &len) || len > size)
        return false;
    memcpy(ret, value, len);
    *ret_len = len;
    return true;
}
