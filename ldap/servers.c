/*
 * The list of domain controllers and its back-off.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ldap/servers.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/text.h"
#include "ldap/why.h"

enum { FIRST_WAIT_MS = 5000, LONGEST_WAIT_MS = 60000, HOST_MAX = 253 };

/* A known server; made once and never moved or taken away, so that it can be read without the lock. */
struct known {
    struct server server;
    unsigned failures;   /* in a row; 0 = works */
    int64_t retry_at_ms; /* when failures > 0 */
};

struct servers {
    const struct conf_domain *conf;
    pthread_mutex_t lock; /* all below */
    size_t n_known;
    struct known known[SERVERS_KNOWN];
    size_t n;
    size_t list[SERVERS_MAX]; /* indexes of known, first to try first */
};

static bool
is_host(const char *p, size_t len, const char *also)
{
    for (size_t i = 0; i < len; i++)
        if (!((p[i] >= 'a' && p[i] <= 'z') || (p[i] >= 'A' && p[i] <= 'Z') ||
                (p[i] >= '0' && p[i] <= '9') || (p[i] != '\0' && strchr(also, p[i]) != NULL)))
            return false;
    return len > 0 && len <= HOST_MAX;
}

/* Split "HOST:PORT" and friends; host gets no brackets, and ret_port what was there or the default. */
static bool
split(const char *text, unsigned default_port, char host[HOST_MAX + 1], unsigned *ret_port)
{
    bool bracket = text[0] == '[';
    const char *start = text + bracket;
    size_t len = bracket ? strcspn(start, "]") : strcspn(start, ":");
    const char *rest = start + len;
    uint64_t port = default_port;

    if (!is_host(start, len, bracket ? ":." : ".-_"))
        return false;
    if (bracket && *rest++ != ']')
        return false;
    if (*rest == ':') {
        if (text_to_u64(rest + 1, &port) != 0)
            return false;
    } else if (*rest != '\0') {
        return false;
    }
    if (port == 0 || port > 65535)
        return false;
    memcpy(host, start, len);
    host[len] = '\0';
    *ret_port = (unsigned)port;
    return true;
}

/* Make the server of a text; what was made of it on failure is freed by the caller. */
static int
make(const struct conf_domain *conf, const char *text, struct server *server, char *why)
{
    unsigned port = conf->port != 0 ? conf->port : conf->transport == CONF_LDAPS ? 636 : 389;
    char host[HOST_MAX + 1], port_text[12];
    bool ipv6;

    if (!split(text, port, host, &port))
        return why_not(why, FED_E_CONFIG,
            "server \"%s\" of domain %s: expected HOST, HOST:PORT or [IPv6]:PORT", text,
            conf->name);
    ipv6 = strchr(host, ':') != NULL;
    (void)snprintf(port_text, sizeof(port_text), "%u", port);
    if (asprintf(&server->name, ipv6 ? "[%s]:%u" : "%s:%u", host, port) < 0) {
        server->name = NULL;
        return FED_E_NOMEM;
    }
    if (asprintf(&server->uri, "ldap://%s", server->name) < 0) {
        server->uri = NULL;
        return FED_E_NOMEM;
    }
    server->host = strdup(host);
    if (server->host == NULL)
        return FED_E_NOMEM;
    return resolve_new(host, port_text, &server->resolve);
}

static void
unmake(struct server *server)
{
    free(server->uri);
    free(server->name);
    free(server->host);
    resolve_free(server->resolve);
    *server = (struct server){0};
}

/* The index of a text's server, which becomes known if it is not; with the lock held. */
static int
know(struct servers *servers, const char *text, size_t *ret, char *why)
{
    struct server server = {0};
    int r = make(servers->conf, text, &server, why);

    if (r != 0)
        goto out;
    for (size_t i = 0; i < servers->n_known; i++) {
        if (strcmp(servers->known[i].server.name, server.name) != 0)
            continue;
        *ret = i;
        goto out;
    }
    if (servers->n_known == SERVERS_KNOWN) {
        r = why_not(why, FED_E_TOO_BIG,
            "domain %s had more than %d domain controllers since the start", servers->conf->name,
            SERVERS_KNOWN);
        goto out;
    }
    *ret = servers->n_known;
    servers->known[servers->n_known++].server = server;
    server = (struct server){0};
out:
    unmake(&server);
    return r;
}

