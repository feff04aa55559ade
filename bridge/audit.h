/*
 * The audit trail: one JSON object a line for each decision, written before its answer is given. An answer
 * that grants something is not given when its line cannot be written.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_AUDIT_H
#define BRIDGE_AUDIT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

struct audit;

/* NULL and zero members are left out of the line; time and host are added to it. Text is borrowed; bad bytes are cleaned (I-58). */
struct audit_event {
    const char *event;  /* required: "login", "account", "session-open", "credential", … */
    int outcome;        /* required: 0 or an error */
    const char *reason; /* detail for the administrator; never a secret */
    const char *user;   /* as typed */
    const char *name;   /* as the directory knows them: user@domain, where it differs */
    const char *sid;
    const char *service, *rhost, *tty;
    const char *ticket, *session;
    const char *role, *role_arn;
    const char *way_to; /* role is the way to this one: its credential stays with the bridge */
    const char *session_name, *source_identity, *assertion_id, *sts_request_id, *access_key_id;
    const char *factors;
    int64_t expires_s;
    int packed_policy_percent;
    bool grace;     /* given while the directory could not be asked */
    uid_t asked_by; /* the peer's uid, always written */
    uint64_t request;
};

/*
 * Open the trail: "journal" or "file:/absolute/path" (created with mode 0640, appended to, not a link).
 * Called as root before privileges are dropped; the file becomes uid's. why gets a line on failure.
 */
FED_MUST_USE int audit_open(
    const char *where, uid_t uid, gid_t gid, struct audit **ret, char *why, size_t why_size);
void audit_close(struct audit *audit);

/*
 * Go on in the file that is at the path now: log rotation has moved the old one away. The same refusals as audit_open();
 * after a failure lines go to the old file as before, and why gets a line. Any thread, at any time; without effect on the
 * journal.
 */
FED_MUST_USE int audit_reopen(struct audit *audit, char *why, size_t why_size);

/* Write a line. 0, or FED_E_SYSTEM when it was not written whole. Any thread. */
FED_MUST_USE int audit_write(struct audit *audit, const struct audit_event *event);

#endif
