/*
 * Derived defaults and checks across keys and sections.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "conf/crosscheck.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "base/text.h"
#include "conf/flows.h"
#include "conf/home.h"
#include "conf/roles.h"
#include "conf/rules.h"
#include "conf/template.h"
#include "conf/values.h"

/* The n-th section of a kind. */
static const struct section *
nth(const struct sections *sections, enum section_kind kind, size_t n)
{
    for (size_t i = 0; i < sections->n; i++)
        if (sections->items[i].kind == kind && n-- == 0)
            return &sections->items[i];
    return NULL;
}

/* Set a text that has no value yet; made is handed over, NULL is out of memory. */
static int
set_default(char **target, char *made)
{
    if (made == NULL)
        return FED_E_NOMEM;
    *target = made;
    return 0;
}

/* corp.example.com to DC=corp,DC=example,DC=com. */
static char *
base_dn_of(const char *domain)
{
    struct fed_secret dn = FED_SECRET_INIT(4 * 256);
    char *made = NULL;

    for (const char *p = domain; *p != '\0';) {
        int len = (int)strcspn(p, ".");
        if (fed_secret_addf(&dn, "%sDC=%.*s", p == domain ? "" : ",", len, p) != 0)
            goto out;
        p += len + (p[len] == '.');
    }
    made = strdup(fed_secret_str(&dn));
out:
    fed_secret_done(&dn);
    return made;
}

/* root is local whatever the list says (I-23). Names of accounts do have case, so no list_has. */
static int
add_root(struct conf_list *users)
{
    for (size_t i = 0; i < users->n; i++)
        if (strcmp(users->items[i], "root") == 0)
            return 0;
    return list_add(users, "root", 4);
}

/* No service identity, and not for a misspelt word, which was reported where it was read. */
static bool
is_alone(const struct conf_domain *domain, const struct section *section)
{
    const struct setting *bind = section_get(section, "service-bind");

    return domain->service_bind == CONF_SERVICE_NONE &&
           (bind == NULL || strcmp(bind->text, "none") == 0);
}

/* The keys of a service identity, and which ways to bind need them or take them. */
enum { BY_SIMPLE = 1 << CONF_SERVICE_SIMPLE, BY_GSSAPI = 1 << CONF_SERVICE_GSSAPI };

static const struct service_key {
    const char *name;
    unsigned needed, taken;
    const char *whose;
} service_keys[] = {
    {"service-dn", BY_SIMPLE, BY_SIMPLE | BY_GSSAPI, "simple or gssapi"},
    {"service-password-file", BY_SIMPLE, BY_SIMPLE, "simple"},
    {"keytab", BY_GSSAPI, BY_GSSAPI, "gssapi"},
};

static void
check_service_keys(
    const struct conf_domain *domain, const struct section *section, struct conf_errors *errors)
{
    const struct setting *bind = section_get(section, "service-bind");
    const char *word = bind != NULL ? bind->text : "none";
    unsigned bit = 1U << domain->service_bind;

    for (size_t i = 0; i < sizeof(service_keys) / sizeof(service_keys[0]); i++) {
        const struct service_key *key = &service_keys[i];
        bool said = section_says(section, key->name);
        if ((key->needed & bit) != 0 && !said)
            conf_errors_add(errors, section_where(section, "service-bind"),
                "\"%s\" is missing in [%s]: add it, service-bind = %s needs it", key->name,
                section->title, word);
        else if ((key->taken & bit) == 0 && said)
            conf_errors_add(errors, section_where(section, key->name),
                "\"%s\" of [%s] is for service-bind = %s, and service-bind is %s: change that, or "
                "take it out",
                key->name, section->title, key->whose, word);
    }
}

