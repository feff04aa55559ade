/*
 * One TLS connection to a domain controller.
 *
 * Requests are asynchronous and waited for here, by our own clock: libldap's waiting follows the
 * wall clock and can be stretched by a peer that sends a byte now and then.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ldap/conn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "ldap/conn_inside.h"
#include "ldap/handle.h"
#include "ldap/why.h"

/* AD ends connections that were idle for 15 minutes; we are first, so that no bind meets the end. */
enum { IDLE_MAX_MS = 10 * 60 * 1000, AGE_MAX_MS = 60 * 60 * 1000, RESTED_MS = 250 };

/* One for each domain below ours, and three; without a limit a server could send them for ever. */
enum { REFERENCES_MAX = 1000 };

int
conn_broke(struct conn *conn, char *why, const char *what)
{
    conn->broken = true;
    return why_not(why, FED_E_DIRECTORY, "%s: %s", conn->server->name, what);
}

int
conn_next(struct conn *conn, int id, int64_t deadline_ms, LDAPMessage **ret, char *why)
{
    for (;;) {
        struct timeval at_once = {0, 0};
        LDAPMessage *message = NULL;
        int type = ldap_result(conn->ld, id, LDAP_MSG_ONE, &at_once, &message);

        if (type > 0) {
            *ret = message;
            return 0;
        }
        if (type < 0 || conn->sock.ended)
            return conn_broke(conn, why, "the connection was lost before the answer");
        if (!sock_wait(&conn->sock, deadline_ms))
            return conn_broke(conn, why, "no answer in time");
    }
}

int
conn_read_answer(
    struct conn *conn, LDAPMessage *message, int type, struct conn_answer *ret, char *why)
{
    struct conn_answer answer = {.code = LDAP_OTHER};
    char *text = NULL;
    int code;

    if (ldap_msgtype(message) != type)
        return conn_broke(conn, why, "the answer is of the wrong type");
    code = ldap_parse_result(conn->ld, message, &answer.code, NULL, &text, NULL, NULL, 0);
    if (code != LDAP_SUCCESS) {
        ldap_memfree(text);
        return conn_broke(conn, why, "the answer is malformed");
    }
    if (text != NULL) {
        answer.data = addata_parse(text, strlen(text));
        text_clean(answer.text, sizeof(answer.text), text);
    }
    ldap_memfree(text);
    *ret = answer;
    return 0;
}

int
conn_finish(
    struct conn *conn, int id, int type, int64_t deadline_ms, struct conn_answer *ret, char *why)
{
    LDAPMessage *message = NULL;
    int r = conn_next(conn, id, deadline_ms, &message, why);

    if (r != 0)
        return r;
    r = conn_read_answer(conn, message, type, ret, why);
    ldap_msgfree(message);
    return r;
}

/* Ask for TLS in the clear (RFC 4511 4.14). Anything but success ends it: nothing else goes out in the clear. */
static int
ask_for_tls(struct conn *conn, int64_t deadline_ms, char *why)
{
    struct conn_answer answer;
    int id, r;

    if (ldap_start_tls(conn->ld, NULL, NULL, &id) != LDAP_SUCCESS)
        return conn_broke(conn, why, "StartTLS could not be sent");
    r = conn_finish(conn, id, LDAP_RES_EXTENDED, deadline_ms, &answer, why);
    if (r == 0 && answer.code != LDAP_SUCCESS)
        r = why_not(why, FED_E_TLS, "%s: StartTLS refused with result %d: %s", conn->server->name,
            answer.code, answer.text);
    return r;
}

/* Connect to the first of the server's addresses that answers; each gets its share of the time. */
static int
connect_any(const struct server *server, int64_t deadline_ms, int *ret_fd, char *why)
{
    struct resolve_address addresses[RESOLVE_MAX];
    size_t n = 0;
    int r = resolve_ask(server->resolve, deadline_ms, addresses, &n);

    if (r != 0)
        return why_not(why, r, "%s: the host name could not be resolved", server->name);
    for (size_t i = 0; i < n; i++) {
        int64_t until = clock_mono_ms() + clock_left_ms(deadline_ms) / (int)(n - i);
        r = sock_connect(
            (const struct sockaddr *)&addresses[i].address, addresses[i].len, until, ret_fd);
        if (r == 0)
            return 0;
    }
    return why_not(why, r, "%s: cannot connect: %s", server->name, strerrordesc_np(errno));
}

