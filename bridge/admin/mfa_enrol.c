/*
 * awsfed-admin mfa enrol: a token, or a ticket with which somebody enrols by themselves.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/admin/mfa_enrol.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/write.h"
#include "bridge/admin/words.h"
#include "conf/conf.h"
#include "mfa/qr.h"

enum { PICTURE_LIMIT = 64 * 1024 };

struct enrol_options {
    const char *user, *label, *sid;
    bool replace, add, qr, ticket;
    int digits, period, algorithm; /* -1: the configuration's */
};

/* A whole number of at most three digits; -1 for anything else. */
static int
small_number(const char *text)
{
    size_t n = strlen(text);

    if (n == 0 || n > 3 || strspn(text, "0123456789") != n)
        return -1;
    return (int)strtol(text, NULL, 10);
}

static bool
set_digits(struct enrol_options *o, const char *text)
{
    o->digits = small_number(text);
    return o->digits >= 6 && o->digits <= 8;
}

static bool
set_period(struct enrol_options *o, const char *text)
{
    o->period = small_number(text);
    return o->period == 30 || o->period == 60;
}

static bool
set_algorithm(struct enrol_options *o, const char *text)
{
    static const char *const names[] = {
        [CONF_SHA1] = "sha1", [CONF_SHA256] = "sha256", [CONF_SHA512] = "sha512"};

    for (int i = 0; i < (int)(sizeof(names) / sizeof(names[0])); i++) {
        if (strcmp(names[i], text) == 0) {
            o->algorithm = i;
            return true;
        }
    }
    return false;
}

static int
take_option(struct enrol_options *o, int c)
{
    switch (c) {
    case 'l':
        o->label = optarg;
        return ADMIN_DONE;
    case 's':
        o->sid = optarg;
        return ADMIN_DONE;
    case 'r':
        o->replace = true;
        return ADMIN_DONE;
    case 'a':
        o->add = true;
        return ADMIN_DONE;
    case 't':
        o->ticket = true;
        return ADMIN_DONE;
    case 'q':
    case 'n':
        o->qr = c == 'q';
        return ADMIN_DONE;
    case 'd':
        return set_digits(o, optarg) ? ADMIN_DONE : admin_usage("--digits takes 6, 7 or 8");
    case 'p':
        return set_period(o, optarg) ? ADMIN_DONE : admin_usage("--period takes 30 or 60");
    case 'g':
        return set_algorithm(o, optarg) ? ADMIN_DONE
                                        : admin_usage("--algorithm takes sha1, sha256 or sha512");
    default:
        return ADMIN_USAGE;
    }
}

static int
parse_enrol(int argc, char **argv, struct enrol_options *o)
{
    static const struct option longs[] = {{"label", required_argument, NULL, 'l'},
        {"sid", required_argument, NULL, 's'}, {"replace", no_argument, NULL, 'r'},
        {"add", no_argument, NULL, 'a'}, {"ticket", no_argument, NULL, 't'},
        {"digits", required_argument, NULL, 'd'}, {"period", required_argument, NULL, 'p'},
        {"algorithm", required_argument, NULL, 'g'}, {"qr", no_argument, NULL, 'q'},
        {"no-qr", no_argument, NULL, 'n'}, {NULL, 0, NULL, 0}};
    int c;

    o->qr = isatty(STDOUT_FILENO) == 1;
    optind = 0;
    while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
        int status = take_option(o, c);
        if (status != ADMIN_DONE)
            return status;
    }
    if (optind + 1 != argc)
        return admin_usage("mfa enrol takes one USER");
    if (o->replace && o->add)
        return admin_usage("--replace or --add, not both");
    o->user = argv[optind];
    return ADMIN_DONE;
}

