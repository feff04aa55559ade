/*
 * Fuzz: a PSKC file's encryption, with the keys of RFC 6030's figures. What is left for libpskc is never more than what came.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdint.h>
#include <stdlib.h>

#include "mfa/import_owners.h"
#include "mfa/pskc_cipher.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
open_all(struct pskc_cipher *secrets)
{
    struct fed_secret given = FED_SECRET_INIT(64), seed = FED_SECRET_INIT(PSKC_CIPHER_SECRET_MAX);

    if (fed_secret_add_str(&given, pskc_cipher_wants_passphrase(secrets)
                                       ? "qwerty"
                                       : "12345678901234567890123456789012") != 0)
        abort();
    if (pskc_cipher_unlock(secrets, &given) == 0) {
        for (size_t i = 0; i < pskc_cipher_count(secrets); i++)
            (void)!pskc_cipher_open(secrets, i, &seed);
    }
    fed_secret_done(&given);
    fed_secret_done(&seed);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fed_secret rest = FED_SECRET_INIT(1 << 20);
    struct import_list list;
    struct import_owners owners;
    struct pskc_cipher *secrets = NULL;
    const char *why = NULL;
    unsigned line;

    import_init(&list);
    if (import_owners_read(&owners, &list, "f", data, size) != 0)
        abort();
    import_owners_done(&owners);
    import_done(&list);
    int r = pskc_cipher_read(data, size, &secrets, &line, &why);
    if (r == FED_E_INVALID && why == NULL)
        abort();
    if (r != 0)
        return 0;
    r = pskc_cipher_rest(secrets, data, size, &rest);
    if (r == 0 && rest.len > size)
        abort();
    open_all(secrets);
    pskc_cipher_free(secrets);
    fed_secret_done(&rest);
    return 0;
}
