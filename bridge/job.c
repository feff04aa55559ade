/*
 * What all makers of jobs share.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/job.h"

#include "base/client.h"
#include "base/clock.h"

void
job_done(struct job *job)
{
    fed_secret_done(&job->bytes);
    wire_out_done(&job->reply);
    job->msg = (struct wire_msg){0};
}

int
job_ask_credentials(struct job *job, uid_t uid, const char *role, int64_t duration_s)
{
    struct wire_out out;

    wire_out_init(&out, ASK_CREDENTIALS, client_request_number());
    wire_put_text(&out, WIRE_ROLE_NAME, role);
    if (duration_s > 0)
        wire_put_number(&out, WIRE_DURATION, (uint64_t)duration_s);
    int r = wire_finish(&out);
    if (r == 0) {
        fed_secret_init(&job->bytes, WIRE_REQUEST_MAX);
        fed_secret_move(&job->bytes, &out.bytes);
        r = wire_parse(job->bytes.data, job->bytes.len, &job->msg);
    }
    wire_out_done(&out);
    if (r != 0) {
        job_done(job);
        return r;
    }
    job->peer = (struct peer){.uid = uid, .gid = (gid_t)-1};
    job->received_ms = clock_mono_ms();
    return 0;
}
