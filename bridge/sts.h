/*
 * AWS Security Token Service: AssumeRoleWithSAML, AssumeRoleWithWebIdentity and AssumeRole over HTTPS with libcurl,
 * on connections that are kept.
 * Query protocol, Version 2011-06-15; https://docs.aws.amazon.com/STS/latest/APIReference/.
 *
 * TLS is verified against the system's roots or [aws] ca-file, always (I-65). The environment's
 * proxies are not read (I-56). A request is retried inside its deadline as the error's row in
 * bridge/sts_error.c says, and goes to the next region where the row says that.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_STS_H
#define BRIDGE_STS_H

#include <stdint.h>

#include "base/err.h"
#include "base/secret.h"
#include "bridge/saml.h"
#include "conf/conf.h"

struct sts;

enum {
    STS_WHY_MAX = 512,
    STS_REQUEST_ID_MAX = 64,
    STS_REPLY_MAX = 256 * 1024, /* headers and body together */
};

/* What STS gave. The caller frees it with sts_credential_done. */
struct sts_credential {
    struct fed_secret access_key; /* C strings */
    struct fed_secret secret_key;
    struct fed_secret session_token;
    int64_t expires_s;         /* Unix seconds */
    char arn[2049];            /* AssumedRoleUser/Arn */
    int packed_policy_percent; /* PackedPolicySize, -1 = not given */
    char request_id[STS_REQUEST_ID_MAX];
    int64_t
        duration_s; /* what was asked for in the end: less than wanted where the role allows less */
};

/* How a role is asked for; the first is the default of zeroed memory. */
enum sts_how {
    STS_WITH_SAML,         /* AssumeRoleWithSAML: what it proves is in the assertion */
    STS_WITH_WEB_IDENTITY, /* AssumeRoleWithWebIdentity: … in a JWT */
    STS_WITH_KEYS,         /* AssumeRole: … by a signature with keys of AWS's (SigV4) */
};

/*
 * An assertion for the attempt at hand: called once an attempt, since an assertion is of now.
 * Appends the response's XML, or the JWT, to ret (initialised). Returns 0 or an error, which ends the request.
 */
typedef int sts_assertion_fn(void *arg, int64_t duration_s, int64_t now_s, struct fed_secret *ret);

/* Everything is borrowed. */
struct sts_request {
    enum sts_how how;
    const struct conf_role
        *role; /* required: its name, arn, partition, region, policy-arns; of SAML provider, of
                                     keys external-id and transitive-tags */
    int64_t duration_s;          /* required: 900 to 43200 */
    int64_t timeout_ms;          /* required: for all attempts together */
    const char *policy;          /* session policy, NULL = none */
    sts_assertion_fn *assertion; /* required, but with keys */
    void *assertion_arg;
    const char *session_name; /* required, but with SAML, which has the rest in the assertion */
    /* With keys alone: */
    const struct sts_credential *keys; /* required; session_token empty for a long-term key */
    const char *source_identity;       /* NULL = none */
    const struct saml_tag *tags;
    size_t n_tags;
};

/* libcurl's own initialisation; once, before threads. */
FED_MUST_USE int sts_global_init(void);

/* A client for [aws]; conf must outlive it. 0, FED_E_CONFIG (ca-file, endpoint), FED_E_NOMEM. */
FED_MUST_USE int sts_new(const struct conf_aws *conf, struct sts **ret, char *why);
void sts_free(struct sts *sts);

/*
 * One of the three actions. Any thread; blocks up to the timeout.
 *   ret       on success
 *   why       on failure (STS_WHY_MAX bytes): one line that says what AWS said, the likely cause and the remedy
 *             with the role's section; no assertion, key or token in it (I-64)
 *   request_id (STS_REQUEST_ID_MAX bytes) of the last reply, "" when there was none; may be NULL
 * Returns 0, FED_E_AWS_REFUSED, FED_E_AWS_UNAVAILABLE, FED_E_TIMEOUT, FED_E_TLS, FED_E_CLOCK, FED_E_NOMEM, or the assertion's error.
 */
FED_MUST_USE int sts_assume_role(struct sts *sts, const struct sts_request *request,
    struct sts_credential *ret, char *why, char *request_id);
void sts_credential_done(struct sts_credential *credential);

/* How far this host's clock is ahead (positive) of AWS's, by the last reply's Date, or behind. False: none was heard lately. */
bool sts_clock_off(struct sts *sts, int64_t *ret_off_s);

/* ---- The reply's reader, apart so that it can be tested and fuzzed (bridge/sts_reply.c) ---- */

struct sts_error {
    char code[64];     /* "" when the reply has none */
    char message[512]; /* cleaned for a log */
    char request_id[STS_REQUEST_ID_MAX];
};

/*
 * Read a reply's XML: a DTD, an entity that is not predefined, a duplicate or missing field, a date that is no
 * date, an expiry in the past or further than 12 h 5 min ahead, trailing bytes: FED_E_PROTO (I-64). An
 * ErrorResponse is FED_E_AWS_REFUSED, with ret_error filled. Any bytes are safe.
 *   action      that was asked for: the reply's elements have its name
 *   ret         on success: the caller frees it. duration_s is 0: only the asker knows it
 *   ret_error   on FED_E_AWS_REFUSED
 * Returns 0, FED_E_AWS_REFUSED, FED_E_PROTO, FED_E_NOMEM. Never blocks; any thread.
 */
FED_MUST_USE int sts_reply_parse(const char *action, const void *data, size_t len, int64_t now_s,
    struct sts_credential *ret, struct sts_error *ret_error);

#endif