/* Kerberos knows hosts by name, and accounts by another kind of it than a DN. */
static void
check_kerberos(
    const struct conf_domain *domain, const struct section *section, struct conf_errors *errors)
{
    struct in_addr address;
    char host[64];

    if (domain->service_dn != NULL && strchr(domain->service_dn, '=') != NULL)
        conf_errors_add(errors, section_where(section, "service-dn"),
            "\"service-dn\" of [%s] is a DN: with service-bind = gssapi it is the name in the "
            "keytab, "
            "as in JUMP$@%s, or left out",
            section->title, domain->name);
    for (size_t i = 0; i < domain->servers.n; i++) {
        (void)snprintf(host, sizeof(host), "%s", domain->servers.items[i]);
        host[strcspn(host, ":")] = '\0';
        if (inet_pton(AF_INET, host, &address) == 1)
            conf_errors_add(errors, section_where(section, "servers"),
                "server \"%s\" of [%s] is an address: service-bind = gssapi needs its name", host,
                section->title);
    }
}

static void
check_service(
    const struct conf_domain *domain, const struct section *section, struct conf_errors *errors)
{
    /* A word that was misspelt says nothing about the other keys. */
    if (domain->service_bind != CONF_SERVICE_NONE || is_alone(domain, section))
        check_service_keys(domain, section, errors);
    if (domain->service_bind == CONF_SERVICE_GSSAPI)
        check_kerberos(domain, section, errors);
}

static int
check_domain(struct conf_domain *domain, const struct section *section, struct conf_errors *errors)
{
    check_service(domain, section, errors);
    return domain->base_dn != NULL ? 0 : set_default(&domain->base_dn, base_dn_of(domain->name));
}

/* CORP\alice must mean one person. */
static void
check_netbios_names(
    const struct conf *conf, const struct sections *sections, struct conf_errors *errors)
{
    char a[HOME_NETBIOS_MAX], b[HOME_NETBIOS_MAX];

    for (size_t i = 0; i < conf->n_domains; i++) {
        for (size_t j = 0; j < i; j++) {
            home_netbios(&conf->domains[i], a);
            home_netbios(&conf->domains[j], b);
            if (strcmp(a, b) != 0)
                continue;
            conf_errors_add(errors, section_where(nth(sections, SECTION_DOMAIN, i), "netbios-name"),
                "[domain %s] and [domain %s] have one NetBIOS name: set netbios-name",
                conf->domains[j].name, conf->domains[i].name);
        }
    }
}

static int
check_domains(struct conf *conf, const struct sections *sections, struct conf_errors *errors)
{
    const char *first = NULL;
    int r = 0;

    for (size_t i = 0; i < conf->n_domains && r == 0; i++) {
        struct conf_domain *domain = &conf->domains[i];
        const struct section *section = nth(sections, SECTION_DOMAIN, i);
        r = check_domain(domain, section, errors);
        if (domain->is_default && first != NULL)
            conf_errors_add(errors, section_where(section, "default"),
                "[domain %s] is the default already: leave default = yes at one of them", first);
        if (domain->is_default && first == NULL)
            first = domain->name;
    }
    if (conf->n_domains == 1)
        conf->domains[0].is_default = true;
    check_netbios_names(conf, sections, errors);
    return r;
}

/* The directory store reads and writes as each domain's service identity, on a server that is always the same. */
static void
check_store(const struct conf *conf, const struct sections *sections, struct conf_errors *errors)
{
    if (conf->mfa.store == NULL || strncmp(conf->mfa.store, "directory:", 10) != 0)
        return;
    for (size_t i = 0; i < conf->n_domains; i++) {
        const struct section *section = nth(sections, SECTION_DOMAIN, i);
        if (conf->domains[i].service_bind == CONF_SERVICE_NONE)
            conf_errors_add(errors, &section->where,
                "[%s] has no service identity, and [mfa] store = directory: writes as one: set "
                "service-bind",
                section->title);
        if (conf->domains[i].servers.n == 0)
            conf_errors_add(errors, &section->where,
                "[%s] names no servers, and [mfa] store = directory: is on the first of them: set "
                "\"servers\", the same first one on every host",
                section->title);
    }
}

