/*
 * SRV records of the domain, the site by one of those servers, SRV records of the site, one list of both.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ldap/discover.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "ldap/why.h"

enum { SITE_TRIES = 2 };

/* DC.DOMAIN, with at least one label before it. */
static bool
is_of_domain(const char *host, const char *domain)
{
    size_t host_len = strlen(host), len = strlen(domain);

    return host_len > len + 1 && host[host_len - len - 1] == '.' &&
           text_equal_nocase(host + host_len - len, domain);
}

/* LDAPS has no record of its own: the records' port is that of plain LDAP and StartTLS. */
static unsigned
port_of(const struct conf_domain *conf, const struct srv *srv)
{
    if (conf->port != 0)
        return conf->port;
    return conf->transport == CONF_LDAPS ? 636 : srv->port;
}

static void
add_server(const struct conf_domain *conf, const struct srv *srv, struct discovery *to)
{
    char text[DISCOVER_TEXT_SIZE];

    if (!is_of_domain(srv->host, conf->name)) {
        fed_log_warning("DNS names \"%s\" as a domain controller of %s, which is not of that "
                        "domain: passed over; list it in servers if it is meant",
            srv->host, conf->name);
        return;
    }
    if (port_of(conf, srv) == 0)
        return;
    (void)snprintf(text, sizeof(text), "%s:%u", srv->host, port_of(conf, srv));
    for (size_t i = 0; i < to->n; i++)
        if (strcmp(to->servers[i], text) == 0)
            return;
    if (to->n < SERVERS_MAX)
        memcpy(to->servers[to->n++], text, sizeof(text));
}

static void
add_list(const struct conf_domain *conf, struct srv_list *list, struct discovery *to)
{
    srv_order(list, NULL);
    for (size_t i = 0; i < list->n; i++) {
        add_server(conf, &list->items[i], to);
        if (list->items[i].ttl_s < to->ttl_s)
            to->ttl_s = list->items[i].ttl_s;
    }
}

static void
find_site(const struct discover_ways *ways, struct discovery *d)
{
    for (size_t i = 0; i < d->n && i < SITE_TRIES; i++)
        if (ways->site(ways->arg, d->servers[i], d->site) == 0)
            return;
    d->site[0] = '\0';
}

int
discover_ask_dns(void *arg, const char *name, struct srv_list *ret)
{
    (void)arg;
    return srv_ask(name, ret);
}

int
discover(const struct conf_domain *conf, const struct discover_ways *ways, struct discovery *ret,
    char *why)
{
    struct discovery all = {.ttl_s = DISCOVER_TTL_MAX_S}, site = {.ttl_s = DISCOVER_TTL_MAX_S};
    char name[512];
    struct srv_list list;

    (void)snprintf(name, sizeof(name), "_ldap._tcp.dc._msdcs.%s", conf->name);
    if (ways->ask(ways->arg, name, &list) != 0)
        return why_not(why, FED_E_DIRECTORY, "DNS does not answer for %s", name);
    add_list(conf, &list, &all);
    if (all.n == 0)
        return why_not(why, FED_E_DIRECTORY, "DNS has no domain controllers at %s", name);

    find_site(ways, &all);
    if (all.site[0] != '\0') {
        (void)snprintf(
            name, sizeof(name), "_ldap._tcp.%s._sites.dc._msdcs.%s", all.site, conf->name);
        if (ways->ask(ways->arg, name, &list) == 0)
            add_list(conf, &list, &site);
    }
    /* The site's first, then the others, which stay the way out when the whole site is down. */
    memcpy(site.site, all.site, sizeof(site.site));
    for (size_t i = 0; i < all.n && site.n < SERVERS_MAX; i++) {
        bool known = false;
        for (size_t j = 0; j < site.n && !known; j++)
            known = strcmp(site.servers[j], all.servers[i]) == 0;
        if (!known)
            memcpy(site.servers[site.n++], all.servers[i], sizeof(all.servers[i]));
    }
    if (all.ttl_s < site.ttl_s)
        site.ttl_s = all.ttl_s;
    if (site.ttl_s < DISCOVER_TTL_MIN_S)
        site.ttl_s = DISCOVER_TTL_MIN_S;
    *ret = site;
    return 0;
}
