/*
 * Which domain controllers a domain has, and in which order this host should try them: DNS SRV records, those of
 * this host's AD site first. Used where the configuration names no servers.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LDAP_DISCOVER_H
#define LDAP_DISCOVER_H

#include <stdint.h>

#include "conf/conf.h"
#include "ldap/netlogon.h"
#include "ldap/servers.h"
#include "ldap/srv.h"

enum { DISCOVER_TEXT_SIZE = SRV_HOST_SIZE + 8, DISCOVER_TTL_MIN_S = 60, DISCOVER_TTL_MAX_S = 3600 };

struct discovery {
    char servers[SERVERS_MAX][DISCOVER_TEXT_SIZE]; /* HOST:PORT, first to try first */
    size_t n;
    char site[NETLOGON_SITE_SIZE]; /* "" = unknown */
    uint32_t ttl_s;                /* ask again after this long; between the two limits above */
};

/* How it asks; so that tests can answer. Both block. */
struct discover_ways {
    /* as srv_ask */
    int (*ask)(void *arg, const char *name, struct srv_list *ret);
    /* this host's site, by the server HOST:PORT. 0 or FED_E_* */
    int (*site)(void *arg, const char *server, char ret_site[NETLOGON_SITE_SIZE]);
    void *arg;
};

/* The real way to ask: srv_ask, for which arg says nothing. */
FED_MUST_USE int discover_ask_dns(void *arg, const char *name, struct srv_list *ret);

/*
 * One round. A record whose host is not of the domain (DC.DOMAIN) is passed over: anybody who can answer our DNS
 * query could otherwise send passwords to a host of their own with a certificate that the system trusts.
 * Without an answer about the site the order is that of the domain-wide records.
 * 0 (ret->n > 0) or FED_E_DIRECTORY with why. Blocks as the ways do: two queries, and up to two servers for the site.
 */
FED_MUST_USE int discover(const struct conf_domain *conf, const struct discover_ways *ways,
    struct discovery *ret, char *why);

#endif
