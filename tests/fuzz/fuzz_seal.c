/*
 * Fuzz: a sealed blob and a seal key's file, as somebody may have left them. A blob opens only if it
 * was sealed; then it is sealed again and opens again.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdint.h>
#include <stdlib.h>

#include "mfa/seal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char key_text[] =
        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    struct fed_secret key = FED_SECRET_INIT(SEAL_KEY_SIZE), parsed = FED_SECRET_INIT(SEAL_KEY_SIZE);
    struct fed_secret seed = FED_SECRET_INIT(128), again = FED_SECRET_INIT(128);
    struct fed_secret blob = FED_SECRET_INIT(SEAL_BLOB_MAX);

    if (seal_key_parse(key_text, sizeof(key_text) - 1, &key) != 0)
        abort();
    if (seal_key_parse(data, size, &parsed) == 0 &&
        (parsed.len == 0 || parsed.len % SEAL_KEY_SIZE != 0))
        abort();
    int r = seal_open(&key, "S-1-5-21-1-2-3-1104", data, size, &seed);
    if (r != 0 && seed.len != 0)
        abort();
    if (r == 0 && (seal_close(&key, "S-1-5-21-1-2-3-1104", &seed, &blob) != 0 ||
                      seal_open(&key, "S-1-5-21-1-2-3-1104", blob.data, blob.len, &again) != 0 ||
                      !fed_secret_equal(seed.data, seed.len, again.data, again.len)))
        abort();
    fed_secret_done(&key);
    fed_secret_done(&parsed);
    fed_secret_done(&seed);
    fed_secret_done(&again);
    fed_secret_done(&blob);
    return 0;
}
