/*
 * Lines of the session endpoint.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/endpoint_audit.h"

#include <stdio.h>

#include "base/clock.h"

/* The uid's own place, or the one written longest ago: never one that a stranger shares while both are refused. */
static struct endpoint_refused *
place_of(struct endpoint_audit *a, uid_t uid)
{
    struct endpoint_refused *oldest = &a->refused[0];

    for (size_t i = 0; i < ENDPOINT_AUDIT_UIDS; i++) {
        struct endpoint_refused *place = &a->refused[i];

        if (place->written_ms != 0 && place->uid == uid)
            return place;
        if (place->written_ms < oldest->written_ms)
            oldest = place;
    }
    return oldest;
}

void
endpoint_audit_refusal(
    struct endpoint_audit *a, struct audit *audit, uid_t caller_uid, const char *why)
{
    struct endpoint_refused *place = place_of(a, caller_uid);
    int64_t now_ms = clock_mono_ms();
    char reason[160];

    if (place->written_ms != 0 && now_ms - place->written_ms < ENDPOINT_AUDIT_REST_S * 1000) {
        place->unwritten++;
        return;
    }
    if (place->unwritten > 0)
        (void)snprintf(
            reason, sizeof(reason), "%s; %u more since the last line", why, place->unwritten);
    else
        (void)snprintf(reason, sizeof(reason), "%s", why);
    struct audit_event e = {
        .event = "endpoint", .outcome = FED_E_PERMISSION, .reason = reason, .asked_by = caller_uid};
    int audited = audit_write(audit, &e);
    (void)audited; /* nothing is given */
    *place = (struct endpoint_refused){.uid = caller_uid, .written_ms = now_ms};
}

int
endpoint_audit_hand_out(struct audit *audit, struct tickets *tickets, uid_t caller_uid, uid_t uid,
    const unsigned char token_hash[TOKEN_HASH_SIZE], const struct wire_msg *reply)
{
    const char *role = wire_text(reply, WIRE_ROLE_NAME);
    struct ticket *t = NULL;
    struct audit_event e = {.event = "endpoint",
        .role = role,
        .role_arn = wire_text(reply, WIRE_ROLE_ARN),
        .access_key_id = wire_text(reply, WIRE_ACCESS_KEY),
        .expires_s = (int64_t)wire_number(reply, WIRE_EXPIRES, 0),
        .asked_by = caller_uid,
        .request = reply->request};
    int r = 0;

    if (role == NULL || !tickets_endpoint_handed(tickets, token_hash, role))
        return 0;
    if (tickets_get(tickets, uid, &t) == 0) {
        e.user = t->user;
        e.sid = t->proof.sid;
        e.ticket = t->id;
    }
    if ((r = audit_write(audit, &e)) != 0)
        (void)tickets_endpoint_handed(tickets, token_hash, ""); /* the next one tries again */
    ticket_unref(t);
    return r;
}
