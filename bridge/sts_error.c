/*
 * The table of STS errors and their remedies, from the STS API reference (common errors, and those of
 * each action) and from what IAM's troubleshooting pages say about their causes.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/sts_error.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define TRUST_SAML                                                                                 \
    "the trust policy of the role must allow the provider sts:AssumeRoleWithSAML, with tags also " \
    "sts:TagSession, with a source identity also sts:SetSourceIdentity; or \"arn\" in [role %s] "  \
    "names no role"

#define TRUST_TOKEN                                                                                \
    "the trust policy of the role must allow the OIDC provider of [oidc] \"issuer\" "              \
    "sts:AssumeRoleWithWebIdentity, with tags also sts:TagSession, with a source identity also "   \
    "sts:SetSourceIdentity, and name \"audience\"; or \"arn\" in [role %s] names no role"
#define TRUST_KEYS                                                                                 \
    "the trust policy of the role must allow the caller sts:AssumeRole, with tags also "           \
    "sts:TagSession, with a source identity also sts:SetSourceIdentity, and the caller's own "     \
    "policy must too; or \"external-id\" or \"arn\" in [role %s] is wrong"

/* What the two younger ways to ask have of their own; looked at before the rows for all. */
static const struct sts_error_row token_rows[] = {
    {"ExpiredToken", STS_RESIGN, FED_E_AWS_REFUSED, true,
        "the token was too old when it arrived: check this host's clock"},
    {"InvalidIdentityToken", STS_FAIL, FED_E_AWS_REFUSED, true,
        "AWS does not accept the token: compare the OIDC provider in IAM (its address, audience) "
        "with [oidc], and what lies at the issuer with \"awsfed-admin oidc metadata\" ([role %s])"},
    {"IDPRejectedClaim", STS_FAIL, FED_E_AWS_REFUSED, true,
        "AWS took the token for rejected or too old: check this host's clock ([role %s])"},
    {"IDPCommunicationError", STS_RETRY, FED_E_AWS_UNAVAILABLE, false,
        "AWS cannot fetch the issuer's discovery document or keys: put there what \"awsfed-admin "
        "oidc metadata\" writes"},
    {"AccessDenied", STS_FAIL, FED_E_AWS_REFUSED, false, TRUST_TOKEN},
};

static const struct sts_error_row key_rows[] = {
    {"ExpiredToken", STS_FAIL, FED_E_AWS_REFUSED, true,
        "the credential that asks has ended (base-credential in [aws], or the role before [role "
        "%s]): a new one is fetched at the next try"},
    {"InvalidClientTokenId", STS_FAIL, FED_E_AWS_REFUSED, false,
        "AWS does not know the key that asks: check \"base-credential\" in [aws], its partition "
        "too ([role %s])"},
    {"SignatureDoesNotMatch", STS_FAIL, FED_E_AWS_REFUSED, true,
        "the secret key of \"base-credential\" in [aws] is not that of its access key, or this "
        "host's clock is wrong ([role %s])"},
    {"AccessDenied", STS_FAIL, FED_E_AWS_REFUSED, false, TRUST_KEYS},
};

static const struct sts_error_row rows[] = {
    {"ExpiredToken", STS_RESIGN, FED_E_AWS_REFUSED, true,
        "the assertion was too old when it arrived: check this host's clock"},
    {"InvalidIdentityToken", STS_FAIL, FED_E_AWS_REFUSED, true,
        "AWS does not accept the assertion: compare the provider's metadata in IAM (certificate, "
        "entity-id of [saml]) with \"awsfed-admin saml metadata\", and \"provider\" in [role %s], "
        "its "
        "partition too"},
    {"IDPRejectedClaim", STS_FAIL, FED_E_AWS_REFUSED, true,
        "AWS took the assertion for rejected by us or too old: check this host's clock and "
        "\"provider\" in [role %s]"},
    {"AccessDenied", STS_FAIL, FED_E_AWS_REFUSED, false, TRUST_SAML},
    {"MalformedPolicyDocument", STS_FAIL, FED_E_AWS_REFUSED, false,
        "a configuration error: check \"policy\" and \"policy-arns\" in [role %s]"},
    {"PackedPolicyTooLarge", STS_FAIL, FED_E_AWS_REFUSED, false,
        "a configuration error: fewer or shorter \"tags\", \"policy\" and \"policy-arns\" in [role "
        "%s]"},
    {"RegionDisabled", STS_NEXT_REGION, FED_E_AWS_REFUSED, false,
        "the account has not activated STS in this region: set \"region\" in [role %s] to another, "
        "or "
        "activate it in IAM's account settings"},
    {"Throttling", STS_RETRY, FED_E_AWS_UNAVAILABLE, false, "too many requests: try again later"},
    {"RequestLimitExceeded", STS_RETRY, FED_E_AWS_UNAVAILABLE, false,
        "too many requests: try again later"},
};

