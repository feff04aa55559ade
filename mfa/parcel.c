/*
 * Lines and pieces of a parcel. Each has one form alone: what is read, written again, is the same bytes.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "mfa/parcel.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <openssl/rand.h>

#include "base/bytes.h"
#include "base/text.h"
#include "mfa/base64.h"
#include "mfa/store_directory_value.h"

#define MAGIC "awsfed-parcel 1 "

enum { MAGIC_LEN = sizeof(MAGIC) - 1, ID_LEN = PARCEL_ID_SIZE - 1 };

static const struct {
    enum parcel_kind kind;
    const char *name;
} kinds[] = {{PARCEL_PERSON, "person"}, {PARCEL_END, "end"}};

enum { N_KINDS = sizeof(kinds) / sizeof(kinds[0]) };

/* ---- The first line ---- */

int
parcel_head_make(int64_t now_s, struct parcel_head *ret)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char raw[ID_LEN / 2];

    if (RAND_bytes(raw, sizeof(raw)) != 1)
        return FED_E_CRYPTO;
    *ret = (struct parcel_head){.when_s = now_s};
    for (size_t i = 0; i < sizeof(raw); i++) {
        ret->id[2 * i] = digits[raw[i] >> 4];
        ret->id[2 * i + 1] = digits[raw[i] & 15];
    }
    return 0;
}

void
parcel_head_show(const struct parcel_head *head, char ret[PARCEL_HEAD_MAX])
{
    (void)snprintf(ret, PARCEL_HEAD_MAX, MAGIC "%s %" PRId64, head->id, head->when_s);
}

/* Digits to the end, without a zero in front. */
static bool
read_time(const char *p, size_t len, int64_t *ret)
{
    int64_t value = 0;

    if (len == 0 || len > 17 || p[0] == '0')
        return false;
    for (size_t i = 0; i < len; i++) {
        if (p[i] < '0' || p[i] > '9')
            return false;
        value = 10 * value + (p[i] - '0');
    }
    *ret = value;
    return true;
}

int
parcel_head_read(const void *line, size_t len, struct parcel_head *ret)
{
    const char *p = line, *id = p + MAGIC_LEN;
    struct parcel_head head = {.when_s = 0};

    if (len <= MAGIC_LEN + ID_LEN + 1 || memcmp(p, MAGIC, MAGIC_LEN) != 0 || id[ID_LEN] != ' ' ||
        !read_time(id + ID_LEN + 1, len - MAGIC_LEN - ID_LEN - 1, &head.when_s))
        return FED_E_INVALID;
    memcpy(head.id, id, ID_LEN);
    if (strspn(head.id, "0123456789abcdef") != ID_LEN)
        return FED_E_INVALID;
    *ret = head;
    return 0;
}

/* ---- The other lines ---- */

static const char *
name_of(int kind)
{
    for (size_t i = 0; i < N_KINDS; i++) {
        if ((int)kinds[i].kind == kind)
            return kinds[i].name;
    }
    return NULL;
}

void
parcel_place(const struct parcel_head *head, uint64_t number, enum parcel_kind kind,
    char ret[PARCEL_PLACE_MAX])
{
    const char *name = name_of((int)kind);

    (void)snprintf(ret, PARCEL_PLACE_MAX, "parcel %s %" PRId64 " %" PRIu64 " %s", head->id,
        head->when_s, number, name != NULL ? name : "nothing");
}

int
parcel_line_show(const void *piece, size_t len, struct fed_secret *ret)
{
    const unsigned char *p = piece;
    const char *name = len > 1 ? name_of(p[0]) : NULL;
    int r;

    if (name == NULL)
        return FED_E_INVALID;
    if (len > PARCEL_PIECE_MAX)
        return FED_E_TOO_BIG;
    if ((r = fed_secret_addf(ret, "%s ", name)) != 0 ||
        (r = base64_show(p + 1, len - 1, ret)) != 0 || (r = fed_secret_add_byte(ret, '\n')) != 0)
        return r;
    return 0;
}

int
parcel_line_read(const void *line, size_t len, struct fed_secret *ret_piece)
{
    struct fed_secret blob = FED_SECRET_INIT(PARCEL_PIECE_MAX - 1);
    int r = FED_E_INVALID;

    for (size_t i = 0; i < N_KINDS && r == FED_E_INVALID; i++) {
        size_t name_len = strlen(kinds[i].name);
        if (len <= name_len + 1 || len > PARCEL_LINE_MAX ||
            memcmp(line, kinds[i].name, name_len) != 0 || ((const char *)line)[name_len] != ' ')
            continue;
        r = base64_read((const char *)line + name_len + 1, len - name_len - 1, &blob);
        if (r == 0)
            fed_secret_clear(ret_piece);
        if (r == 0 && (r = fed_secret_add_byte(ret_piece, (unsigned char)kinds[i].kind)) == 0)
            r = fed_secret_add(ret_piece, blob.data, blob.len);
        break;
    }
    fed_secret_done(&blob);
    return r == FED_E_TOO_BIG ? FED_E_INVALID : r;
}

/* ---- What is sealed ---- */

int
parcel_person_pack(const struct store_row *row, struct fed_secret *ret)
{
    struct fed_secret rest = FED_SECRET_INIT(SEAL_RECORD_MAX);
    size_t len = strlen(row->sid);

    int r = store_directory_pack(row, 0, &rest);
    fed_secret_clear(ret);
    if (r == 0 && (r = fed_secret_add_byte(ret, (unsigned char)len)) == 0 &&
        (r = fed_secret_add(ret, row->sid, len)) == 0)
        r = fed_secret_add(ret, rest.data, rest.len);
    fed_secret_done(&rest);
    return r;
}

int
parcel_person_unpack(const void *data, size_t len, struct store_row *ret)
{
    const unsigned char *p = data;
    char sid[STORE_SID_MAX] = "";
    struct store_row row;

    if (len < 1 || p[0] == 0 || p[0] >= sizeof(sid) || p[0] > len - 1)
        return FED_E_INVALID;
    memcpy(sid, p + 1, p[0]);
    if (strlen(sid) != p[0] || !text_is_utf8(sid, p[0]) ||
        store_directory_unpack(p + 1 + p[0], len - 1 - p[0], sid, &row) != 0 || row.version != 0 ||
        row.name[0] == '\0' || !text_is_utf8(row.name, strlen(row.name)) || row.record_len == 0)
        return FED_E_INVALID;
    *ret = row;
    return 0;
}

int
parcel_end_pack(uint64_t people, struct fed_secret *ret)
{
    unsigned char bytes[8];

    (void)bytes_put(bytes, people, sizeof(bytes));
    return fed_secret_set(ret, bytes, sizeof(bytes));
}

int
parcel_end_unpack(const void *data, size_t len, uint64_t *ret_people)
{
    if (len != 8)
        return FED_E_INVALID;
    *ret_people = bytes_get(data, 8);
    return 0;
}
