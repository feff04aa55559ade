/*
 * awsfed-admin whois: what the bridge itself knows of an access key id, and whether a ticket is still good. What was given
 * earlier stands in the audit trail, which the command reads.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/dispatch.h"

#include <string.h>

#include "bridge/handle_admin.h"

struct whose {
    struct wire_out *out;
    const char *ticket;
    const struct cache_holder *holder; /* NULL: the credential is not cached */
};

/* The role may have gone since, and the credential lives on: then the session's ARN says which it was. */
static void
put_held(struct wire_out *out, const struct cache_holder *holder, const struct proof *proof)
{
    const struct conf_role *role = proof_role_by_digest(proof, holder->role);

    wire_begin_group(out, WIRE_HELD);
    if (role != NULL) {
        wire_put_text(out, WIRE_ROLE_NAME, role->name);
        wire_put_text(out, WIRE_ROLE_ARN, role->arn);
        wire_put_text(out, WIRE_ACCOUNT, role->account);
    }
    wire_put_number(out, WIRE_EXPIRES, (uint64_t)holder->expires_s);
    wire_put_text(out, WIRE_SESSION_ARN, holder->arn);
    wire_end_group(out);
}

static void
put_if_theirs(void *arg, const struct ticket *t, unsigned sessions)
{
    const struct whose *w = arg;

    if (strcmp(t->id, w->ticket) != 0)
        return;
    admin_put_ticket(w->out, t, sessions);
    if (w->holder != NULL)
        put_held(w->out, w->holder, &t->proof);
}

int
handle_whois(struct bridge *b, struct job *job, struct answer *answer)
{
    struct cache_holder holder;
    bool is_cached = cache_find_holder(b->cache, wire_text(&job->msg, WIRE_ACCESS_KEY), &holder);
    struct whose w = {.out = &job->reply,
        .ticket = is_cached ? holder.ticket : wire_text(&job->msg, WIRE_TICKET_ID),
        .holder = is_cached ? &holder : NULL};

    answer_begin(job, answer);
    if (w.ticket != NULL)
        tickets_each(b->tickets, put_if_theirs, &w);
    return 0;
}
