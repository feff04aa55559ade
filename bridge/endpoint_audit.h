/*
 * What the session endpoint leaves in the audit trail: the first credential of each role that a session was given, and who was
 * turned away, at most one line in ENDPOINT_AUDIT_REST_S for a uid, so that nobody can fill the trail.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_ENDPOINT_AUDIT_H
#define BRIDGE_ENDPOINT_AUDIT_H

#include "base/wire.h"
#include "bridge/audit.h"
#include "bridge/tickets.h"

enum { ENDPOINT_AUDIT_UIDS = 64, ENDPOINT_AUDIT_REST_S = 10 };

/* Who was refused lately. Zeros to begin with; one thread. */
struct endpoint_audit {
    struct endpoint_refused {
        uid_t uid;
        int64_t written_ms; /* monotonic; 0 = free */
        unsigned unwritten; /* of this uid; of others too, who came when every place was in use */
    } refused[ENDPOINT_AUDIT_UIDS];
};

void endpoint_audit_refusal(
    struct endpoint_audit *a, struct audit *audit, uid_t caller_uid, const char *why);

/*
 * A credential is about to be handed out; reply is that to ASK_CREDENTIALS. 0, or what audit_write gives: then it must
 * not be. Any thread.
 */
FED_MUST_USE int endpoint_audit_hand_out(struct audit *audit, struct tickets *tickets,
    uid_t caller_uid, uid_t uid, const unsigned char token_hash[TOKEN_HASH_SIZE],
    const struct wire_msg *reply);

#endif
