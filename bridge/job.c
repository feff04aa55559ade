/*
 * What all makers of jobs share.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/job.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/client.h"
#include "base/clock.h"

void
job_done(struct job *job)
{
    fed_secret_done(&job->bytes);
    wire_out_done(&job->reply);
    job->msg = (struct wire_msg){0};
}

static int
parse_request(const void *packet, size_t len, struct job *job)
{
    int r;

    fed_secret_init(&job->bytes, WIRE_REQUEST_MAX);
    if ((r = fed_secret_add(&job->bytes, packet, len)) != 0 ||
        (r = wire_parse(job->bytes.data, job->bytes.len, &job->msg)) != 0)
        return r;
    return job->msg.type & WIRE_REPLY_BIT ? FED_E_PROTO : 0;
}

int
job_receive(int fd, struct job **ret)
{
    unsigned char packet[WIRE_REQUEST_MAX + 1];
    int r;

    ssize_t n = recv(fd, packet, sizeof(packet), MSG_DONTWAIT | MSG_TRUNC);
    if (n <= 0)
        return n < 0 && (errno == EAGAIN || errno == EINTR) ? FED_E_BUSY : FED_E_BRIDGE;
    struct job *job = calloc(1, sizeof(*job));
    if (job == NULL)
        r = FED_E_NOMEM;
    else if ((size_t)n > WIRE_REQUEST_MAX)
        r = FED_E_TOO_BIG;
    else
        r = parse_request(packet, (size_t)n, job);
    explicit_bzero(packet, sizeof(packet));
    if (r == 0) {
        *ret = job;
        return 0;
    }
    if (job != NULL)
        job_done(job);
    free(job);
    return r;
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
