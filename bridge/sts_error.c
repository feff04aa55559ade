/*
 * The table of STS errors and their remedies, from the STS API reference (common errors, and those of
 * AssumeRoleWithSAML) and from what IAM's troubleshooting pages say about their causes.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/sts_error.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

#define TRUST                                                                                      \
    "the trust policy of the role must allow the provider sts:AssumeRoleWithSAML, with tags also " \
    "sts:TagSession, with a source identity also sts:SetSourceIdentity; or \"arn\" in [role %s] "  \
    "names no role"

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
    {"AccessDenied", STS_FAIL, FED_E_AWS_REFUSED, false, TRUST},
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

const struct sts_error_row *
sts_error_row(const struct sts_error *error, long http_status)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (is_code(error->code, rows[i].code))
            return &rows[i];
    }
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
