/*
 * awsfed-admin sessions, revoke, explain: who is signed in, and why somebody gets what they get.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/admin/arguments.h"
#include "bridge/admin/rows.h"
#include "bridge/admin/words.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "bridge/admin/lost_roles.h"
#include "bridge/revocation.h"

static void
print_time(uint64_t when_s)
{
    time_t t = (time_t)when_s;
    char text[32] = "?";
    struct tm tm;

    if (gmtime_r(&t, &tm) != NULL)
        (void)strftime(text, sizeof(text), "%Y-%m-%d %H:%M", &tm);
    (void)printf("%-18s", text);
}

static void
print_sessions(const struct wire_msg *reply)
{
    struct wire_msg row;

    (void)printf("%-20s%-18s%-18s%-9s%-20s%s\n", "USER", "SIGNED IN (UTC)", "UNTIL (UTC)",
        "SESSIONS", "ROLE", "FROM");
    for (size_t i = 0; wire_group_at(reply, WIRE_TICKET, i, &row); i++) {
        const char *user = wire_text(&row, WIRE_USER), *rhost = wire_text(&row, WIRE_RHOST),
                   *role = wire_text(&row, WIRE_ROLE_NAME);
        char clean[512], from[512];
        (void)printf("%-19s ", text_clean(clean, sizeof(clean), user != NULL ? user : "?"));
        print_time(wire_number(&row, WIRE_STARTED, 0));
        print_time(wire_number(&row, WIRE_EXPIRES, 0));
        (void)printf("%-9" PRIu64 "%-19s %s\n", wire_number(&row, WIRE_COUNT, 0),
            text_clean(clean, sizeof(clean), role != NULL ? role : "-"),
            text_clean(from, sizeof(from), rhost != NULL ? rhost : "this host"));
    }
    const char *complaint = wire_text(reply, WIRE_MESSAGE);
    char line[1024];
    if (complaint != NULL)
        (void)fprintf(stderr, "awsfed-admin: %s\n", text_clean(line, sizeof(line), complaint));
}

int
word_sessions(const struct admin *admin, int argc, char **argv)
{
    static const struct row_field fields[] = {{"user", WIRE_USER, ROW_TEXT},
        {"sid", WIRE_SID, ROW_TEXT}, {"started", WIRE_STARTED, ROW_TIME},
        {"expires", WIRE_EXPIRES, ROW_TIME}, {"sessions", WIRE_COUNT, ROW_NUMBER},
        {"role", WIRE_ROLE_NAME, ROW_TEXT}, {"service", WIRE_SERVICE, ROW_TEXT},
        {"rhost", WIRE_RHOST, ROW_TEXT}, {"tty", WIRE_TTY, ROW_TEXT},
        {"ticket", WIRE_TICKET_ID, ROW_TEXT}};
    struct arguments a = {argc, argv};
    bool as_json = arguments_take_switch(&a, "--json");
    struct client_reply reply;
    struct wire_out out;

    if (a.n != 1)
        return admin_usage("sessions takes --json and nothing else");
    admin_request(&out, ASK_SESSIONS);
    int status = admin_ask(admin, &out, &reply);
    if (status != ADMIN_DONE)
        return status;
    if (as_json)
        status = rows_print(&reply.msg, WIRE_TICKET, fields, sizeof(fields) / sizeof(fields[0]));
    else
        print_sessions(&reply.msg);
    client_reply_done(&reply);
    return status;
}

/* The command that makes one role deny what was given of it. No part of it has a character that a shell reads. */
static void
print_revocation(const char *user, const struct wire_msg *row)
{
    const char *arn = wire_text(row, WIRE_ROLE_ARN), *account = wire_text(row, WIRE_ACCOUNT),
               *name = wire_text(row, WIRE_ROLE_NAME), *policy = wire_text(row, WIRE_POLICY);
    char policy_name[REVOCATION_NAME_SIZE];
    const char *last = arn != NULL ? strrchr(arn, '/') : NULL;

    if (last == NULL || account == NULL || name == NULL)
        return;
    if (policy == NULL) {
        (void)printf("\n# account %s, [role %s]: neither source-identity nor session-name says "
                     "whose a session is;\n"
                     "# revoke all sessions of the role in IAM's console\n",
            account, name);
        return;
    }
    revocation_name(user, policy_name);
    (void)printf("\n# account %s, [role %s]\n"
                 "aws iam put-role-policy --role-name '%s' --policy-name '%s' "
                 "--policy-document '%s'\n",
        account, name, last + 1, policy_name, policy);
}