static int
complete_mfa(struct conf *conf)
{
    char *store = NULL;
    int r = 0;

    if (conf->mfa.store == NULL) {
        if (asprintf(&store, "sqlite:%s/mfa.db", conf->bridge.state_dir) < 0)
            store = NULL;
        r = set_default(&conf->mfa.store, store);
    }
    if (r != 0 || conf->mfa.issuer != NULL || conf->n_domains == 0)
        return r;
    const struct conf_domain *domain = &conf->domains[0];
    for (size_t i = 0; i < conf->n_domains; i++)
        if (conf->domains[i].is_default)
            domain = &conf->domains[i];
    return set_default(&conf->mfa.issuer, strdup(domain->name));
}

/* The first domain in which names cannot be looked up; NULL when there is none. */
static const struct conf_domain *
first_alone(const struct conf *conf, const struct sections *sections)
{
    for (size_t i = 0; i < conf->n_domains; i++)
        if (is_alone(&conf->domains[i], nth(sections, SECTION_DOMAIN, i)))
            return &conf->domains[i];
    return NULL;
}

/*
 * Each group must be one of a configured domain, and said as a SID where no service identity can look it up there.
 *   nearest   the domain of a bare name that is nobody's else; where it may be any, one that is alone, or NULL
 */
static void
check_groups(const struct conf *conf, const struct sections *sections,
    const struct conf_list *groups, const struct section *section, const char *key,
    const struct conf_domain *nearest, struct conf_errors *errors)
{
    for (size_t i = 0; i < groups->n; i++) {
        const char *name;
        int home = home_of_group(conf, groups->items[i], &name);
        const struct conf_domain *domain = home >= 0 ? &conf->domains[home] : nearest;
        if (home == HOME_NOWHERE)
            conf_errors_add(errors, section_where(section, key),
                "group \"%s\" of [%s]: no [domain] has that NetBIOS name: correct it, or add the "
                "domain",
                groups->items[i], section->title);
        else if (domain != NULL && strncmp(groups->items[i], "S-1-", 4) != 0 &&
                 is_alone(domain, nth(sections, SECTION_DOMAIN, (size_t)(domain - conf->domains))))
            conf_errors_add(errors, section_where(section, key),
                "group \"%s\" of [%s] is no SID, and %s has no service identity to look it up: "
                "write its SID, or set service-bind",
                groups->items[i], section->title, domain->name);
    }
}

/* When the NetBIOS name and the base DN of every domain are known. */
static void
check_all_groups(
    const struct conf *conf, const struct sections *sections, struct conf_errors *errors)
{
    const struct conf_domain *alone = first_alone(conf, sections);

    for (size_t i = 0; i < conf->n_domains; i++) {
        const struct conf_domain *domain = &conf->domains[i];
        const struct section *section = nth(sections, SECTION_DOMAIN, i);
        check_groups(
            conf, sections, &domain->login_groups, section, "login-groups", domain, errors);
        check_groups(conf, sections, &domain->deny_groups, section, "deny-groups", domain, errors);
    }
    for (size_t i = 0; i < conf->n_roles; i++)
        check_groups(conf, sections, &conf->roles[i].groups, nth(sections, SECTION_ROLE, i),
            "groups", alone, errors);
    for (size_t i = 0; i < conf->n_rules; i++)
        check_groups(conf, sections, &conf->rules[i].groups, nth(sections, SECTION_RULE, i),
            "groups", alone, errors);
    if (conf->mfa.exempt_groups.n > 0)
        check_groups(conf, sections, &conf->mfa.exempt_groups, nth(sections, SECTION_MFA, 0),
            "exempt-groups", alone, errors);
    for (size_t i = 0; i < conf->n_patterns && alone != NULL; i++)
        conf_errors_add(errors, &conf->patterns[i].role.where,
            "a pattern looks for groups, and %s has no service identity to look with: set "
            "service-bind",
            alone->name);
}

