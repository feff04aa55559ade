/*
 * The configuration: DIR/awsfed.conf, then DIR/conf.d/NAME.conf in byte order of the names; a later file's key
 * replaces an earlier one's. Read once into plain structs; every value has been checked by its row
 * of the table in conf/keys.c, and what is left out has its default.
 *
 * An unknown section or key, a key twice in one file, a bad value, a missing key, or a file that is
 * not root's (or is writable by others) is an error "FILE:LINE: what: remedy".
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CONF_CONF_H
#define CONF_CONF_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define CONF_DIR "/etc/awsfed"

/* Where something was said, for "FILE:LINE: " in errors that are found later. */
struct conf_where {
    const char *file; /* owned by the struct conf */
    unsigned line;    /* 0 = the file as a whole */
};

struct conf_list {
    char **items;
    size_t n;
};

enum conf_transport { CONF_LDAPS, CONF_STARTTLS };
enum conf_service_bind { CONF_SERVICE_NONE, CONF_SERVICE_SIMPLE, CONF_SERVICE_GSSAPI };
enum conf_mfa_required { CONF_MFA_YES, CONF_MFA_ENROLLED, CONF_MFA_NO }; /* no: in a rule alone */
enum conf_algorithm { CONF_SHA1, CONF_SHA256, CONF_SHA512 };
enum conf_linger { CONF_LINGER_END, CONF_LINGER_KEEP };
enum conf_flow { CONF_FLOW_SAML, CONF_FLOW_ASSUME_ROLE, CONF_FLOW_OIDC };
enum conf_base {
    CONF_BASE_NONE,
    CONF_BASE_IMDS,
    CONF_BASE_CONTAINER,
    CONF_BASE_WEB_IDENTITY,
    CONF_BASE_FILE
};

struct conf_bridge {
    char *socket;
    char *user;
    char *signer_user; /* NULL = user */
    char *state_dir;
    unsigned workers;
    int64_t ticket_lifetime_s;
    int64_t recheck_interval_s;
    int64_t directory_grace_s; /* 0 = none */
    int64_t group_refresh_s;
    char *admin_group; /* NULL = nobody but root */
    struct conf_list local_users;
    unsigned minimum_uid;
    char *audit; /* "journal" or "file:/absolute/path" */
    unsigned max_connections_per_uid;
    bool session_endpoint;
    unsigned endpoint_port; /* 0 = any, the same at every start */
    enum conf_linger linger_sessions;
};

struct conf_domain {
    struct conf_where where;
    char *name;               /* DNS name, lower case */
    struct conf_list servers; /* HOST or HOST:PORT; empty = found by DNS */
    enum conf_transport transport;
    unsigned port; /* 0 = 636 or 389 by transport */
    char *ca_file; /* NULL = the system's */
    char *base_dn;
    char *netbios_name; /* NULL = the first label of name, upper case */
    enum conf_service_bind service_bind;
    char *service_dn; /* with gssapi the account's name in the keytab, NULL = found there */
    char *service_password_file;
    char *keytab; /* path, with gssapi */
    int64_t connect_timeout_s;
    int64_t timeout_s;
    unsigned connections;
    struct conf_list login_groups; /* names, DNs or SIDs; empty = everybody */
    struct conf_list deny_groups;
    bool is_default;
};

struct conf_mfa {
    char *store;    /* "sqlite:/absolute/path", "postgresql://…" or "directory:ATTRIBUTE" */
    char *seal_key; /* path */
    char *issuer;
    unsigned digits;
    unsigned period_s;
    enum conf_algorithm algorithm;
    unsigned window; /* 0 to 2 steps either side */
    enum conf_mfa_required required;
    bool enrol_at_login;
    unsigned max_failures;
    int64_t lock_time_s;
    struct conf_list exempt_networks; /* conf/network.h: no code asked for, and no role given */
    struct conf_list exempt_groups;   /* names, DNs or SIDs: likewise, of their members */
};

/* A rule of the second factor: it fits a sign-in when of each list that is not empty an item does. */
struct conf_rule {
    struct conf_where where;
    char *name;
    struct conf_list services; /* PAM service names; ASCII case does not count */
    struct conf_list groups;   /* names, DNs or SIDs */
    struct conf_list networks; /* conf/network.h */
    enum conf_mfa_required required;
};

