/*
 * awsfed-admin report: who signed in, what was given, what is not used; from the audit trail, the configuration and the bridge.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/report.h"
#include "bridge/admin/words.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "bridge/admin/files.h"

enum { DAY_S = 86400, SINCE_S = 30 * DAY_S, UNUSED_S = 90 * DAY_S, NAMED_MOST = 128 };

struct options {
    int64_t since_s, unused_s;
    int (*write)(const struct report *report, FILE *to);
};

static bool
read_format(const char *text, struct options *ret)
{
    static const struct {
        const char *name;
        int (*write)(const struct report *report, FILE *to);
    } formats[] = {{"text", report_text}, {"csv", report_csv}, {"json", report_json}};

    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        if (strcmp(text, formats[i].name) != 0)
            continue;
        ret->write = formats[i].write;
        return true;
    }
    return false;
}

static bool
read_options(int argc, char **argv, struct options *ret)
{
    static const struct option longs[] = {{"since", required_argument, NULL, 's'},
        {"unused", required_argument, NULL, 'u'}, {"format", required_argument, NULL, 'f'},
        {NULL, 0, NULL, 0}};
    bool good = true;
    int c;

    optind = 0; /* this is another list of words than the one of main */
    opterr = 0;
    while (good && (c = getopt_long(argc, argv, "+", longs, NULL)) != -1) {
        if (c == 's')
            good = text_to_seconds(optarg, &ret->since_s) == 0 && ret->since_s > 0;
        else if (c == 'u')
            good = text_to_seconds(optarg, &ret->unused_s) == 0 && ret->unused_s > 0;
        else
            good = c == 'f' && read_format(optarg, ret);
    }
    return good && optind == argc;
}

/* ---- The people ---- */

static int
take_person(struct report *report, const struct wire_msg *row)
{
    const char *roles[NAMED_MOST];
    struct report_person p = {.name = wire_text(row, WIRE_USER),
        .sid = wire_text(row, WIRE_SID),
        .standing = wire_has(row, WIRE_STATUS)
                        ? fed_error_from_wire((unsigned)wire_number(row, WIRE_STATUS, 0))
                        : 0,
        .enrolled_s = (int64_t)wire_number(row, WIRE_STARTED, 0),
        .last_code_s = (int64_t)wire_number(row, WIRE_CODE_TIME, 0),
        .tokens = wire_number(row, WIRE_TOKENS, 0),
        .codes_left = wire_number(row, WIRE_CODES_LEFT, 0),
        .codes_made = wire_number(row, WIRE_CODES_MADE, 0),
        .n_roles = wire_number(row, WIRE_COUNT, 0),
        .roles = roles};

    while (p.n_named < NAMED_MOST &&
           (roles[p.n_named] = wire_text_at(row, WIRE_STEP, p.n_named)) != NULL)
        p.n_named++;
    return p.name != NULL && p.sid != NULL ? report_person(report, &p) : FED_E_PROTO;
}

/* Page after page. 0, or why not all of them are known. */
static int
ask_people(const struct admin *admin, struct report *report)
{
    struct client_reply reply;
    struct wire_msg row;
    struct wire_out out;
    char next[192] = "";
    int r = 0;

    do {
        admin_request(&out, ASK_PEOPLE);
        wire_put_text(&out, WIRE_SID, next[0] != '\0' ? next : NULL);
        if ((r = admin_try(admin, &out, &reply)) != 0)
            return r;
        for (size_t i = 0; r == 0 && wire_group_at(&reply.msg, WIRE_PERSON, i, &row); i++)
            r = take_person(report, &row);
        const char *more = wire_text(&reply.msg, WIRE_NEXT);
        if (more != NULL && strcmp(more, next) <= 0)
            r = FED_E_PROTO; /* a bridge that goes round would have us go on for ever */
        (void)snprintf(next, sizeof(next), "%s", more != NULL ? more : "");
        client_reply_done(&reply);
    } while (r == 0 && next[0] != '\0');
    return r;
}

/* ---- All of it ---- */

static int
read_trail(const struct conf *conf, int64_t since_s, struct report *report, struct trail_told *told)
{
    struct trail_options options = files_trail(conf);
    char why[TRAIL_WHY_MAX], clean[TRAIL_WHY_MAX];

    options.since_s = since_s;
    int r = trail_each(&options, report_line, report, told, why);
    if (r != 0)
        (void)fprintf(stderr, "awsfed-admin: the audit trail: %s\n",
            text_clean(clean, sizeof(clean), why[0] != '\0' ? why : fed_strerror(r)));
    return r;
}

static void
say_gaps(const struct report *report, const struct trail_told *told, int people)
{
    char clean[TRAIL_WHY_MAX];

    if (report_is_whole(report))
        return;
    (void)fprintf(stderr, "awsfed-admin: the report is not whole:\n");
    if (told->unread > 0)
        (void)fprintf(stderr, "  %u file(s) of the audit trail were not read: %s\n", told->unread,
            text_clean(clean, sizeof(clean), told->what));
    int64_t unknown =
        (int64_t)json_integer_value(json_object_get(report_object(report), "standing_unknown"));
    if (unknown > 0)
        (void)fprintf(stderr,
            "  of %" PRId64 " who are enrolled the directory did not say which roles they have\n",
            unknown);
    if (people != 0)
        (void)fprintf(
            stderr, "  the bridge did not say who is enrolled: %s\n", fed_strerror(people));
}

static int
make_report(
    const struct admin *admin, const struct conf *conf, struct report *report, int64_t since_s)
{
    struct trail_told told;
    int r = read_trail(conf, since_s, report, &told);

    for (size_t i = 0; i < conf->n_roles && r == 0; i++)
        r = report_role(report, &conf->roles[i]);
    if (r != 0)
        return r;
    int people = ask_people(admin, report);
    report_told(report, &told, people != 0 ? fed_strerror(people) : NULL);
    say_gaps(report, &told, people);
    return 0;
}

int
word_report(const struct admin *admin, int argc, char **argv)
{
    struct options options = {.since_s = SINCE_S, .unused_s = UNUSED_S, .write = report_text};
    struct report *report = NULL;
    int64_t now_s = (int64_t)time(NULL);
    int status = ADMIN_FAILED;

    if (!read_options(argc, argv, &options))
        return admin_usage("say: report [--since 30d] [--unused 90d] [--format text|csv|json]");
    struct conf *conf = files_conf(admin->conf_dir);
    if (conf == NULL)
        return ADMIN_FAILED;
    if (report_new(now_s - options.since_s, now_s, options.unused_s, &report) == 0 &&
        make_report(admin, conf, report, now_s - options.since_s) == 0) {
        if (options.write(report, stdout) != 0)
            status = files_failed("write to", "standard output");
        else if (report_is_whole(report))
            status = ADMIN_DONE;
    }
    report_free(report);
    conf_free(conf);
    return status;
}
