/*
 * Base64 by OpenSSL, which is generous with blanks and odd bits when it reads: so what was read is written again and compared.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "mfa/base64.h"

#include <string.h>

#include <openssl/evp.h>

enum { TEXT_MAX = (BASE64_MAX + 2) / 3 * 4 };

int
base64_show(const void *data, size_t len, struct fed_secret *ret)
{
    unsigned char text[TEXT_MAX + 1]; /* EVP_EncodeBlock ends with a NUL */

    if (len > BASE64_MAX)
        return FED_E_TOO_BIG;
    int n = EVP_EncodeBlock(text, data, (int)len);
    int r = fed_secret_add(ret, text, (size_t)n);
    explicit_bzero(text, sizeof(text));
    return r;
}

int
base64_read(const void *text, size_t len, struct fed_secret *ret)
{
    unsigned char data[TEXT_MAX / 4 * 3];
    struct fed_secret again = FED_SECRET_INIT(TEXT_MAX);
    const unsigned char *p = text;
    int r = FED_E_INVALID;

    if (len == 0 || len > TEXT_MAX || len % 4 != 0)
        return FED_E_INVALID;
    int n = EVP_DecodeBlock(data, p, (int)len);
    if (n < 0)
        goto out;
    size_t data_len = (size_t)n - (p[len - 1] == '=') - (p[len - 2] == '=');
    if ((r = base64_show(data, data_len, &again)) != 0)
        goto out;
    r = again.len == len && memcmp(again.data, p, len) == 0 ? fed_secret_set(ret, data, data_len)
                                                            : FED_E_INVALID;

out:
    explicit_bzero(data, sizeof(data));
    fed_secret_done(&again);
    return r;
}
