/*
 * From a role to keys of its account.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/revocation.h"

#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/clock.h"
#include "bridge/iam.h"
#include "conf/arn.h"
#include "conf/charset.h"
#include "conf/flows.h"

/* As flow.c names it: the same keys. */
#define BASE_KEYS    "base"
#define SESSION_NAME "awsfed-revoke"

enum { LEAST_DURATION_S = 900, DIGEST_ENDING = 9 };

/* Two people whose names come out alike would take each other's policy away. */
static void
add_digest(const char *user, char ret[REVOCATION_NAME_SIZE])
{
    unsigned char digest[EVP_MAX_MD_SIZE] = {0};
    size_t len = strlen(ret), most = REVOCATION_NAME_SIZE - 1 - DIGEST_ENDING;

    (void)EVP_Digest(user, strlen(user), digest, NULL, EVP_sha256(), NULL);
    (void)snprintf(ret + (len < most ? len : most), DIGEST_ENDING + 1, "-%02x%02x%02x%02x",
        digest[0], digest[1], digest[2], digest[3]);
}

void
revocation_name(const char *user, char ret[REVOCATION_NAME_SIZE])
{
    int n = snprintf(ret, REVOCATION_NAME_SIZE, "awsfed-revoked-%s", user);
    bool is_plain = n > 0 && n < REVOCATION_NAME_SIZE;

    for (char *p = ret; *p != '\0'; p++) {
        if (charset_in_session_name((unsigned char)*p))
            continue;
        *p = '-';
        is_plain = false;
    }
    if (!is_plain)
        add_digest(user, ret);
}

static int
no_keys(const char *account, const char *reason, char *why)
{
    (void)snprintf(why, STS_WHY_MAX, "no keys of account %s: %s", account, reason);
    return FED_E_NOT_FOUND;
}

/* The base credential's keys, and once for all roles of a partition whose they are: IAM takes a role's name, and would find one of that name there. */
static int
get_base(struct revocation *v, const char *partition, struct sts_credential *ret, char *why)
{
    struct bridge *b = v->b;
    int r = keyring_get(
        b->keyring, BASE_KEYS, v->deadline_ms, base_credential_fetch, b->base, ret, why);

    if (r != 0 || (v->base_partition != NULL && strcmp(v->base_partition, partition) == 0))
        return r;
    v->base_error = iam_whose(b->iam, ret, partition, v->deadline_ms, v->base_account, v->base_why);
    v->base_partition = partition;
    return 0;
}

static int take_via(
    struct revocation *v, const struct conf_role *role, struct sts_credential *ret, char *why);

/* Keys that the role's own trust takes. */
static int
get_keys_for(
    struct revocation *v, const struct conf_role *role, struct sts_credential *ret, char *why)
{
    if (role->via != NULL) {
        const struct conf_role *via = book_find(v->book, role->via);
        return via != NULL ? take_via(v, via, ret, why) : FED_E_CONFIG;
    }
    if (role->flow != CONF_FLOW_ASSUME_ROLE)
        return no_keys(role->account, "the role before it is given to people alone", why);
    return keyring_get(
        v->b->keyring, BASE_KEYS, v->deadline_ms, base_credential_fetch, v->b->base, ret, why);
}

/* Chains do not lead back, and are short: the configuration was checked. Session policies and tags are people's. */
static int
take_via(struct revocation *v, const struct conf_role *role, struct sts_credential *ret, char *why)
{
    struct conf_role plain = *role;
    struct sts_credential keys = {.expires_s = 0};
    struct sts_request request = {.how = STS_WITH_KEYS,
        .role = &plain,
        .duration_s = LEAST_DURATION_S,
        .session_name = SESSION_NAME,
        .keys = &keys};

    plain.transitive_tags = plain.policy_arns = (struct conf_list){.n = 0};
    int r = get_keys_for(v, role, &keys, why);
    request.timeout_ms = clock_left_ms(v->deadline_ms);
    if (r == 0)
        r = request.timeout_ms > 0 ? sts_assume_role(v->b->sts, &request, ret, why, NULL)
                                   : FED_E_TIMEOUT;
    sts_credential_done(&keys);
    return r;
}

static int
get_keys(struct revocation *v, const struct conf_role *role, struct sts_credential *ret, char *why)
{
    const struct conf_role *via = role->via != NULL ? book_find(v->book, role->via) : NULL;
    char reason[320];
    int r = FED_E_NOT_FOUND;

    if (v->b->base == NULL || v->b->iam == NULL)
        return no_keys(role->account, "[aws] has no base-credential", why);
    if (via != NULL && strcmp(via->account, role->account) == 0)
        r = take_via(v, via, ret, why);
    if (r != FED_E_NOT_FOUND)
        return r;
    r = get_base(v, role->partition, ret, why);
    if (r == 0 && v->base_error == 0 && strcmp(v->base_account, role->account) == 0)
        return 0;
    if (r != 0)
        return r;
    sts_credential_done(ret);
    *ret = (struct sts_credential){.expires_s = 0};
    if (v->base_error != 0) {
        (void)snprintf(why, STS_WHY_MAX, "%s", v->base_why);
        return v->base_error;
    }
    (void)snprintf(reason, sizeof(reason), "the base credential is of account %s%s%.128s%s%s",
        v->base_account, via != NULL ? ", and [role " : "", via != NULL ? via->name : "",
        via != NULL ? "], by which it is taken, of " : "", via != NULL ? via->account : "");
    return no_keys(role->account, reason, why);
}

int
revocation_apply(struct revocation *v, const struct conf_role *role, const char *policy, char *why)
{
    struct sts_credential keys = {.expires_s = 0};
    struct arn arn;

    why[0] = '\0';
    v->asked = false;
    if (arn_parse(role->arn, &arn) != 0)
        return FED_E_CONFIG;
    const char *slash = strrchr(arn.name, '/');
    struct iam_policy put = {.partition = role->partition,
        .role_name = slash != NULL ? slash + 1 : arn.name,
        .name = v->policy_name,
        .document = policy};
    int r = get_keys(v, role, &keys, why);
    if (r == 0) {
        v->asked = true;
        r = iam_put_role_policy(v->b->iam, &keys, &put, v->deadline_ms, why);
    }
    sts_credential_done(&keys);
    return r;
}
