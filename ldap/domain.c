/*
 * Choosing a server, opening connections.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ldap/domain.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/clocks.h"
#include "base/log.h"
#include "ldap/handle.h"
#include "ldap/pool.h"
#include "ldap/root.h"
#include "ldap/scout.h"
#include "ldap/servers.h"
#include "ldap/service.h"
#include "ldap/why.h"

enum { SEARCH_TRIES = 3 };

struct domain {
    const struct conf_domain *conf;
    struct servers *servers;
    struct scout *scout;
    struct clocks *clocks;
    struct pool
        *doors[DOMAIN_DOORS]; /* the service's and the pinned are NULL without an identity */
    struct service *service;  /* NULL = none */
};

/* A server failed: it goes to the end, and what rests of connections to it would only fail one by one. */
static void
lose_server(struct domain *domain, size_t index)
{
    servers_failed(domain->servers, index);
    for (size_t i = 0; i < DOMAIN_DOORS; i++)
        if (domain->doors[i] != NULL)
            pool_purge(domain->doors[i], index);
    scout_tell(domain->scout);
}

/* Open a connection to one server, bound as the service identity if that is given. FED_E_DENIED: that was refused. */
static int
open_one(struct domain *domain, size_t index, struct service *service, int64_t deadline_ms,
    struct conn **ret, char *why)
{
    const struct server *server = servers_get(domain->servers, index);
    struct conn *conn = NULL;
    int r = conn_open(domain->conf, server, index, deadline_ms, &conn, why);

    if (r == 0 && service != NULL)
        r = service_bind(service, conn, server->host, deadline_ms, why);
    if (r == 0) {
        servers_worked(domain->servers, index);
        *ret = conn;
        return 0;
    }
    /* What is wrong with us is no reason for people's connections to go. */
    if (r == FED_E_DIRECTORY || r == FED_E_TLS)
        lose_server(domain, index);
    conn_close(conn);
    return r;
}

/* Open a connection to the first server, in their order, that lets us; each gets its share of the time. */
static int
open_any(struct domain *domain, struct service *service, int64_t deadline_ms, struct conn **ret,
    char *why)
{
    size_t order[SERVERS_MAX], n;
    char last[WHY_MAX] = "";
    int r = scout_wait(domain->scout, deadline_ms, why);

    if (r != 0)
        return r;
    n = servers_order(domain->servers, order);
    r = FED_E_DIRECTORY;
    for (size_t i = 0; i < n; i++) {
        int64_t until = clock_mono_ms() + clock_left_ms(deadline_ms) / (int)(n - i);
        int one = open_one(domain, order[i], service, until, ret, last);
        if (one == 0)
            return 0;
        if (one == FED_E_DENIED)
            return why_not(why, one, "%s", last);
        fed_log_debug("%s", last);
        /* A certificate that is not trusted is the more telling of several failures. */
        if (i == 0 || (one == FED_E_TLS && r != FED_E_TLS))
            r = why_not(why, one, "%s", last);
    }
    return r;
}

static int
open_people(void *arg, int64_t deadline_ms, struct conn **ret, char *why)
{
    return open_any(arg, NULL, deadline_ms, ret, why);
}

/* What is read and written for comparing must not be compared on another server than the last time. */
static int
open_first(struct domain *domain, int64_t deadline_ms, struct conn **ret, char *why)
{
    if (domain->conf->servers.n == 0)
        return why_not(
            why, FED_E_CONFIG, "domain %s: \"servers\" must name one", domain->conf->name);
    return open_one(domain, 0, domain->service, deadline_ms, ret, why);
}

static int
open_bound(struct domain *domain, bool pinned, int64_t deadline_ms, struct conn **ret, char *why)
{
    int r = service_may_bind(domain->service, why);

    if (r == 0)
        r = pinned ? open_first(domain, deadline_ms, ret, why)
                   : open_any(domain, domain->service, deadline_ms, ret, why);
    if (r == FED_E_NOT_FOUND && !pinned) /* no controller takes it, and not only the one */
        service_rest(domain->service);
    /* Nobody's login was refused: what we are missing is a directory to ask. */
    return r == FED_E_DENIED || r == FED_E_NOT_FOUND || r == FED_E_CLOCK ? FED_E_DIRECTORY : r;
}

static int
open_service(void *arg, int64_t deadline_ms, struct conn **ret, char *why)
{
    return open_bound(arg, false, deadline_ms, ret, why);
}

static int
open_pinned(void *arg, int64_t deadline_ms, struct conn **ret, char *why)
{
    return open_bound(arg, true, deadline_ms, ret, why);
}

int
domain_new(const struct conf_domain *conf, struct domain **ret, char *why)
{
    struct domain *domain = calloc(1, sizeof(*domain));
    int r;

    if (domain == NULL)
        return why_not(why, FED_E_NOMEM, "out of memory");
    domain->conf = conf;
    r = handle_check(conf->ca_file, why);
    if (r == 0)
        r = servers_new(conf, &domain->servers, why);
    if (r == 0)
        r = scout_new(conf, domain->servers, NULL, &domain->scout);
    if (r == 0)
        r = clocks_new(SERVERS_KNOWN, &domain->clocks);
    if (r == 0)
        r = service_new(conf, &domain->service, why);
    if (r == 0)
        r = pool_new(conf->connections, open_people, domain, &domain->doors[DOMAIN_PEOPLE]);
    if (r == 0 && domain->service != NULL)
        r = pool_new(conf->connections, open_service, domain, &domain->doors[DOMAIN_SERVICE]);
    if (r == 0 && domain->service != NULL)
        r = pool_new(conf->connections, open_pinned, domain, &domain->doors[DOMAIN_PINNED]);
    if (r != 0) {
        domain_free(domain);
        return r == FED_E_NOMEM ? why_not(why, r, "out of memory") : r;
    }
    *ret = domain;
    return 0;
}

