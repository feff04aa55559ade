/*
 * The wire: one table of tags, one of requests, and a reader that trusts neither length nor order.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/wire.h"

#include <string.h>

#include "base/bytes.h"
#include "base/text.h"

enum kind { NUMBER, TEXT, BYTES, GROUP };
enum { FIELD_HEADER_SIZE = 6, REQUEST_TAGS_MAX = 10 };

static const struct tag_row {
    uint16_t tag;
    enum kind kind;
    bool many;
    uint32_t limit;
} tag_rows[] = {
#define WIRE_TAG_ROW(name, tag, kind, many, limit) {tag, kind, many, limit},
    WIRE_TAGS(WIRE_TAG_ROW)
#undef WIRE_TAG_ROW
};

/* What a request must have and may have; zero ends a list. */
static const struct request_row {
    enum wire_type type;
    uint16_t must[REQUEST_TAGS_MAX];
    uint16_t may[REQUEST_TAGS_MAX];
} request_rows[] = {
    {ASK_AUTHENTICATE, {WIRE_USER, WIRE_FACTORS, WIRE_SERVICE},
        {WIRE_PASSWORD, WIRE_CODE, WIRE_RHOST, WIRE_TTY, WIRE_APPENDED, WIRE_NO_DIALOGUE}},
    {ASK_ACCOUNT, {WIRE_USER, WIRE_SERVICE}, {WIRE_RECEIPT, WIRE_RHOST, WIRE_TTY}},
    {ASK_SESSION_OPEN, {WIRE_USER, WIRE_SERVICE}, {WIRE_RECEIPT, WIRE_RHOST, WIRE_TTY}},
    {ASK_SESSION_CLOSE, {WIRE_SESSION}, {0}},
    {ASK_CHANGE_PASSWORD, {WIRE_USER, WIRE_PASSWORD, WIRE_NEW_PASSWORD, WIRE_SERVICE},
        {WIRE_CODE, WIRE_RECEIPT, WIRE_RHOST, WIRE_TTY}},
    {ASK_SIGN_IN, {WIRE_PASSWORD, WIRE_CODE}, {WIRE_TTY}},
    {ASK_STATUS_OF, {0}, {0}},
    {ASK_ROLES, {0}, {0}},
    {ASK_CREDENTIALS, {0}, {WIRE_ROLE_NAME, WIRE_DURATION}},
    {ASK_LOGOUT, {0}, {0}},
    {ASK_ENROL, {WIRE_USER},
        {WIRE_LABEL, WIRE_REPLACE, WIRE_DIGITS, WIRE_PERIOD, WIRE_ALGORITHM, WIRE_ADD, WIRE_SID}},
    {ASK_EXPLAIN, {WIRE_USER}, {WIRE_ROLE_NAME}},
    {ASK_SESSIONS, {0}, {0}},
    {ASK_REVOKE, {WIRE_USER}, {WIRE_ROLE_NAME, WIRE_ROLE_ARN, WIRE_APPLY}},
    {ASK_UNLOCK, {WIRE_USER}, {0}},
    {ASK_UNENROL, {WIRE_USER}, {WIRE_TOKEN}},
    {ASK_ENROLMENTS, {0}, {WIRE_USER}},
    {ASK_USE, {WIRE_ROLE_NAME}, {0}},
    {ASK_CONSOLE, {0}, {WIRE_ROLE_NAME, WIRE_DURATION, WIRE_CONSOLE_SERVICE}},
    {ASK_ENROL_AT_LOGIN, {WIRE_USER, WIRE_SERVICE, WIRE_PENDING},
        {WIRE_CODE, WIRE_CODE2, WIRE_RHOST, WIRE_TTY}},
    {ASK_RECOVERY_CODES, {WIRE_PASSWORD, WIRE_CODE}, {WIRE_TTY}},
    {ASK_RECOVERY_CODES_OF, {WIRE_USER}, {0}},
    {ASK_ENROL_SELF, {WIRE_PASSWORD, WIRE_CODE}, {WIRE_TTY, WIRE_PICTURE_KIND}},
    {ASK_ENROL_CONFIRM, {WIRE_CODE, WIRE_CODE2}, {0}},
    {ASK_ENROL_TICKET, {WIRE_USER}, {WIRE_SID}},
    {ASK_IMPORT, {WIRE_USER, WIRE_SEED, WIRE_PARCEL_NUMBER, WIRE_ARRIVAL},
        {WIRE_CODE_TIME, WIRE_LABEL, WIRE_DIGITS, WIRE_PERIOD, WIRE_ALGORITHM}},
    {ASK_RESEAL, {0}, {WIRE_PLACE}},
    {ASK_PEOPLE, {0}, {WIRE_SID}},
    {ASK_WHOIS, {WIRE_ACCESS_KEY}, {WIRE_TICKET_ID}},
    {ASK_RESYNC, {WIRE_USER, WIRE_CODE, WIRE_CODE2}, {0}},
    {ASK_EXPORT, {0}, {WIRE_PARCEL_HEAD, WIRE_PARCEL_NUMBER, WIRE_PLACE}},
    {ASK_ARRIVAL_BEGIN, {0}, {WIRE_REPLACE, WIRE_DRY_RUN, WIRE_PARCEL_HEAD, WIRE_SKIPPED}},
    {ASK_ARRIVAL_PIECES, {WIRE_PARCEL_NUMBER, WIRE_PIECE, WIRE_ARRIVAL}, {0}},
    {ASK_ARRIVAL_END, {WIRE_ARRIVAL}, {0}},
};

