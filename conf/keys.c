/*
 * The table of keys, and the four walks over it.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "conf/keys.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "conf/key_uri.h"
#include "conf/nearest.h"
#include "conf/rules.h"
#include "conf/values.h"

enum { MINUTE = 60, HOUR = 3600, DAY = 86400, SUN_PATH_MAX = 107, LIST_MAX = 2000 };

struct key {
    enum section_kind section;
    const char *name;
    size_t offset;
    const char *preset; /* NULL = none, the target stays zero; or REQUIRED */
    struct value_rule rule;
};

/* Instead of a default: the section must have the key. */
static const char REQUIRED[] = "required";

/* In the order of the enums in conf.h. */
static const char *const transports[] = {"ldaps", "starttls", NULL};
static const char *const service_binds[] = {"none", "simple", "gssapi", NULL};
static const char *const requireds[] = {"yes", "enrolled", NULL};
static const char *const rule_requireds[] = {"yes", "enrolled", "no", NULL};
static const char *const algorithms[] = {"sha1", "sha256", "sha512", NULL};
static const char *const lingers[] = {"end", "keep", NULL};
static const char *const flows[] = {"saml", "assume-role", "oidc", NULL};

// clang-format off
#define TEXT(...)     {.type = &value_text, __VA_ARGS__}
#define PATH          {.type = &value_text, .form = form_path}
#define SECRET(f)     {.type = &value_text, .form = (f), .hidden = true}
#define NUMBER(a, b)  {.type = &value_number, .least = (a), .most = (b)}
#define TIME(a, b)    {.type = &value_duration, .least = (a), .most = (b)}
#define WORD(w)       {.type = &value_word, .words = (w)}
#define YES_NO        {.type = &value_yes_no}
#define LIST(f)       {.type = &value_list, .form = (f), .most = LIST_MAX}
#define GROUPS        {.type = &value_list, .form = form_group, .most = LIST_MAX, .dns = true}

#define BRIDGE(n, f)  SECTION_BRIDGE, n, offsetof(struct conf_bridge, f)
#define DOMAIN(n, f)  SECTION_DOMAIN, n, offsetof(struct conf_domain, f)
#define MFA(n, f)     SECTION_MFA, n, offsetof(struct conf_mfa, f)
#define RULE(n, f)    SECTION_RULE, n, offsetof(struct conf_rule, f)
#define SAML(n, f)    SECTION_SAML, n, offsetof(struct conf_saml, f)
#define OIDC(n, f)    SECTION_OIDC, n, offsetof(struct conf_oidc, f)
#define AWS(n, f)     SECTION_AWS, n, offsetof(struct conf_aws, f)
#define ROLE(n, f)    SECTION_ROLE, n, offsetof(struct conf_role, f)
#define PATTERN(n, f) SECTION_PATTERN, n, offsetof(struct conf_pattern, f)

