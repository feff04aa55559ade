/*
 * Single flight to STS.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/credentials.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "bridge/flow.h"
#include "bridge/roleless.h"
#include "bridge/signers.h"
#include "bridge/standing.h"

enum { LEAST_DURATION_S = 900 };

/* ---- Which role ---- */

static int
without_role(struct bridge *b, const struct ticket *t, char *why)
{
    const char *reason;
    int r = roleless_why(b, t, &reason);

    (void)snprintf(why, BRIDGE_WHY_MAX, "you have no AWS role: %s", reason);
    return r;
}

static int
role_by_name(struct bridge *b, const struct ticket *t, const char *name,
    const struct conf_role **ret_role, char *why)
{
    const struct conf_role *role = proof_find_role(&t->proof, name);

    if (role != NULL) {
        *ret_role = role;
        return 0;
    }
    if (t->proof.bar != PROOF_OPEN)
        return without_role(b, t, why);
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

/* The role of role-less calls, where none was chosen: the only one, or the only default. */
static const struct conf_role *
default_role(const struct ticket *t)
{
    const struct conf_role *found = NULL;
    size_t defaults = 0;

    for (size_t i = 0; i < t->proof.n_roles; i++) {
        const struct conf_role *role = proof_role(&t->proof, i);
        if (t->proof.n_roles == 1 || role->is_default) {
            found = role;
            defaults++;
        }
    }
    return defaults == 1 ? found : NULL;
}

int
credentials_role(struct bridge *b, const struct ticket *t, const char *name,
    const struct conf_role **ret_role, char *why)
{
    const struct conf_role *found;

    if (name != NULL)
        return role_by_name(b, t, name, ret_role, why);
    if (t->proof.n_roles == 0)
        return without_role(b, t, why);
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
    if ((found = default_role(t)) == NULL) {
        list_roles(t, why);
        return FED_E_ROLE;
    }
    *ret_role = found;
    return 0;
}

const char *
credentials_shown_role(const struct ticket *t)
{
    if (t->use[0] != '\0')
        return t->use; /* also when it is not theirs at this moment: calls say so */
    const struct conf_role *role = default_role(t);
    return role != NULL ? role->name : NULL;
}

bool
credentials_needs_code(const struct ticket *t, const struct conf_role *role, int64_t now_s)
{
    int64_t age_s = flow_mfa_age(t->proof.book, role);

    return age_s != 0 && now_s - t->proof.code_s > age_s;
}

/* ---- The flight ---- */

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
    char gone[BRIDGE_WHY_MAX];
    int64_t duration_s = 0;
    struct flow flow = {.bridge = b,
        .job = job,
        .ticket = t,
        .deadline_ms = clock_mono_ms() + b->conf->aws.timeout_s * 1000};
    int r = standing;

    if (r == 0)
        r = wanted_duration(role, t, key->duration_s, (int64_t)time(NULL), &duration_s, why);
    if (r == 0)
        r = flow_fetch(&flow, role, duration_s, ret, why);
    if (r == FED_E_KEEPER && signers_complaint(b->signers, gone, sizeof(gone)))
        (void)snprintf(why, BRIDGE_WHY_MAX, "%s", gone);
    if (r != 0 && why[0] == '\0')
        (void)snprintf(why, BRIDGE_WHY_MAX, "%s", fed_strerror(r));
    r = cache_land(b->cache, key, r, why, ret, r == 0 ? ret->duration_s : 0);

    /*
     * Signed out while AWS was thinking: the answer belongs to nobody any more. Had that been so before the flight began, the
     * purge was over, and nobody else would take from the cache what has just landed there.
     */
    if (!tickets_hold(b->tickets, t)) {
        cache_purge(b->cache, key->ticket);
        if (r == 0) {
            sts_credential_done(ret);
            r = FED_E_NO_TICKET;
        }
    }
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
    if (*role == NULL && t->proof.bar != PROOF_OPEN)
        return without_role(b, t, why);
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
