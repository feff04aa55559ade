/*
 * Finding domain controllers: sites first, strangers never; lists that come late, change, or fail to come.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "ldap/scout.h"
#include "ldap/why.h"

/* A DNS and a domain controller that say what the test wants. */
struct world {
    const char *all[6], *of_site[6]; /* hosts, by falling preference */
    const char *site;                /* NULL = the servers do not say */
    uint32_t ttl_s;
    bool dns_down;
    int asked, site_asked;
    char site_server[64];
};

static void
answer_with(const char *const *hosts, uint32_t ttl_s, struct srv_list *ret)
{
    ret->n = 0;
    for (size_t i = 0; i < 6 && hosts[i] != NULL; i++) {
        struct srv *srv = &ret->items[ret->n++];
        *srv = (struct srv){.priority = (uint16_t)i, .port = 389, .ttl_s = ttl_s};
        (void)snprintf(srv->host, sizeof(srv->host), "%s", hosts[i]);
    }
}

static int
ask(void *arg, const char *name, struct srv_list *ret)
{
    struct world *w = arg;

    w->asked++;
    if (w->dns_down)
        return FED_E_DIRECTORY;
    if (strcmp(name, "_ldap._tcp.dc._msdcs.corp.example.com") == 0)
        answer_with(w->all, w->ttl_s, ret);
    else if (strcmp(name, "_ldap._tcp.Berlin._sites.dc._msdcs.corp.example.com") == 0)
        answer_with(w->of_site, w->ttl_s, ret);
    else
        fail_msg("asked for %s", name);
    return 0;
}

static int
site(void *arg, const char *server, char ret[NETLOGON_SITE_SIZE])
{
    struct world *w = arg;

    w->site_asked++;
    (void)snprintf(w->site_server, sizeof(w->site_server), "%s", server);
    if (w->site == NULL)
        return FED_E_DIRECTORY;
    (void)snprintf(ret, NETLOGON_SITE_SIZE, "%s", w->site);
    return 0;
}

static struct conf_domain
conf_of(enum conf_transport transport, unsigned port)
{
    return (struct conf_domain){.name = (char *)"corp.example.com",
        .transport = transport,
        .port = port,
        .connect_timeout_s = 1,
        .timeout_s = 1};
}

static void
the_site_s_own_come_first(void **state)
{
    struct world w = {
        .all = {"dc1.corp.example.com", "dc2.corp.example.com", "dc3.corp.example.com"},
        .of_site = {"dc3.corp.example.com", "dc9.corp.example.com"},
        .site = "Berlin",
        .ttl_s = 600};
    struct discover_ways ways = {ask, site, &w};
    struct conf_domain conf = conf_of(CONF_LDAPS, 0);
    char why[WHY_MAX];
    struct discovery d;
    (void)state;

    assert_int_equal(discover(&conf, &ways, &d, why), 0);
    assert_string_equal(w.site_server, "dc1.corp.example.com:636");
    assert_int_equal(w.site_asked, 1);
    assert_int_equal(d.n, 4);
    assert_string_equal(d.servers[0], "dc3.corp.example.com:636");
    assert_string_equal(d.servers[1], "dc9.corp.example.com:636");
    assert_string_equal(d.servers[2], "dc1.corp.example.com:636");
    assert_string_equal(d.servers[3], "dc2.corp.example.com:636");
    assert_string_equal(d.site, "Berlin");
    assert_int_equal(d.ttl_s, 600);
}

/* Nobody says the site, or it has no records: the domain's order stands. StartTLS has the record's port. */
static void
without_a_site_the_domain_s_order_stands(void **state)
{
    struct world w = {.all = {"dc1.corp.example.com", "DC2.Corp.example.com"}, .ttl_s = 1};
    struct discover_ways ways = {ask, site, &w};
    struct conf_domain conf = conf_of(CONF_STARTTLS, 0);
    char why[WHY_MAX];
    struct discovery d;
    (void)state;

    assert_int_equal(discover(&conf, &ways, &d, why), 0);
    assert_int_equal(w.site_asked, 2);
    assert_int_equal(d.n, 2);
    assert_string_equal(d.servers[0], "dc1.corp.example.com:389");
    assert_int_equal(d.ttl_s, DISCOVER_TTL_MIN_S);
    w.site = "Berlin";
    w.ttl_s = 1000000;
    conf.port = 3890;
    assert_int_equal(discover(&conf, &ways, &d, why), 0);
    assert_int_equal(d.n, 2);
    assert_string_equal(d.servers[1], "DC2.Corp.example.com:3890");
    assert_int_equal(d.ttl_s, DISCOVER_TTL_MAX_S);
}