int
conn_open(const struct conf_domain *conf, const struct server *server, size_t index,
    int64_t deadline_ms, struct conn **ret, char *why)
{
    struct conn *conn = calloc(1, sizeof(*conn));
    int r;

    if (conn == NULL)
        return why_not(why, FED_E_NOMEM, "out of memory");
    conn->server = server;
    conn->index = index;
    conn->born_ms = conn->resting_since_ms = clock_mono_ms();
    r = connect_any(server, deadline_ms, &conn->sock.fd, why);
    if (r != 0) {
        free(conn);
        return r;
    }
    r = handle_new(&conn->sock, server->uri, conf->ca_file, &conn->ld, why);
    if (r != 0) {
        (void)close(conn->sock.fd);
        free(conn);
        return r;
    }
    if (conf->transport == CONF_STARTTLS)
        r = ask_for_tls(conn, deadline_ms, why);
    if (r == 0)
        r = handle_start_tls(conn->ld, &conn->sock, server->name, conf->ca_file, deadline_ms, why);
    if (r != 0) {
        conn->broken = true;
        conn_close(conn);
        return r;
    }
    *ret = conn;
    return 0;
}

void
conn_close(struct conn *conn)
{
    if (conn == NULL)
        return;
    /* No farewell on a connection that is in doubt: it might go out in the clear. */
    if (conn->broken)
        conn->sock.ended = true;
    (void)ldap_unbind_ext(conn->ld, NULL, NULL);
    free(conn);
}

size_t
conn_server(const struct conn *conn)
{
    return conn->index;
}

bool
conn_is_broken(const struct conn *conn)
{
    return conn->broken;
}

void
conn_rest(struct conn *conn)
{
    conn->resting_since_ms = clock_mono_ms();
}

bool
conn_is_stale(const struct conn *conn)
{
    int64_t now = clock_mono_ms();

    return now - conn->resting_since_ms > IDLE_MAX_MS || now - conn->born_ms > AGE_MAX_MS;
}

bool
conn_is_rested(const struct conn *conn)
{
    return clock_mono_ms() - conn->resting_since_ms > RESTED_MS;
}

bool
conn_is_live(struct conn *conn)
{
    struct timeval at_once = {0, 0};
    LDAPMessage *message = NULL;

    if (conn->broken || conn_is_stale(conn))
        return false;
    /*
     * Nobody has asked anything, so a message is a notice of disconnection (RFC 4511 4.4.1). What
     * may be there without harm is TLS's own, a session ticket: reading takes it away, and then the
     * socket must be quiet.
     */
    if (ldap_result(conn->ld, LDAP_RES_ANY, LDAP_MSG_ONE, &at_once, &message) != 0) {
        ldap_msgfree(message);
        conn->broken = true;
    }
    if (!sock_is_quiet(&conn->sock))
        conn->broken = true;
    return !conn->broken;
}

int
conn_modify(struct conn *conn, const char *dn, LDAPMod **changes, int64_t deadline_ms,
    struct conn_answer *ret, char *why)
{
    int id = -1;

    if (conn->broken || !ldap_tls_inplace(conn->ld))
        return conn_broke(conn, why, "not connected by TLS");
    if (ldap_modify_ext(conn->ld, dn, changes, NULL, NULL, &id) != LDAP_SUCCESS)
        return conn_broke(conn, why, "the connection was lost before the change");
    return conn_finish(conn, id, LDAP_RES_MODIFY, deadline_ms, ret, why);
}

/* Hand one attribute over; *ret_more is false at the entry's end. */
static int
read_attribute(struct conn *conn, LDAPMessage *message, BerElement *ber,
    const struct conn_sink *sink, bool *ret_more, char *why)
{
    struct berval name = {0}, *values = NULL;
    size_t n = 0;
    int r;

    if (ldap_get_attribute_ber(conn->ld, message, ber, &name, &values) != LDAP_SUCCESS)
        return conn_broke(conn, why, "an entry is malformed");
    *ret_more = name.bv_val != NULL;
    if (!*ret_more)
        return 0;
    while (values != NULL && values[n].bv_val != NULL)
        n++;
    r = sink->attribute(sink->arg, &name, values, n);
    ldap_memfree(values);
    if (r != 0)
        (void)why_not(why, r, "%s: the value of %.*s is not usable", conn->server->name,
            name.bv_len < 64 ? (int)name.bv_len : 64, name.bv_val);
    return r;
}

