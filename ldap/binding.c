/*
 * Channel bindings.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ldap/binding.h"

#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509.h>
#include <string.h>

/* The hash that a certificate's signature was made with, NULL = none of its own. */
static const EVP_MD *
hash_of(X509 *certificate)
{
    int hash = NID_undef;

    if (X509_get_signature_info(certificate, &hash, NULL, NULL, NULL) != 1 || hash == NID_undef)
        return NULL;
    if (hash == NID_md5 || hash == NID_sha1 || hash == NID_md5_sha1)
        return EVP_sha256();
    return EVP_get_digestbynid(hash);
}

int
binding_of_certificate(const void *der, size_t len, unsigned char ret[BINDING_MAX], size_t *ret_len)
{
    static const char prefix[] = "tls-server-end-point:";
    const unsigned char *p = der;
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned n = 0;

    if (len == 0 || len > 1024 * 1024)
        return FED_E_TLS;
    X509 *certificate = d2i_X509(NULL, &p, (long)len);
    if (certificate == NULL)
        return FED_E_TLS;
    const EVP_MD *hash = hash_of(certificate);
    if (hash == NULL) {
        X509_free(certificate);
        *ret_len = 0;
        return 0;
    }
    int done = EVP_Digest(der, len, digest, &n, hash, NULL);
    X509_free(certificate);
    if (done != 1 || n > BINDING_MAX - (sizeof(prefix) - 1))
        return FED_E_NOMEM;
    memcpy(ret, prefix, sizeof(prefix) - 1);
    memcpy(ret + sizeof(prefix) - 1, digest, n);
    *ret_len = sizeof(prefix) - 1 + n;
    return 0;
}
