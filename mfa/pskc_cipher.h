/*
 * The encrypted secrets of a PSKC file (RFC 6030 section 6), which libpskc does not decrypt: those under a pre-shared key, and
 * those under a key derived from a passphrase (PBKDF2). AES-CBC with 128, 192 or 256 bits, each value with an HMAC
 * (SHA-1, SHA-256, SHA-512) that is verified before anything is decrypted; a value without one is refused.
 *
 *     <EncryptionKey> KeyName, or DerivedKey/KeyDerivationMethod/PBKDF2-params: Salt/Specified, IterationCount, KeyLength, PRF
 *     <MACMethod Algorithm="…#hmac-sha1"> MACKey: EncryptionMethod, CipherData/CipherValue
 *     <KeyPackage> … Key/Data/Secret: EncryptedValue: EncryptionMethod, CipherData/CipherValue; ValueMAC
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef MFA_PSKC_CIPHER_H
#define MFA_PSKC_CIPHER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/secret.h"

enum { PSKC_CIPHER_SECRET_MAX = 128 };

struct pskc_cipher;

/*
 * Read what is encrypted in a document, and where its key packages are. Any bytes are safe; a document type is refused.
 *   ret_line, ret_why   on FED_E_INVALID: where, and a static text
 * 0, FED_E_INVALID, FED_E_NOMEM. Free with pskc_cipher_free.
 */
FED_MUST_USE int pskc_cipher_read(const void *data, size_t len, struct pskc_cipher **ret,
    unsigned *ret_line, const char **ret_why);
void pskc_cipher_free(struct pskc_cipher *c);

/* Key packages, in the document's order, and the line in which each begins. */
size_t pskc_cipher_count(const struct pskc_cipher *c);
unsigned pskc_cipher_line(const struct pskc_cipher *c, size_t i);

bool pskc_cipher_is_locked(const struct pskc_cipher *c);        /* something is encrypted */
bool pskc_cipher_wants_passphrase(const struct pskc_cipher *c); /* else a key, in hexadecimal */

/*
 * The document without its encryption, as if there had been no secrets: libpskc refuses it whole otherwise. ret is replaced.
 *   data, len   what was read
 * 0, FED_E_INVALID (keys behind the packages), FED_E_TOO_BIG, FED_E_NOMEM.
 */
FED_MUST_USE int pskc_cipher_rest(
    const struct pskc_cipher *c, const void *data, size_t len, struct fed_secret *ret);

/* With the key or the passphrase. 0, FED_E_INVALID (not such a key), FED_E_CRYPTO (wrong), FED_E_NOMEM. Blocks for the derivation. */
FED_MUST_USE int pskc_cipher_unlock(struct pskc_cipher *c, const struct fed_secret *given);

/*
 * The secret of a key package, in the place of what ret held. FED_E_NOT_FOUND (not an encrypted one), FED_E_CRYPTO (changed, or another
 * key), FED_E_INVALID (not unlocked), FED_E_TOO_BIG.
 */
FED_MUST_USE int pskc_cipher_open(const struct pskc_cipher *c, size_t i, struct fed_secret *ret);

#endif
