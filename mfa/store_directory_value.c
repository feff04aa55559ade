/*
 * Rows and blobs of the directory store, to bytes and back.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "mfa/store_directory_value.h"

#include <string.h>

#include "base/bytes.h"
#include "mfa/base64.h"
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
    if (len > SEAL_OVERHEAD + SEAL_RECORD_MAX)
        return FED_E_TOO_BIG;
    int r = fed_secret_set(ret_text, PREFIX, PREFIX_LEN);
    return r != 0 ? r : base64_show(blob, len, ret_text);
}

int
store_directory_from_text(const void *text, size_t len, struct fed_secret *ret_blob)
{
    const char *p = text;

    if (len <= PREFIX_LEN || len > STORE_DIRECTORY_VALUE_MAX || memcmp(p, PREFIX, PREFIX_LEN) != 0)
        return FED_E_STORE;
    int r = base64_read(p + PREFIX_LEN, len - PREFIX_LEN, ret_blob);
    return r == 0 || r == FED_E_NOMEM ? r : FED_E_STORE;
}
