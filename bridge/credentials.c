/*
 * Single flight to STS.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/credentials.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "bridge/saml.h"
#include "bridge/standing.h"
#include "bridge/texts.h"

enum { LEAST_DURATION_S = 900 };

/* ---- Which role ---- */

static int
role_by_name(const struct ticket *t, const char *name, const struct conf_role **ret_role, char *why)
{
    const struct conf_role *role = proof_find_role(&t->proof, name);

    if (role != NULL) {
        *ret_role = role;
        return 0;
    }
    /* The same words whether the role is somebody else's or nobody's. */
    (void)snprintf(why, BRIDGE_WHY_MAX,
        "no role \"%.64s\" for you; awsfed-login roles lists those you may take", name);
    return FED_E_ROLE;
}

static void
list_roles(const struct ticket *t, char *why)
{
    size_t used = (size_t)snprintf(why, BRIDGE_WHY_MAX,
        "several roles fit; name one with --role, or choose with awsfed-login use ROLE:");

    for (size_t i = 0; i < t->proof.n_roles && used < BRIDGE_WHY_MAX - 80; i++) {
        int n = snprintf(why + used, BRIDGE_WHY_MAX - used, "%s %.64s", i > 0 ? "," : "",
            proof_role(&t->proof, i)->name);
        used += n > 0 ? (size_t)n : 0;
    }
}

int
credentials_role(
    const struct ticket *t, const char *name, const struct conf_role **ret_role, char *why)
{
    size_t defaults = 0;
    const struct conf_role *found = NULL;

    if (name != NULL)
        return role_by_name(t, name, ret_role, why);
    if (t->proof.n_roles == 0) {
        (void)snprintf(
            why, BRIDGE_WHY_MAX, "you have no AWS role: none of your groups is mapped to one");
        return FED_E_ROLE;
    }
    if (t->use[0] != '\0') {
        if ((found = proof_find_role(&t->proof, t->use)) != NULL) {
            *ret_role = found;
            return 0;
        }
        /* Never another one instead: a command meant for one role must not run as another. */
        (void)snprintf(why, BRIDGE_WHY_MAX,
            "role \"%.64s\", which you chose, is not yours any more; choose another with "
            "awsfed-login use ROLE",
            t->use);
        return FED_E_ROLE;
    }
    for (size_t i = 0; i < t->proof.n_roles; i++) {
        const struct conf_role *role = proof_role(&t->proof, i);
        if (t->proof.n_roles == 1 || role->is_default) {
            found = role;
            defaults++;
        }
    }
    if (defaults != 1) {
        list_roles(t, why);
        return FED_E_ROLE;
    }
    *ret_role = found;
    return 0;
}

bool
credentials_needs_code(const struct ticket *t, const struct conf_role *role, int64_t now_s)
{
    return role->mfa_age_s != 0 && now_s - t->proof.code_s > role->mfa_age_s;
}

/* ---- The assertion ---- */

struct signing {
    struct bridge *b;
    const struct ticket *ticket;
    const struct conf_role *role;
    const struct texts *texts;
    char assertion_id[SAML_ID_SIZE];
};

static int
sign_by_keeper(void *arg, const void *data, size_t len, struct fed_secret *ret)
{
    struct bridge *b = arg;

    return keeper_sign(b->keeper, data, len, ret);
}

static int
make_assertion(void *arg, int64_t duration_s, int64_t now_s, struct fed_secret *ret)
{
    struct signing *s = arg;
    const struct conf_role *role = s->role;
    struct saml_request request = {
        .issuer = s->b->conf->saml.entity_id,
        .name_id = s->ticket->proof.sid,
        .role_arn = role->arn,
        .provider_arn = role->provider,
        .partition = role->partition,
        .session_name = fed_secret_str(&s->texts->session_name),
        .duration_s = duration_s,
        .source_identity =
            role->source_identity != NULL ? fed_secret_str(&s->texts->source_identity) : NULL,
        .tags = s->texts->tags,
        .n_tags = s->texts->n_tags,
        .transitive = (const char *const *)role->transitive_tags.items,
        .n_transitive = role->transitive_tags.n,
        .authn_s = s->ticket->proof.code_s,
        .now_s = now_s,
        .certificate_b64 = fed_secret_str(&s->b->certificate),
        .sign = sign_by_keeper,
        .sign_arg = s->b,
    };

    return saml_response(&request, ret, s->assertion_id);
}

/* ---- The flight ---- */

static int
audit_credential(struct bridge *b, const struct job *job, const struct ticket *t,
    const struct conf_role *role, const struct signing *s, const struct sts_credential *c,
    const char *request_id, int outcome, const char *why)
{
    struct audit_event e = {.event = "credential",
        .outcome = outcome,
        .reason = outcome != 0 ? why : NULL,
        .user = t->user,
        .sid = t->proof.sid,
        .rhost = t->proof.rhost,
        .ticket = t->id,
        .role = role->name,
        .role_arn = role->arn,
        .session_name = fed_secret_str(&s->texts->session_name),
        .assertion_id = s->assertion_id,
        .sts_request_id = request_id,
        .access_key_id = outcome == 0 ? fed_secret_str(&c->access_key) : NULL,
        .expires_s = outcome == 0 ? c->expires_s : 0,
        .packed_policy_percent = outcome == 0 ? c->packed_policy_percent : 0,
        .asked_by = job->peer.uid,
        .request = job->msg.request};

    return audit_write(b->audit, &e);
}