void
domain_free(struct domain *domain)
{
    if (domain == NULL)
        return;
    scout_free(domain->scout);
    for (size_t i = 0; i < DOMAIN_DOORS; i++)
        pool_free(domain->doors[i]);
    servers_free(domain->servers);
    clocks_free(domain->clocks);
    service_free(domain->service);
    free(domain);
}

struct domain_budget
domain_budget(const struct domain *domain)
{
    int64_t now = clock_mono_ms();
    int64_t connect_ms = domain->conf->connect_timeout_s * 1000;
    int64_t timeout_ms = domain->conf->timeout_s * 1000;

    return (struct domain_budget){now + connect_ms, now + connect_ms + timeout_ms, timeout_ms};
}

int64_t
domain_answer_by(const struct domain_budget *budget)
{
    int64_t by = clock_mono_ms() + budget->timeout_ms;

    return by < budget->end_ms ? by : budget->end_ms;
}

/* Is a server there? Then it has told the time too. */
static int
ask_root(struct domain *domain, struct conn *conn, int64_t deadline_ms, char *why)
{
    int64_t time_s = 0;
    int r = root_ask(conn, deadline_ms, &time_s, why);
    struct clocks_now now = clocks_now();

    if (r == 0 && time_s != 0)
        clocks_tell(domain->clocks, (unsigned)conn_server(conn), time_s, &now);
    return r;
}

void
domain_ask_clocks(struct domain *domain)
{
    int64_t deadline_ms = clock_mono_ms() + domain->conf->connect_timeout_s * 1000;
    size_t order[SERVERS_MAX], n;
    char why[WHY_MAX] = "";

    if (scout_wait(domain->scout, deadline_ms, why) != 0)
        return;
    n = servers_order(domain->servers, order);
    for (size_t i = 0; i < n; i++) {
        const struct server *server = servers_get(domain->servers, order[i]);
        int64_t until_ms = clock_mono_ms() + clock_left_ms(deadline_ms) / (int)(n - i);
        struct conn *conn = NULL;
        int r = conn_open(domain->conf, server, order[i], until_ms, &conn, why);
        if (r == 0)
            r = ask_root(domain, conn, until_ms, why);
        if (r != 0)
            fed_log_debug("%s does not tell the time: %s", server->name, why);
        conn_close(conn);
    }
}

unsigned
domain_clock_off(struct domain *domain, int64_t *ret_off_s)
{
    struct clocks_now now = clocks_now();

    return clocks_off(domain->clocks, &now, ret_off_s);
}

int
domain_take(struct domain *domain, enum domain_door door, const struct domain_budget *budget,
    struct conn **ret, char *why)
{
    if (domain->doors[door] == NULL)
        return why_not(why, FED_E_CONFIG, "domain %s has no service identity: set service-bind",
            domain->conf->name);
    for (;;) {
        struct conn *conn;
        int64_t half;
        int r = pool_take(domain->doors[door], budget->connect_by_ms, &conn, why);
        if (r != 0)
            return r;
        /* Half of what is left is for finding out, the other half for another server. */
        half = clock_mono_ms() + clock_left_ms(budget->connect_by_ms) / 2;
        if (!conn_is_rested(conn) || ask_root(domain, conn, half, why) == 0) {
            why[0] = '\0';
            *ret = conn;
            return 0;
        }
        domain_put(domain, door, conn);
    }
}

void
domain_put(struct domain *domain, enum domain_door door, struct conn *conn)
{
    if (conn_is_broken(conn))
        lose_server(domain, conn_server(conn));
    pool_put(domain->doors[door], conn);
}

int
domain_ask(
    struct domain *domain, domain_fn *fn, void *arg, const struct domain_budget *budget, char *why)
{
    bool again = true;
    int r = FED_E_DIRECTORY;

    for (int tries = 0; again && tries < SEARCH_TRIES; tries++) {
        struct conn *conn;
        if (tries > 0 && clock_left_ms(budget->connect_by_ms) == 0)
            break;
        r = domain_take(domain, DOMAIN_SERVICE, budget, &conn, why);
        if (r != 0)
            break;
        r = fn(arg, conn, budget, why);
        again = conn_is_broken(conn);
        domain_put(domain, DOMAIN_SERVICE, conn);
    }
    return r;
}

struct search {
    const struct conn_query *query;
    const struct conn_sink *sink;
    struct conn_answer *ret;
};

static int
search(void *arg, struct conn *conn, const struct domain_budget *budget, char *why)
{
    struct search *s = arg;

    return conn_search(conn, s->query, s->sink, domain_answer_by(budget), s->ret, why);
}

int
domain_search(struct domain *domain, const struct conn_query *query, const struct conn_sink *sink,
    const struct domain_budget *budget, struct conn_answer *ret, char *why)
{
    struct search s = {query, sink, ret};

    return domain_ask(domain, search, &s, budget, why);
}
