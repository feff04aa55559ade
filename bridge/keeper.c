/*
 * The bridge's side of the keeper: fork it, ask it, notice when it is gone.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/keeper.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "bridge/keeper_channel.h"
#include "bridge/keeper_process.h"
#include "bridge/keeper_wire.h"

enum { START_TIMEOUT_S = 30, ANSWER_TIMEOUT_S = 10 };

struct keeper {
    const char *name; /* for errors and the log */
    pid_t pid;
    int fd;
    pthread_mutex_t lock; /* of the conversation on fd, and of broken */
    bool broken;          /* a question went unanswered: the next answer could be anybody's */
};

static bool
set_timeout(int fd, time_t seconds)
{
    struct timeval t = {.tv_sec = seconds};

    return setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t)) == 0 &&
           setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof(t)) == 0;
}

/* One packet from the keeper; the reply's pointers are into packet. 0 or FED_E_KEEPER. */
static int
receive(int fd, struct fed_secret *packet, struct keeper_reply *ret)
{
    size_t len = 0;

    int r = channel_receive(fd, KEEPER_REPLY_MAX, packet, &len);
    if (r == 0 && keeper_wire_get_reply(packet->data, len, ret) != 0)
        r = FED_E_KEEPER;
    return r;
}

/* What a token has to say about itself is for the administrator; the person who asked is told to try later. */
static void
log_words(const struct keeper *keeper, const struct keeper_reply *reply)
{
    if (reply->status != 0 && reply->text_len > 0)
        fed_log_error("%s: %.*s", keeper->name, (int)reply->text_len, (const char *)reply->text);
}

/* Ask one question. On success ret is a view on packet, and its status is 0. */
static int
ask(struct keeper *keeper, const struct keeper_request *request, struct fed_secret *packet,
    struct keeper_reply *ret)
{
    struct fed_secret question = FED_SECRET_INIT(KEEPER_REQUEST_MAX);

    int r = keeper_wire_put_request(request, &question);
    if (r != 0)
        goto out;
    (void)pthread_mutex_lock(&keeper->lock);
    if (keeper->broken) {
        r = FED_E_KEEPER;
    } else if ((r = channel_send(keeper->fd, &question)) != 0 ||
               (r = receive(keeper->fd, packet, ret)) != 0 || ret->question != request->question) {
        r = FED_E_KEEPER;
        keeper->broken = true;
        (void)shutdown(keeper->fd, SHUT_RDWR); /* wakes whoever watches keeper_fd */
    }
    (void)pthread_mutex_unlock(&keeper->lock);
    if (r == 0) {
        log_words(keeper, ret);
        r = ret->status;
    }

out:
    fed_secret_done(&question);
    return r;
}

/* ---- Start and stop ---- */

static int
wait_until_ready(const struct keeper *keeper, char *why, size_t why_size)
{
    struct fed_secret packet = FED_SECRET_INIT(KEEPER_REPLY_MAX);
    struct keeper_reply ready;

    int r = receive(keeper->fd, &packet, &ready);
    if (r != 0 || ready.question != KEEPER_READY) {
        (void)snprintf(why, why_size, "%s died at its start", keeper->name);
        r = FED_E_SYSTEM;
    } else {
        (void)snprintf(why, why_size, "%.*s", (int)ready.text_len, (const char *)ready.text);
        text_clean_in_place(why, false); /* a token's own words may be in it */
        r = ready.status;
    }
    fed_secret_done(&packet);
    return r;
}

