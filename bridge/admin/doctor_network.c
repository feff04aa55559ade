/*
 * What is asked over the network, as the bridge would ask it.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/admin/doctor.h"
#include "bridge/https.h"
#include "bridge/sts_where.h"
#include "ldap/probe.h"

enum { WHERE_SIZE = 600, URLS_MOST = 32 };

/* What a clock may be off before codes and assertions suffer: AWS takes an assertion for five minutes. */
enum { SKEW_WARN_S = 10, SKEW_FAIL_S = 120 };

#define SET_CLOCK "let chrony or systemd-timesyncd set the clock of this host"

static void
add_clock(struct findings *to, const char *whose, int64_t skew_s)
{
    int64_t off_s = skew_s < 0 ? -skew_s : skew_s;
    enum finding_state state = off_s >= SKEW_FAIL_S   ? FINDING_FAIL
                               : off_s >= SKEW_WARN_S ? FINDING_WARN
                                                      : FINDING_OK;
    char where[WHERE_SIZE];

    (void)snprintf(where, sizeof(where), "clock against %s", whose);
    if (off_s == 0)
        findings_add(to, state, where, NULL, "agrees to the second");
    else
        findings_add(to, state, where, state == FINDING_OK ? NULL : SET_CLOCK,
            "this host's is %" PRId64 " s %s", off_s, skew_s < 0 ? "behind" : "ahead");
}

/* ---- Active Directory ---- */

static const char *
remedy_of(int error)
{
    switch (error) {
    case FED_E_TLS:
        return "let ca-file name the authority that signed its certificate, and servers the name "
               "in it";
    case FED_E_CONFIG:
        return "mend the file or the section";
    default:
        return "is it up, does its name resolve, and does a firewall let this host through?";
    }
}

/* A refused identity is not tried again elsewhere: that could lock it out. */
static void
add_service(const struct conf_domain *domain, const char *server, bool *stop, struct findings *to)
{
    char where[WHERE_SIZE], why[WHY_MAX] = "";

    if (domain->service_bind == CONF_SERVICE_NONE || *stop)
        return;
    (void)snprintf(where, sizeof(where), "service identity at %s", server);
    int r = probe_service(domain, server, why);
    if (r == 0) {
        findings_add(to, FINDING_OK, where, NULL, "signs in");
        return;
    }
    *stop = true;
    findings_add(to, FINDING_FAIL, where,
        "check service-dn and its password or keytab; it is not tried at other servers now", "%s",
        why);
}

static void
add_kerberos(const char *server, const struct probe *probe, struct findings *to)
{
    char where[WHERE_SIZE];

    (void)snprintf(where, sizeof(where), "expired passwords at %s", server);
    if (probe->kerberos[0] == '\0')
        findings_add(to, FINDING_OK, where, NULL, "Kerberos can be reached to change them");
    else
        findings_add(to, FINDING_WARN, where,
            "let TCP ports 88 and 464 through, or nobody can change theirs at login", "%s",
            probe->kerberos);
}

static void
look_at_domain(const struct conf_domain *domain, struct findings *to)
{
    struct discovery *found = calloc(1, sizeof(*found));
    char where[WHERE_SIZE], why[WHY_MAX] = "";
    bool stop = false;

    (void)snprintf(where, sizeof(where), "domain %s", domain->name);
    int r = found != NULL ? probe_list(domain, found, why) : FED_E_NOMEM;
    if (r != 0)
        findings_add(to, FINDING_FAIL, where, "let resolv.conf name AD's DNS, or list servers",
            "%s", why[0] != '\0' ? why : fed_strerror(r));
    for (size_t i = 0; r == 0 && i < found->n; i++) {
        struct probe probe;
        (void)snprintf(where, sizeof(where), "controller %s", found->servers[i]);
        int one = probe_server(domain, found->servers[i], &probe, why);
        if (one != 0) {
            findings_add(to, FINDING_FAIL, where, remedy_of(one), "%s", why);
            continue;
        }
        findings_add(to, FINDING_OK, where, NULL, "TLS verified in %" PRId64 " ms", probe.took_ms);
        if (probe.has_time)
            add_clock(to, found->servers[i], probe.skew_s);
        if (domain->service_bind == CONF_SERVICE_NONE)
            add_kerberos(found->servers[i], &probe, to);
        add_service(domain, found->servers[i], &stop, to);
    }
    if (r == 0 && domain->service_bind == CONF_SERVICE_NONE)
        findings_add(to, FINDING_OK, where, NULL,
            "no service identity: names are those that people enrolled with");
    free(found);
}