static int
read_entry(struct conn *conn, LDAPMessage *message, const struct conn_sink *sink, char *why)
{
    BerElement *ber = NULL;
    struct berval dn = {0};
    bool more = true;
    int r;

    if (ldap_get_dn_ber(conn->ld, message, &ber, &dn) != LDAP_SUCCESS || ber == NULL) {
        if (ber != NULL)
            ber_free(ber, 0);
        return conn_broke(conn, why, "an entry is malformed");
    }
    r = sink->entry(sink->arg, &dn);
    if (r != 0)
        (void)why_not(why, r, "%s: an entry's name is not usable", conn->server->name);
    while (r == 0 && more)
        r = read_attribute(conn, message, ber, sink, &more, why);
    ber_free(ber, 0);
    return r;
}

/* What has come of a search, over its pages. */
struct progress {
    size_t entries, references;
    int refused; /* by the sink; the rest is read past it */
    struct berval *cookie;
};

/* The server's mark of where the next page begins; none when it has given all. */
static int
read_cookie(struct conn *conn, LDAPMessage *message, struct progress *p, char *why)
{
    LDAPControl **controls = NULL;
    struct berval cookie = {0};
    ber_int_t estimate;
    int r = 0;

    if (ldap_parse_result(conn->ld, message, NULL, NULL, NULL, NULL, &controls, 0) != LDAP_SUCCESS)
        return conn_broke(conn, why, "the answer is malformed");
    LDAPControl *paged = ldap_control_find(LDAP_CONTROL_PAGEDRESULTS, controls, NULL);
    if (paged != NULL &&
        ldap_parse_pageresponse_control(conn->ld, paged, &estimate, &cookie) != LDAP_SUCCESS)
        r = conn_broke(conn, why, "the mark of a page is malformed");
    ber_bvfree(p->cookie);
    p->cookie = r == 0 && cookie.bv_len > 0 ? ber_bvdup(&cookie) : NULL;
    ldap_memfree(cookie.bv_val);
    ldap_controls_free(controls);
    return r;
}

/* Take messages until the end of the search, or of its page. */
static int
take_page(struct conn *conn, int id, const struct conn_query *query, const struct conn_sink *sink,
    int64_t deadline_ms, struct progress *p, struct conn_answer *ret, char *why)
{
    bool done = false;

    while (!done) {
        LDAPMessage *message = NULL;
        int type, r = conn_next(conn, id, deadline_ms, &message, why);
        if (r != 0)
            return r;
        type = ldap_msgtype(message);
        if (type == LDAP_RES_SEARCH_ENTRY && ++p->entries <= query->most && p->refused == 0)
            p->refused = read_entry(conn, message, sink, why);
        else if (type == LDAP_RES_SEARCH_REFERENCE)
            p->references++;
        else if (type != LDAP_RES_SEARCH_ENTRY) {
            done = true;
            r = conn_read_answer(conn, message, LDAP_RES_SEARCH_RESULT, ret, why);
            if (r == 0 && query->page > 0)
                r = read_cookie(conn, message, p, why);
        }
        ldap_msgfree(message);
        if (r != 0 || conn->broken)
            return FED_E_DIRECTORY;
        if (p->entries > query->most || p->references > REFERENCES_MAX)
            return conn_broke(conn, why, "more entries than asked for");
    }
    return 0;
}

static int
send_search(struct conn *conn, const struct conn_query *query, const struct progress *p,
    int *ret_id, char *why)
{
    LDAPControl *control = NULL, *controls[] = {NULL, NULL};
    size_t limit = query->page > 0 ? 0 : query->most;

    if (query->page > 0 && ldap_create_page_control(conn->ld, (ber_int_t)query->page, p->cookie, 1,
                               &control) != LDAP_SUCCESS)
        return why_not(why, FED_E_NOMEM, "out of memory");
    controls[0] = control;
    int code = ldap_search_ext(conn->ld, query->base, query->scope, query->filter,
        (char **)query->attributes, 0, controls, NULL, NULL, (int)limit, ret_id);
    if (control != NULL)
        ldap_control_free(control);
    return code == LDAP_SUCCESS ? 0 : conn_broke(conn, why, "the search could not be sent");
}

int
conn_search(struct conn *conn, const struct conn_query *query, const struct conn_sink *sink,
    int64_t deadline_ms, struct conn_answer *ret, char *why)
{
    struct progress p = {0};
    int id = -1, r;

    if (conn->broken || !ldap_tls_inplace(conn->ld))
        return conn_broke(conn, why, "not connected by TLS");
    sink->start(sink->arg);
    do {
        r = send_search(conn, query, &p, &id, why);
        if (r == 0)
            r = take_page(conn, id, query, sink, deadline_ms, &p, ret, why);
    } while (r == 0 && p.cookie != NULL && ret->code == LDAP_SUCCESS);
    ber_bvfree(p.cookie);
    return r != 0 ? r : p.refused;
}
