/*
 * awsfed-admin mfa: second factors by the help desk.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/admin/arguments.h"
#include "bridge/admin/mfa_enrol.h"
#include "bridge/admin/mfa_import.h"
#include "bridge/admin/mfa_move.h"
#include "bridge/admin/mfa_reseal.h"
#include "bridge/admin/rows.h"
#include "bridge/admin/words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"

/* The words that take a USER and answer with a line. */
static int
one_user(const struct admin *admin, int argc, char **argv, unsigned type, const char *done)
{
    const struct arguments a = {argc, argv};
    const char *user = arguments_only(&a);
    struct client_reply reply;
    struct wire_out out;

    if (user == NULL)
        return admin_usage("this takes one USER");
    admin_request(&out, type);
    wire_put_text(&out, WIRE_USER, user);
    int status = admin_ask(admin, &out, &reply);
    if (status == ADMIN_DONE) {
        (void)printf("%s: %s\n", user, done);
        client_reply_done(&reply);
    }
    return status;
}

/* Forget all, or one token by its number in mfa list. */
static int
reset(const struct admin *admin, int argc, char **argv)
{
    struct arguments a = {argc, argv};
    const char *token = arguments_take(&a, "--token"), *user = arguments_only(&a);
    struct client_reply reply;
    struct wire_out out;
    uint64_t number = 0;

    if (user == NULL ||
        (token != NULL && (text_to_u64(token, &number) != 0 || number == 0 || number > UINT32_MAX)))
        return admin_usage("mfa reset takes one USER, and perhaps --token N");
    if (token == NULL)
        return one_user(admin, a.n, a.all, ASK_UNENROL, "the second factor is forgotten");
    admin_request(&out, ASK_UNENROL);
    wire_put_text(&out, WIRE_USER, user);
    wire_put_number(&out, WIRE_TOKEN, number);
    int status = admin_ask(admin, &out, &reply);
    if (status == ADMIN_DONE) {
        (void)printf("%s: token %" PRIu64 " is forgotten\n", user, number);
        client_reply_done(&reply);
    }
    return status;
}

/* One line of standard input, without its end. Codes are read byte by byte: stdio would keep them. */
static int
read_code(const char *prompt, struct fed_secret *ret)
{
    char c;
    ssize_t n;
    int r = 0;

    if (isatty(STDIN_FILENO) == 1)
        (void)fputs(prompt, stderr);
    while (r == 0 && (n = read(STDIN_FILENO, &c, 1)) == 1 && c != '\n')
        r = c == '\r' || c == ' ' ? 0 : fed_secret_add(ret, &c, 1);
    return r;
}

static int
resync(const struct admin *admin, int argc, char **argv)
{
    struct fed_secret first = FED_SECRET_INIT(64), second = FED_SECRET_INIT(64);
    struct client_reply reply;
    struct wire_out out;
    int status = ADMIN_FAILED;

    if (argc != 2)
        return admin_usage("mfa resync takes one USER, and two codes on standard input");
    if (read_code("A code of theirs: ", &first) != 0 ||
        read_code("The code after it: ", &second) != 0) {
        (void)fprintf(stderr, "awsfed-admin: no code is that long\n");
        goto out;
    }
    admin_request(&out, ASK_RESYNC);
    wire_put_text(&out, WIRE_USER, argv[1]);
    wire_put_bytes(&out, WIRE_CODE, first.data, first.len);
    wire_put_bytes(&out, WIRE_CODE2, second.data, second.len);
    if ((status = admin_ask(admin, &out, &reply)) == ADMIN_DONE) {
        const char *text = wire_text(&reply.msg, WIRE_MESSAGE);
        (void)printf("%s: followed: %s\n", argv[1], text != NULL ? text : "");
        client_reply_done(&reply);
    }

out:
    fed_secret_done(&first);
    fed_secret_done(&second);
    return status;
}

