/*
 * The signing certificate of the SAML provider: read from a PEM file into what SAML needs, and made,
 * together with its key, for awsfed-admin saml init.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_CERT_H
#define BRIDGE_CERT_H

#include <stddef.h>
#include <openssl/evp.h>
#include <stdint.h>

#include "base/err.h"
#include "base/secret.h"

enum {
    CERT_FILE_MAX = 64 * 1024,
    CERT_B64_MAX = 32 * 1024,
    CERT_WHY_MAX = 512,
    CERT_KEY_BITS = 3072, /* what cert_create makes; IAM takes 2048 and more */
    CERT_KEY_BITS_LEAST = 2048,
    CERT_SIGNATURE_MAX = 512,
    CERT_DAYS = 3652, /* ten years: IAM does not look at the date, a change of keys is the remedy */
};

struct cert {
    struct fed_secret der_b64; /* for X509Certificate: base64 without line breaks; public */
    int64_t not_before_s;      /* Unix seconds */
    int64_t not_after_s;
};

/*
 * Read the one certificate of a PEM file; owner and mode as conf/keyfile.h says for a public file.
 *   ret   on success; the caller frees it with cert_done
 *   why   CERT_WHY_MAX bytes; on failure "\"PATH\": what: remedy"
 * Refused: no certificate or more than one, a key that is not RSA of CERT_KEY_BITS_LEAST or more.
 * Returns 0, FED_E_CONFIG, FED_E_NOMEM. Blocks on the file only; any thread.
 */
FED_MUST_USE int cert_read(const char *path, struct cert *ret, char *why);
void cert_done(struct cert *cert);

/* Whole days until the certificate ends, 0 on its last day, negative afterwards. */
int64_t cert_days_left(const struct cert *cert, int64_t now_s);

/*
 * Make an RSA key and a self-signed certificate, and write them as PEM: the key with mode 0600, the
 * certificate 0644, owned by the caller. Neither file is ever overwritten, nor a link followed; on failure no new
 * file is left behind. Synced to disk before it returns, folders included.
 *   name    common name of the certificate, 1 to 64 bytes of UTF-8; nobody checks it
 *   now_s   Unix time; valid from a day before it for CERT_DAYS
 *   why     CERT_WHY_MAX bytes; on failure "\"PATH\": what: remedy"
 * Returns 0, FED_E_EXISTS, FED_E_INVALID (name), FED_E_SYSTEM (files), FED_E_CRYPTO. Takes up to a second; any thread.
 */
FED_MUST_USE int cert_create(
    const char *key_path, const char *certificate_path, const char *name, int64_t now_s, char *why);

/*
 * The same certificate for an RSA key that is somewhere else: in a token. The file as above; it verifies, or is not written.
 *   public_der   SubjectPublicKeyInfo, as keeper_public gives it
 *   sign         PKCS #1 v1.5 with SHA-256 over len bytes, appended to ret (limit CERT_SIGNATURE_MAX), as keeper_sign; its
 *                error is the result's
 */
typedef int cert_sign(void *arg, const void *data, size_t len, struct fed_secret *ret);
struct cert_key {
    const unsigned char *public_der;
    size_t public_len;
    cert_sign *sign;
    void *arg;
};
FED_MUST_USE int cert_create_for(const struct cert_key *key, const char *certificate_path,
    const char *name, int64_t now_s, char *why);

/*
 * Make a key alone, of the same kind as another (P-256, or RSA of CERT_KEY_BITS), mode 0600; whole and on disk, or not there. why as
 * above. 0, FED_E_EXISTS, FED_E_SYSTEM, FED_E_CRYPTO.
 */
FED_MUST_USE int cert_create_key(const char *path, const EVP_PKEY *like, char *why);

#endif