struct field {
    const struct tag_row *row;
    const unsigned char *value;
    size_t len;
};

static const struct tag_row *
find_tag(unsigned tag)
{
    for (size_t i = 0; i < sizeof(tag_rows) / sizeof(tag_rows[0]); i++) {
        if (tag_rows[i].tag == tag)
            return &tag_rows[i];
    }
    return NULL;
}

/* Take the field at *pos. False at the end of the bytes and for a field that does not fit them. */
static bool
next_field(const unsigned char **pos, size_t *left, struct field *f)
{
    if (*left < FIELD_HEADER_SIZE)
        return false;
    size_t len = (size_t)bytes_get(*pos + 2, 4);
    if (len > *left - FIELD_HEADER_SIZE)
        return false;
    f->row = find_tag((unsigned)bytes_get(*pos, 2));
    f->value = *pos + FIELD_HEADER_SIZE;
    f->len = len;
    *pos = f->value + len;
    *left -= FIELD_HEADER_SIZE + len;
    return true;
}

static bool
is_text(const unsigned char *value, size_t len)
{
    return len > 0 && memchr(value, '\0', len) == value + len - 1 && text_is_utf8(value, len - 1);
}

static bool check_fields(const unsigned char *p, size_t len, bool in_group);

static bool
check_value(const struct field *f, bool in_group)
{
    if (f->len > f->row->limit)
        return false;
    switch (f->row->kind) {
    case NUMBER:
        return f->len == 8;
    case TEXT:
        return is_text(f->value, f->len);
    case BYTES:
        return true;
    case GROUP:
        return !in_group && check_fields(f->value, f->len, true);
    }
    return false;
}

static bool
check_fields(const unsigned char *p, size_t len, bool in_group)
{
    struct field f;
    unsigned last = 0;

    while (len > 0) {
        if (!next_field(&p, &len, &f) || f.row == NULL || !check_value(&f, in_group))
            return false;
        if (f.row->tag < last || (f.row->tag == last && !f.row->many))
            return false;
        last = f.row->tag;
    }
    return true;
}

static bool
contains(const uint16_t *tags, unsigned tag)
{
    for (size_t i = 0; i < REQUEST_TAGS_MAX && tags[i] != 0; i++) {
        if (tags[i] == tag)
            return true;
    }
    return false;
}