int
servers_set(struct servers *servers, const char *const *texts, size_t n, char *why)
{
    size_t list[SERVERS_MAX], used = 0;
    int r = 0;

    pthread_mutex_lock(&servers->lock);
    for (size_t i = 0; i < n && used < SERVERS_MAX && r == 0; i++) {
        r = know(servers, texts[i], &list[used], why);
        used += r == 0;
    }
    memcpy(servers->list, list, used * sizeof(list[0]));
    servers->n = used;
    pthread_mutex_unlock(&servers->lock);
    return r;
}

int
servers_new(const struct conf_domain *conf, struct servers **ret, char *why)
{
    struct servers *servers;
    int r;

    if (conf->servers.n > SERVERS_MAX)
        return why_not(why, FED_E_CONFIG,
            "domain %s: servers names more than %d domain controllers", conf->name, SERVERS_MAX);
    servers = calloc(1, sizeof(*servers));
    if (servers == NULL)
        return FED_E_NOMEM;
    servers->conf = conf;
    pthread_mutex_init(&servers->lock, NULL);
    r = servers_set(servers, (const char *const *)conf->servers.items, conf->servers.n, why);
    if (r != 0) {
        servers_free(servers);
        return r;
    }
    *ret = servers;
    return 0;
}

void
servers_free(struct servers *servers)
{
    if (servers == NULL)
        return;
    for (size_t i = 0; i < servers->n_known; i++)
        unmake(&servers->known[i].server);
    pthread_mutex_destroy(&servers->lock);
    free(servers);
}

const struct server *
servers_get(const struct servers *servers, size_t index)
{
    return &servers->known[index].server;
}

size_t
servers_order(struct servers *servers, size_t ret[SERVERS_MAX])
{
    int64_t at[SERVERS_MAX];
    size_t n;

    pthread_mutex_lock(&servers->lock);
    n = servers->n;
    /* Insertion sort: stable, and the list is short. */
    for (size_t i = 0; i < n; i++) {
        const struct known *known = &servers->known[servers->list[i]];
        int64_t when = known->failures == 0 ? 0 : known->retry_at_ms;
        size_t to = i;
        for (; to > 0 && at[to - 1] > when; to--) {
            ret[to] = ret[to - 1];
            at[to] = at[to - 1];
        }
        ret[to] = servers->list[i];
        at[to] = when;
        resolve_hint(known->server.resolve);
    }
    pthread_mutex_unlock(&servers->lock);
    return n;
}

size_t
servers_due(struct servers *servers, size_t ret[SERVERS_MAX], int64_t *ret_next_ms)
{
    int64_t now = clock_mono_ms(), next = 0;
    size_t n = 0;

    pthread_mutex_lock(&servers->lock);
    for (size_t i = 0; i < servers->n; i++) {
        const struct known *known = &servers->known[servers->list[i]];
        if (known->failures == 0)
            continue;
        if (known->retry_at_ms <= now)
            ret[n++] = servers->list[i];
        else if (next == 0 || known->retry_at_ms < next)
            next = known->retry_at_ms;
    }
    pthread_mutex_unlock(&servers->lock);
    *ret_next_ms = next;
    return n;
}

void
servers_failed(struct servers *servers, size_t index)
{
    struct known *known = &servers->known[index];
    int64_t wait, now = clock_mono_ms();
    uint32_t random = 0;

    /* Without randomness the servers are asked again a little more in step, no worse. */
    if (getrandom(&random, sizeof(random), GRND_NONBLOCK) != sizeof(random))
        random = 0;
    pthread_mutex_lock(&servers->lock);
    /* Threads that fail together tell of one failure. */
    if (known->failures == 0 || known->retry_at_ms <= now) {
        wait = (int64_t)FIRST_WAIT_MS << (known->failures < 4 ? known->failures : 4);
        if (wait > LONGEST_WAIT_MS)
            wait = LONGEST_WAIT_MS;
        known->failures++;
        known->retry_at_ms = now + wait + random % (wait / 2);
    }
    pthread_mutex_unlock(&servers->lock);
}

void
servers_worked(struct servers *servers, size_t index)
{
    pthread_mutex_lock(&servers->lock);
    servers->known[index].failures = 0;
    pthread_mutex_unlock(&servers->lock);
}
