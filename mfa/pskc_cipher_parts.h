/*
 * What the two files of mfa/pskc_cipher.h share: the reader's findings.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef MFA_PSKC_CIPHER_PARTS_H
#define MFA_PSKC_CIPHER_PARTS_H

#include <openssl/evp.h>

#include "mfa/pskc_cipher.h"

enum { PSKC_VALUE_MAX = 512 };

/* Bytes that were base64, and the key size of the algorithm named beside them; 0 = none was. */
struct pskc_value {
    unsigned char bytes[PSKC_VALUE_MAX];
    size_t len, key_size;
};

struct pskc_package {
    unsigned line;
    bool locked;
    size_t from, to; /* of its Secret, when that is encrypted: bytes of the document */
    struct pskc_value secret, mac;
};

struct pskc_cipher {
    struct pskc_package *packages;
    size_t n, room;
    bool locked, derived;
    size_t key_from, key_to, mac_from, mac_to; /* EncryptionKey and MACMethod, likewise */
    struct pskc_value salt, mac_key;
    unsigned long iterations, key_length;
    const EVP_MD *mac_method, *prf;
    struct fed_secret key, mac;
};

#endif
