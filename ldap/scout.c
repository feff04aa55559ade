/*
 * One thread a domain: it sleeps until a list grows old or a failed server's time has come.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ldap/scout.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "ldap/conn.h"
#include "ldap/entry.h"
#include "ldap/escape.h"
#include "ldap/why.h"

enum { RETRY_MS = 15 * 1000, FIRST_RETRY_MS = 2000 };

struct scout {
    const struct conf_domain *conf;
    struct servers *servers;
    struct discover_ways ways;
    pthread_mutex_t lock; /* all below */
    pthread_cond_t changed;
    pthread_t thread;
    bool running, stopping;
    bool listed;            /* there is a list of servers */
    unsigned rounds;        /* discoveries that ended, well or not */
    int64_t discover_at_ms; /* 0 = never */
    char why[WHY_MAX];      /* of the last discovery, if it failed */
    char site[NETLOGON_SITE_SIZE];
};

static bool
is_stopping(struct scout *scout)
{
    bool stopping;

    pthread_mutex_lock(&scout->lock);
    stopping = scout->stopping;
    pthread_mutex_unlock(&scout->lock);
    return stopping;
}

/* ---- This host's site, from a domain controller, over verified TLS ---- */

struct site_reader {
    bool seen;
    char site[NETLOGON_SITE_SIZE];
};

static void
site_start(void *arg)
{
    *(struct site_reader *)arg = (struct site_reader){0};
}

static int
site_entry(void *arg, const struct berval *dn)
{
    (void)arg;
    (void)dn;
    return 0;
}

static int
site_attribute(void *arg, const struct berval *name, const struct berval *values, size_t n)
{
    struct site_reader *reader = arg;

    if (!entry_name_is(name, "netlogon"))
        return 0;
    if (n != 1 || reader->seen)
        return FED_E_DIRECTORY;
    reader->seen = true;
    return netlogon_parse(values->bv_val, values->bv_len, reader->site);
}

static int
ask_site(struct conn *conn, const char *domain, int64_t deadline_ms, char ret[NETLOGON_SITE_SIZE],
    char *why)
{
    static char *const names[] = {(char *)"netlogon", NULL};
    struct fed_secret filter = FED_SECRET_INIT(1024);
    struct conn_query query = {
        .base = "", .scope = LDAP_SCOPE_BASE, .attributes = names, .most = 1};
    struct site_reader reader = {0};
    struct conn_sink sink = {site_start, site_entry, site_attribute, &reader};
    struct conn_answer answer;
    int r = fed_secret_add_str(&filter, "(&(DnsDomain=");

    if (r == 0)
        r = escape_filter(&filter, domain, strlen(domain));
    if (r == 0)
        r = fed_secret_add_str(&filter, ")(NtVer=" NETLOGON_NT_VERSION "))");
    query.filter = fed_secret_str(&filter);
    if (r == 0)
        r = conn_search(conn, &query, &sink, deadline_ms, &answer, why);
    fed_secret_done(&filter);
    if (r == 0 && (answer.code != LDAP_SUCCESS || !reader.seen))
        r = why_not(why, FED_E_DIRECTORY, "no answer to the netlogon ping: %d", answer.code);
    if (r == 0)
        memcpy(ret, reader.site, sizeof(reader.site));
    return r;
}

/* The server becomes known before it is in a list, for its name and addresses. */
static int
real_site(void *arg, const char *server, char ret_site[NETLOGON_SITE_SIZE])
{
    struct scout *scout = arg;
    int64_t connect_by = clock_mono_ms() + scout->conf->connect_timeout_s * 1000;
    struct conf_domain one = *scout->conf;
    struct servers *servers = NULL;
    struct conn *conn = NULL;
    char *items[1] = {(char *)server}, why[WHY_MAX] = "";
    int r;

    one.servers = (struct conf_list){items, 1};
    r = servers_new(&one, &servers, why);
    if (r == 0)
        r = conn_open(scout->conf, servers_get(servers, 0), 0, connect_by, &conn, why);
    if (r == 0) {
        int64_t answer_by = clock_mono_ms() + scout->conf->connect_timeout_s * 1000;
        r = ask_site(conn, scout->conf->name, answer_by, ret_site, why);
    }
    if (r != 0)
        fed_log_debug("the site of this host in %s: %s", scout->conf->name, why);
    conn_close(conn);
    servers_free(servers);
    return r;
}

/* ---- The thread ---- */

static void
note_list(struct scout *scout, int error, const struct discovery *found, const char *why)
{
    pthread_mutex_lock(&scout->lock);
    scout->rounds++;
    if (error == 0) {
        if (!scout->listed || strcmp(scout->site, found->site) != 0)
            fed_log_info("domain %s: %zu domain controllers found, this host is in site \"%s\"",
                scout->conf->name, found->n, found->site);
        memcpy(scout->site, found->site, sizeof(scout->site));
        scout->listed = true;
        scout->discover_at_ms = clock_mono_ms() + (int64_t)found->ttl_s * 1000;
    } else {
        scout->discover_at_ms = clock_mono_ms() + (scout->listed ? RETRY_MS : FIRST_RETRY_MS);
    }
    (void)why_not(scout->why, error, "%s", why);
    pthread_cond_broadcast(&scout->changed);
    pthread_mutex_unlock(&scout->lock);
}

