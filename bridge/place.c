/*
 * A place among the people of a store, in messages.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/place.h"

#include <string.h>

/* Where a page begins: the key, a NUL, the SID, a NUL; as we said it ourselves. */
int
place_read(const struct wire_msg *msg, struct store_place *ret)
{
    size_t len, key_len, sid_len;
    const char *p = (const char *)wire_bytes(msg, WIRE_PLACE, &len);

    *ret = (struct store_place){.key = ""};
    if (p == NULL)
        return 0;
    key_len = strnlen(p, len);
    if (key_len == len)
        return FED_E_INVALID;
    sid_len = strnlen(p + key_len + 1, len - key_len - 1);
    if (key_len >= sizeof(ret->key) || sid_len >= sizeof(ret->sid) || key_len + sid_len + 2 != len)
        return FED_E_INVALID;
    memcpy(ret->key, p, key_len);
    memcpy(ret->sid, p + key_len + 1, sid_len);
    return 0;
}

void
place_put(struct wire_out *out, const struct store_place *place)
{
    unsigned char bytes[sizeof(*place)];
    size_t key_len = strlen(place->key) + 1, sid_len = strlen(place->sid) + 1;

    memcpy(bytes, place->key, key_len);
    memcpy(bytes + key_len, place->sid, sid_len);
    wire_put_bytes(out, WIRE_PLACE, bytes, key_len + sid_len);
}
