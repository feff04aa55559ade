/*
 * A private key in a PKCS#11 token, as an EVP_PKEY that OpenSSL signs with: the key itself stays where it is. By libp11.
 * Foreign code runs from here on, so only the process of bridge/signer_module.h calls this.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_HSM_KEY_H
#define BRIDGE_HSM_KEY_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/err.h"
#include "base/secret.h"
#include "conf/key_uri.h"

struct hsm_key_options {
    const struct key_uri *uri;
    const char *module;           /* the library: absolute, checked, no link */
    const struct fed_secret *pin; /* empty: none is configured */
    bool pin_proven;              /* it has been right in this signer's life */
    bool may_be_ec;               /* P-256 besides RSA */
    X509 *certificate;            /* whose key it must be; NULL = any */
};

/*
 * Load the library, find the one token and the one key, log in.
 *
 * The PIN is presented at most once, and only where a wrong one would not be the last: a token locks itself after a few,
 * for good. Unless it is known to be right it is not presented either when the token says that somebody's last try
 * was wrong, so that a service which is started again and again does not use them up. Nobody is ever asked for one: a key
 * that wants it for each signature (CKA_ALWAYS_AUTHENTICATE) does not sign.
 *
 *   ret   lives as long as the process
 *   why   on failure what, with the remedy; text of the token in it is not cleaned
 * Returns 0; FED_E_CONFIG: the library cannot be loaded; FED_E_DENIED: the PIN was refused, never try it again;
 * FED_E_KEEPER: something else about the token, which may change. May block for as long as the library likes.
 */
FED_MUST_USE int hsm_key_open(
    const struct hsm_key_options *o, EVP_PKEY **ret, char *why, size_t why_size);

/* What the token last complained of, in this thread, for words after a failed signature. */
const char *hsm_key_complaint(void);

#endif