/* I-4, I-5: whoever can forge DNS must not get a password by a certificate for a name of their own. */
static void
strangers_are_passed_over(void **state)
{
    struct world w = {.all = {"dc1.evil.example", "corp.example.com", "evilcorp.example.com",
                          "dc1.corp.example.com", "dc1.corp.example.com.evil.example"},
        .of_site = {"dc2.evil.example"},
        .site = "Berlin",
        .ttl_s = 600};
    struct discover_ways ways = {ask, site, &w};
    struct conf_domain conf = conf_of(CONF_LDAPS, 0);
    char why[WHY_MAX];
    struct discovery d;
    (void)state;

    assert_int_equal(discover(&conf, &ways, &d, why), 0);
    assert_int_equal(d.n, 1);
    assert_string_equal(d.servers[0], "dc1.corp.example.com:636");
    w.all[0] = "dc1.evil.example";
    w.all[1] = NULL;
    assert_int_equal(discover(&conf, &ways, &d, why), FED_E_DIRECTORY);
    w.all[0] = NULL;
    assert_int_equal(discover(&conf, &ways, &d, why), FED_E_DIRECTORY);
    w.dns_down = true;
    assert_int_equal(discover(&conf, &ways, &d, why), FED_E_DIRECTORY);
    assert_non_null(strstr(why, "_ldap._tcp.dc._msdcs.corp.example.com"));
}

static void
the_first_list_is_waited_for(void **state)
{
    struct world w = {.all = {"dc1.corp.example.com"}, .ttl_s = 600};
    struct discover_ways ways = {ask, site, &w};
    struct conf_domain conf = conf_of(CONF_LDAPS, 0);
    size_t order[SERVERS_MAX];
    struct servers *servers;
    struct scout *scout;
    char why[WHY_MAX] = "";
    (void)state;

    assert_int_equal(servers_new(&conf, &servers, why), 0);
    assert_int_equal(servers_order(servers, order), 0);
    assert_int_equal(scout_new(&conf, servers, &ways, &scout), 0);
    assert_int_equal(scout_wait(scout, clock_mono_ms() + 5000, why), 0);
    assert_int_equal(servers_order(servers, order), 1);
    assert_string_equal(servers_get(servers, order[0])->name, "dc1.corp.example.com:636");
    scout_free(scout);
    servers_free(servers);

    w.dns_down = true;
    assert_int_equal(servers_new(&conf, &servers, why), 0);
    assert_int_equal(scout_new(&conf, servers, &ways, &scout), 0);
    int64_t start = clock_mono_ms();
    assert_int_equal(scout_wait(scout, start + 5000, why), FED_E_DIRECTORY);
    assert_true(clock_mono_ms() - start < 1500); /* what failed is said at once */
    assert_non_null(strstr(why, "DNS"));
    scout_free(scout);
    servers_free(servers);
}

/* A new list keeps what is known of a server; one that failed stays behind those that work. */
static void
a_new_list_keeps_failures(void **state)
{
    static const char *const first[] = {"a:1", "b:1", "c:1"}, *const second[] = {
                                                                  "b:1", "d:1", "a:1"};
    struct conf_domain conf = conf_of(CONF_LDAPS, 0);
    size_t order[SERVERS_MAX], due[SERVERS_MAX];
    struct servers *servers;
    char why[WHY_MAX] = "";
    int64_t next;
    (void)state;

    assert_int_equal(servers_new(&conf, &servers, why), 0);
    assert_int_equal(servers_set(servers, first, 3, why), 0);
    assert_int_equal(servers_order(servers, order), 3);
    size_t b = order[1];
    assert_int_equal(servers_due(servers, due, &next), 0);
    assert_int_equal(next, 0);
    servers_failed(servers, b);
    assert_int_equal(servers_order(servers, order), 3);
    assert_int_equal(order[2], b);
    assert_int_equal(servers_set(servers, second, 3, why), 0);
    assert_int_equal(servers_order(servers, order), 3);
    assert_string_equal(servers_get(servers, order[0])->name, "d:1");
    assert_string_equal(servers_get(servers, order[1])->name, "a:1");
    assert_int_equal(order[2], b);
    assert_int_equal(servers_due(servers, due, &next), 0);
    assert_true(next > clock_mono_ms() + 4000 && next < clock_mono_ms() + 7600);
    servers_worked(servers, b);
    assert_int_equal(servers_order(servers, order), 3);
    assert_int_equal(order[0], b);
    assert_int_equal(servers_set(servers, first, 0, why), 0);
    assert_int_equal(servers_order(servers, order), 0);
    servers_free(servers);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_site_s_own_come_first),
        cmocka_unit_test(without_a_site_the_domain_s_order_stands),
        cmocka_unit_test(strangers_are_passed_over),
        cmocka_unit_test(the_first_list_is_waited_for),
        cmocka_unit_test(a_new_list_keeps_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