void
doctor_directory(const struct conf *conf, struct findings *to)
{
    for (size_t i = 0; i < conf->n_domains; i++)
        look_at_domain(&conf->domains[i], to);
}

/* ---- AWS ---- */

struct urls {
    char text[URLS_MOST][STS_URL_MAX];
    size_t n;
};

static void
add_url(struct urls *urls, const char *text)
{
    for (size_t i = 0; i < urls->n; i++) {
        if (strcmp(urls->text[i], text) == 0)
            return;
    }
    if (urls->n < URLS_MOST)
        (void)snprintf(urls->text[urls->n++], STS_URL_MAX, "%s", text);
}

static void
add_role(struct urls *urls, const struct conf *conf, const struct conf_role *role)
{
    char url[STS_URL_MAX];
    struct sts_where where;

    sts_where_list(&conf->aws, role, &where);
    for (size_t i = 0; i < where.n; i++) {
        if (sts_where_url(&conf->aws, role->partition, where.regions[i], url) == 0)
            add_url(urls, url);
    }
}

/* A pattern's ARN is a template, but its partition stands in it as it is. */
static void
add_pattern(struct urls *urls, const struct conf *conf, const struct conf_pattern *pattern)
{
    struct conf_role role = pattern->role;
    char partition[16] = "aws";
    const char *from = role.arn != NULL ? strchr(role.arn, ':') : NULL;
    size_t len = from != NULL ? strcspn(from + 1, ":") : 0;

    if (len > 0 && len < sizeof(partition)) {
        memcpy(partition, from + 1, len);
        partition[len] = '\0';
    }
    role.partition = partition;
    add_role(urls, conf, &role);
}

/* The part of an address that tells it from others. */
static const char *
host_of(const char *url, char to[STS_URL_MAX])
{
    const char *from = strstr(url, "://");

    from = from != NULL ? from + 3 : url;
    (void)snprintf(to, STS_URL_MAX, "%.*s", (int)strcspn(from, "/"), from);
    return to;
}

/* Any answer of AWS's will do: nothing is asked for. */
static void
look_at_sts(struct https *https, const struct conf_aws *conf, const char *url, struct findings *to)
{
    const struct https_request request = {.url = url, .timeout_ms = conf->timeout_s * 1000};
    char where[WHERE_SIZE], host[STS_URL_MAX], why[HTTPS_WHY_MAX] = "";
    struct https_reply reply;

    (void)snprintf(where, sizeof(where), "STS %s", host_of(url, host));
    int r = https_send(https, &request, &reply, why);
    if (r != 0) {
        findings_add(to, FINDING_FAIL, where,
            r == FED_E_TLS
                ? "let [aws] ca-file name the authority of this endpoint, or of the proxy"
                : "does a firewall let this host through, or is [aws] proxy needed?",
            "%s", why[0] != '\0' ? why : fed_strerror(r));
        return;
    }
    bool ill = reply.status >= 500;
    findings_add(to, ill ? FINDING_WARN : FINDING_OK, where,
        ill ? "try again; AWS tells of its health" : NULL, "TLS verified, answers with status %ld",
        reply.status);
    if (reply.has_date)
        add_clock(to, host, reply.skew_s);
    https_reply_done(&reply);
}

void
doctor_aws(const struct conf *conf, struct findings *to)
{
    struct urls *urls = calloc(1, sizeof(*urls));
    char why[HTTPS_WHY_MAX] = "";
    struct https *https = NULL;

    if (conf->aws.region == NULL || urls == NULL) {
        findings_add(to, FINDING_OK, "STS", NULL, "no [aws] region and no role: it is not asked");
        free(urls);
        return;
    }
    for (size_t i = 0; i < conf->n_roles; i++)
        add_role(urls, conf, &conf->roles[i]);
    for (size_t i = 0; i < conf->n_patterns; i++)
        add_pattern(urls, conf, &conf->patterns[i]);
    if (https_global_init() != 0 || https_new(conf->aws.ca_file, conf->aws.proxy, &https, why) != 0)
        findings_add(to, FINDING_FAIL, "STS", NULL, "%s", why[0] != '\0' ? why : "out of memory");
    for (size_t i = 0; https != NULL && i < urls->n; i++)
        look_at_sts(https, &conf->aws, urls->text[i], to);
    https_free(https);
    free(urls);
}
