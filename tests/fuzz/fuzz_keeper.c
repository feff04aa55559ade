/*
 * Fuzz: what the keeper makes of a packet, with real keys, and what the bridge makes of a reply. Every
 * request has a well-formed reply; a packet that is read is written again byte for byte.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdint.h>
#include <stdlib.h>

#include <openssl/rsa.h>

#include "bridge/keeper_keys.h"
#include "bridge/keeper_wire.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct keeper_keys keys;

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    /* The seal key is fixed: the corpus has blobs of it. */
    keys.seal = FED_SECRET_INIT(SEAL_KEY_SIZE);
    for (unsigned char i = 0; i < SEAL_KEY_SIZE; i++)
        if (fed_secret_add_byte(&keys.seal, i) != 0)
            abort();
    keys.signing = EVP_RSA_gen(1024);
    if (totp_init() != 0 || keys.signing == NULL)
        abort();
    return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fed_secret packet = FED_SECRET_INIT(KEEPER_REQUEST_MAX);
    struct fed_secret reply = FED_SECRET_INIT(KEEPER_REPLY_MAX);
    struct keeper_request request;
    struct keeper_reply answer;

    if (keeper_wire_get_request(data, size, &request) == 0 &&
        (keeper_wire_put_request(&request, &packet) != 0 ||
            !fed_secret_equal(packet.data, packet.len, data, size)))
        abort();
    if (keeper_wire_get_reply(data, size, &answer) == 0 && answer.status != FED_E_PROTO &&
        (keeper_wire_put_reply(&answer, &packet) != 0 ||
            !fed_secret_equal(packet.data, packet.len, data, size)))
        abort();
    if (keeper_keys_answer(&keys, data, size, &reply) != 0 ||
        keeper_wire_get_reply(reply.data, reply.len, &answer) != 0)
        abort();
    fed_secret_done(&packet);
    fed_secret_done(&reply);
    return 0;
}