static bool
fits_request(const struct wire_msg *msg)
{
    const struct request_row *row = NULL;
    const unsigned char *p = msg->fields;
    size_t left = msg->fields_len;
    struct field f;

    for (size_t i = 0; i < sizeof(request_rows) / sizeof(request_rows[0]); i++) {
        if (request_rows[i].type == msg->type)
            row = &request_rows[i];
    }
    if (row == NULL)
        return false;
    for (size_t i = 0; i < REQUEST_TAGS_MAX && row->must[i] != 0; i++) {
        if (!wire_has(msg, row->must[i]))
            return false;
    }
    while (next_field(&p, &left, &f)) {
        if (!contains(row->must, f.row->tag) && !contains(row->may, f.row->tag))
            return false;
    }
    return true;
}

int
wire_parse(const void *data, size_t len, struct wire_msg *ret_msg)
{
    const unsigned char *p = data;
    struct wire_msg msg;

    if (len < WIRE_HEADER_SIZE || len > WIRE_MESSAGE_MAX)
        return FED_E_PROTO;
    if (p[0] != 'A' || p[1] != 'F' || p[2] != WIRE_VERSION)
        return FED_E_PROTO;
    msg.type = p[3];
    msg.request = bytes_get(p + 4, 8);
    msg.fields = p + WIRE_HEADER_SIZE;
    msg.fields_len = len - WIRE_HEADER_SIZE;
    if (bytes_get(p + 12, 4) != msg.fields_len)
        return FED_E_PROTO;
    if (!check_fields(msg.fields, msg.fields_len, false))
        return FED_E_PROTO;
    if (msg.type & WIRE_REPLY_BIT) {
        if (!wire_has(&msg, WIRE_STATUS))
            return FED_E_PROTO;
    } else if (len > WIRE_REQUEST_MAX || !fits_request(&msg)) {
        return FED_E_PROTO;
    }
    *ret_msg = msg;
    return 0;
}

static bool
find_field(const struct wire_msg *msg, unsigned tag, size_t index, struct field *f)
{
    const unsigned char *p = msg->fields;
    size_t left = msg->fields_len;

    while (next_field(&p, &left, f)) {
        if (f->row->tag == tag && index-- == 0)
            return true;
        if (f->row->tag > tag)
            break;
    }
    return false;
}

const char *
wire_text_at(const struct wire_msg *msg, enum wire_tag tag, size_t index)
{
    struct field f;

    return find_field(msg, tag, index, &f) && f.row->kind == TEXT ? (const char *)f.value : NULL;
}

const char *
wire_text(const struct wire_msg *msg, enum wire_tag tag)
{
    return wire_text_at(msg, tag, 0);
}

const unsigned char *
wire_bytes_at(const struct wire_msg *msg, enum wire_tag tag, size_t index, size_t *ret_len)
{
    struct field f;

    if (!find_field(msg, tag, index, &f) || f.row->kind != BYTES) {
        *ret_len = 0;
        return NULL;
    }
    *ret_len = f.len;
    return f.value;
}

const unsigned char *
wire_bytes(const struct wire_msg *msg, enum wire_tag tag, size_t *ret_len)
{
    return wire_bytes_at(msg, tag, 0, ret_len);
}

uint64_t
wire_number(const struct wire_msg *msg, enum wire_tag tag, uint64_t absent)
{
    struct field f;

    return find_field(msg, tag, 0, &f) && f.row->kind == NUMBER ? bytes_get(f.value, 8) : absent;
}

bool
wire_has(const struct wire_msg *msg, enum wire_tag tag)
{
    struct field f;

    return find_field(msg, tag, 0, &f);
}

bool
wire_group_at(const struct wire_msg *msg, enum wire_tag tag, size_t index, struct wire_msg *ret)
{
    struct field f;

    if (!find_field(msg, tag, index, &f) || f.row->kind != GROUP)
        return false;
    *ret = (struct wire_msg){.fields = f.value, .fields_len = f.len};
    return true;
}

