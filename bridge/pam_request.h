/*
 * What all requests of the PAM module have: an audit line, a line of the log, secrets in fields.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_PAM_REQUEST_H
#define BRIDGE_PAM_REQUEST_H

#include "bridge/audit.h"
#include "bridge/dispatch.h"

/* The part of an audit line that every PAM request has; texts are borrowed from the job. */
struct audit_event pam_request_event(const struct job *job, const char *name);

/* One line that tells an administrator how it went; the audit trail has the same and more. */
void pam_request_log(const struct audit_event *e);

/*
 * Both lines of a decision that may grant something: what cannot be written to the trail is not granted, and the log says so.
 * How it is after that: the event's outcome, or FED_E_SYSTEM in the place of 0.
 */
FED_MUST_USE int pam_request_grant(struct audit *audit, struct audit_event *e);

/* A secret field of the request, copied out; empty when absent. ret is initialised in any case. 0, FED_E_TOO_BIG, FED_E_NOMEM. */
FED_MUST_USE int pam_request_secret(
    const struct job *job, enum wire_tag tag, struct fed_secret *ret);

#endif
