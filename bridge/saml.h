/*
 * The SAML 2.0 response that AssumeRoleWithSAML takes: samlp:Response around one signed
 * saml:Assertion (saml-core-2.0, saml-profiles-2.0 4.1, and AWS's rules for SAML providers).
 *
 * It is written in canonical form (Exclusive XML Canonicalization 1.0) to begin with, so that what is digested and
 * signed is byte for byte what is sent and no XML library stands in between.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_SAML_H
#define BRIDGE_SAML_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/secret.h"

enum {
    SAML_RESPONSE_MAX = 75000, /* in base64, the 100,000 characters that AWS takes */
    SAML_ID_SIZE = 34,         /* "_" + 32 hex + NUL */
    SAML_BEFORE_S = 60,        /* valid from so long before its issue */
    SAML_AFTER_S = 300,        /* until so long after it */
};

struct saml_tag {
    const char *key; /* without "PrincipalTag:" */
    const char *value;
};

/*
 * All text is UTF-8 without NUL; a character that XML 1.0 cannot carry is FED_E_INVALID. Whether AWS would take a
 * name is checked where it is made (bridge/expand.h): what AWS refuses can still be written correctly.
 */
struct saml_request {
    const char *issuer;       /* required: entityID */
    const char *name_id;      /* required: persistent, not personal: the SID */
    const char *role_arn;     /* required */
    const char *provider_arn; /* required */
    const char *partition;    /* required: aws, aws-us-gov, aws-cn: gives audience and recipient */
    const char *session_name; /* required */
    int64_t duration_s;       /* required: 900 to 43200 */
    const char *source_identity; /* NULL = none */
    const struct saml_tag *tags; /* n_tags of them */
    size_t n_tags;
    const char *const *transitive; /* keys among tags */
    size_t n_transitive;
    int64_t
        authn_s; /* required: when the person authenticated, Unix seconds; at most now_s is written */
    int64_t now_s;               /* required: time of issue */
    const char *certificate_b64; /* DER in base64 for KeyInfo, NULL = no KeyInfo */
    /* Signs data with RSA-SHA256; appends the raw signature. Required. */
    int (*sign)(void *arg, const void *data, size_t len, struct fed_secret *ret);
    void *sign_arg;
};

/*
 * Append the XML of the whole response to ret (initialised, limit SAML_RESPONSE_MAX).
 *   ret_id   the assertion's ID, for the audit line
 * Returns 0, FED_E_INVALID (text, duration or partition), FED_E_TOO_BIG, FED_E_NOMEM, FED_E_CRYPTO, or what sign returned.
 * Valid from SAML_BEFORE_S before now_s to SAML_AFTER_S after it. Any thread; blocks as long as sign.
 */
FED_MUST_USE int saml_response(
    const struct saml_request *request, struct fed_secret *ret, char ret_id[SAML_ID_SIZE]);

/* Where a partition takes responses, and what its roles' trust policies compare with SAML:aud. NULL: no such partition. */
const char *saml_recipient(const char *partition);

/*
 * Append the IdP metadata (saml-metadata-2.0 2.4.3) of an entity with one or two certificates, as IAM's
 * CreateSAMLProvider takes it: UTF-8, no BOM, the signing certificate first.
 *   certificates_b64   n of them, 1 or 2
 *   valid_until_s      Unix seconds
 * Returns 0, FED_E_INVALID, FED_E_TOO_BIG or FED_E_NOMEM. Never blocks; any thread.
 */
FED_MUST_USE int saml_metadata(const char *entity_id, const char *const *certificates_b64, size_t n,
    int64_t valid_until_s, struct fed_secret *ret);

#endif
