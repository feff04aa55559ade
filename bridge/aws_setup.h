/*
 * What one AWS account needs for a configuration: identity providers, and roles with their trust. Made from the configuration
 * alone, and written as a CloudFormation template or as Terraform (JSON syntax), both ready to apply.
 *
 * What people may do in a role is the company's: its managed policies are parameters. Beside its trust each role gets one inline
 * policy, which denies everything to sessions from before a moment that is a parameter too: that is how all sessions of an account's roles
 * are ended at once. Roles on the way to others (via) also get the right to take those.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_AWS_SETUP_H
#define BRIDGE_AWS_SETUP_H

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"
#include "conf/arn.h"
#include "conf/conf.h"

#define AWS_SETUP_DENY   "awsfed-revocation"
#define AWS_SETUP_ONWARD "awsfed-via"
#define AWS_SETUP_BEFORE "2000-01-01T00:00:00Z" /* nothing is as old */
#define AWS_SETUP_PATTERNS                                                                         \
    "Roles of role-pattern sections are made where their groups are and are not in here. Each "    \
    "takes this trust, with its account and name in the place of {account} and {role}."

enum { AWS_SETUP_KEY_SIZE = 96, AWS_SETUP_LEAST_S = 3600 /* MaxSessionDuration is from 1h on */ };

/* One role of the account, whichever sections name it. */
struct aws_setup_role {
    const char *text; /* its ARN */
    struct arn arn;
    const char *name;             /* RoleName: what follows the last slash */
    char path[512 + 2];           /* "/" or "/team/" */
    char key[AWS_SETUP_KEY_SIZE]; /* letters and digits, no two alike in the account */
    int64_t duration_s;           /* MaxSessionDuration */
    json_t *statements;           /* of the trust policy; TRUST_BASE may be in it */
    json_t *onward;               /* ARNs of the roles that are taken from this one; empty = none */
    json_t *after;                /* keys of the roles that it trusts */
};

struct aws_setup {
    const struct conf *conf;
    const char *account;
    const char *metadata; /* of [saml], NULL = there is none */
    struct aws_setup_role *roles;
    size_t n_roles;
    json_t *providers; /* ARNs of SAML providers */
    json_t *issuers;   /* ARNs of OIDC providers: one or none */
    json_t *patterns;  /* what the role-pattern sections would have; empty = none */
    bool has_base;     /* some role trusts the base credential */
};

/* The accounts of all [role] sections, each once, in order: an array of texts. NULL: out of memory. */
json_t *aws_setup_accounts(const struct conf *conf);

/*
 * Plan an account. conf, account (12 digits) and metadata are borrowed.
 *   ret   on success, freed with aws_setup_done
 * Returns 0, FED_E_NOT_FOUND (no section is of that account), FED_E_INVALID (an ARN that IAM would not take: a path of more than 512
 * bytes), FED_E_NOMEM. Never blocks; any thread.
 */
FED_MUST_USE int aws_setup_plan(
    const struct conf *conf, const char *account, const char *metadata, struct aws_setup *ret);
void aws_setup_done(struct aws_setup *setup);

/* The documents; the caller frees them. NULL: out of memory. */
json_t *aws_setup_cloudformation(const struct aws_setup *setup);
json_t *aws_setup_terraform(const struct aws_setup *setup);

#endif
