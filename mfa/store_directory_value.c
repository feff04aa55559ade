/*
 * Rows and blobs of the directory store, to bytes and back.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "mfa/store_directory_value.h"

#include <string.h>

#include <openssl/evp.h>

#include "base/bytes.h"
#include "mfa/store_directory.h"

#define PREFIX "awsfed:"

enum { PREFIX_LEN = sizeof(PREFIX) - 1, HEAD = 8 + 8 + 2 };

_Static_assert(HEAD + STORE_NAME_MAX + RECORD_MAX <= SEAL_RECORD_MAX, "the longest row fits");

int
store_directory_pack(const struct store_row *row, uint64_t version, struct fed_secret *ret)
{
    unsigned char head[HEAD];
    size_t name_len = strlen(row->name);
    int r;

    (void)bytes_put(head, version, 8);
    (void)bytes_put(head + 8, (uint64_t)row->enrolled_s, 8);
    (void)bytes_put(head + 16, name_len, 2);
    fed_secret_clear(ret);
    if ((r = fed_secret_add(ret, head, sizeof(head))) != 0 ||
        (r = fed_secret_add(ret, row->name, name_len)) != 0 ||
        (r = fed_secret_add(ret, row->record, row->record_len)) != 0)
        return r;
    return 0;
}

int
store_directory_unpack(const void *data, size_t len, const char *sid, struct store_row *ret)
{
    const unsigned char *p = data;
    struct store_row row = {.version = 0};
    size_t sid_len = strlen(sid);

    if (len < HEAD || sid_len >= sizeof(row.sid) || bytes_get(p + 8, 8) > INT64_MAX)
        return FED_E_STORE;
    size_t name_len = bytes_get(p + 16, 2), left = len - HEAD;
    if (name_len >= sizeof(row.name) || name_len > left || left - name_len > sizeof(row.record) ||
        memchr(p + HEAD, '\0', name_len) != NULL)
        return FED_E_STORE;
    memcpy(row.sid, sid, sid_len + 1);
    memcpy(row.name, p + HEAD, name_len);
    row.version = bytes_get(p, 8);
    row.enrolled_s = (int64_t)bytes_get(p + 8, 8);
    row.record_len = left - name_len;
    memcpy(row.record, p + HEAD + name_len, row.record_len);
    *ret = row;
    return 0;
}

int
store_directory_to_text(const void *blob, size_t len, struct fed_secret *ret_text)
{
    unsigned char text[STORE_DIRECTORY_VALUE_MAX + 1]; /* EVP_EncodeBlock ends with a NUL */

    if (len > SEAL_OVERHEAD + SEAL_RECORD_MAX)
        return FED_E_TOO_BIG;
    memcpy(text, PREFIX, PREFIX_LEN);
    int n = EVP_EncodeBlock(text + PREFIX_LEN, blob, (int)len);
    return fed_secret_set(ret_text, text, PREFIX_LEN + (size_t)n);
}

int
store_directory_from_text(const void *text, size_t len, struct fed_secret *ret_blob)
{
    unsigned char blob[SEAL_OVERHEAD + SEAL_RECORD_MAX + 3];
    struct fed_secret again = FED_SECRET_INIT(STORE_DIRECTORY_VALUE_MAX);
    const unsigned char *p = text;

    if (len <= PREFIX_LEN || len > STORE_DIRECTORY_VALUE_MAX ||
        memcmp(p, PREFIX, PREFIX_LEN) != 0 || (len - PREFIX_LEN) % 4 != 0)
        return FED_E_STORE;
    int n = EVP_DecodeBlock(blob, p + PREFIX_LEN, (int)(len - PREFIX_LEN));
    if (n < 0)
        return FED_E_STORE;
    size_t blob_len = (size_t)n - (p[len - 1] == '=') - (p[len - 2] == '=');
    /* EVP_DecodeBlock is generous with blanks and odd bits: what is ours is written in one way only. */
    int r = store_directory_to_text(blob, blob_len, &again);
    if (r == FED_E_TOO_BIG || (r == 0 && (again.len != len || memcmp(again.data, p, len) != 0)))
        r = FED_E_STORE;
    if (r == 0)
        r = fed_secret_set(ret_blob, blob, blob_len);
    fed_secret_done(&again);
    return r;
}