/* What is to be done by hand. any: was there something before? */
static void
print_commands(const char *user, const struct wire_msg *reply, bool *any)
{
    struct wire_msg row;

    for (size_t i = 0; wire_group_at(reply, WIRE_REVOCATION, i, &row); i++) {
        if (wire_number(&row, WIRE_APPLIED, WIRE_APPLIED_NO) == WIRE_APPLIED_YES)
            continue;
        if (!*any)
            (void)printf("# To end them too, run these as an administrator of each account, and "
                         "delete the policies after 12 hours:\n");
        *any = true;
        print_revocation(user, &row);
    }
}

/* What AWS has now, a line a role. False when it has not everything. */
static bool
print_applied(const char *user, const struct wire_msg *reply)
{
    char policy_name[REVOCATION_NAME_SIZE], clean[512];
    struct wire_msg row;
    bool all = true;

    revocation_name(user, policy_name);
    for (size_t i = 0; wire_group_at(reply, WIRE_REVOCATION, i, &row); i++) {
        const char *account = wire_text(&row, WIRE_ACCOUNT), *why = wire_text(&row, WIRE_MESSAGE),
                   *name = wire_text(&row, WIRE_ROLE_NAME);
        uint64_t applied = wire_number(&row, WIRE_APPLIED, WIRE_APPLIED_NO);
        bool done = applied == WIRE_APPLIED_YES;
        all = all && done;
        (void)printf("# account %s, [role %s]: %s%s\n", account != NULL ? account : "?",
            name != NULL ? name : "?",
            done                              ? "applied as "
            : applied == WIRE_APPLIED_UNKNOWN ? "NOT KNOWN TO BE APPLIED: "
                                              : "NOT APPLIED: ",
            done ? policy_name
                 : text_clean(
                       clean, sizeof(clean), why != NULL ? why : "no policy singles them out"));
    }
    return all;
}

/* ---- Revoking ---- */

struct revoking {
    const struct admin *admin;
    const char *user;
    bool apply;
    bool any;   /* a command was printed */
    bool whole; /* all that was to be applied is */
    struct client_reply
        replies[1 + LOST_ROLES_MOST]; /* of what they have, then of each lost role */
    size_t n;
    struct lost_roles lost;
};

/* The next reply. role: NULL, or one that they had. An exit status. */
static int
ask_revoke(struct revoking *r, const struct lost_role *role)
{
    struct wire_out out;

    admin_request(&out, ASK_REVOKE);
    wire_put_text(&out, WIRE_USER, r->user);
    wire_put_text(&out, WIRE_ROLE_NAME, role != NULL ? role->name : NULL);
    wire_put_text(&out, WIRE_ROLE_ARN, role != NULL ? role->arn : NULL);
    if (r->apply)
        wire_put_number(&out, WIRE_APPLY, 1);
    int status = admin_ask(r->admin, &out, &r->replies[r->n]);
    r->n += status == ADMIN_DONE;
    return status;
}