static void
print_day(uint64_t when_s)
{
    time_t t = (time_t)when_s;
    char text[32] = "never";
    struct tm tm;

    if (when_s != 0 && gmtime_r(&t, &tm) != NULL)
        (void)strftime(text, sizeof(text), "%Y-%m-%d %H:%M", &tm);
    (void)printf("%-18s", text);
}

static void
print_list(const struct wire_msg *reply)
{
    struct wire_msg row;

    (void)printf(
        "%-32s%-18s%-18s%-7s%s\n", "NAME", "ENROLLED (UTC)", "LAST CODE (UTC)", "TOKEN", "LABEL");
    for (size_t i = 0; wire_group_at(reply, WIRE_ENROLMENT, i, &row); i++) {
        const char *name = wire_text(&row, WIRE_USER), *label = wire_text(&row, WIRE_LABEL);
        char clean[512];
        (void)printf("%-31s ", text_clean(clean, sizeof(clean), name != NULL ? name : "?"));
        print_day(wire_number(&row, WIRE_STARTED, 0));
        print_day(wire_number(&row, WIRE_CODE_TIME, 0));
        (void)printf("%-7u%s\n", (unsigned)wire_number(&row, WIRE_TOKEN, 0),
            text_clean(clean, sizeof(clean), label != NULL ? label : ""));
    }
    if (wire_text(reply, WIRE_MESSAGE) != NULL)
        (void)printf("%s\n", wire_text(reply, WIRE_MESSAGE));
}

static int
list(const struct admin *admin, int argc, char **argv)
{
    static const struct row_field fields[] = {{"user", WIRE_USER, ROW_TEXT},
        {"sid", WIRE_SID, ROW_TEXT}, {"token", WIRE_TOKEN, ROW_NUMBER},
        {"label", WIRE_LABEL, ROW_TEXT}, {"enrolled", WIRE_STARTED, ROW_TIME},
        {"last_code", WIRE_CODE_TIME, ROW_TIME}};
    struct arguments a = {argc, argv};
    bool as_json = arguments_take_switch(&a, "--json");
    struct client_reply reply;
    struct wire_out out;

    if (a.n != 1 && arguments_only(&a) == NULL)
        return admin_usage("mfa list takes one USER or nobody, and perhaps --json");
    admin_request(&out, ASK_ENROLMENTS);
    wire_put_text(&out, WIRE_USER, arguments_only(&a));
    int status = admin_ask(admin, &out, &reply);
    if (status != ADMIN_DONE)
        return status;
    if (as_json)
        status = rows_print(&reply.msg, WIRE_ENROLMENT, fields, sizeof(fields) / sizeof(fields[0]));
    else
        print_list(&reply.msg);
    client_reply_done(&reply);
    return status;
}

int
word_mfa(const struct admin *admin, int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : "";

    if (strcmp(word, "enrol") == 0)
        return mfa_enrol(admin, argc - 1, argv + 1);
    if (strcmp(word, "recovery-codes") == 0)
        return mfa_recovery_codes(admin, argc - 1, argv + 1);
    if (strcmp(word, "import") == 0)
        return mfa_import(admin, argc - 1, argv + 1);
    if (strcmp(word, "export") == 0)
        return mfa_export(admin, argc - 1, argv + 1);
    if (strcmp(word, "reseal") == 0)
        return mfa_reseal(admin, argc - 1, argv + 1);
    if (strcmp(word, "resync") == 0)
        return resync(admin, argc - 1, argv + 1);
    if (strcmp(word, "reset") == 0)
        return reset(admin, argc - 1, argv + 1);
    if (strcmp(word, "unlock") == 0)
        return one_user(admin, argc - 1, argv + 1, ASK_UNLOCK, "failed attempts are forgotten");
    if (strcmp(word, "list") == 0)
        return list(admin, argc - 1, argv + 1);
    return admin_usage(
        "mfa takes enrol, export, import, recovery-codes, reseal, resync, reset, unlock or list");
}