static const struct key keys[] = {
    {BRIDGE("socket", socket), "/run/awsfed/bridge.sock", TEXT(.form = form_path, .most = SUN_PATH_MAX)},
    {BRIDGE("user", user), "awsfed", TEXT(.form = form_account)},
    {BRIDGE("signer-user", signer_user), NULL, TEXT(.form = form_account)},
    {BRIDGE("state-dir", state_dir), "/var/lib/awsfed", PATH},
    {BRIDGE("workers", workers), "32", NUMBER(1, 256)},
    {BRIDGE("ticket-lifetime", ticket_lifetime_s), "12h", TIME(1, 7 * DAY)},
    {BRIDGE("recheck-interval", recheck_interval_s), "5m", TIME(1, DAY)},
    {BRIDGE("directory-grace", directory_grace_s), "0s", TIME(0, DAY)},
    {BRIDGE("group-refresh", group_refresh_s), "15m", TIME(1, DAY)},
    {BRIDGE("admin-group", admin_group), NULL, TEXT(.form = form_account)},
    {BRIDGE("local-users", local_users), "root", LIST(form_account)},
    {BRIDGE("minimum-uid", minimum_uid), "1000", NUMBER(1, 0x7fffffff)},
    {BRIDGE("audit", audit), "journal", TEXT(.form = form_audit)},
    {BRIDGE("max-connections-per-uid", max_connections_per_uid), "16", NUMBER(1, 1024)},
    {BRIDGE("session-endpoint", session_endpoint), "yes", YES_NO},
    {BRIDGE("endpoint-port", endpoint_port), "0", NUMBER(0, 65535)},
    {BRIDGE("linger-sessions", linger_sessions), "end", WORD(lingers)},

    {DOMAIN("servers", servers), NULL, LIST(form_server)},
    {DOMAIN("transport", transport), "ldaps", WORD(transports)},
    {DOMAIN("port", port), NULL, NUMBER(1, 65535)},
    {DOMAIN("ca-file", ca_file), NULL, PATH},
    {DOMAIN("base-dn", base_dn), NULL, TEXT(.form = form_dn)},
    {DOMAIN("netbios-name", netbios_name), NULL, TEXT(.form = form_netbios)},
    {DOMAIN("service-bind", service_bind), "none", WORD(service_binds)},
    {DOMAIN("service-dn", service_dn), NULL, TEXT(.form = form_service_name)},
    {DOMAIN("service-password-file", service_password_file), NULL, SECRET(form_path)},
    {DOMAIN("keytab", keytab), NULL, SECRET(form_path)},
    {DOMAIN("connect-timeout", connect_timeout_s), "3s", TIME(1, MINUTE)},
    {DOMAIN("timeout", timeout_s), "5s", TIME(1, MINUTE)},
    {DOMAIN("connections", connections), "8", NUMBER(1, 256)},
    {DOMAIN("login-groups", login_groups), NULL, GROUPS},
    {DOMAIN("deny-groups", deny_groups), NULL, GROUPS},
    {DOMAIN("default", is_default), "no", YES_NO},

    {MFA("store", store), NULL, SECRET(form_store)},
    {MFA("seal-key", seal_key), REQUIRED, SECRET(form_path)},
    {MFA("issuer", issuer), NULL, TEXT(.form = form_issuer, .most = 64)},
    {MFA("digits", digits), "6", NUMBER(6, 8)},
    {MFA("period", period_s), "30s", {.type = &value_period}},
    {MFA("algorithm", algorithm), "sha1", WORD(algorithms)},
    {MFA("window", window), "1", NUMBER(0, 2)}, /* a hard cap: I-28 */
    {MFA("required", required), "yes", WORD(requireds)},
    {MFA("enrol-at-login", enrol_at_login), "no", YES_NO},
    {MFA("max-failures", max_failures), "5", NUMBER(1, 100)},
    {MFA("lock-time", lock_time_s), "15m", TIME(1, DAY)},
    {MFA("exempt-networks", exempt_networks), NULL, LIST(form_network)},
    {MFA("exempt-groups", exempt_groups), NULL, GROUPS},

    {RULE("services", services), NULL, LIST(rules_form_service)},
    {RULE("groups", groups), NULL, GROUPS},
    {RULE("networks", networks), NULL, LIST(form_network)},
    {RULE("required", required), REQUIRED, WORD(rule_requireds)},

    {SAML("entity-id", entity_id), REQUIRED, TEXT(.form = form_uri)},
    {SAML("key", key), REQUIRED, SECRET(form_key)},
    {SAML("certificate", certificate), REQUIRED, PATH},
    {SAML("previous-certificate", previous_certificate), NULL, PATH},

    {OIDC("issuer", issuer), REQUIRED, TEXT(.form = form_issuer_url)},
    {OIDC("key", key), REQUIRED, SECRET(form_key)},
    {OIDC("audience", audience), "sts.amazonaws.com", TEXT(.form = form_audience)},

    {AWS("region", region), NULL, TEXT(.form = form_region)},
    {AWS("fallback-regions", fallback_regions), NULL, LIST(form_region)},
    {AWS("endpoint", endpoint), NULL, TEXT(.form = form_https)},
    {AWS("signin-endpoint", signin_endpoint), NULL, TEXT(.form = form_https)},
    {AWS("iam-endpoint", iam_endpoint), NULL, TEXT(.form = form_https)},
    {AWS("ca-file", ca_file), NULL, PATH},
    {AWS("proxy", proxy), NULL, SECRET(form_proxy)},
    {AWS("timeout", timeout_s), "10s", TIME(1, 2 * MINUTE)},
    {AWS("base-credential", base_credential), NULL, TEXT(.form = form_base_credential)},
    {AWS("use-fips", use_fips), "no", YES_NO},
    {AWS("use-dualstack", use_dualstack), "no", YES_NO},

    {ROLE("arn", arn), REQUIRED, TEXT(.form = form_role_arn)},
    {ROLE("provider", provider), NULL, TEXT(.form = form_provider_arn)},
    {ROLE("groups", groups), NULL, GROUPS},
    {ROLE("users", users), NULL, LIST(form_users_name)},
    {ROLE("flow", flow), "saml", WORD(flows)},
    {ROLE("via", via), NULL, TEXT(.most = 128)},
    {ROLE("external-id", external_id), NULL, TEXT(.form = form_external_id)},
    {ROLE("duration", duration_s), "1h", TIME(15 * MINUTE, 12 * HOUR)},
    {ROLE("mfa-age", mfa_age_s), NULL, TIME(1, 7 * DAY)},
    {ROLE("policy", policy), NULL, PATH},
    {ROLE("policy-arns", policy_arns), NULL, {.type = &value_list, .form = form_policy_arn, .most = 10}},
    {SECTION_ROLE, "tags", 0, NULL, {.type = &value_tags, .most = 50}},
    {ROLE("transitive-tags", transitive_tags), NULL, {.type = &value_list, .form = form_tag_key, .most = 50}},
    {ROLE("source-identity", source_identity), "no", {.type = &value_template_or_no, .kind = TEMPLATE_SOURCE_IDENTITY}},
    {ROLE("session-name", session_name), "%{user}", {.type = &value_template, .kind = TEMPLATE_SESSION_NAME}},
    {ROLE("region", region), NULL, TEXT(.form = form_region)},
    {ROLE("alias", alias), NULL, TEXT(.most = 128)},
    {ROLE("default", is_default), "no", YES_NO},

    {PATTERN("match", match), "AWS-{account}-{role}", TEXT(.form = form_pattern)},
    {PATTERN("arn", role.arn), "arn:aws:iam::{account}:role/{role}", TEXT(.form = form_pattern_role_arn)},
    {PATTERN("provider", role.provider), NULL, TEXT(.form = form_pattern_provider_arn)},
    {PATTERN("policy-arns", role.policy_arns), NULL, {.type = &value_list, .form = form_pattern_policy_arn, .most = 10}},
};
// clang-format on

