/*
 * Forms of the three actions: what they share, and what each has besides.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/sts_form.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { TOKEN_MOST = 20000 /* characters of a JWT that AWS takes */ };

const char *
sts_form_action(enum sts_how how)
{
    static const char *const names[] = {[STS_WITH_SAML] = "AssumeRoleWithSAML",
        [STS_WITH_WEB_IDENTITY] = "AssumeRoleWithWebIdentity",
        [STS_WITH_KEYS] = "AssumeRole"};

    return names[how];
}

/* Percent-encoding of a form's value: unreserved characters of RFC 3986 stay. */
static int
add_encoded(struct fed_secret *form, const void *data, size_t len)
{
    static const char hex[] = "0123456789ABCDEF";
    const unsigned char *p = data;
    int r = 0;

    for (size_t i = 0; r == 0 && i < len; i++) {
        unsigned char c = p[i];
        const char coded[] = {'%', hex[c >> 4], hex[c & 0xf]};
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
            (c != '\0' && strchr("-._~", c) != NULL))
            r = fed_secret_add_byte(form, c);
        else
            r = fed_secret_add(form, coded, sizeof(coded));
    }
    return r;
}

int
sts_form_add(struct fed_secret *form, const char *name, const char *value)
{
    int r = fed_secret_addf(form, "&%s=", name);

    return r != 0 ? r : add_encoded(form, value, strlen(value));
}

static int
add_assertion(const struct sts_request *request, int64_t duration_s, struct fed_secret *form)
{
    struct fed_secret xml = FED_SECRET_INIT(SAML_RESPONSE_MAX);
    struct fed_secret base64 = FED_SECRET_INIT(STS_ASSERTION_MOST);

    int r = request->assertion(request->assertion_arg, duration_s, (int64_t)time(NULL), &xml);
    if (r == 0)
        r = fed_secret_resize(&base64, (xml.len + 2) / 3 * 4);
    if (r == 0) {
        (void)EVP_EncodeBlock(base64.data, xml.data, (int)xml.len);
        r = fed_secret_add_str(form, "&SAMLAssertion=");
    }
    if (r == 0)
        r = add_encoded(form, base64.data, base64.len);
    fed_secret_done(&base64);
    fed_secret_done(&xml);
    return r;
}

static int
add_token(const struct sts_request *request, int64_t duration_s, struct fed_secret *form)
{
    struct fed_secret token = FED_SECRET_INIT(TOKEN_MOST);

    int r = request->assertion(request->assertion_arg, duration_s, (int64_t)time(NULL), &token);
    if (r == 0)
        r = fed_secret_add_str(form, "&WebIdentityToken=");
    if (r == 0)
        r = add_encoded(form, token.data, token.len);
    fed_secret_done(&token);
    return r;
}

/* NAME.member.N with an optional FIELD, as lists go in the Query protocol. */
static int
add_member(
    struct fed_secret *form, const char *list, size_t i, const char *field, const char *value)
{
    char name[64];

    (void)snprintf(
        name, sizeof(name), "%s.member.%zu%s%s", list, i + 1, *field != '\0' ? "." : "", field);
    return sts_form_add(form, name, value);
}

/* What an assertion or a token would say, AssumeRole takes as parameters. */
static int
add_session(const struct sts_request *request, struct fed_secret *form)
{
    const struct conf_role *role = request->role;
    int r = 0;

    if (role->external_id != NULL)
        r = sts_form_add(form, "ExternalId", role->external_id);
    if (r == 0 && request->source_identity != NULL)
        r = sts_form_add(form, "SourceIdentity", request->source_identity);
    for (size_t i = 0; r == 0 && i < request->n_tags; i++) {
        r = add_member(form, "Tags", i, "Key", request->tags[i].key);
        if (r == 0)
            r = add_member(form, "Tags", i, "Value", request->tags[i].value);
    }
    for (size_t i = 0; r == 0 && i < role->transitive_tags.n; i++)
        r = add_member(form, "TransitiveTagKeys", i, "", role->transitive_tags.items[i]);
    return r;
}

static int
add_proof(const struct sts_request *request, int64_t duration_s, struct fed_secret *form)
{
    int r;

    if (request->how == STS_WITH_SAML) {
        r = sts_form_add(form, "PrincipalArn", request->role->provider);
        return r != 0 ? r : add_assertion(request, duration_s, form);
    }
    r = sts_form_add(form, "RoleSessionName", request->session_name);
    if (r != 0)
        return r;
    return request->how == STS_WITH_KEYS ? add_session(request, form)
                                         : add_token(request, duration_s, form);
}

int
sts_form_write(const struct sts_request *request, int64_t duration_s, struct fed_secret *ret)
{
    const struct conf_role *role = request->role;

    int r = fed_secret_addf(ret, "Action=%s&Version=2011-06-15&DurationSeconds=%" PRId64,
        sts_form_action(request->how), duration_s);
    if (r == 0)
        r = sts_form_add(ret, "RoleArn", role->arn);
    for (size_t i = 0; r == 0 && i < role->policy_arns.n; i++)
        r = add_member(ret, "PolicyArns", i, "arn", role->policy_arns.items[i]);
    if (r == 0 && request->policy != NULL)
        r = sts_form_add(ret, "Policy", request->policy);
    return r != 0 ? r : add_proof(request, duration_s, ret);
}
