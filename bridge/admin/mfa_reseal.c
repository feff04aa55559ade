/*
 * Everybody sealed with the first seal key, a page at a time; who cannot be is told of at the end.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/admin/mfa_reseal.h"

#include <inttypes.h>
#include <stdio.h>

#include "bridge/admin/mfa_pages.h"

int
mfa_reseal(const struct admin *admin, int argc, char **argv)
{
    struct client_reply page = {.bytes = FED_SECRET_INIT(0)};
    uint64_t done = 0, refused = 0;
    int status;

    if (argc != 1)
        return admin_usage(argv[1]);
    do {
        if ((status = mfa_pages_next(admin, ASK_RESEAL, &page)) != ADMIN_DONE)
            break;
        refused += mfa_pages_refused("awsfed-admin", ": ", &page.msg);
        done += wire_number(&page.msg, WIRE_COUNT, 0);
    } while (wire_number(&page.msg, WIRE_MORE, 0) != 0);
    client_reply_done(&page);
    if (status != ADMIN_DONE)
        return status;
    (void)printf("%" PRIu64 " sealed anew%s\n", done,
        refused == 0 ? "; the earlier lines of the seal-key file are not needed any more" : "");
    if (refused == 0)
        return ADMIN_DONE;
    (void)fprintf(stderr,
        "awsfed-admin: %" PRIu64 " could not be: put the seal key that they were sealed with back "
        "into the file and run this again, or mfa reset them and enrol anew\n",
        refused);
    return ADMIN_FAILED;
}