enum { KEYS = sizeof(keys) / sizeof(keys[0]) };

_Static_assert(offsetof(struct conf_pattern, role) == 0, "the rows of a role fit a pattern");

/*
 * Is this a key of such a section? A pattern has its own, and those of a role that say how the role is taken; who may
 * take it is what the pattern is there for.
 */
static bool
belongs(const struct key *key, enum section_kind kind)
{
    if (key->section == kind)
        return true;
    if (kind != SECTION_PATTERN || key->section != SECTION_ROLE ||
        strcmp(key->name, "groups") == 0 || strcmp(key->name, "users") == 0)
        return false;
    for (size_t i = 0; i < KEYS; i++)
        if (keys[i].section == SECTION_PATTERN && strcmp(keys[i].name, key->name) == 0)
            return false;
    return true;
}

static const struct key *
find(enum section_kind kind, const char *name)
{
    for (size_t i = 0; i < KEYS; i++)
        if (belongs(&keys[i], kind) && strcmp(keys[i].name, name) == 0)
            return &keys[i];
    return NULL;
}

/* Does another section know this key? The common slip is a key below the wrong heading. */
static const char *
other_section(const char *name)
{
    static const char *const headings[SECTION_KINDS] = {
        [SECTION_BRIDGE] = "[bridge]",
        [SECTION_DOMAIN] = "[domain NAME]",
        [SECTION_MFA] = "[mfa]",
        [SECTION_RULE] = "[mfa-rule NAME]",
        [SECTION_SAML] = "[saml]",
        [SECTION_OIDC] = "[oidc]",
        [SECTION_AWS] = "[aws]",
        [SECTION_ROLE] = "[role NAME]",
        [SECTION_PATTERN] = "[role-pattern NAME]",
    };

    for (size_t i = 0; i < KEYS; i++)
        if (strcmp(keys[i].name, name) == 0)
            return headings[keys[i].section];
    return NULL;
}

