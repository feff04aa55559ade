/*
 * awsfed-admin sessions, revoke, explain: who is signed in, and why somebody gets what they get.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/admin/words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
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

int
word_sessions(const struct admin *admin, int argc, char **argv)
{
    struct client_reply reply;
    struct wire_msg row;
    struct wire_out out;

    if (argc != 1)
        return admin_usage(argv[1]);
    admin_request(&out, ASK_SESSIONS);
    int status = admin_ask(admin, &out, &reply);
    if (status != ADMIN_DONE)
        return status;
    (void)printf("%-20s%-18s%-18s%-9s%-20s%s\n", "USER", "SIGNED IN (UTC)", "UNTIL (UTC)",
        "SESSIONS", "ROLE", "FROM");
    for (size_t i = 0; wire_group_at(&reply.msg, WIRE_TICKET, i, &row); i++) {
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
    const char *complaint = wire_text(&reply.msg, WIRE_MESSAGE);
    char line[1024];
    if (complaint != NULL)
        (void)fprintf(stderr, "awsfed-admin: %s\n", text_clean(line, sizeof(line), complaint));
    client_reply_done(&reply);
    return ADMIN_DONE;
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

/* What is to be done by hand. */
static void
print_commands(const char *user, const struct wire_msg *reply)
{
    struct wire_msg row;
    bool any = false;

    for (size_t i = 0; wire_group_at(reply, WIRE_REVOCATION, i, &row); i++) {
        if (wire_number(&row, WIRE_APPLIED, WIRE_APPLIED_NO) == WIRE_APPLIED_YES)
            continue;
        if (!any)
            (void)printf("# To end them too, run these as an administrator of each account, and "
                         "delete the policies after 12 hours:\n");
        any = true;
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

int
word_revoke(const struct admin *admin, int argc, char **argv)
{
    struct client_reply reply;
    struct wire_out out;
    const char *message;
    bool apply = argc == 3 && strcmp(argv[2], "--apply") == 0;
    bool all = true;

    if ((argc != 2 && !apply) || argv[1][0] == '-')
        return admin_usage("revoke takes one USER, and perhaps --apply after it");
    admin_request(&out, ASK_REVOKE);
    wire_put_text(&out, WIRE_USER, argv[1]);
    if (apply)
        wire_put_number(&out, WIRE_APPLY, 1);
    int status = admin_ask(admin, &out, &reply);
    if (status != ADMIN_DONE)
        return status;
    (void)printf("# %s: %" PRIu64
                 " ticket(s) ended. Credentials that AWS has given already stay valid until they "
                 "expire%s.\n",
        argv[1], wire_number(&reply.msg, WIRE_COUNT, 0),
        apply ? ", but where this says that it was applied; give AWS some seconds to take it in"
              : "");
    if ((message = wire_text(&reply.msg, WIRE_MESSAGE)) != NULL)
        (void)printf("# %s\n", message);
    (void)puts("# Roles that they had and have lost since are not in this: awsfed-admin report "
               "--since 12h says who took which.");
    if (apply)
        all = print_applied(argv[1], &reply.msg) && message == NULL;
    print_commands(argv[1], &reply.msg);
    client_reply_done(&reply);
    return all ? ADMIN_DONE : ADMIN_FAILED;
}

int
word_explain(const struct admin *admin, int argc, char **argv)
{
    struct client_reply reply;
    struct wire_out out;
    const char *text;

    bool has_role = argc == 4 && (strcmp(argv[2], "--role") == 0 || strcmp(argv[2], "-r") == 0);
    if (argc != 2 && !has_role)
        return admin_usage("explain takes one USER, and perhaps --role ROLE after it");
    admin_request(&out, ASK_EXPLAIN);
    wire_put_text(&out, WIRE_USER, argv[1]);
    wire_put_text(&out, WIRE_ROLE_NAME, has_role ? argv[3] : NULL);
    int status = admin_ask(admin, &out, &reply);
    if (status != ADMIN_DONE)
        return status;
    for (size_t i = 0; (text = wire_text_at(&reply.msg, WIRE_STEP, i)) != NULL; i++)
        (void)printf("%s\n", text);
    client_reply_done(&reply);
    return ADMIN_DONE;
}
