/*
 * From a role's section to its request.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/flow.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "bridge/oidc.h"
#include "bridge/saml.h"
#include "bridge/texts.h"
#include "conf/flows.h"

enum { LEAST_DURATION_S = 900, NAME_MAX_BYTES = TOKEN_SIZE + 32 };

/* The ring's name of the base credential; those of tickets have the ticket's id in front. */
#define BASE_KEYS "base"

/* One call of STS in the making. */
struct taking {
    const struct flow *flow;
    const struct conf_role *role;
    const struct texts *texts;
    char assertion_id[SAML_ID_SIZE]; /* of the assertion or the token; "" without one */
};

/* ---- What proves it ---- */

static int
sign_response(void *arg, const void *data, size_t len, struct fed_secret *ret)
{
    struct bridge *b = arg;

    return signers_sign(b->signers, data, len, ret);
}

static int
sign_token(void *arg, const void *data, size_t len, struct fed_secret *ret)
{
    struct bridge *b = arg;

    return signers_token(b->signers, data, len, ret);
}

static const char *
source_identity(const struct taking *t)
{
    return t->role->source_identity != NULL ? fed_secret_str(&t->texts->source_identity) : NULL;
}

static int
make_assertion(void *arg, int64_t duration_s, int64_t now_s, struct fed_secret *ret)
{
    struct taking *t = arg;
    struct bridge *b = t->flow->bridge;
    const struct conf_role *role = t->role;
    struct saml_request request = {
        .issuer = b->conf->saml.entity_id,
        .name_id = t->flow->ticket->proof.sid,
        .role_arn = role->arn,
        .provider_arn = role->provider,
        .partition = role->partition,
        .session_name = fed_secret_str(&t->texts->session_name),
        .duration_s = duration_s,
        .source_identity = source_identity(t),
        .tags = t->texts->tags,
        .n_tags = t->texts->n_tags,
        .transitive = (const char *const *)role->transitive_tags.items,
        .n_transitive = role->transitive_tags.n,
        .authn_s = t->flow->ticket->proof.code_s,
        .now_s = now_s,
        .certificate_b64 = fed_secret_str(&b->certificate),
        .sign = sign_response,
        .sign_arg = b,
    };

    return saml_response(&request, ret, t->assertion_id);
}

static int
make_token(void *arg, int64_t duration_s, int64_t now_s, struct fed_secret *ret)
{
    struct taking *t = arg;
    struct bridge *b = t->flow->bridge;
    const struct jwk *key;
    int r = signers_token_key(b->signers, &key);

    if (r != 0)
        return r;
    struct oidc_request request = {
        .issuer = b->conf->oidc.issuer,
        .audience = b->conf->oidc.audience,
        .subject = t->flow->ticket->proof.sid,
        .source_identity = source_identity(t),
        .tags = t->texts->tags,
        .n_tags = t->texts->n_tags,
        .transitive = (const char *const *)t->role->transitive_tags.items,
        .n_transitive = t->role->transitive_tags.n,
        .now_s = now_s,
        .key = key,
        .sign = sign_token,
        .sign_arg = b,
    };

    (void)duration_s; /* a parameter of the request */
    return oidc_token(&request, ret, t->assertion_id);
}

/* ---- The keys that another request signs with ---- */

static void
name_keys(const struct flow *flow, const struct conf_role *via, char name[NAME_MAX_BYTES])
{
    /* By what the section says, not by its name: it may have been read again. */
    (void)snprintf(name, NAME_MAX_BYTES, "%s %016" PRIx64, flow->ticket->id, via->digest);
}

struct hop {
    const struct flow *flow;
    const struct conf_role *role, *next;
};

/* A role that is only the way to another: the shorter of its own duration and the ticket's time. */
static int
fetch_hop(void *arg, int64_t deadline_ms, struct sts_credential *ret, char *why)
{
    const struct hop *hop = arg;
    struct flow flow = *hop->flow;
    int64_t left_s = flow.ticket->ends_s - (int64_t)time(NULL);
    int64_t duration_s = hop->role->duration_s < left_s ? hop->role->duration_s : left_s;

    flow.deadline_ms = deadline_ms;
    flow.way_to = hop->next->name;
    if (duration_s < LEAST_DURATION_S)
        duration_s = LEAST_DURATION_S; /* it goes with the ticket, and nobody gets it */
    return flow_fetch(&flow, hop->role, duration_s, ret, why);
}

/* Keys for a role's AssumeRole, and what the ring calls them. */
static int
get_keys(const struct flow *flow, const struct conf_role *role, char name[NAME_MAX_BYTES],
    struct sts_credential *ret, char *why)
{
    struct bridge *b = flow->bridge;

    if (role->via == NULL) {
        (void)snprintf(name, NAME_MAX_BYTES, "%s", BASE_KEYS);
        return keyring_get(
            b->keyring, name, flow->deadline_ms, base_credential_fetch, b->base, ret, why);
    }
    struct hop hop = {
        .flow = flow, .role = book_find(flow->ticket->proof.book, role->via), .next = role};
    if (hop.role == NULL)
        return FED_E_CONFIG; /* checked when the configuration was read */
    name_keys(flow, hop.role, name);
    return keyring_get(b->keyring, name, flow->deadline_ms, fetch_hop, &hop, ret, why);
}

/* ---- The call ---- */