static void
report_unknown(
    const struct section *section, const struct setting *setting, struct conf_errors *errors)
{
    struct nearest nearest = nearest_start(setting->key);
    const char *heading = other_section(setting->key);

    for (size_t i = 0; i < KEYS; i++)
        if (belongs(&keys[i], section->kind))
            nearest_offer(&nearest, keys[i].name);
    if (section->kind == SECTION_PATTERN && find(SECTION_ROLE, setting->key) != NULL)
        conf_errors_add(errors, &setting->where,
            "\"%s\" in [%s]: remove it; a pattern's roles are for the members of the groups that "
            "match",
            setting->key, section->title);
    else if (nearest.best != NULL)
        conf_errors_add(errors, &setting->where, "unknown key \"%s\" in [%s]: did you mean \"%s\"?",
            setting->key, section->title, nearest.best);
    else if (heading != NULL)
        conf_errors_add(errors, &setting->where, "unknown key \"%s\" in [%s]: it belongs to %s",
            setting->key, section->title, heading);
    else
        conf_errors_add(errors, &setting->where,
            "unknown key \"%s\" in [%s]: remove it; awsfed.conf(5) lists the keys", setting->key,
            section->title);
}

void
keys_check_known(const struct section *section, struct conf_errors *errors)
{
    for (size_t i = 0; i < section->n; i++)
        if (find(section->kind, section->settings[i].key) == NULL)
            report_unknown(section, &section->settings[i], errors);
}

/* A blank and then '#' or ';' outside double quotes: somebody meant a comment, the value would grow by it. */
static bool
has_comment(const char *text)
{
    bool quoted = false;

    for (const char *p = text; *p != '\0'; p++) {
        if (*p == '"')
            quoted = !quoted;
        if (!quoted && (*p == '#' || *p == ';') && (p == text || p[-1] == ' '))
            return true;
    }
    return false;
}

static int
read_setting(const struct key *key, const char *text, void *target, char *remedy)
{
    if (*text == '\0' && !key->rule.type->may_be_empty) {
        (void)snprintf(remedy, FORM_REMEDY_MAX, "give it a value, or remove the line");
        return FED_E_CONFIG;
    }
    if (has_comment(text)) {
        (void)snprintf(remedy, FORM_REMEDY_MAX, "put the comment on a line of its own");
        return FED_E_CONFIG;
    }
    return key->rule.type->read(&key->rule, text, (char *)target + key->offset, remedy);
}

static void
report_bad(const struct key *key, const struct section *section, const struct setting *setting,
    const char *remedy, struct conf_errors *errors)
{
    char shown[80];

    (void)snprintf(shown, sizeof(shown), "%s", setting->text);
    conf_errors_add(errors, &setting->where, "bad value %s%s%s of \"%s\" in [%s]: %s",
        key->rule.hidden ? "" : "\"", key->rule.hidden ? "(not shown)" : shown,
        key->rule.hidden ? "" : "\"", key->name, section->title, remedy);
}

static int
read_preset(const struct key *key, void *target, char *remedy)
{
    if (key->preset == NULL || key->preset == REQUIRED)
        return 0;
    return key->rule.type->read(&key->rule, key->preset, (char *)target + key->offset, remedy);
}

static int
read_key(
    const struct key *key, const struct section *section, void *target, struct conf_errors *errors)
{
    char remedy[FORM_REMEDY_MAX] = "";
    const struct setting *setting = section != NULL ? section_get(section, key->name) : NULL;

    if (setting == NULL && section != NULL && key->preset == REQUIRED) {
        conf_errors_add(errors, &section->where, "\"%s\" is missing in [%s]: add it", key->name,
            section->title);
        return 0;
    }
    if (setting == NULL)
        return read_preset(key, target, remedy);
    int r = read_setting(key, setting->text, target, remedy);
    if (r == FED_E_CONFIG) {
        report_bad(key, section, setting, remedy, errors);
        r = read_preset(key, target, remedy); /* so that later checks find a sane value */
    }
    return r;
}

int
keys_read(
    enum section_kind kind, const struct section *section, void *target, struct conf_errors *errors)
{
    int r = 0;

    for (size_t i = 0; i < KEYS && r == 0; i++)
        if (belongs(&keys[i], kind))
            r = read_key(&keys[i], section, target, errors);
    return r;
}

void
keys_done(enum section_kind kind, void *target)
{
    for (size_t i = 0; i < KEYS; i++)
        if (belongs(&keys[i], kind) && keys[i].rule.type->done != NULL)
            keys[i].rule.type->done((char *)target + keys[i].offset);
}
