/*
 * The signer itself: what it holds, and how it gets answers out of a process that it does not trust.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/signer_process.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "base/clock.h"
#include "bridge/keeper_channel.h"
#include "bridge/signer_box.h"
#include "bridge/signer_files.h"
#include "bridge/signer_module.h"

enum { REAP_MS = 500 };

struct signer {
    const struct signer_options *o;
    struct signer_files files;
    pid_t pid; /* of the process with the library; -1 = none */
    int fd;
    bool pin_proven;  /* the token has taken it */
    bool pin_refused; /* it has not: never again */
    int64_t not_before_ms;
    char why[KEEPER_WORDS_MAX + 1]; /* of the last failure */
};

static int64_t
deadline(const struct signer *s)
{
    return clock_mono_ms() + (s->o->answer_ms > 0 ? s->o->answer_ms : SIGNER_ANSWER_MS);
}

static void
begin_pause(struct signer *s)
{
    s->not_before_ms = clock_mono_ms() + (s->o->pause_ms > 0 ? s->o->pause_ms : SIGNER_PAUSE_MS);
}

/* ---- The process with the library ---- */

/* Its end, and what to say of it. SIGKILL ends a stopped process too; one stuck in the kernel is reaped some other time. */
static void
end_module(struct signer *s)
{
    int status = 0;

    if (s->pid < 0)
        return;
    (void)close(s->fd);
    (void)kill(s->pid, SIGKILL);
    struct pollfd end = {.fd = pidfd_open(s->pid, 0), .events = POLLIN};
    if (end.fd >= 0) {
        (void)poll(&end, 1, REAP_MS);
        (void)close(end.fd);
    }
    while (waitpid(-1, &status, WNOHANG) > 0)
        ;
    s->pid = -1;
    s->fd = -1;
}

/* One reply in time. It comes from a process that runs foreign code: its form is checked like a stranger's. */
static int
receive(struct signer *s, enum keeper_question wanted, int64_t deadline_ms,
    struct fed_secret *packet, struct keeper_reply *ret)
{
    struct pollfd ready = {.fd = s->fd, .events = POLLIN};
    size_t len = 0;
    int n;

    do
        n = poll(&ready, 1, clock_left_ms(deadline_ms));
    while (n < 0 && errno == EINTR);
    if (n == 0) {
        (void)snprintf(s->why, sizeof(s->why), "\"%s\" has not answered in time", s->files.module);
        return FED_E_TIMEOUT;
    }
    int r = channel_receive(s->fd, KEEPER_REPLY_MAX, packet, &len);
    if (r == 0 && len > 0 && keeper_wire_get_reply(packet->data, len, ret) == 0 &&
        ret->question == wanted)
        return 0;
    (void)snprintf(s->why, sizeof(s->why),
        len > 0 ? "\"%s\" made its process answer nonsense" : "the process of \"%s\" has died",
        s->files.module);
    return FED_E_KEEPER;
}

static void
keep_words(struct signer *s, const struct keeper_reply *reply)
{
    if (reply->text_len > 0)
        (void)snprintf(
            s->why, sizeof(s->why), "%.*s", (int)reply->text_len, (const char *)reply->text);
    else
        (void)snprintf(s->why, sizeof(s->why), "%s", fed_strerror(reply->status));
}

static int
fork_module(struct signer *s)
{
    int fds[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0)
        return FED_E_SYSTEM;
    pid_t pid = fork();
    if (pid == 0) {
        const struct hsm_key_options o = {
            .uri = &s->files.uri,
            .module = s->files.module,
            .pin = &s->files.pin,
            .pin_proven = s->pin_proven,
            .may_be_ec = s->o->may_be_ec,
            .certificate = s->files.certificate,
        };
        signer_module(fds[1], &o, &s->files.pin);
    }
    (void)close(fds[1]);
    if (pid < 0) {
        (void)close(fds[0]);
        return FED_E_SYSTEM;
    }
    s->pid = pid;
    s->fd = fds[0];
    return 0;
}

/* 0, or what READY or its absence says, with words in s->why; FED_E_BUSY: too soon after a failure, nothing new to say. */
static int
start_module(struct signer *s, int64_t deadline_ms)
{
    struct fed_secret packet = FED_SECRET_INIT(KEEPER_REPLY_MAX);
    struct keeper_reply ready;

    if (clock_mono_ms() < s->not_before_ms)
        return FED_E_BUSY;
    int r = s->pin_refused ? FED_E_DENIED : fork_module(s);
    if (r == FED_E_SYSTEM)
        (void)snprintf(s->why, sizeof(s->why), "cannot start a process: %s", strerror(errno));
    else if (r == 0 && (r = receive(s, KEEPER_READY, deadline_ms, &packet, &ready)) == 0 &&
             (r = ready.status) != 0)
        keep_words(s, &ready);
    if (r == 0) {
        s->pin_proven = true;
    } else {
        s->pin_refused = r == FED_E_DENIED;
        end_module(s);
        begin_pause(s);
    }
    fed_secret_done(&packet);
    return r;
}