/* A round that finds nothing leaves the list as it was: an old list is better than none. */
static void
find_servers(struct scout *scout)
{
    struct discovery found = {0};
    const char *texts[SERVERS_MAX];
    char why[WHY_MAX] = "";
    int r = discover(scout->conf, &scout->ways, &found, why);

    for (size_t i = 0; i < found.n; i++)
        texts[i] = found.servers[i];
    if (r == 0)
        r = servers_set(scout->servers, texts, found.n, why);
    if (r != 0)
        fed_log_debug("domain %s: %s", scout->conf->name, why);
    note_list(scout, r, &found, why);
}

/* Try those whose time has come, one after the other. */
static void
try_failed(struct scout *scout, int64_t *ret_next_ms)
{
    size_t due[SERVERS_MAX], n = servers_due(scout->servers, due, ret_next_ms);
    char why[WHY_MAX];

    for (size_t i = 0; i < n && !is_stopping(scout); i++) {
        int64_t until = clock_mono_ms() + scout->conf->connect_timeout_s * 1000;
        struct conn *conn = NULL;
        if (conn_open(
                scout->conf, servers_get(scout->servers, due[i]), due[i], until, &conn, why) == 0) {
            fed_log_info("%s answers again", servers_get(scout->servers, due[i])->name);
            servers_worked(scout->servers, due[i]);
        } else {
            servers_failed(scout->servers, due[i]);
        }
        conn_close(conn);
    }
    if (n > 0)
        (void)servers_due(scout->servers, due, ret_next_ms);
}

/* Sleep until one of the two times, or a change; false when it is over. */
static bool
sleep_until(struct scout *scout, int64_t next_ms)
{
    bool go_on;

    pthread_mutex_lock(&scout->lock);
    if (scout->discover_at_ms != 0 && (next_ms == 0 || scout->discover_at_ms < next_ms))
        next_ms = scout->discover_at_ms;
    struct timespec until = {.tv_sec = next_ms / 1000, .tv_nsec = next_ms % 1000 * 1000000};
    if (!scout->stopping && next_ms == 0)
        pthread_cond_wait(&scout->changed, &scout->lock);
    else if (!scout->stopping && next_ms > clock_mono_ms())
        (void)pthread_cond_timedwait(&scout->changed, &scout->lock, &until);
    go_on = !scout->stopping;
    pthread_mutex_unlock(&scout->lock);
    return go_on;
}

static void *
scout_main(void *arg)
{
    struct scout *scout = arg;
    bool finds = scout->conf->servers.n == 0;
    int64_t next_ms = 0;

    do {
        pthread_mutex_lock(&scout->lock);
        bool due = finds && scout->discover_at_ms <= clock_mono_ms();
        pthread_mutex_unlock(&scout->lock);
        if (due)
            find_servers(scout);
        try_failed(scout, &next_ms);
    } while (sleep_until(scout, next_ms));
    return NULL;
}

/* With the lock held. Signals are the main thread's business. */
static int
start(struct scout *scout)
{
    sigset_t all, before;
    int error;

    if (scout->running)
        return 0;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    error = pthread_create(&scout->thread, NULL, scout_main, scout);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    scout->running = error == 0;
    return error == 0 ? 0 : FED_E_NOMEM;
}

/* ---- For the others ---- */

int
scout_new(const struct conf_domain *conf, struct servers *servers, const struct discover_ways *ways,
    struct scout **ret)
{
    struct scout *scout = calloc(1, sizeof(*scout));
    pthread_condattr_t monotonic;

    if (scout == NULL)
        return FED_E_NOMEM;
    scout->conf = conf;
    scout->servers = servers;
    scout->ways = ways != NULL ? *ways : (struct discover_ways){discover_ask_dns, real_site, scout};
    scout->listed = conf->servers.n > 0;
    pthread_mutex_init(&scout->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&scout->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    *ret = scout;
    return 0;
}

void
scout_free(struct scout *scout)
{
    if (scout == NULL)
        return;
    pthread_mutex_lock(&scout->lock);
    scout->stopping = true;
    pthread_cond_broadcast(&scout->changed);
    pthread_mutex_unlock(&scout->lock);
    if (scout->running)
        (void)pthread_join(scout->thread, NULL);
    pthread_cond_destroy(&scout->changed);
    pthread_mutex_destroy(&scout->lock);
    free(scout);
}

int
scout_wait(struct scout *scout, int64_t deadline_ms, char *why)
{
    struct timespec until = {.tv_sec = deadline_ms / 1000, .tv_nsec = deadline_ms % 1000 * 1000000};
    int r = 0, error = 0;

    pthread_mutex_lock(&scout->lock);
    if (!scout->listed) {
        unsigned rounds = scout->rounds;
        r = start(scout);
        while (r == 0 && !scout->listed && scout->rounds == rounds && error == 0)
            error = pthread_cond_timedwait(&scout->changed, &scout->lock, &until);
    }
    if (r != 0)
        (void)why_not(why, r, "no thread to find the domain controllers with");
    else if (!scout->listed)
        r = why_not(why, FED_E_DIRECTORY, "no domain controllers found: %s",
            scout->why[0] != '\0' ? scout->why : "DNS did not answer in time");
    pthread_mutex_unlock(&scout->lock);
    return r;
}

void
scout_tell(struct scout *scout)
{
    pthread_mutex_lock(&scout->lock);
    int r = start(scout);
    (void)r; /* without the thread the server stays at the end of the order, and is tried there */
    pthread_cond_broadcast(&scout->changed);
    pthread_mutex_unlock(&scout->lock);
}
