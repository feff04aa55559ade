/*
 * What `awsfed-login console` asks: an address that signs its reader in to the AWS console. Made here, because the command
 * has no TLS; handed to nobody but the peer's own uid, like a credential.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/dispatch.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "bridge/credentials.h"
#include "bridge/federation.h"
#include "bridge/standing.h"
#include "conf/flows.h"

/* A word of the console's addresses, and nothing that could make another address of it. */
static bool
is_service(const char *text)
{
    return text == NULL ||
           (*text != '\0' && text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0');
}

/*
 * How long the console session may last: no longer than the role, what was asked for, and the ticket (I-59). The
 * credentials are cached and may have less; the session is a fresh one.
 */
static int
session_duration(
    const struct conf_role *role, const struct ticket *t, int64_t asked_s, int64_t *ret, char *why)
{
    int64_t duration_s = role->duration_s, left_s = t->ends_s - (int64_t)time(NULL);

    if (left_s < FEDERATION_LEAST_S) {
        (void)snprintf(why, BRIDGE_WHY_MAX,
            "your sign-in ends in less than 15 min, and no console session is that "
            "short; " CREDENTIALS_RENEW);
        return FED_E_NO_TICKET;
    }
    if (asked_s != 0 && asked_s < duration_s)
        duration_s = asked_s;
    if (left_s < duration_s)
        duration_s = left_s;
    *ret = !flows_is_chained(role) ? duration_s : 0; /* chained: AWS refuses to be told */
    return 0;
}

static const char *
console_region(const struct bridge *b, const struct conf_role *role)
{
    return role->region != NULL ? role->region : b->conf->aws.region;
}

static int
make_url(struct bridge *b, const struct job *job, const struct ticket *t,
    const struct conf_role *role, const struct sts_credential *c, struct fed_secret *ret_url,
    char *why)
{
    struct federation_request request = {.credential = c,
        .partition = role->partition,
        .region = console_region(b, role),
        .service = wire_text(&job->msg, WIRE_CONSOLE_SERVICE),
        .issuer = b->conf->saml.entity_id};
    int r = session_duration(
        role, t, (int64_t)wire_number(&job->msg, WIRE_DURATION, 0), &request.duration_s, why);
    if (r == 0)
        r = federation_url(b->federation, &request, ret_url, why);
    if (r == 0 && !tickets_hold(b->tickets, t))
        r = FED_E_NO_TICKET; /* signed out, or revoked, while AWS was thinking */
    struct audit_event e = {.event = "console",
        .outcome = r,
        .reason = r != 0 ? why : NULL,
        .user = t->user,
        .sid = t->proof.sid,
        .rhost = t->proof.rhost,
        .ticket = t->id,
        .role = role->name,
        .role_arn = role->arn,
        .access_key_id = fed_secret_str(&c->access_key),
        .asked_by = job->peer.uid,
        .request = job->msg.request};
    int audited = audit_write(b->audit, &e);

    if (r == 0 && audited != 0)
        (void)snprintf(
            why, BRIDGE_WHY_MAX, "the audit trail cannot be written: nothing is given out");
    return r != 0 ? r : audited;
}

static int
get_credential(struct bridge *b, struct job *job, struct ticket **t,
    const struct conf_role **ret_role, struct sts_credential *ret, char *why)
{
    int r = standing_of(b, job->peer.uid, t, why);

    if (r == 0)
        r = credentials_role(b, *t, wire_text(&job->msg, WIRE_ROLE_NAME), ret_role, why);
    /* At the role's own length: the session's is said apart, and the cached credential serves. */
    return r != 0 ? r : credentials_get(b, job, t, ret_role, 0, ret, why);
}

int
handle_console(struct bridge *b, struct job *job, struct answer *answer)
{
    struct fed_secret url = FED_SECRET_INIT(FEDERATION_URL_MAX);
    uint64_t wanted = wire_number(&job->msg, WIRE_DURATION, 0);
    struct sts_credential credential = {0};
    char why[BRIDGE_WHY_MAX] = "";
    struct ticket *t = NULL;
    const struct conf_role *role = NULL;

    if (!is_service(wire_text(&job->msg, WIRE_CONSOLE_SERVICE)) ||
        (wanted != 0 && (wanted < FEDERATION_LEAST_S || wanted > FEDERATION_MOST_S)))
        return FED_E_INVALID;
    int r = get_credential(b, job, &t, &role, &credential, why);
    if (r == CREDENTIALS_WAIT) {
        ticket_unref(t); /* the job may be in another worker's hands already */
        return HANDLER_WAITS;
    }
    if (r == 0)
        r = make_url(b, job, t, role, &credential, &url, why);
    if (r == 0) {
        answer_begin(job, answer);
        wire_put_text(&job->reply, WIRE_ROLE_NAME, role->name);
        wire_put_text(&job->reply, WIRE_ACCOUNT, role->account);
        wire_put_text(&job->reply, WIRE_CONSOLE_URL, fed_secret_str(&url));
    } else {
        (void)snprintf(answer->message, sizeof(answer->message), "%s", why);
    }
    fed_secret_done(&url);
    sts_credential_done(&credential);
    ticket_unref(t);
    return r;
}
