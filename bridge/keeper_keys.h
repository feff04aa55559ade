/*
 * The keeper's keys, and its answers: all that it can do with them. Used inside the keeper, by
 * --check, and by tests and the fuzzer, which need no process for it.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_KEEPER_KEYS_H
#define BRIDGE_KEEPER_KEYS_H

#include <openssl/evp.h>

#include "base/err.h"
#include "base/secret.h"
#include "conf/conf.h"

struct keeper_keys {
    struct fed_secret seal;
    EVP_PKEY *signing; /* NULL: no [saml] key is in a file, and SIGN is refused */
    EVP_PKEY *token;   /* NULL: no [oidc] key is, and TOKEN and PUBLIC are */
};

/*
 * Read and check the key files of a configuration: owner, mode and form; of [saml] an RSA key of 2048 to 4096 bits
 * that belongs to the certificate, of [oidc] such a one or one on P-256. Keys in a token are left out.
 *   ret_keys  on success; free with keeper_keys_done
 *   why       a line on failure that names the file, or both that do not fit together
 * 0, FED_E_CONFIG, FED_E_NOMEM. Blocks on files only.
 */
FED_MUST_USE int keeper_keys_load(
    const struct conf *conf, struct keeper_keys *ret_keys, char *why, size_t why_size);
void keeper_keys_done(struct keeper_keys *keys);

/*
 * Answer one packet with one packet (bridge/keeper_wire.h). Any bytes are safe; what is wrong with them
 * becomes the reply's status.
 *   ret_reply  initialised, with a limit of KEEPER_REPLY_MAX at least; replaced
 * 0 or FED_E_NOMEM.
 */
FED_MUST_USE int keeper_keys_answer(
    const struct keeper_keys *keys, const void *packet, size_t len, struct fed_secret *ret_reply);

#endif