int
wire_status(const struct wire_msg *msg)
{
    uint64_t number = wire_number(msg, WIRE_STATUS, UINT64_MAX);

    return number > UINT32_MAX ? FED_E_PROTO : fed_error_from_wire((unsigned)number);
}

void
wire_out_init(struct wire_out *out, unsigned type, uint64_t request)
{
    unsigned char header[WIRE_HEADER_SIZE] = {'A', 'F', WIRE_VERSION, (unsigned char)type};
    bool reply = (type & WIRE_REPLY_BIT) != 0;

    *out = (struct wire_out){.bytes = FED_SECRET_INIT(reply ? WIRE_MESSAGE_MAX : WIRE_REQUEST_MAX)};
    (void)bytes_put(header + 4, request, 8);
    out->error = fed_secret_add(&out->bytes, header, sizeof(header));
}

void
wire_out_done(struct wire_out *out)
{
    if (out != NULL)
        fed_secret_done(&out->bytes);
}

void
wire_reply_init(struct wire_out *out, const struct wire_msg *msg, int status)
{
    wire_out_init(out, msg->type | WIRE_REPLY_BIT, msg->request);
    wire_put_number(out, WIRE_STATUS, fed_error_to_wire(status));
}

static void
put(struct wire_out *out, enum wire_tag tag, enum kind kind, const void *value, size_t len)
{
    const struct tag_row *row = find_tag((unsigned)tag);
    unsigned char header[FIELD_HEADER_SIZE];

    if (out->error != 0)
        return;
    if (row == NULL || row->kind != kind || tag < out->last_tag ||
        (tag == out->last_tag && !row->many) || (kind == TEXT && !is_text(value, len))) {
        out->error = FED_E_INVALID;
        return;
    }
    if (len > row->limit) {
        out->error = FED_E_TOO_BIG;
        return;
    }
    (void)bytes_put(header, (unsigned)tag, 2);
    (void)bytes_put(header + 2, len, 4);
    out->error = fed_secret_add(&out->bytes, header, sizeof(header));
    if (out->error == 0)
        out->error = fed_secret_add(&out->bytes, value, len);
    out->last_tag = (unsigned)tag;
}

void
wire_put_text(struct wire_out *out, enum wire_tag tag, const char *text)
{
    if (text != NULL)
        put(out, tag, TEXT, text, strlen(text) + 1);
}

void
wire_put_bytes(struct wire_out *out, enum wire_tag tag, const void *data, size_t len)
{
    if (data != NULL)
        put(out, tag, BYTES, data, len);
}

void
wire_put_number(struct wire_out *out, enum wire_tag tag, uint64_t number)
{
    unsigned char value[8];

    (void)bytes_put(value, number, sizeof(value));
    put(out, tag, NUMBER, value, sizeof(value));
}

void
wire_begin_group(struct wire_out *out, enum wire_tag tag)
{
    if (out->error == 0 && out->group_at != 0)
        out->error = FED_E_INVALID;
    put(out, tag, GROUP, NULL, 0);
    out->group_at = out->bytes.len - 4;
    out->outer_tag = out->last_tag;
    out->last_tag = 0;
}

void
wire_end_group(struct wire_out *out)
{
    if (out->error != 0)
        return;
    size_t len = out->bytes.len - out->group_at - 4;
    const struct tag_row *row = find_tag(out->outer_tag);
    if (out->group_at == 0 || row == NULL || len > row->limit) {
        out->error = out->group_at == 0 ? FED_E_INVALID : FED_E_TOO_BIG;
        return;
    }
    (void)bytes_put(out->bytes.data + out->group_at, len, 4);
    out->last_tag = out->outer_tag;
    out->group_at = 0;
}

int
wire_finish(struct wire_out *out)
{
    if (out->error == 0 && out->group_at != 0)
        out->error = FED_E_INVALID;
    if (out->error != 0)
        return out->error;
    (void)bytes_put(out->bytes.data + 12, out->bytes.len - WIRE_HEADER_SIZE, 4);
    return 0;
}