struct conf_saml {
    struct conf_where where;
    char *entity_id;
    char *key;                  /* a path, or the URI of a key in a token: conf/key_uri.h */
    char *certificate;          /* paths */
    char *previous_certificate; /* NULL = none */
};

struct conf_oidc {
    struct conf_where where;
    char *issuer; /* https://HOST[/PATH], without a slash at its end */
    char *key;    /* as in conf_saml */
    char *audience;
};

struct conf_aws {
    char *region;
    struct conf_list fallback_regions;
    char *endpoint;        /* NULL = by region and partition; else https://HOST[:PORT] */
    char *iam_endpoint;    /* the same for IAM */
    char *signin_endpoint; /* the same for the sign-in service of the console */
    char *ca_file;         /* NULL = the system's */
    char *proxy;           /* NULL = none */
    int64_t timeout_s;
    char *base_credential; /* as written; NULL = none */
    enum conf_base base;   /* what it says: its kind, */
    const char *base_file; /* the path after its colon (a view), NULL without one */
    bool use_fips;
    bool use_dualstack;
};

struct conf_tag {
    char *key;
    char *value; /* a template */
};

struct conf_role {
    struct conf_where where;
    char *name;
    char *arn;
    char *account;   /* from the ARN: 12 digits */
    char *partition; /* from the ARN: aws, aws-us-gov, aws-cn */
    char *
        provider; /* ARN of the SAML provider, same account and partition; NULL where the flow needs none */
    struct conf_list groups;
    struct conf_list users; /* sAMAccountName or UPN */
    enum conf_flow flow;    /* means nothing where via is set */
    char *via; /* name of the role that this one is taken from, NULL = none; there is such a role */
    char *external_id; /* NULL = none */
    int64_t duration_s;
    int64_t mfa_age_s; /* 0 = the ticket's */
    char *policy;      /* path, NULL = none */
    char *policy_text; /* what it says, see conf/policy.h */
    struct conf_list policy_arns;
    struct conf_tag *tags;
    size_t n_tags;
    struct conf_list transitive_tags; /* keys among tags */
    char *source_identity;            /* a template, NULL = no */
    char *session_name;               /* a template */
    char *region;                     /* NULL = [aws] region */
    char *alias;                      /* NULL = none */
    bool is_default;
    uint64_t digest; /* of what the section says: another one when anything of it changes */
};

/* A naming convention of groups, see conf/pattern.h: its role is a template, which each matching group makes a role of. */
struct conf_pattern {
    struct conf_role
        role; /* first; account and partition are NULL, arn, provider, alias and policy_arns are templates */
    char *match;
};

struct conf {
    atomic_uint refs;
    struct conf_bridge bridge;
    struct conf_domain *domains;
    size_t n_domains;
    struct conf_mfa mfa;
    struct conf_rule
        *rules; /* in the order in which they are written: the first that fits decides */
    size_t n_rules;
    struct conf_saml saml;
    struct conf_oidc oidc;
    struct conf_aws aws;
    struct conf_role *roles;
    size_t n_roles;
    struct conf_pattern *patterns;
    size_t n_patterns;
    struct conf_list ad_attributes; /* what the roles' templates name as %{ad:…}, each once */
    struct conf_list fixed; /* "[section] key = text" of all that a running bridge cannot change */
    struct conf_list files; /* those read; owns every conf_where.file */
};

/* Collects errors: one line each, in the order found; all of a run are reported, not the first alone. */
struct conf_errors {
    char **lines;
    size_t n;
    size_t lost; /* errors for whose line there was no memory */
};

/*
 * Read and check a configuration folder. Blocks on files only.
 *   dir          such as CONF_DIR
 *   ret_conf     on success; free with conf_free
 *   ret_errors   always initialised; on FED_E_CONFIG it has at least one line; free with conf_errors_done
 * Returns 0, FED_E_CONFIG or FED_E_NOMEM.
 */
FED_MUST_USE int conf_read(const char *dir, struct conf **ret_conf, struct conf_errors *ret_errors);
struct conf *conf_ref(struct conf *conf);
void conf_free(struct conf *conf); /* one reference less; the last frees it */
void conf_errors_done(struct conf_errors *errors);

/*
 * Add "FILE:LINE: text" (where NULL: text alone; line 0: "FILE: text"), cleaned of control
 * characters. Out of memory loses the line, not the error.
 */
void conf_errors_add(struct conf_errors *errors, const struct conf_where *where, const char *format,
    ...) FED_PRINTF(3, 4);

#endif