static void
warn_packed(const struct conf_role *role, const struct sts_credential *c)
{
    if (c->packed_policy_percent >= 80)
        fed_log_warning("[role %s]: session policies and tags fill %d%% of what AWS takes; "
                        "fewer or shorter tags will keep it working",
            role->name, c->packed_policy_percent);
}

/* One call of STS, and its audit line; what it gave is not handed out without that. */
static int
fetch(struct bridge *b, const struct job *job, const struct ticket *t, const struct conf_role *role,
    int64_t duration_s, struct sts_credential *ret, char *why)
{
    struct texts texts;
    char request_id[STS_REQUEST_ID_MAX] = "";
    int r = texts_expand(b->conf, b->host, t, role, &texts, why);

    if (r != 0)
        return r;
    struct signing signing = {.b = b, .ticket = t, .role = role, .texts = &texts};
    struct sts_request request = {.role = role,
        .policy = texts.policy.len > 0 ? fed_secret_str(&texts.policy) : NULL,
        .duration_s = duration_s,
        .timeout_ms = b->conf->aws.timeout_s * 1000,
        .assertion = make_assertion,
        .assertion_arg = &signing};
    r = sts_assume_role_with_saml(b->sts, &request, ret, why, request_id);
    int audited = audit_credential(b, job, t, role, &signing, ret, request_id, r, why);
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

/* How long to ask for: the least of the role's, the asker's and the ticket's time. */
static int
wanted_duration(const struct conf_role *role, const struct ticket *t, int64_t asked_s,
    int64_t now_s, int64_t *ret, char *why)
{
    int64_t duration_s = role->duration_s;

    if (asked_s != 0 && asked_s < duration_s)
        duration_s = asked_s;
    if (t->ends_s - now_s < duration_s)
        duration_s = t->ends_s - now_s;
    if (duration_s < LEAST_DURATION_S) {
        (void)snprintf(why, BRIDGE_WHY_MAX,
            "your sign-in ends in %" PRId64
            " min, and AWS gives no credential for less than 15; " CREDENTIALS_RENEW,
            (t->ends_s - now_s) / 60);
        return FED_E_NO_TICKET;
    }
    *ret = duration_s;
    return 0;
}

/* The leader's work: fetch and land, whatever happens. */
static int
lead(struct bridge *b, const struct job *job, const struct ticket *t, const struct conf_role *role,
    const struct cache_key *key, int standing, struct sts_credential *ret, char *why)
{
    struct ticket *still = NULL;
    int64_t duration_s = 0;
    int r = standing;

    if (r == 0)
        r = wanted_duration(role, t, key->duration_s, (int64_t)time(NULL), &duration_s, why);
    if (r == 0)
        r = fetch(b, job, t, role, duration_s, ret, why);
    if (r != 0 && why[0] == '\0')
        (void)snprintf(why, BRIDGE_WHY_MAX, "%s", fed_strerror(r));
    r = cache_land(b->cache, key, r, why, ret, r == 0 ? ret->duration_s : 0);
    if (r != 0)
        return r;

    /* Signed out while AWS was thinking: the answer belongs to nobody any more. */
    if (tickets_get(b->tickets, t->uid, &still) != 0 || strcmp(still->id, t->id) != 0) {
        sts_credential_done(ret);
        r = FED_E_NO_TICKET;
    }
    ticket_unref(still);
    return r;
}

int
credentials_get(struct bridge *b, struct job *job, struct ticket **ticket,
    const struct conf_role **role, int64_t duration_s, struct sts_credential *ret, char *why)
{
    char detail[STS_WHY_MAX] = "";
    int64_t now_s = (int64_t)time(NULL);
    int error = 0;

    struct book *book =
        book_ref((*ticket)->proof.book); /* the name stays while the ticket changes */
    const char *name = (*role)->name;
    int standing = standing_check(b, ticket, why);
    const struct ticket *t = *ticket;
    *role = proof_find_role(&t->proof, name);
    book_unref(book);
    if (standing != 0 && fed_error_class(standing) != FED_CLASS_UNAVAILABLE)
        return standing;
    if (*role == NULL) {
        (void)snprintf(why, BRIDGE_WHY_MAX, "you are no longer in a group that has this role");
        return FED_E_ROLE;
    }
    if (credentials_needs_code(t, *role, now_s))
        return FED_E_FRESH_CODE;

    struct cache_key key = {.role = (*role)->digest, .duration_s = duration_s};
    memcpy(key.ticket, t->id, sizeof(key.ticket));
    switch (cache_claim(b->cache, &key, job, now_s, ret, &error, detail)) {
    case CACHE_HIT:
        return 0;
    case CACHE_WAIT:
        return CREDENTIALS_WAIT;
    case CACHE_LEAD:
        return lead(b, job, t, *role, &key, standing, ret, why);
    case CACHE_REFUSED:
        (void)snprintf(why, BRIDGE_WHY_MAX, "%s", detail);
        return error;
    case CACHE_FAILED:
        break;
    }
    return FED_E_NOMEM;
}
