/*
 * What requests of the PAM module have in common.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/pam_request.h"

#include "base/log.h"

struct audit_event
pam_request_event(const struct job *job, const char *name)
{
    return (struct audit_event){.event = name,
        .user = wire_text(&job->msg, WIRE_USER),
        .service = wire_text(&job->msg, WIRE_SERVICE),
        .rhost = wire_text(&job->msg, WIRE_RHOST),
        .tty = wire_text(&job->msg, WIRE_TTY),
        .asked_by = job->peer.uid,
        .request = job->msg.request};
}

int
pam_request_secret(const struct job *job, enum wire_tag tag, struct fed_secret *ret)
{
    size_t len;
    const unsigned char *data = wire_bytes(&job->msg, tag, &len);

    fed_secret_init(ret, TEXT_PASSWORD_MAX);
    return fed_secret_add(ret, data, len);
}

void
pam_request_log(const struct audit_event *e)
{
    if (e->outcome == 0)
        fed_log_info("%s granted: user \"%s\" from \"%s\" by %s", e->event, e->user,
            e->rhost != NULL ? e->rhost : "", e->service);
    else
        fed_log_info("%s denied: user \"%s\" from \"%s\" by %s: %s%s%s", e->event, e->user,
            e->rhost != NULL ? e->rhost : "", e->service, fed_error_name(e->outcome),
            e->reason != NULL && e->reason[0] != '\0' ? ": " : "",
            e->reason != NULL ? e->reason : "");
}

int
pam_request_grant(struct audit *audit, struct audit_event *e)
{
    int r = audit_write(audit, e);

    if (e->outcome == 0 && r != 0) {
        e->outcome = r;
        e->reason = "its line of the audit trail could not be written";
    }
    pam_request_log(e);
    return e->outcome;
}