static const struct sts_error_row wrong_duration = {NULL, STS_LEARN_DURATION, FED_E_AWS_REFUSED,
    false, "\"duration\" in [role %s] is more than the role's maximum session duration"};
static const struct sts_error_row unknown_code = {
    NULL, STS_FAIL, FED_E_AWS_REFUSED, false, "check [role %s]"};
static const struct sts_error_row server_error = {
    NULL, STS_RETRY, FED_E_AWS_UNAVAILABLE, false, "a fault of AWS's: try again later"};
static const struct sts_error_row not_sts = {NULL, STS_FAIL, FED_E_AWS_UNAVAILABLE, false,
    "this is no answer of STS: look for a proxy or a portal in between, and at \"endpoint\" in "
    "[aws]"};

/* AWS writes some codes both ways, ExpiredToken and ExpiredTokenException: one row serves both. */
static bool
is_code(const char *said, const char *code)
{
    size_t len = strlen(code);

    return strncmp(said, code, len) == 0 &&
           (said[len] == '\0' || strcmp(said + len, "Exception") == 0);
}

static const struct sts_error_row *
find_row(const struct sts_error_row *table, size_t n, const char *code)
{
    for (size_t i = 0; i < n; i++) {
        if (is_code(code, table[i].code))
            return &table[i];
    }
    return NULL;
}

const struct sts_error_row *
sts_error_row(enum sts_how how, const struct sts_error *error, long http_status)
{
    const struct sts_error_row *row = NULL;

    if (how == STS_WITH_WEB_IDENTITY)
        row = find_row(token_rows, COUNT(token_rows), error->code);
    else if (how == STS_WITH_KEYS)
        row = find_row(key_rows, COUNT(key_rows), error->code);
    if (row == NULL)
        row = find_row(rows, COUNT(rows), error->code);
    if (row != NULL)
        return row;
    if (is_code(error->code, "ValidationError") &&
        strcasestr(error->message, "DurationSeconds") != NULL)
        return &wrong_duration;
    if (http_status == 429 || http_status >= 500)
        return &server_error;
    return error->code[0] != '\0' ? &unknown_code : &not_sts;
}

/*
 * "The requested DurationSeconds exceeds the MaxSessionDuration set for this role." names none;
 * "… Member must have value less than or equal to 7200" does. The asked one may be repeated in the text: only a
 * smaller one is an answer.
 */
int64_t
sts_error_duration(const struct sts_error *error, int64_t asked_s)
{
    const int64_t least = 900, always = 3600;
    int64_t found = 0;

    for (const char *p = error->message; *p != '\0';) {
        size_t n = strspn(p, "0123456789");
        if (n == 0) {
            p++;
            continue;
        }
        int64_t value = 0;
        for (size_t i = 0; i < n && value <= asked_s; i++)
            value = value * 10 + (p[i] - '0');
        if (value >= least && value < asked_s && value > found)
            found = value;
        p += n;
    }
    if (found != 0)
        return found;
    return asked_s > always ? always : 0;
}

/* Remedies have one "%s" at most; they are ours, but a format must be a literal. */
static void
add_remedy(char *why, const char *remedy, const char *role)
{
    size_t used = strlen(why);
    const char *slot = strstr(remedy, "%s");
    int head = slot != NULL ? (int)(slot - remedy) : (int)strlen(remedy);

    (void)snprintf(why + used, STS_WHY_MAX - used, ": %.*s%s%s", head, remedy,
        slot != NULL ? role : "", slot != NULL ? slot + 2 : "");
}

void
sts_error_explain(const struct sts_error_row *row, const struct sts_error *error, long http_status,
    const char *role, char *why)
{
    bool has_id = error->request_id[0] != '\0';

    if (error->code[0] != '\0')
        (void)snprintf(why, STS_WHY_MAX, "AWS says %s (%.150s%s%s)", error->code, error->message,
            has_id ? "; request " : "", error->request_id);
    else
        (void)snprintf(why, STS_WHY_MAX, "HTTP status %ld", http_status);
    add_remedy(why, row->remedy, role);
    text_clean_in_place(why, false);
}
