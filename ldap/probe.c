/*
 * The same connections as a login's, made for one server alone.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ldap/probe.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "ldap/domain.h"
#include "ldap/handle.h"
#include "ldap/kdc.h"
#include "ldap/root.h"

/* ---- Which ---- */

static int
no_site(void *arg, const char *server, char ret_site[NETLOGON_SITE_SIZE])
{
    (void)arg;
    (void)server;
    (void)ret_site;
    return FED_E_DIRECTORY;
}

int
probe_list(const struct conf_domain *conf, struct discovery *ret, char why[WHY_MAX])
{
    const struct discover_ways ways = {discover_ask_dns, no_site, NULL};

    if (conf->servers.n == 0)
        return discover(conf, &ways, ret, why);
    ret->n = 0;
    for (size_t i = 0; i < conf->servers.n && ret->n < SERVERS_MAX; i++)
        (void)snprintf(ret->servers[ret->n++], DISCOVER_TEXT_SIZE, "%s", conf->servers.items[i]);
    return 0;
}

/* ---- How it is ---- */

/* A domain that has this server and no other. */
static struct conf_domain
alone(const struct conf_domain *conf, char **server)
{
    struct conf_domain one = *conf;

    one.servers = (struct conf_list){server, 1};
    return one;
}

/* Expired passwords are changed there (addir_change_expired). Nothing is asked; who listens is enough. */
static void
look_at_kerberos(const struct conf_domain *conf, struct conn *conn, char *ret)
{
    static const unsigned ports[] = {KDC_PORT, KDC_PASSWORD_PORT};
    int64_t deadline_ms = clock_mono_ms() + conf->connect_timeout_s * 1000;
    struct kdc kdc = {.len = 0};
    int r = conn_address(conn, &kdc.address, &kdc.len, ret);

    for (size_t i = 0; r == 0 && i < sizeof(ports) / sizeof(ports[0]); i++) {
        int fd = -1;
        kdc_set_port(&kdc, ports[i]);
        r = kdc_connect(&kdc, deadline_ms, &fd, ret);
        if (r == 0)
            (void)close(fd);
    }
}

int
probe_server(
    const struct conf_domain *conf, const char *server, struct probe *ret, char why[WHY_MAX])
{
    char *items[1] = {(char *)server};
    struct conf_domain one = alone(conf, items);
    struct servers *servers = NULL;
    struct probe probe = {.took_ms = 0};
    struct conn *conn = NULL;
    int64_t begin_ms = clock_mono_ms(), theirs_s = 0;

    int r = handle_check(conf->ca_file, why);
    if (r == 0)
        r = servers_new(&one, &servers, why);
    if (r == 0)
        r = conn_open(&one, servers_get(servers, 0), 0, begin_ms + conf->connect_timeout_s * 1000,
            &conn, why);
    if (r == 0) {
        probe.took_ms = clock_mono_ms() - begin_ms;
        r = root_ask(conn, clock_mono_ms() + conf->timeout_s * 1000, &theirs_s, why);
    }
    if (r == 0 && theirs_s != 0) {
        probe.has_time = true;
        probe.skew_s = (int64_t)time(NULL) - theirs_s;
    }
    if (r == 0 && conf->service_bind == CONF_SERVICE_NONE)
        look_at_kerberos(conf, conn, probe.kerberos);
    conn_close(conn);
    servers_free(servers);
    if (r == 0)
        *ret = probe;
    return r;
}

int
probe_service(const struct conf_domain *conf, const char *server, char why[WHY_MAX])
{
    char *items[1] = {(char *)server};
    struct conf_domain one = alone(conf, items);
    struct domain *domain = NULL;
    struct conn *conn = NULL;
    int r = domain_new(&one, &domain, why);

    if (r != 0)
        return r;
    struct domain_budget budget = domain_budget(domain);
    r = domain_take(domain, DOMAIN_SERVICE, &budget, &conn, why);
    if (r == 0)
        domain_put(domain, DOMAIN_SERVICE, conn);
    domain_free(domain);
    return r;
}
