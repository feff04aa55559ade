/*
 * What the session endpoint answers at all, and how: the rules of its HTTP, apart from the server that applies them.
 *
 *     GET /credentials HTTP/1.1
 *     Host: 127.0.0.1:PORT
 *     Authorization: TOKEN
 *
 * 200 {"AccessKeyId","SecretAccessKey","Token","Expiration","AccountId"}; any other status {"code","message"}, which the
 * SDKs show. (AWS SDKs and Tools Reference Guide, "Container credential provider".)
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_ENDPOINT_RULES_H
#define BRIDGE_ENDPOINT_RULES_H

#include <stdbool.h>

#include "base/err.h"
#include "base/secret.h"
#include "base/wire.h"

#define ENDPOINT_PATH "/credentials"

enum { ENDPOINT_PLACES = 4096, ENDPOINT_PLACES_PER_UID = 256 };

/*
 * May a uid that has so many of all the connections there are have another? At most ENDPOINT_PLACES_PER_UID, and no more than
 * an eighth of the places that are left: the fuller it is the less anybody can have, so that it takes some fifty uids
 * that work together to leave none for the next, and not a handful (I-55).
 */
bool endpoint_has_place(unsigned own, unsigned all);

enum { ENDPOINT_JSON_MAX = 80 * 1024, ENDPOINT_MESSAGE_MAX = 1280 };

/* A request as its head says it. NULL = not there; the texts are borrowed. */
struct endpoint_head {
    const char *method, *path;
    const char *host, *authorization;
    unsigned n_host, n_authorization; /* how often each came */
    bool has_origin;
    bool has_body;
};

/* An answer that is no credential. */
struct endpoint_error {
    unsigned status;
    const char *code;    /* static */
    const char *message; /* static, NULL = the caller has one */
};

/*
 * May this request be looked at further? Everything but the token's value is judged. NULL = yes. A browser, which pages of others
 * can make ask, says Origin, or a Host that is not this address (rebinding); a browser cannot say Authorization unasked.
 */
const struct endpoint_error *endpoint_judge(const struct endpoint_head *head, unsigned port);

/* Whoever is not let in: one answer, whatever was wrong. */
extern const struct endpoint_error endpoint_forbidden;

/* The answer for an error of base/err.h. */
struct endpoint_error endpoint_error_of(int error);

/* The bodies. reply is a successful one to ASK_CREDENTIALS. 0, FED_E_NOMEM, FED_E_TOO_BIG, FED_E_PROTO. */
FED_MUST_USE int endpoint_put_error(struct fed_secret *out, const char *code, const char *message);
FED_MUST_USE int endpoint_put_credential(struct fed_secret *out, const struct wire_msg *reply);

#endif