/* ---- The bridge's questions ---- */

static int
ask_module(struct signer *s, const struct keeper_request *q, const struct fed_secret *request,
    int64_t deadline_ms, struct fed_secret *reply)
{
    struct keeper_reply a;

    int r = channel_send(s->fd, request);
    if (r != 0)
        (void)snprintf(s->why, sizeof(s->why), "the process of \"%s\" has died", s->files.module);
    else if ((r = receive(s, q->question, deadline_ms, reply, &a)) == 0 && (r = a.status) != 0)
        keep_words(s, &a);
    return r == 0 ? fed_secret_resize(reply, KEEPER_REPLY_HEAD + a.text_len) : r;
}

/*
 * From the process there is; where it fails, once more from a new one: the session may have been lost with a daemon's
 * restart or a token that was out for a moment. A new one that fails as well, and one that hangs, is the answer.
 */
static int
get_answer(struct signer *s, const struct keeper_request *q, const struct fed_secret *request,
    struct fed_secret *reply)
{
    int64_t deadline_ms = deadline(s);

    for (;;) {
        bool fresh = s->pid < 0;
        int r = fresh ? start_module(s, deadline_ms) : 0;
        if (r != 0)
            return r;
        if ((r = ask_module(s, q, request, deadline_ms, reply)) == 0)
            return 0;
        end_module(s);
        if (fresh || r == FED_E_TIMEOUT) {
            begin_pause(s);
            return r;
        }
    }
}

static int
answer(struct signer *s, int fd, const struct fed_secret *request, struct fed_secret *reply)
{
    struct keeper_request q = {.question = KEEPER_SIGN};

    int r = keeper_wire_get_request(request->data, request->len, &q);
    if (r != 0 ||
        (q.question != KEEPER_SIGN && q.question != KEEPER_TOKEN && q.question != KEEPER_PUBLIC))
        return channel_say(fd, q.question, FED_E_PROTO, "");
    if ((r = get_answer(s, &q, request, reply)) == 0)
        return channel_send(fd, reply);
    /* Words are for the log: once for all who asked meanwhile. */
    return channel_say(fd, q.question, FED_E_KEEPER, r == FED_E_BUSY ? "" : s->why);
}

static int
answer_all(struct signer *s, int fd)
{
    struct fed_secret request = FED_SECRET_INIT(KEEPER_REQUEST_MAX);
    struct fed_secret reply = FED_SECRET_INIT(KEEPER_REPLY_MAX);
    size_t len = 0;
    int r;

    while ((r = channel_receive(fd, KEEPER_REQUEST_MAX, &request, &len)) == 0 && len > 0)
        if ((len < request.len && (r = fed_secret_resize(&request, len)) != 0) ||
            (r = answer(s, fd, &request, &reply)) != 0)
            break;
    fed_secret_done(&request);
    fed_secret_done(&reply);
    return r;
}

/* ---- Start ---- */

/* FED_E_CONFIG is final; anything else about the token is words, and the signer goes on. */
static int
set_up(struct signer *s, char *why, size_t why_size)
{
    const struct signer_options *o = s->o;
    int r;

    /* SOFTHSM2_CONF, PKCS11_…, OPENSSL_CONF: the environment has no say in what the library does (I-56). */
    if (clearenv() != 0 || chdir("/") != 0 ||
        OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1) {
        (void)snprintf(why, why_size, "the signer cannot start its libraries");
        return FED_E_SYSTEM;
    }
    if ((r = signer_files_read(o->uri, o->certificate, &s->files, why, why_size)) != 0 ||
        (r = keeper_box_drop(&o->ids, why, why_size)) != 0 ||
        (r = signer_box_shut(true, why, why_size)) != 0)
        return r;
    r = start_module(s, deadline(s));
    if (r != 0)
        (void)snprintf(why, why_size, "%s", s->why);
    return r == FED_E_CONFIG ? r : 0;
}

_Noreturn void
signer_process(int fd, const struct signer_options *o)
{
    struct signer s = {.o = o, .pid = -1, .fd = -1};
    char why[KEEPER_WORDS_MAX + 1] = "";

    int r = keeper_box_close(fd, "awsfed-signer", why, sizeof(why));
    if (r == 0) {
        fd = KEEPER_BOX_FD;
        r = set_up(&s, why, sizeof(why));
    }
    int said = channel_say(fd, KEEPER_READY, r, why);
    if (r == 0 && (r = said) == 0)
        r = answer_all(&s, fd);
    end_module(&s);
    signer_files_done(&s.files);
    _exit(r == 0 ? 0 : 1);
}
