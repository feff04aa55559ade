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

struct servers {
    size_t n;
    struct server list[SERVERS_MAX];
    pthread_mutex_t lock; /* the two below */
    unsigned failures[SERVERS_MAX];
    int64_t retry_at_ms[SERVERS_MAX]; /* 0 = works */
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

static int
add(struct servers *servers, const struct conf_domain *conf, const char *text, char *why)
{
    struct server *server = &servers->list[servers->n];
    unsigned port = conf->port != 0 ? conf->port : conf->transport == CONF_LDAPS ? 636 : 389;
    char host[HOST_MAX + 1], port_text[12];
    bool ipv6;

    if (!split(text, port, host, &port))
        return why_not(why, FED_E_CONFIG,
            "server \"%s\" of domain %s: expected HOST, HOST:PORT or [IPv6]:PORT", text,
            conf->name);
    ipv6 = strchr(host, ':') != NULL;
    (void)snprintf(port_text, sizeof(port_text), "%u", port);
    servers->n++;
    if (asprintf(&server->name, ipv6 ? "[%s]:%u" : "%s:%u", host, port) < 0) {
        server->name = NULL;
        return FED_E_NOMEM;
    }
    if (asprintf(&server->uri, "ldap://%s", server->name) < 0) {
        server->uri = NULL;
        return FED_E_NOMEM;
    }
    return resolve_new(host, port_text, &server->resolve);
}

int
servers_new(const struct conf_domain *conf, struct servers **ret, char *why)
{
    struct servers *servers;
    int r = 0;

    if (conf->servers.n == 0 || conf->servers.n > SERVERS_MAX)
        return why_not(why, FED_E_CONFIG, "domain %s: servers must name 1 to %d domain controllers",
            conf->name, SERVERS_MAX);
    servers = calloc(1, sizeof(*servers));
    if (servers == NULL)
        return FED_E_NOMEM;
    pthread_mutex_init(&servers->lock, NULL);
    for (size_t i = 0; i < conf->servers.n && r == 0; i++)
        r = add(servers, conf, conf->servers.items[i], why);
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
    for (size_t i = 0; i < servers->n; i++) {
        free(servers->list[i].uri);
        free(servers->list[i].name);
        resolve_free(servers->list[i].resolve);
    }
    pthread_mutex_destroy(&servers->lock);
    free(servers);
}

const struct server *
servers_get(const struct servers *servers, size_t index)
{
    return &servers->list[index];
}

size_t
servers_order(struct servers *servers, size_t ret[SERVERS_MAX])
{
    int64_t at[SERVERS_MAX], now = clock_mono_ms();

    pthread_mutex_lock(&servers->lock);
    memcpy(at, servers->retry_at_ms, sizeof(at));
    pthread_mutex_unlock(&servers->lock);

    /* Insertion sort: stable, and the list is short. */
    for (size_t i = 0; i < servers->n; i++) {
        size_t to = i;
        if (at[i] <= now)
            at[i] = 0;
        for (; to > 0 && at[ret[to - 1]] > at[i]; to--)
            ret[to] = ret[to - 1];
        ret[to] = i;
    }
    return servers->n;
}

void
servers_failed(struct servers *servers, size_t index)
{
    uint32_t random = 0;
    int64_t wait, now = clock_mono_ms();

    /* Without randomness the servers are asked again a little more in step, no worse. */
    if (getrandom(&random, sizeof(random), GRND_NONBLOCK) != sizeof(random))
        random = 0;
    pthread_mutex_lock(&servers->lock);
    /* Threads that fail together tell of one failure. */
    if (servers->retry_at_ms[index] > now) {
        pthread_mutex_unlock(&servers->lock);
        return;
    }
    wait = (int64_t)FIRST_WAIT_MS << (servers->failures[index] < 4 ? servers->failures[index] : 4);
    if (wait > LONGEST_WAIT_MS)
        wait = LONGEST_WAIT_MS;
    servers->failures[index]++;
    servers->retry_at_ms[index] = now + wait + random % (wait / 2);
    pthread_mutex_unlock(&servers->lock);
}

void
servers_worked(struct servers *servers, size_t index)
{
    pthread_mutex_lock(&servers->lock);
    servers->failures[index] = 0;
    servers->retry_at_ms[index] = 0;
    pthread_mutex_unlock(&servers->lock);
}
