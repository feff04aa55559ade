/*
 * The wire's reader on any bytes: no crash, and what it accepts can be written again, byte for byte:
 * there is one way only to say a thing.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/wire.h"

enum kind { NUMBER, TEXT, BYTES, GROUP };

static const struct {
    enum wire_tag tag;
    enum kind kind;
} tags[] = {
#define TAG(name, tag, kind, many, limit) {WIRE_##name, kind},
    WIRE_TAGS(TAG)
#undef TAG
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void copy_fields(struct wire_out *out, const struct wire_msg *msg);

/* The values of a tag, from the getters that a reader of this kind uses. */
static void
copy_tag(struct wire_out *out, const struct wire_msg *msg, enum wire_tag tag, enum kind kind)
{
    const unsigned char *bytes;
    struct wire_msg group;
    const char *text;
    size_t len;

    switch (kind) {
    case NUMBER:
        wire_put_number(out, tag, wire_number(msg, tag, 0));
        break;
    case TEXT:
        for (size_t i = 0; (text = wire_text_at(msg, tag, i)) != NULL; i++)
            wire_put_text(out, tag, text);
        break;
    case BYTES:
        bytes = wire_bytes(msg, tag, &len);
        wire_put_bytes(out, tag, bytes, len);
        break;
    case GROUP:
        for (size_t i = 0; wire_group_at(msg, tag, i, &group); i++) {
            wire_begin_group(out, tag);
            copy_fields(out, &group);
            wire_end_group(out);
        }
        break;
    }
}

static void
copy_fields(struct wire_out *out, const struct wire_msg *msg)
{
    for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
        if (wire_has(msg, tags[i].tag))
            copy_tag(out, msg, tags[i].tag, tags[i].kind);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wire_out out;
    struct wire_msg msg;

    if (wire_parse(data, size, &msg) != 0)
        return 0;
    if ((msg.type & WIRE_REPLY_BIT) != 0 && wire_status(&msg) > 0)
        abort();
    wire_out_init(&out, msg.type, msg.request);
    copy_fields(&out, &msg);
    if (wire_finish(&out) != 0 || out.bytes.len != size || memcmp(out.bytes.data, data, size) != 0)
        abort();
    wire_out_done(&out);
    return 0;
}