int
keeper_launch(const struct keeper_program *program, struct keeper **ret, char *why, size_t why_size)
{
    int fds[2];

    struct keeper *keeper = calloc(1, sizeof(*keeper));
    if (keeper == NULL)
        return FED_E_NOMEM;
    keeper->name = program->name;
    keeper->pid = -1;
    keeper->fd = -1;
    (void)pthread_mutex_init(&keeper->lock, NULL);

    int r = FED_E_SYSTEM;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0) {
        (void)snprintf(
            why, why_size, "cannot make the socket of %s: %s", program->name, strerror(errno));
        goto out;
    }
    keeper->fd = fds[0];
    keeper->pid = fork();
    if (keeper->pid == 0)
        program->run(fds[1], program->arg);
    (void)close(fds[1]);
    if (keeper->pid < 0 || !set_timeout(keeper->fd, START_TIMEOUT_S)) {
        (void)snprintf(why, why_size, "cannot start %s: %s", program->name, strerror(errno));
        goto out;
    }
    if ((r = wait_until_ready(keeper, why, why_size)) != 0)
        goto out;
    (void)set_timeout(keeper->fd, ANSWER_TIMEOUT_S);
    *ret = keeper;
    keeper = NULL;

out:
    keeper_stop(keeper);
    return r;
}

struct start {
    const struct conf *conf;
    uid_t uid;
    gid_t gid;
};

static void
run_keeper(int fd, const void *arg)
{
    const struct start *start = arg;

    keeper_process(fd, start->conf, start->uid, start->gid);
}

int
keeper_start(
    const struct conf *conf, uid_t uid, gid_t gid, struct keeper **ret, char *why, size_t why_size)
{
    const struct start start = {conf, uid, gid};
    const struct keeper_program program = {"the keeper", run_keeper, &start};

    return keeper_launch(&program, ret, why, why_size);
}