static void
print_ended(struct revoking *r)
{
    const struct wire_msg *msg = &r->replies[0].msg;
    const char *message = wire_text(msg, WIRE_MESSAGE);

    (void)printf("# %s: %" PRIu64
                 " ticket(s) ended. Credentials that AWS has given already stay valid until they "
                 "expire%s.\n",
        r->user, wire_number(msg, WIRE_COUNT, 0),
        r->apply ? ", but where this says that it was applied; give AWS some seconds to take it in"
                 : "");
    if (message != NULL)
        (void)printf("# %s\n", message);
    if (r->apply)
        r->whole = print_applied(r->user, msg) && message == NULL;
}

/* One that the configuration has no more cannot be had by the bridge, and its template is not known. */
static void
print_unknown(struct revoking *r, const struct lost_role *role)
{
    char arn[2049];

    (void)printf("# %s: no role of the configuration any more; revoke all sessions of it in IAM's "
                 "console\n",
        text_clean(arn, sizeof(arn), role->arn));
    r->whole = false;
}

/* What they took in the last hours and have lost since: groups taken away first, sections removed. */
static void
revoke_lost(struct revoking *r)
{
    const char *sid = wire_text(&r->replies[0].msg, WIRE_SID);

    if (sid != NULL)
        lost_roles_find(r->admin, sid, &r->replies[0].msg, &r->lost);
    if (r->apply && r->lost.n > 0)
        (void)puts("# Roles that they took on this host in the last 12 hours and have lost since:");
    for (size_t i = 0; i < r->lost.n; i++) {
        struct wire_msg row;
        if (ask_revoke(r, &r->lost.of[i]) != ADMIN_DONE) {
            r->whole = false;
            continue;
        }
        const struct wire_msg *msg = &r->replies[r->n - 1].msg;
        if (!wire_group_at(msg, WIRE_REVOCATION, 0, &row))
            print_unknown(r, &r->lost.of[i]);
        else if (r->apply)
            r->whole = print_applied(r->user, msg) && r->whole;
    }
    if (r->lost.why[0] != '\0') {
        (void)printf(
            "# Roles that they had and have lost since are not all in this: %s\n", r->lost.why);
        r->whole = false;
    }
}

int
word_revoke(const struct admin *admin, int argc, char **argv)
{
    struct arguments a = {argc, argv};
    bool apply = arguments_take_switch(&a, "--apply");

    if (arguments_only(&a) == NULL)
        return admin_usage("revoke takes one USER, and perhaps --apply");
    struct revoking *r = calloc(1, sizeof(*r));
    if (r == NULL)
        return ADMIN_FAILED;
    r->admin = admin;
    r->user = arguments_only(&a);
    r->apply = apply;
    r->whole = true;
    int status = ask_revoke(r, NULL);
    if (status == ADMIN_DONE) {
        print_ended(r);
        revoke_lost(r);
        for (size_t i = 0; i < r->n; i++)
            print_commands(r->user, &r->replies[i].msg, &r->any);
        status = r->whole || !r->apply ? ADMIN_DONE : ADMIN_FAILED;
    }
    while (r->n > 0)
        client_reply_done(&r->replies[--r->n]);
    free(r);
    return status;
}

int
word_explain(const struct admin *admin, int argc, char **argv)
{
    struct arguments a = {argc, argv};
    struct client_reply reply;
    struct wire_out out;
    const char *text, *role = arguments_take(&a, "--role");

    if (role == NULL)
        role = arguments_take(&a, "-r");
    if (arguments_only(&a) == NULL)
        return admin_usage("explain takes one USER, and perhaps --role ROLE");
    admin_request(&out, ASK_EXPLAIN);
    wire_put_text(&out, WIRE_USER, arguments_only(&a));
    wire_put_text(&out, WIRE_ROLE_NAME, role);
    int status = admin_ask(admin, &out, &reply);
    if (status != ADMIN_DONE)
        return status;
    for (size_t i = 0; (text = wire_text_at(&reply.msg, WIRE_STEP, i)) != NULL; i++)
        (void)printf("%s\n", text);
    client_reply_done(&reply);
    return ADMIN_DONE;
}
