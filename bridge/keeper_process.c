/*
 * The keeper itself: from fork to the loop that answers. Nothing but packets of the bridge reaches it.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/keeper_process.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "bridge/keeper_box.h"
#include "bridge/keeper_channel.h"
#include "bridge/keeper_keys.h"
#include "bridge/keeper_wire.h"

/* Holds a 4096-bit key several times over; a power of two, as OpenSSL wants it. */
enum { SECURE_HEAP = 128 * 1024, SECURE_HEAP_PIECE = 32 };

/*
 * Ask ourselves each question once before the filter is up: OpenSSL loads providers and seeds its
 * generator at first use, and malloc gets its first memory.
 */
static int
warm_up(const struct keeper_keys *keys)
{
    struct fed_secret request = FED_SECRET_INIT(KEEPER_REQUEST_MAX);
    struct fed_secret reply = FED_SECRET_INIT(KEEPER_REPLY_MAX);
    struct keeper_request seal = {.question = KEEPER_SEAL, .sid = "S-1-0-0", .fresh_len = 20};
    struct keeper_request sign = {
        .question = KEEPER_SIGN, .data = (const unsigned char *)"warm", .data_len = 4};
    struct keeper_request verify = {
        .question = KEEPER_VERIFY,
        .sid = "S-1-0-0",
        .params = {.digits = 6, .period_s = 30, .window = 1},
        .now_s = 1000000000,
        .code = (const unsigned char *)"000000",
        .code_len = 6,
    };
    struct keeper_reply answer;
    unsigned char blob[SEAL_BLOB_MAX];
    int r;

    if ((r = keeper_wire_put_request(&seal, &request)) != 0 ||
        (r = keeper_keys_answer(keys, request.data, request.len, &reply)) != 0 ||
        (r = keeper_wire_get_reply(reply.data, reply.len, &answer)) != 0 ||
        (r = answer.status) != 0)
        goto out;
    memcpy(blob, answer.text, answer.text_len);
    verify.data = blob;
    verify.data_len = answer.text_len;
    if ((r = keeper_wire_put_request(&verify, &request)) != 0 ||
        (r = keeper_keys_answer(keys, request.data, request.len, &reply)) != 0 ||
        (r = keeper_wire_put_request(&sign, &request)) != 0 ||
        (r = keeper_keys_answer(keys, request.data, request.len, &reply)) != 0 ||
        (r = keeper_wire_get_reply(reply.data, reply.len, &answer)) != 0)
        goto out;
    if ((r = keys->signing != NULL ? answer.status : 0) != 0 || keys->token == NULL)
        goto out;
    sign.question = KEEPER_TOKEN;
    if ((r = keeper_wire_put_request(&sign, &request)) != 0 ||
        (r = keeper_keys_answer(keys, request.data, request.len, &reply)) != 0 ||
        (r = keeper_wire_get_reply(reply.data, reply.len, &answer)) != 0)
        goto out;
    r = answer.status;

out:
    fed_secret_done(&request);
    fed_secret_done(&reply);
    return r;
}

static int
set_up(struct keeper_keys *keys, const struct conf *conf, uid_t uid, gid_t gid, char *why,
    size_t why_size)
{
    const struct keeper_box_ids ids = {.uid = uid, .gid = gid};
    int r;

    /* OPENSSL_CONF could name a file that loads anything: the environment has no say (I-56). */
    if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1 || totp_init() != 0) {
        (void)snprintf(why, why_size, "the keeper cannot start its libraries");
        return FED_E_SYSTEM;
    }
    /* Private numbers go to a locked heap that core dumps leave out; without it, mlockall is left. */
    (void)CRYPTO_secure_malloc_init(SECURE_HEAP, SECURE_HEAP_PIECE);
    if ((r = keeper_keys_load(conf, keys, why, why_size)) != 0 ||
        (r = keeper_box_drop(&ids, why, why_size)) != 0)
        return r;
    if ((r = warm_up(keys)) != 0) {
        (void)snprintf(why, why_size, "the keeper cannot use its keys: %s", fed_strerror(r));
        return r;
    }
    return keeper_box_shut(why, why_size);
}

/* Until the other end closes. The buffers live as long as the process; each is wiped every time. */
static int
answer_all(
    int fd, const struct keeper_keys *keys, struct fed_secret *request, struct fed_secret *reply)
{
    for (;;) {
        size_t len = 0;
        int r = channel_receive(fd, KEEPER_REQUEST_MAX, request, &len);
        if (r != 0 || len == 0)
            return r;
        r = keeper_keys_answer(keys, request->data, len, reply);
        fed_secret_clear(request); /* whoever has the answer may know that the question is gone */
        if (r != 0 || (r = channel_send(fd, reply)) != 0)
            return r;
        fed_secret_clear(reply);
    }
}

_Noreturn void
keeper_process(int fd, const struct conf *conf, uid_t uid, gid_t gid)
{
    struct keeper_keys keys = {.signing = NULL};
    struct fed_secret request, reply;
    char why[512] = "";

    fed_secret_init_locked(&request, KEEPER_REQUEST_MAX);
    fed_secret_init_locked(&reply, KEEPER_REPLY_MAX);
    /* Full size at once: mlock(2) and madvise(2) for them come before the filter. */
    int r = fed_secret_resize(&request, KEEPER_REQUEST_MAX);
    if (r == 0)
        r = fed_secret_resize(&reply, KEEPER_REPLY_MAX);
    if (r == 0)
        r = keeper_box_close(fd, "awsfed-keeper", why, sizeof(why));
    if (r == 0)
        fd = KEEPER_BOX_FD;
    if (r == 0)
        r = set_up(&keys, conf, uid, gid, why, sizeof(why));

    int said = channel_say(fd, KEEPER_READY, r, why);
    if (r == 0)
        r = said;
    if (r == 0)
        r = answer_all(fd, &keys, &request, &reply);
    keeper_keys_done(&keys);
    fed_secret_done(&request);
    fed_secret_done(&reply);
    _exit(r == 0 ? 0 : 1);
}
