/*
 * Beginning an import, and having all of it put into the store.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/admin/mfa_arrive.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "bridge/admin/mfa_pages.h"

/* A hundred thousand people in one transaction, on a slow disk. */
enum { END_TIMEOUT_MS = 600000 };

int
mfa_arrive_begin(const struct admin *admin, struct mfa_arrive *a)
{
    struct client_reply reply;
    struct wire_out out;
    size_t len;

    admin_request(&out, ASK_ARRIVAL_BEGIN);
    if (a->replace)
        wire_put_number(&out, WIRE_REPLACE, 1);
    if (a->dry_run)
        wire_put_number(&out, WIRE_DRY_RUN, 1);
    wire_put_text(&out, WIRE_PARCEL_HEAD, a->head);
    if (a->skip_unknown)
        wire_put_number(&out, WIRE_SKIPPED, 1);
    int status = admin_ask(admin, &out, &reply);
    if (status != ADMIN_DONE)
        return status;
    const unsigned char *id = wire_bytes(&reply.msg, WIRE_ARRIVAL, &len);
    if (id != NULL && len == sizeof(a->id))
        memcpy(a->id, id, len);
    client_reply_done(&reply);
    return ADMIN_DONE;
}

static int
print_failure(const struct mfa_arrive *a, const struct wire_msg *msg, uint64_t refused)
{
    uint64_t done = wire_number(msg, WIRE_COUNT, 0) + wire_number(msg, WIRE_MERGED, 0);

    (void)mfa_pages_refused(a->path, ":", msg); /* "PATH:LINE: NAME: WHY" */
    if (a->dry_run)
        (void)fprintf(stderr, "awsfed-admin: %" PRIu64 " error(s)\n", refused);
    else if (done > 0)
        (void)fprintf(stderr,
            "awsfed-admin: cut off when %" PRIu64
            " were imported: the same import again brings the rest\n",
            done);
    else
        (void)fprintf(stderr, "awsfed-admin: %" PRIu64 " error(s), nothing is imported\n", refused);
    return ADMIN_FAILED;
}

/*
 * A parcel of which some are here already is no move to an empty store: who of it is not enrolled here may have been reset since, and have
 * a ticket, which nothing remembers; they have the old token again.
 */
static void
print_new(const struct mfa_arrive *a, const struct wire_msg *msg, const struct mfa_arrive_counts *n)
{
    char clean[1024];
    const char *name;
    uint64_t told = 0;

    if (wire_text_at(msg, WIRE_STEP, 0) == NULL || n->merged + n->same == 0)
        return;
    for (; (name = wire_text_at(msg, WIRE_STEP, told)) != NULL; told++)
        (void)fprintf(stderr, "%s: %s: %s by this import\n", a->path,
            text_clean(clean, sizeof(clean), name), a->dry_run ? "would be enrolled" : "enrolled");
    if (n->added > told)
        (void)fprintf(stderr, "%s: and %" PRIu64 " more\n", a->path, n->added - told);
    (void)fprintf(stderr,
        "awsfed-admin: of a file some of which is here already: whoever was reset here since the "
        "export %s the old "
        "token again; mfa reset them once more\n",
        a->dry_run ? "would have" : "has");
}

int
mfa_arrive_end(const struct admin *admin, const struct mfa_arrive *a, struct mfa_arrive_counts *ret)
{
    bool more = true;

    while (more) {
        struct client_reply reply;
        struct wire_out out;
        admin_request(&out, ASK_ARRIVAL_END);
        wire_put_bytes(&out, WIRE_ARRIVAL, a->id, sizeof(a->id));
        int status = admin_ask_for(admin, &out, END_TIMEOUT_MS, &reply);
        if (status != ADMIN_DONE)
            return status;
        uint64_t refused = wire_number(&reply.msg, WIRE_REFUSED, 0);
        if (refused != 0)
            status = print_failure(a, &reply.msg, refused);
        *ret = (struct mfa_arrive_counts){.added = wire_number(&reply.msg, WIRE_COUNT, 0),
            .merged = wire_number(&reply.msg, WIRE_MERGED, 0),
            .same = wire_number(&reply.msg, WIRE_SAME, 0),
            .skipped = wire_number(&reply.msg, WIRE_SKIPPED, 0)};
        more = wire_number(&reply.msg, WIRE_MORE, 0) != 0;
        if (!more && status == ADMIN_DONE)
            print_new(a, &reply.msg, ret);
        client_reply_done(&reply);
        if (status != ADMIN_DONE)
            return status;
    }
    return ADMIN_DONE;
}