void
keeper_stop(struct keeper *keeper)
{
    if (keeper == NULL)
        return;
    if (keeper->fd >= 0)
        (void)close(keeper->fd);
    /* It ends by itself now; SIGKILL for one that hangs, unless somebody has reaped it already. It has
     * nothing to save. A signer of another user cannot be killed: it will have seen the end, and is not waited for. */
    if (keeper->pid > 0 && waitpid(keeper->pid, NULL, WNOHANG) == 0 &&
        kill(keeper->pid, SIGKILL) == 0) {
        while (waitpid(keeper->pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    (void)pthread_mutex_destroy(&keeper->lock);
    free(keeper);
}

int
keeper_pid(const struct keeper *keeper)
{
    return keeper->pid;
}

int
keeper_fd(const struct keeper *keeper)
{
    return keeper->fd;
}

bool
keeper_is_gone(const struct keeper *keeper)
{
    struct pollfd end = {.fd = keeper->fd};

    return poll(&end, 1, 0) > 0;
}

/* ---- The questions ---- */

static int
set_sid(struct keeper_request *request, const char *sid)
{
    size_t len = strlen(sid);

    if (len >= sizeof(request->sid))
        return FED_E_INVALID;
    memcpy(request->sid, sid, len + 1);
    return 0;
}

int
keeper_seal(struct keeper *keeper, const char *sid, const struct fed_secret *seed, size_t seed_len,
    struct fed_secret *ret_blob, struct fed_secret *ret_seed)
{
    struct fed_secret packet = FED_SECRET_INIT(KEEPER_REPLY_MAX);
    struct fed_secret blob = FED_SECRET_INIT(ret_blob->limit);
    struct keeper_reply reply;
    bool given = seed != NULL && seed->len != 0;
    struct keeper_request request = {
        .question = KEEPER_SEAL,
        .data = given ? seed->data : NULL,
        .data_len = given ? seed->len : 0,
        .fresh_len = given ? 0 : seed_len,
    };
    int r;

    if ((r = set_sid(&request, sid)) != 0 || (r = ask(keeper, &request, &packet, &reply)) != 0 ||
        (r = fed_secret_set(&blob, reply.text, reply.text_len)) != 0 ||
        (r = fed_secret_set(ret_seed, reply.seed, reply.seed_len)) != 0)
        goto out;
    fed_secret_move(ret_blob, &blob);

out:
    fed_secret_done(&blob);
    fed_secret_done(&packet);
    return r;
}

int
keeper_verify(struct keeper *keeper, const char *sid, const void *blob, size_t blob_len,
    const struct totp_params *params, const void *code, size_t code_len, int64_t now_s,
    uint64_t *ret_step)
{
    struct fed_secret packet = FED_SECRET_INIT(KEEPER_REPLY_MAX);
    struct keeper_reply reply;
    struct keeper_request request = {
        .question = KEEPER_VERIFY,
        .params = *params,
        .now_s = now_s,
        .code = code,
        .code_len = code_len,
        .data = blob,
        .data_len = blob_len,
    };

    /* Longer than any code: no reason to bother the keeper with what cannot be right. */
    if (code_len > KEEPER_CODE_MAX)
        return FED_E_DENIED;
    int r = set_sid(&request, sid);
    if (r == 0)
        r = ask(keeper, &request, &packet, &reply);
    if (r == 0)
        *ret_step = reply.step;
    fed_secret_done(&packet);
    return r;
}

int
keeper_reseal(struct keeper *keeper, const char *sid, const void *blob, size_t blob_len,
    struct fed_secret *ret_blob)
{
    struct fed_secret packet = FED_SECRET_INIT(KEEPER_REPLY_MAX);
    struct keeper_reply reply;
    struct keeper_request request = {.question = KEEPER_RESEAL, .data = blob, .data_len = blob_len};

    int r = set_sid(&request, sid);
    if (r == 0)
        r = ask(keeper, &request, &packet, &reply);
    if (r == 0)
        r = fed_secret_set(ret_blob, reply.text, reply.text_len);
    fed_secret_done(&packet);
    return r;
}

static int
ask_for_text(struct keeper *keeper, enum keeper_question question, const void *data, size_t len,
    struct fed_secret *ret)
{
    struct fed_secret packet = FED_SECRET_INIT(KEEPER_REPLY_MAX);
    struct keeper_reply reply;
    struct keeper_request request = {.question = question, .data = data, .data_len = len};

    int r = ask(keeper, &request, &packet, &reply);
    if (r == 0)
        r = fed_secret_add(ret, reply.text, reply.text_len);
    fed_secret_done(&packet);
    return r;
}

int
keeper_sign(struct keeper *keeper, const void *data, size_t len, struct fed_secret *ret)
{
    return ask_for_text(keeper, KEEPER_SIGN, data, len, ret);
}

int
keeper_token(struct keeper *keeper, const void *data, size_t len, struct fed_secret *ret)
{
    return ask_for_text(keeper, KEEPER_TOKEN, data, len, ret);
}

int
keeper_public(struct keeper *keeper, struct fed_secret *ret)
{
    return ask_for_text(keeper, KEEPER_PUBLIC, NULL, 0, ret);
}

static int
ask_about(struct keeper *keeper, enum keeper_question question, const char *sid, const void *data,
    size_t len, struct fed_secret *ret)
{
    struct fed_secret packet = FED_SECRET_INIT(KEEPER_REPLY_MAX);
    struct keeper_reply reply;
    struct keeper_request request = {.question = question, .data = data, .data_len = len};

    int r = set_sid(&request, sid);
    if (r == 0)
        r = ask(keeper, &request, &packet, &reply);
    if (r == 0)
        r = fed_secret_set(ret, reply.text, reply.text_len);
    fed_secret_done(&packet);
    return r;
}

int
keeper_wrap(
    struct keeper *keeper, const char *sid, const void *record, size_t len, struct fed_secret *ret)
{
    return ask_about(keeper, KEEPER_WRAP, sid, record, len, ret);
}

int
keeper_unwrap(
    struct keeper *keeper, const char *sid, const void *blob, size_t len, struct fed_secret *ret)
{
    return ask_about(keeper, KEEPER_UNWRAP, sid, blob, len, ret);
}

int
keeper_pack(
    struct keeper *keeper, const char *place, const void *piece, size_t len, struct fed_secret *ret)
{
    return ask_about(keeper, KEEPER_PACK, place, piece, len, ret);
}

int
keeper_unpack(
    struct keeper *keeper, const char *place, const void *blob, size_t len, struct fed_secret *ret)
{
    return ask_about(keeper, KEEPER_UNPACK, place, blob, len, ret);
}