static int
check_roles(struct conf *conf, const struct sections *sections, struct conf_errors *errors)
{
    size_t roles = 0, patterns = 0;
    int r = 0;

    for (size_t i = 0; i < sections->n && r == 0; i++) {
        const struct section *section = &sections->items[i];
        if (section->kind == SECTION_ROLE)
            r = roles_check(conf, &conf->roles[roles++], section, errors);
        else if (section->kind == SECTION_PATTERN)
            r = roles_check_pattern(conf, &conf->patterns[patterns++], section, errors);
    }
    check_all_groups(conf, sections, errors);
    return r;
}

static int
collect_from(const char *template, struct conf_list *attributes)
{
    struct template_piece piece;
    char name[TEMPLATE_ATTRIBUTE_MAX + 1];
    int r = 0;

    while (template != NULL && r == 0 && template_next(&template, &piece) == 0 &&
           piece.what != TEMPLATE_END) {
        if (piece.what != TEMPLATE_AD)
            continue;
        (void)snprintf(name, sizeof(name), "%.*s", (int)piece.len, piece.text);
        if (!list_has(attributes, name))
            r = list_add(attributes, piece.text, piece.len);
    }
    return r;
}

static int
collect_role(const struct conf_role *role, struct conf_list *to)
{
    int r = collect_from(role->session_name, to);

    if (r == 0)
        r = collect_from(role->source_identity, to);
    if (r == 0)
        r = collect_from(role->policy_text, to);
    for (size_t i = 0; i < role->n_tags && r == 0; i++)
        r = collect_from(role->tags[i].value, to);
    return r;
}

/* What one read of a person's entry has to bring. */
static int
collect_attributes(struct conf *conf)
{
    int r = 0;

    for (size_t i = 0; i < conf->n_roles && r == 0; i++)
        r = collect_role(&conf->roles[i], &conf->ad_attributes);
    for (size_t i = 0; i < conf->n_patterns && r == 0; i++)
        r = collect_role(&conf->patterns[i].role, &conf->ad_attributes);
    return r;
}

/* Sections that must be there, if only because others are. */
static void
check_presence(const struct conf *conf, const struct sections *sections, struct conf_errors *errors)
{
    const struct conf_where file = {.file = conf->files.n > 0 ? conf->files.items[0] : NULL};
    const struct section *aws = nth(sections, SECTION_AWS, 0);

    if (conf->n_domains == 0)
        conf_errors_add(
            errors, &file, "no [domain NAME]: add one for each Active Directory domain");
    if (nth(sections, SECTION_MFA, 0) == NULL)
        conf_errors_add(
            errors, &file, "no [mfa]: add it with seal-key, the file that seeds are sealed with");
    if (conf->n_roles + conf->n_patterns == 0)
        return;
    const struct conf_where *first =
        conf->n_roles > 0 ? &conf->roles[0].where : &conf->patterns[0].role.where;
    if (conf->aws.region == NULL && (aws == NULL || !section_says(aws, "region")))
        conf_errors_add(errors, aws != NULL ? &aws->where : first,
            "no region in [aws], which roles need: add it, as in region = eu-central-1");
}

int
crosscheck(struct conf *conf, const struct sections *sections, struct conf_errors *errors)
{
    int r;

    check_presence(conf, sections, errors);
    flows_split_base(&conf->aws);
    r = add_root(&conf->bridge.local_users);
    if (r == 0)
        r = check_domains(conf, sections, errors);
    if (r == 0)
        r = complete_mfa(conf);
    if (r == 0)
        check_store(conf, sections, errors);
    if (r == 0)
        rules_check(conf, sections, errors);
    if (r == 0)
        r = check_roles(conf, sections, errors);
    if (r == 0)
        r = collect_attributes(conf);
    return r;
}
