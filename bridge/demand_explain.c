/*
 * The rules as they bear on one person, for awsfed-admin explain.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "bridge/book_rules.h"
#include "bridge/demand.h"
#include "conf/values.h"

enum { LINE_SIZE = 512, NETWORKS_MAX = 64 };

struct telling {
    const struct conf_mfa *mfa;
    const struct book *book;
    size_t domain;
    const struct addir_entry *entry;
    demand_say_fn *say;
    void *arg;
    bool named; /* some services by their names, before all others */
};

/* awsfed-login gives nothing but roles, and always takes the code for it (bridge/signin.h). */
static bool
is_login(const char *service)
{
    return service != NULL && strcmp(service, "awsfed-login") == 0;
}

static const char *
demand_text(enum demand demand, const char *service)
{
    if (demand == DEMAND_NOTHING && is_login(service))
        return "exempt: no role, though it takes a code";
    switch (demand) {
    case DEMAND_CODE:
        return "a code is required";
    case DEMAND_ENROLLED:
        return "a code is required of who is enrolled";
    case DEMAND_NOTHING:
        return "exempt: the password alone, and no role";
    case DEMAND_NETWORK:
        return "exempt: the password alone, and no role without a right code";
    }
    return "";
}

/* One answer: for a service (NULL = every other), from an address in a network (NULL = any other). */
static void
tell(const struct telling *t, const char *service, const char *network)
{
    char address[INET6_ADDRSTRLEN] = "", line[LINE_SIZE];
    struct demand_from from = {.service = service, .rhost = NULL};
    struct demand_by by;
    enum demand demand;

    if (network != NULL) {
        (void)snprintf(address, sizeof(address), "%.*s", (int)strcspn(network, "/"), network);
        from.rhost = address;
    }
    const char *all = t->named ? "any other service" : "any service";
    int n = snprintf(line, sizeof(line), "sign-in by %s%s%s: ", service != NULL ? service : all,
        network != NULL ? " from " : "", network != NULL ? network : "");
    int r = demand_decide(t->mfa, t->book, &from, t->domain, t->entry, &demand, &by);
    if (r != 0)
        (void)snprintf(line + n, sizeof(line) - (size_t)n, "%s", fed_strerror(r));
    else if (by.rule != NULL)
        (void)snprintf(line + n, sizeof(line) - (size_t)n, "%s, by [mfa-rule %s], %s:%u",
            demand_text(demand, service), by.rule->name, by.rule->where.file, by.rule->where.line);
    else
        (void)snprintf(line + n, sizeof(line) - (size_t)n, "%s, by [mfa] %s",
            demand_text(demand, service), by.key);
    t->say(t->arg, line);
}

static void
tell_networks(
    const struct telling *t, const char *service, const struct conf_list *networks, size_t *told)
{
    for (size_t i = 0; i < networks->n && *told < NETWORKS_MAX; i++, (*told)++)
        tell(t, service, networks->items[i]);
}

/* A service, from each network that is named where it matters, and from everywhere else. */
static void
tell_service(const struct telling *t, const char *service)
{
    const struct conf *conf = t->book->conf;
    size_t told = 0;

    for (size_t i = 0; i < conf->n_rules; i++) {
        const struct conf_rule *rule = &conf->rules[i];
        if (rule->services.n == 0 || (service != NULL && list_has(&rule->services, service)))
            tell_networks(t, service, &rule->networks, &told);
    }
    tell_networks(t, service, &t->mfa->exempt_networks, &told);
    tell(t, service, NULL);
}

/* Was this service named before the j-th of rule i? */
static bool
is_told(const struct conf *conf, size_t i, size_t j)
{
    const char *service = conf->rules[i].services.items[j];

    for (size_t k = 0; k < i; k++) {
        if (list_has(&conf->rules[k].services, service))
            return true;
    }
    return false;
}

void
demand_explain(const struct conf_mfa *mfa, const struct book *book, size_t domain,
    const struct addir_entry *entry, demand_say_fn *say, void *arg)
{
    struct telling t = {mfa, book, domain, entry, say, arg, false};
    const struct conf *conf = book->conf;
    bool named_login = false;

    for (size_t i = 0; i < conf->n_rules; i++) {
        for (size_t j = 0; j < conf->rules[i].services.n; j++) {
            t.named = true;
            named_login = named_login || is_login(conf->rules[i].services.items[j]);
            if (!is_told(conf, i, j))
                tell_service(&t, conf->rules[i].services.items[j]);
        }
    }
    if (!named_login && conf->n_rules + conf->mfa.exempt_groups.n > 0) {
        t.named = true;
        tell_service(&t, "awsfed-login");
    }
    tell_service(&t, NULL);
}
