/*
 * AWS's sign-in service: from temporary credentials to an address that opens the console with them.
 * IAM User Guide, "Enabling custom identity broker access to the AWS console": getSigninToken, then a login URL that is
 * good for 15 minutes and is itself a secret.
 *
 * HTTPS as in bridge/https.h. Nothing is retried: a person waits, and may ask again.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_FEDERATION_H
#define BRIDGE_FEDERATION_H

#include <stdint.h>

#include "base/secret.h"
#include "bridge/sts.h"
#include "conf/conf.h"

struct federation;

enum {
    FEDERATION_WHY_MAX = 512,
    FEDERATION_URL_MAX = 16 * 1024,
    FEDERATION_TOKEN_MAX = 8 * 1024,
    FEDERATION_LEAST_S = 900, /* of a console session */
    FEDERATION_MOST_S = 43200,
};

struct federation_request {
    const struct sts_credential *credential; /* required */
    const char *partition;                   /* required: aws, aws-us-gov, aws-cn */
    const char *region;                      /* of the console; NULL = the console's own choice */
    const char *service; /* a word of the console's addresses: [a-z0-9-]; NULL = its first page */
    const char *issuer;  /* where the console sends people whose session is over; NULL = nowhere */
    int64_t
        duration_s; /* of the console session, 0 = as long as the credentials. AWS refuses any for chained ones */
};

/* A client for [aws]; conf must outlive it. 0, FED_E_CONFIG (ca-file, signin-endpoint), FED_E_NOMEM. */
FED_MUST_USE int federation_new(const struct conf_aws *conf, struct federation **ret, char *why);
void federation_free(struct federation *federation);

/*
 * The address. Any thread; blocks up to [aws] timeout.
 *   ret_url   initialised by the caller with FEDERATION_URL_MAX; a secret
 *   why       FEDERATION_WHY_MAX bytes, on failure one line for the person, without any secret
 * Returns 0, FED_E_AWS_REFUSED, FED_E_AWS_UNAVAILABLE, FED_E_TIMEOUT, FED_E_TLS, FED_E_TOO_BIG, FED_E_NOMEM.
 */
FED_MUST_USE int federation_url(struct federation *federation,
    const struct federation_request *request, struct fed_secret *ret_url, char *why);

/* ---- Apart, for tests and fuzzing ---- */

/*
 * Read {"SigninToken": "…"}: any bytes are safe. 0, FED_E_PROTO (not JSON, keys twice, no token, one that is empty, too long or
 * not printable ASCII), FED_E_NOMEM. ret_token is initialised by the caller.
 */
FED_MUST_USE int federation_read_token(const void *data, size_t len, struct fed_secret *ret_token);

/* The page of the console that a request means; appended to ret. 0, FED_E_TOO_BIG, FED_E_NOMEM. */
FED_MUST_USE int federation_add_destination(
    struct fed_secret *ret, const struct federation_request *request);

#endif
