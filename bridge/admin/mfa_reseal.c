/*
 * Everybody sealed with the first seal key, a page at a time; who cannot be is told of at the end.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/admin/mfa_reseal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

struct resealing {
    const struct admin *admin;
    struct client_reply last; /* what the next page is asked for with */
    uint64_t done, refused;
};

static int
ask_page(struct resealing *s)
{
    struct client_reply reply;
    struct wire_out out;
    size_t len = 0;

    admin_request(&out, ASK_RESEAL);
    if (s->last.msg.fields != NULL) {
        const unsigned char *place = wire_bytes(&s->last.msg, WIRE_PLACE, &len);
        wire_put_bytes(&out, WIRE_PLACE, place, len);
    }
    int status = admin_ask(s->admin, &out, &reply);
    if (status != ADMIN_DONE)
        return status;
    client_reply_done(&s->last);
    s->last = reply;
    return ADMIN_DONE;
}

static void
print_refused(struct resealing *s)
{
    uint64_t refused = wire_number(&s->last.msg, WIRE_REFUSED, 0), told = 0;
    char clean[1024];
    const char *note;

    while ((note = wire_text_at(&s->last.msg, WIRE_MESSAGE, told)) != NULL) {
        (void)fprintf(stderr, "awsfed-admin: %s\n", text_clean(clean, sizeof(clean), note));
        told++;
    }
    if (refused > told)
        (void)fprintf(stderr, "awsfed-admin: and %" PRIu64 " more\n", refused - told);
    s->refused += refused;
    s->done += wire_number(&s->last.msg, WIRE_COUNT, 0);
}

int
mfa_reseal(const struct admin *admin, int argc, char **argv)
{
    struct resealing s = {.admin = admin};
    int status;

    if (argc != 1)
        return admin_usage(argv[1]);
    do {
        if ((status = ask_page(&s)) != ADMIN_DONE)
            break;
        print_refused(&s);
    } while (wire_number(&s.last.msg, WIRE_MORE, 0) != 0);
    client_reply_done(&s.last);
    if (status != ADMIN_DONE)
        return status;
    (void)printf("%" PRIu64 " sealed anew%s\n", s.done,
        s.refused == 0 ? "; the earlier lines of the seal-key file are not needed any more" : "");
    if (s.refused == 0)
        return ADMIN_DONE;
    (void)fprintf(stderr,
        "awsfed-admin: %" PRIu64 " could not be: put the seal key that they were sealed with back "
        "into the file and run this again, or mfa reset them and enrol anew\n",
        s.refused);
    return ADMIN_FAILED;
}
