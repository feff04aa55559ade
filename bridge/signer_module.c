/*
 * A key of a token, and the loop that answers with it.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/signer_module.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <openssl/err.h>

#include "bridge/keeper_box.h"
#include "bridge/keeper_channel.h"
#include "bridge/signer_box.h"
#include "bridge/signing_key.h"

/* What the library prints goes nowhere: standard error is the log's. */
static int
shut_in(int fd, char *why, size_t why_size)
{
    (void)prctl(PR_SET_NAME, "awsfed-token");
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || dup2(STDOUT_FILENO, STDERR_FILENO) < 0 ||
        dup3(fd, KEEPER_BOX_FD, O_CLOEXEC) < 0 || close_range(KEEPER_BOX_FD + 1, ~0U, 0) != 0) {
        (void)snprintf(why, why_size, "the token's process cannot be prepared");
        return FED_E_SYSTEM;
    }
    return signer_box_shut(false, why, why_size);
}

static int
sign(EVP_PKEY *key, const struct keeper_request *q, struct fed_secret *ret)
{
    switch (q->question) {
    case KEEPER_SIGN:
        return signing_key_sign(key, q->data, q->data_len, ret);
    case KEEPER_TOKEN:
        return signing_key_token(key, q->data, q->data_len, ret);
    case KEEPER_PUBLIC:
        return signing_key_public(key, ret);
    default:
        return FED_E_PROTO;
    }
}

static int
answer(int fd, EVP_PKEY *key, const struct keeper_request *q)
{
    struct fed_secret packet = FED_SECRET_INIT(KEEPER_REPLY_MAX);
    struct fed_secret text = FED_SECRET_INIT(KEEPER_TEXT_MAX);
    char why[KEEPER_WORDS_MAX + 1];

    ERR_clear_error();
    int r = sign(key, q, &text);
    if (r != 0) {
        (void)snprintf(why, sizeof(why), "the token does not sign: %s", hsm_key_complaint());
        r = channel_say(fd, q->question, FED_E_KEEPER, why);
        goto out;
    }
    struct keeper_reply a = {.question = q->question, .text = text.data, .text_len = text.len};
    if ((r = keeper_wire_put_reply(&a, &packet)) == 0)
        r = channel_send(fd, &packet);

out:
    fed_secret_done(&text);
    fed_secret_done(&packet);
    return r;
}

static int
answer_all(int fd, EVP_PKEY *key)
{
    struct fed_secret packet = FED_SECRET_INIT(KEEPER_REQUEST_MAX);
    struct keeper_request q;
    size_t len = 0;
    int r;

    while ((r = channel_receive(fd, KEEPER_REQUEST_MAX, &packet, &len)) == 0 && len > 0)
        if ((r = keeper_wire_get_request(packet.data, len, &q)) != 0 ||
            (r = answer(fd, key, &q)) != 0)
            break;
    fed_secret_done(&packet);
    return r;
}

_Noreturn void
signer_module(int fd, const struct hsm_key_options *o, struct fed_secret *pin)
{
    char why[KEEPER_WORDS_MAX + 1] = "";
    EVP_PKEY *key = NULL;

    int r = shut_in(fd, why, sizeof(why));
    if (r == 0)
        fd = KEEPER_BOX_FD;
    if (r == 0)
        r = hsm_key_open(o, &key, why, sizeof(why));
    fed_secret_done(pin);
    int said = channel_say(fd, KEEPER_READY, r, why);
    if (r == 0 && said == 0)
        r = answer_all(fd, key);
    /* No exit handlers and no destructors: those of the library are foreign code as well. */
    _exit(r == 0 && said == 0 ? 0 : 1);
}
