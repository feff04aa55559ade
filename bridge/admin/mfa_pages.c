/*
 * The next page is asked for with what the one before has: the bridge remembers none.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/admin/mfa_pages.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/text.h"

int
mfa_pages_next(const struct admin *admin, unsigned type, struct client_reply *page)
{
    const struct wire_msg *last = &page->msg;
    struct client_reply reply;
    struct wire_out out;
    size_t len = 0;

    admin_request(&out, type);
    if (last->fields != NULL) {
        const unsigned char *place = wire_bytes(last, WIRE_PLACE, &len);
        wire_put_text(&out, WIRE_PARCEL_HEAD, wire_text(last, WIRE_PARCEL_HEAD));
        if (wire_has(last, WIRE_PARCEL_NUMBER))
            wire_put_number(&out, WIRE_PARCEL_NUMBER, wire_number(last, WIRE_PARCEL_NUMBER, 0));
        wire_put_bytes(&out, WIRE_PLACE, place, len);
    }
    int status = admin_ask(admin, &out, &reply);
    if (status != ADMIN_DONE)
        return status;
    client_reply_done(page);
    *page = reply;
    return ADMIN_DONE;
}

uint64_t
mfa_pages_refused(const char *who, const char *between, const struct wire_msg *page)
{
    uint64_t refused = wire_number(page, WIRE_REFUSED, 0), told = 0;
    char clean[1024];
    const char *note;

    while ((note = wire_text_at(page, WIRE_MESSAGE, told)) != NULL) {
        (void)fprintf(stderr, "%s%s%s\n", who, between, text_clean(clean, sizeof(clean), note));
        told++;
    }
    if (refused > told)
        (void)fprintf(stderr, "%s: and %" PRIu64 " more\n", who, refused - told);
    return refused;
}