/* Secrets go out by write(2): stdio would keep a copy. */
static int
write_out(const struct fed_secret *text)
{
    return write_all(STDOUT_FILENO, text->data, text->len) == 0 ? ADMIN_DONE : ADMIN_FAILED;
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
give_token(const struct admin *admin, const struct enrol_options *o)
{
    struct client_reply reply;
    struct wire_out out;

    admin_request(&out, ASK_ENROL);
    wire_put_text(&out, WIRE_USER, o->user);
    wire_put_text(&out, WIRE_LABEL, o->label);
    wire_put_text(&out, WIRE_SID, o->sid);
    if (o->replace)
        wire_put_number(&out, WIRE_REPLACE, 1);
    if (o->digits >= 0)
        wire_put_number(&out, WIRE_DIGITS, (uint64_t)o->digits);
    if (o->period >= 0)
        wire_put_number(&out, WIRE_PERIOD, (uint64_t)o->period);
    if (o->algorithm >= 0)
        wire_put_number(&out, WIRE_ALGORITHM, (uint64_t)o->algorithm);
    if (o->add)
        wire_put_number(&out, WIRE_ADD, 1);
    int status = admin_ask(admin, &out, &reply);
    if (status != ADMIN_DONE)
        return status;
    status = show_enrolment(&reply.msg, o->qr);
    client_reply_done(&reply);
    return status;
}

static int
show_ticket(const struct wire_msg *msg)
{
    const char *ticket = wire_text(msg, WIRE_ENROL_TICKET), *user = wire_text(msg, WIRE_USER);
    time_t expires = (time_t)wire_number(msg, WIRE_EXPIRES, 0);
    struct fed_secret text = FED_SECRET_INIT(1024);
    char until[32] = "?";
    struct tm tm;

    if (gmtime_r(&expires, &tm) != NULL)
        (void)strftime(until, sizeof(until), "%Y-%m-%d %H:%M", &tm);
    int r = ticket == NULL || user == NULL
                ? FED_E_PROTO
                : fed_secret_addf(&text,
                      "Enrolment ticket of %s, good once and until %s UTC:\n\n  %s\n\n"
                      "They run awsfed-login enrol and type it where a code is asked for.\n",
                      user, until, ticket);
    if (r == 0)
        r = write_out(&text);
    fed_secret_done(&text);
    return r == 0 ? ADMIN_DONE : ADMIN_FAILED;
}

static int
give_ticket(const struct admin *admin, const struct enrol_options *o)
{
    struct client_reply reply;
    struct wire_out out;

    admin_request(&out, ASK_ENROL_TICKET);
    wire_put_text(&out, WIRE_USER, o->user);
    wire_put_text(&out, WIRE_SID, o->sid);
    int status = admin_ask(admin, &out, &reply);
    if (status != ADMIN_DONE)
        return status;
    status = show_ticket(&reply.msg);
    client_reply_done(&reply);
    return status;
}

int
mfa_enrol(const struct admin *admin, int argc, char **argv)
{
    struct enrol_options o = {.digits = -1, .period = -1, .algorithm = -1};
    int status = parse_enrol(argc, argv, &o);

    if (status != ADMIN_DONE)
        return status;
    return o.ticket ? give_ticket(admin, &o) : give_token(admin, &o);
}

int
mfa_recovery_codes(const struct admin *admin, int argc, char **argv)
{
    struct fed_secret text = FED_SECRET_INIT(1024);
    struct client_reply reply;
    struct wire_out out;
    const char *code;
    int r = 0;

    if (argc != 2)
        return admin_usage("mfa recovery-codes takes one USER");
    admin_request(&out, ASK_RECOVERY_CODES_OF);
    wire_put_text(&out, WIRE_USER, argv[1]);
    int status = admin_ask(admin, &out, &reply);
    if (status != ADMIN_DONE)
        return status;
    for (size_t i = 0; r == 0 && (code = wire_text_at(&reply.msg, WIRE_RECOVERY_CODE, i)) != NULL;
         i++)
        r = fed_secret_addf(&text, "%s\n", code);
    if (r == 0)
        r = write_out(&text);
    fed_secret_done(&text);
    client_reply_done(&reply);
    return r == 0 ? ADMIN_DONE : ADMIN_FAILED;
}
