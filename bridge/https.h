/*
 * HTTPS requests of the bridge on connections that stay warm: libcurl with everything that could weaken
 * or redirect a request turned off. TLS 1.2 or later, always verified (I-65); no redirects; no proxy
 * but the configured one, whatever the environment says (I-56). Plain HTTP is for the machine's own metadata
 * alone, and each such request says so.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_HTTPS_H
#define BRIDGE_HTTPS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/secret.h"

struct https;

enum {
    HTTPS_REPLY_MAX = 256 * 1024, /* headers and body together */
    HTTPS_WHY_MAX = 256,
    HTTPS_REQUEST_ID_MAX = 64,
    HTTPS_IDLE_MOST = 64, /* handles kept, each with the connections that it has open */
};

struct https_reply {
    struct fed_secret body;
    long status;
    bool has_date;
    int64_t skew_s; /* our clock less the reply's Date: positive when ours is ahead */
    char request_id[HTTPS_REQUEST_ID_MAX]; /* x-amzn-RequestId, cleaned; "" = none */
};

/* libcurl's own initialisation, once, before threads; its buffers are wiped when freed. 0, FED_E_SYSTEM. */
FED_MUST_USE int https_global_init(void);

/*
 * A pool of handles; any thread may use it at any time.
 *   ca_file, proxy   NULL = the system's roots, no proxy; borrowed, must outlive the pool
 *   why              HTTPS_WHY_MAX bytes; on FED_E_CONFIG "\"PATH\": what: remedy"
 * Returns 0, FED_E_CONFIG (ca_file: not there, no certificate in it, writable by others), FED_E_NOMEM.
 */
FED_MUST_USE int https_new(const char *ca_file, const char *proxy, struct https **ret, char *why);
void https_free(struct https *https);

/* AWS Signature Version 4, by libcurl. All borrowed. */
struct https_signer {
    const char *region;
    const char *service; /* NULL = sts */
    const struct fed_secret *access_key, *secret_key;
    const struct fed_secret
        *session_token; /* empty = a long-term key; else it is sent, and signed too */
};

struct https_request {
    const char *url;               /* required: https://HOST[:PORT]/PATH */
    const char *method;            /* NULL = POST with a form, GET without */
    const struct fed_secret *form; /* application/x-www-form-urlencoded; NULL = none; borrowed */
    const char *header;            /* one more, "Name: value"; NULL = none */
    const struct https_signer *signer; /* NULL = unsigned */
    bool is_local;      /* http:// too, and no proxy: the metadata of this very machine */
    int64_t timeout_ms; /* for everything, more than 0; connecting gets 3 s of it at most */
};

/*
 * Send a request and read its reply. The handle used last is used first, so that few connections stay warm, not many
 * lukewarm. Any thread.
 *   ret   on success, whatever the status; freed with https_reply_done
 *   why   HTTPS_WHY_MAX bytes; on failure what went wrong, cleaned for a log
 * Returns 0, FED_E_TLS (not verified), FED_E_TIMEOUT, FED_E_TOO_BIG (the reply), FED_E_NOMEM, FED_E_AWS_UNAVAILABLE
 * (all else that may be better at the next try).
 */
FED_MUST_USE int https_send(
    struct https *https, const struct https_request *request, struct https_reply *ret, char *why);
void https_reply_done(struct https_reply *reply);

#endif
