/*
 * Header, claims, signature.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/oidc.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/token.h"

enum { SIGNATURE_MAX = 512 };

/*
 *     "https://aws.amazon.com/tags": {
 *       "principal_tags": {"Department": ["Engineering"]},
 *       "transitive_tag_keys": ["Department"]
 *     }
 */
static json_t *
make_tags(const struct oidc_request *q)
{
    json_t *values = json_object(), *keys = json_array();
    bool whole = values != NULL && keys != NULL;

    for (size_t i = 0; whole && i < q->n_tags; i++)
        whole =
            json_object_set_new(values, q->tags[i].key, json_pack("[s]", q->tags[i].value)) == 0;
    for (size_t i = 0; whole && i < q->n_transitive; i++)
        whole = json_array_append_new(keys, json_string(q->transitive[i])) == 0;
    if (!whole) {
        json_decref(values);
        json_decref(keys);
        return NULL;
    }
    json_t *tags = json_pack("{so}", "principal_tags", values);
    if (tags == NULL || q->n_transitive == 0) {
        json_decref(keys);
        return tags;
    }
    if (json_object_set_new(tags, "transitive_tag_keys", keys) == 0)
        return tags;
    json_decref(tags);
    return NULL;
}

static json_t *
make_claims(const struct oidc_request *q, const char *id)
{
    json_t *claims = json_pack("{ss ss ss sI sI sI ss}", "iss", q->issuer, "sub", q->subject, "aud",
        q->audience, "iat", (json_int_t)q->now_s, "nbf", (json_int_t)(q->now_s - OIDC_BEFORE_S),
        "exp", (json_int_t)(q->now_s + OIDC_AFTER_S), "jti", id);
    bool whole = claims != NULL;

    if (whole && q->n_tags > 0)
        whole = json_object_set_new(claims, "https://aws.amazon.com/tags", make_tags(q)) == 0;
    if (whole && q->source_identity != NULL)
        whole = json_object_set_new(claims, "https://aws.amazon.com/source_identity",
                    json_string(q->source_identity)) == 0;
    if (whole)
        return claims;
    json_decref(claims);
    return NULL;
}

static int
add_json(struct fed_secret *to, json_t *object)
{
    char *text = object != NULL ? json_dumps(object, JSON_COMPACT) : NULL;
    int r = text != NULL ? jwk_add_base64(to, text, strlen(text)) : FED_E_INVALID;

    free(text);
    return r;
}

int
oidc_token(const struct oidc_request *q, struct fed_secret *ret, char ret_id[SAML_ID_SIZE])
{
    struct fed_secret input = FED_SECRET_INIT(OIDC_TOKEN_MAX);
    struct fed_secret signature = FED_SECRET_INIT(SIGNATURE_MAX);
    char id[TOKEN_SIZE];
    json_t *header = NULL, *claims = NULL;

    int r = token_make(id);
    if (r != 0)
        goto out;
    header = json_pack("{ss ss ss}", "alg", q->key->alg, "kid", q->key->kid, "typ", "JWT");
    claims = make_claims(q, id);
    if ((r = add_json(&input, header)) != 0 || (r = fed_secret_add_str(&input, ".")) != 0 ||
        (r = add_json(&input, claims)) != 0 ||
        (r = q->sign(q->sign_arg, input.data, input.len, &signature)) != 0 ||
        (r = fed_secret_add_str(&input, ".")) != 0 ||
        (r = jwk_add_base64(&input, signature.data, signature.len)) != 0 ||
        (r = fed_secret_add(ret, input.data, input.len)) != 0)
        goto out;
    (void)snprintf(ret_id, SAML_ID_SIZE, "%s", id);

out:
    json_decref(header);
    json_decref(claims);
    fed_secret_done(&input);
    fed_secret_done(&signature);
    return r;
}
