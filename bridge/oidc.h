/*
 * The JWT that AssumeRoleWithWebIdentity takes: who the person is, and the session's tags and source identity
 * (RFC 7519, RFC 7515; "Configuring a role for OpenID Connect federation" and "Pass session tags" of IAM).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_OIDC_H
#define BRIDGE_OIDC_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/secret.h"
#include "bridge/jwk.h"
#include "bridge/saml.h"

enum {
    OIDC_TOKEN_MAX = 20000, /* characters that AWS takes */
    OIDC_BEFORE_S = 60,     /* valid from so long before its issue */
    OIDC_AFTER_S = 300,     /* until so long after it */
};

/* All required but where said; text is UTF-8 without NUL. Borrowed. */
struct oidc_request {
    const char *issuer, *audience;
    const char *subject;         /* the SID */
    const char *source_identity; /* NULL = none */
    const struct saml_tag *tags; /* n_tags of them */
    size_t n_tags;
    const char *const *transitive; /* keys among tags */
    size_t n_transitive;
    int64_t now_s;
    const struct jwk *key;
    /* The JOSE signature of data; appended. */
    int (*sign)(void *arg, const void *data, size_t len, struct fed_secret *ret);
    void *sign_arg;
};

/*
 * Append the token in its compact form to ret (initialised, limit OIDC_TOKEN_MAX).
 *   ret_id   its jti, for the audit line (SAML_ID_SIZE bytes)
 * Returns 0, FED_E_INVALID (text), FED_E_TOO_BIG, FED_E_NOMEM, FED_E_SYSTEM, or what sign returned. Any thread.
 */
FED_MUST_USE int oidc_token(
    const struct oidc_request *request, struct fed_secret *ret, char ret_id[SAML_ID_SIZE]);

#endif
