/*
 * awsfed-admin mfa: second factors by the help desk.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/admin/words.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "mfa/qr.h"

enum { PICTURE_LIMIT = 64 * 1024 };

struct enrol_options {
    const char *user, *label;
    bool replace, qr;
};

static int
parse_enrol(int argc, char **argv, struct enrol_options *o)
{
    static const struct option longs[] = {{"label", required_argument, NULL, 'l'},
        {"replace", no_argument, NULL, 'r'}, {"qr", no_argument, NULL, 'q'},
        {"no-qr", no_argument, NULL, 'n'}, {NULL, 0, NULL, 0}};
    int c;

    o->qr = isatty(STDOUT_FILENO) == 1;
    optind = 0;
    while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
        switch (c) {
        case 'l':
            o->label = optarg;
            break;
        case 'r':
            o->replace = true;
            break;
        case 'q':
            o->qr = true;
            break;
        case 'n':
            o->qr = false;
            break;
        default:
            return ADMIN_USAGE;
        }
    }
    if (optind + 1 != argc)
        return admin_usage("mfa enrol takes one USER");
    o->user = argv[optind];
    return ADMIN_DONE;
}

/* Secrets go out by write(2): stdio would keep a copy. */
static int
write_out(const struct fed_secret *text)
{
    for (size_t done = 0; done < text->len;) {
        ssize_t n = write(STDOUT_FILENO, text->data + done, text->len - done);
        if (n <= 0)
            return ADMIN_FAILED;
        done += (size_t)n;
    }
    return ADMIN_DONE;
}

static int
show_enrolment(const struct wire_msg *msg, bool with_qr)
{
    struct fed_secret text = FED_SECRET_INIT(PICTURE_LIMIT);
    const char *uri = wire_text(msg, WIRE_URI), *seed = wire_text(msg, WIRE_SEED);
    int r = FED_E_PROTO;

    if (uri == NULL || seed == NULL || wire_text(msg, WIRE_USER) == NULL)
        goto out;
    r = fed_secret_addf(
        &text, "Second factor of %s (%s)\n\n", wire_text(msg, WIRE_USER), wire_text(msg, WIRE_SID));
    if (r == 0 && with_qr)
        r = qr_draw(uri, isatty(STDOUT_FILENO) == 1, &text);
    if (r == 0)
        r = fed_secret_addf(&text,
            "%sScan this with an authenticator app, or enter the secret by hand.\n\n"
            "  secret  %s\n  URI     %s\n\n"
            "This is shown once and cannot be read again.\n",
            with_qr ? "\n" : "", seed, uri);
    if (r == 0)
        r = write_out(&text);

out:
    fed_secret_done(&text);
    if (r < 0)
        (void)fprintf(stderr, "awsfed-admin: %s\n", fed_strerror(r));
    return r == 0 ? ADMIN_DONE : ADMIN_FAILED;
}

static int
enrol(const struct admin *admin, int argc, char **argv)
{
    struct enrol_options o = {.user = NULL};
    struct client_reply reply;
    struct wire_out out;
    int status = parse_enrol(argc, argv, &o);

    if (status != ADMIN_DONE)
        return status;
    admin_request(&out, ASK_ENROL);
    wire_put_text(&out, WIRE_USER, o.user);
    wire_put_text(&out, WIRE_LABEL, o.label);
    if (o.replace)
        wire_put_number(&out, WIRE_REPLACE, 1);
    if ((status = admin_ask(admin, &out, &reply)) != ADMIN_DONE)
        return status;
    status = show_enrolment(&reply.msg, o.qr);
    client_reply_done(&reply);
    return status;
}

/* The words that take a USER and answer with a line. */
static int
one_user(const struct admin *admin, int argc, char **argv, unsigned type, const char *done)
{
    struct client_reply reply;
    struct wire_out out;

    if (argc != 2)
        return admin_usage("this takes one USER");
    admin_request(&out, type);
    wire_put_text(&out, WIRE_USER, argv[1]);
    int status = admin_ask(admin, &out, &reply);
    if (status == ADMIN_DONE) {
        (void)printf("%s: %s\n", argv[1], done);
        client_reply_done(&reply);
    }
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

static int
list(const struct admin *admin, int argc, char **argv)
{
    struct client_reply reply;
    struct wire_msg row;
    struct wire_out out;

    if (argc != 1)
        return admin_usage(argv[1]);
    admin_request(&out, ASK_ENROLMENTS);
    int status = admin_ask(admin, &out, &reply);
    if (status != ADMIN_DONE)
        return status;
    (void)printf("%-32s%-18s%-18s%s\n", "NAME", "ENROLLED (UTC)", "LAST CODE (UTC)", "LABEL");
    for (size_t i = 0; wire_group_at(&reply.msg, WIRE_ENROLMENT, i, &row); i++) {
        const char *name = wire_text(&row, WIRE_USER), *label = wire_text(&row, WIRE_LABEL);
        (void)printf("%-31s ", name != NULL ? name : "?");
        print_day(wire_number(&row, WIRE_STARTED, 0));
        print_day(wire_number(&row, WIRE_CODE_TIME, 0));
        (void)printf("%s\n", label != NULL ? label : "");
    }
    if (wire_text(&reply.msg, WIRE_MESSAGE) != NULL)
        (void)printf("%s\n", wire_text(&reply.msg, WIRE_MESSAGE));
    client_reply_done(&reply);
    return ADMIN_DONE;
}

int
word_mfa(const struct admin *admin, int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : "";

    if (strcmp(word, "enrol") == 0)
        return enrol(admin, argc - 1, argv + 1);
    if (strcmp(word, "reset") == 0)
        return one_user(admin, argc - 1, argv + 1, ASK_UNENROL, "the second factor is forgotten");
    if (strcmp(word, "unlock") == 0)
        return one_user(admin, argc - 1, argv + 1, ASK_UNLOCK, "failed attempts are forgotten");
    if (strcmp(word, "list") == 0)
        return list(admin, argc - 1, argv + 1);
    return admin_usage("mfa takes enrol, reset, unlock or list");
}
