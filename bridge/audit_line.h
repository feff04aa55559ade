/*
 * One line of the audit trail, read back (bridge/audit.h writes it). The trail is a file that others may have torn, cut or
 * written into: what is no line of ours is said to be none, and never guessed at.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_AUDIT_LINE_H
#define BRIDGE_AUDIT_LINE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { AUDIT_LINE_MAX = 64 * 1024 };

/* Texts are the root's, NULL where the line has none; they may have any characters that JSON has but NUL. */
struct audit_line {
    json_t *root;
    int64_t time_s, expires_s; /* Unix seconds; expires_s 0 = none */
    bool granted;
    const char *event; /* never NULL */
    const char *error, *reason;
    const char *user, *name, *sid, *service, *rhost, *tty, *host;
    const char *factors, *ticket, *session, *role, *role_arn, *way_to;
    const char *session_name, *source_identity, *access_key_id;
};

/*
 * Read a line without its newline: one JSON object with time, event and outcome, and every field we know of its type. Fields that
 * we do not know are fine. Any bytes are safe; never blocks; any thread.
 *   ret   on success, freed with audit_line_done
 * Returns 0 or FED_E_PROTO.
 */
FED_MUST_USE int audit_line_parse(const void *data, size_t len, struct audit_line *ret);
void audit_line_done(struct audit_line *line);

#endif