static int
take_with_keys(struct taking *t, struct sts_request *request, struct sts_credential *ret, char *why,
    char *request_id)
{
    struct sts_credential keys = {.expires_s = 0};
    char name[NAME_MAX_BYTES];

    int r = get_keys(t->flow, t->role, name, &keys, why);
    if (r != 0)
        return r;
    request->how = STS_WITH_KEYS;
    request->keys = &keys;
    request->source_identity = source_identity(t);
    request->tags = t->texts->tags;
    request->n_tags = t->texts->n_tags;
    request->timeout_ms = clock_left_ms(t->flow->deadline_ms);
    r = sts_assume_role(t->flow->bridge->sts, request, ret, why, request_id);
    /* Perhaps the keys are no longer what they were: the next try asks with new ones. */
    if (r == FED_E_AWS_REFUSED)
        keyring_drop(t->flow->bridge->keyring, name);
    sts_credential_done(&keys);
    return r;
}

static int
take(struct taking *t, int64_t duration_s, struct sts_credential *ret, char *why, char *request_id)
{
    struct sts_request request = {.role = t->role,
        .duration_s = duration_s,
        .timeout_ms = clock_left_ms(t->flow->deadline_ms),
        .policy = t->texts->policy.len > 0 ? fed_secret_str(&t->texts->policy) : NULL,
        .session_name = fed_secret_str(&t->texts->session_name),
        .assertion_arg = t};

    if (flows_is_chained(t->role))
        return take_with_keys(t, &request, ret, why, request_id);
    if (t->role->flow == CONF_FLOW_OIDC) {
        request.how = STS_WITH_WEB_IDENTITY;
        request.assertion = make_token;
    } else {
        request.how = STS_WITH_SAML;
        request.assertion = make_assertion;
    }
    return sts_assume_role(t->flow->bridge->sts, &request, ret, why, request_id);
}

static int
audit(const struct taking *t, const struct sts_credential *c, const char *request_id, int outcome,
    const char *why)
{
    const struct flow *flow = t->flow;
    struct audit_event e = {.event = "credential",
        .outcome = outcome,
        .reason = outcome != 0 ? why : NULL,
        .user = flow->ticket->user,
        .sid = flow->ticket->proof.sid,
        .rhost = flow->ticket->proof.rhost,
        .ticket = flow->ticket->id,
        .role = t->role->name,
        .role_arn = t->role->arn,
        .way_to = flow->way_to,
        .session_name = fed_secret_str(&t->texts->session_name),
        .source_identity = source_identity(t),
        .assertion_id = t->assertion_id,
        .sts_request_id = request_id,
        .access_key_id = outcome == 0 ? fed_secret_str(&c->access_key) : NULL,
        .expires_s = outcome == 0 ? c->expires_s : 0,
        .packed_policy_percent = outcome == 0 ? c->packed_policy_percent : 0,
        .grace = flow->ticket->grace,
        .asked_by = flow->job->peer.uid,
        .request = flow->job->msg.request};

    return audit_write(flow->bridge->audit, &e);
}

static void
warn_packed(const struct conf_role *role, const struct sts_credential *c)
{
    if (c->packed_policy_percent >= 80)
        fed_log_warning("[role %s]: session policies and tags fill %d%% of what AWS takes; "
                        "fewer or shorter tags will keep it working",
            role->name, c->packed_policy_percent);
}

/* The roles may be of a later reading of the configuration than all else, which waits for a restart. */
static int
check_ready(const struct bridge *b, const struct conf_role *role, char *why)
{
    const char *missing = NULL;

    if (role->via != NULL)
        return 0;
    if (role->flow == CONF_FLOW_SAML && b->conf->saml.key == NULL)
        missing = "[saml]";
    else if (role->flow == CONF_FLOW_OIDC && b->conf->oidc.key == NULL)
        missing = "[oidc]";
    else if (role->flow == CONF_FLOW_ASSUME_ROLE && b->base == NULL)
        missing = "base-credential of [aws]";
    if (missing == NULL && b->sts != NULL)
        return 0;
    (void)snprintf(why, BRIDGE_WHY_MAX,
        "[role %.128s] waits for a restart of awsfed-bridge, which has not read %s yet", role->name,
        missing != NULL ? missing : "[aws]");
    return FED_E_AWS_UNAVAILABLE;
}

/* What STS gave is not handed out without its audit line. */
int
flow_fetch(const struct flow *flow, const struct conf_role *role, int64_t duration_s,
    struct sts_credential *ret, char *why)
{
    struct bridge *b = flow->bridge;
    struct texts texts;
    char request_id[STS_REQUEST_ID_MAX] = "";
    int r = check_ready(b, role, why);

    if (r == 0)
        r = texts_expand(b->conf, b->host, flow->ticket, role, &texts, why);
    if (r != 0)
        return r;
    struct taking taking = {.flow = flow, .role = role, .texts = &texts};
    r = take(&taking, duration_s, ret, why, request_id);
    int audited = audit(&taking, ret, request_id, r, why);
    if (r == 0 && audited != 0) {
        sts_credential_done(ret);
        (void)snprintf(
            why, BRIDGE_WHY_MAX, "the audit trail cannot be written: nothing is given out");
        r = audited;
    }
    if (r == 0)
        warn_packed(role, ret);
    texts_done(&texts);
    return r;
}

int64_t
flow_mfa_age(const struct book *book, const struct conf_role *role)
{
    int64_t least_s = role->mfa_age_s;

    while (role->via != NULL && (role = book_find(book, role->via)) != NULL)
        if (role->mfa_age_s != 0 && (least_s == 0 || role->mfa_age_s < least_s))
            least_s = role->mfa_age_s;
    return least_s;
}

void
flow_purge(struct bridge *b, const char *ticket_id)
{
    keyring_purge(b->keyring, ticket_id);
}
