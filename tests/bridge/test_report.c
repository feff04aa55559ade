/*
 * Reports: what is counted and as what, that nobody can fill one, and that no spreadsheet runs what stands in it.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bridge/report.h"

enum { NOW = 1800000000, DAY = 86400 };

static struct report *
fresh(void)
{
    struct report *report = NULL;

    assert_int_equal(report_new(NOW - 30 * DAY, NOW, 90 * DAY, &report), 0);
    return report;
}

static void
line(struct report *report, struct audit_line l)
{
    if (l.time_s == 0)
        l.time_s = NOW - DAY;
    assert_int_equal(report_line(report, &l), 0);
}

static int64_t
number(const struct report *report, const char *a, const char *b, const char *c, const char *d)
{
    const json_t *at = report_object(report);
    const char *const path[] = {a, b, c, d};

    for (size_t i = 0; i < 4 && path[i] != NULL; i++)
        at = json_object_get(at, path[i]);
    return (int64_t)json_integer_value(at);
}

static char *
written(const struct report *report, int (*write)(const struct report *, FILE *))
{
    char *text = NULL;
    size_t len;
    FILE *to = open_memstream(&text, &len);

    assert_non_null(to);
    assert_int_equal(write(report, to), 0);
    assert_int_equal(fclose(to), 0);
    return text;
}

static void
counts_what_happened(void **state)
{
    struct report *report = fresh();
    (void)state;

    for (int i = 0; i < 3; i++)
        line(report, (struct audit_line){.event = "login",
                         .granted = true,
                         .sid = "S-1",
                         .user = "alice",
                         .name = "alice@corp",
                         .factors = "password,totp",
                         .time_s = NOW - 2 * DAY - i});
    line(report,
        (struct audit_line){
            .event = "sign-in", .granted = true, .sid = "S-1", .factors = "password,recovery"});
    line(report, (struct audit_line){.event = "login", .sid = "S-1", .error = "DENIED"});
    line(report, (struct audit_line){.event = "login", .sid = "S-1", .error = "LOCKED"});
    line(report, (struct audit_line){.event = "login", .user = "nobody", .error = "UNKNOWN_USER"});
    line(report, (struct audit_line){.event = "credential",
                     .granted = true,
                     .sid = "S-1",
                     .role = "admin",
                     .role_arn = "arn:aws:iam::111122223333:role/A"});
    line(report, (struct audit_line){
                     .event = "credential", .sid = "S-1", .role = "admin", .error = "AWS_REFUSED"});
    line(report, (struct audit_line){.event = "revoke", .granted = true, .sid = "S-1"});
    line(report, (struct audit_line){.event = "endpoint", .granted = true, .sid = "S-1"});
    line(report,
        (struct audit_line){.event = "login", .granted = true, .sid = "S-1", .time_s = NOW + 1});

    assert_int_equal(number(report, "people", "S-1", "sign_ins", "password,totp"), 3);
    assert_int_equal(number(report, "people", "S-1", "sign_ins", "password,recovery"), 1);
    assert_int_equal(number(report, "people", "S-1", "refused", NULL), 2);
    assert_int_equal(number(report, "people", "S-1", "locked_out", NULL), 1);
    assert_int_equal(number(report, "people", "S-1", "credentials", NULL), 1);
    assert_int_equal(number(report, "people", "S-1", "roles", "admin"), 1);
    assert_int_equal(number(report, "roles", "admin", "credentials", NULL), 1);
    assert_int_equal(number(report, "roles", "admin", "refused", NULL), 1);
    assert_int_equal(number(report, "refusals", "UNKNOWN_USER", NULL, NULL), 1);
    assert_int_equal(number(report, "refused_unknown_names", NULL, NULL, NULL), 1);
    assert_int_equal(number(report, "acts", "revoke", NULL, NULL), 1);
    assert_int_equal(number(report, "acts", "endpoint", NULL, NULL), 0);
    assert_int_equal(number(report, "people", "S-1", "refusals", "LOCKED"), 1);
    const json_t *alice = json_object_get(json_object_get(report_object(report), "people"), "S-1");
    assert_string_equal(json_string_value(json_object_get(alice, "user")), "alice@corp");
    assert_string_equal(
        json_string_value(json_object_get(alice, "last_sign_in")), "2027-01-14T08:00:00Z");
    report_free(report);
}

/* "Last when" is of that role and those factors, not of the person; and lines need not be in order. */
static void
each_has_its_own_last_time(void **state)
{
    struct report *report = fresh();
    struct trail_told told = {.lines = 1};
    (void)state;

    for (int i = 1; i <= 3; i++)
        line(report, (struct audit_line){.event = "credential",
                         .granted = true,
                         .sid = "S-1",
                         .user = "alice",
                         .role = i == 1 ? "new" : "old",
                         .time_s = NOW - i * DAY});
    report_told(report, &told, NULL);
    char *text = written(report, report_csv);
    assert_non_null(
        strstr(text, "\"credential\",\"alice\",\"S-1\",\"new\",1,\"2027-01-14T08:00:00Z\"\r\n"));
    assert_non_null(
        strstr(text, "\"credential\",\"alice\",\"S-1\",\"old\",2,\"2027-01-13T08:00:00Z\"\r\n"));
    free(text);
    report_free(report);
}

/* Whoever tries names, or writes lines, takes no more memory than that. */
static void
nobody_fills_it(void **state)
{
    struct report *report = fresh();
    char text[64];
    (void)state;

    for (unsigned i = 0; i < REPORT_NAMES_MOST + 50; i++) {
        (void)snprintf(text, sizeof(text), "name-%u", i);
        line(report, (struct audit_line){.event = "login", .user = text, .error = "UNKNOWN_USER"});
        line(report, (struct audit_line){.event = text, .granted = true});
        line(report, (struct audit_line){
                         .event = "credential", .granted = true, .sid = "S-1", .role = text});
    }
    assert_int_equal(json_object_size(json_object_get(report_object(report), "people")), 1);
    assert_int_equal(
        json_object_size(json_object_get(report_object(report), "acts")), REPORT_NAMES_MOST + 1);
    assert_int_equal(
        json_object_size(json_object_get(report_object(report), "roles")), REPORT_NAMES_MOST + 1);
    assert_int_equal(number(report, "acts", "(others)", NULL, NULL), 50);
    assert_int_equal(number(report, "roles", "(others)", "credentials", NULL), 50);
    assert_int_equal(
        number(report, "refused_unknown_names", NULL, NULL, NULL), REPORT_NAMES_MOST + 50);
    report_free(report);
}

static void
what_is_not_used(void **state)
{
    static const char *const roles[] = {"admin", "reader"};
    struct conf_role used = {.name = (char *)"admin", .arn = (char *)"arn:a"},
                     unused = {.name = (char *)"billing", .arn = (char *)"arn:b"};
    struct report_person p = {.name = "alice@corp",
        .sid = "S-1",
        .enrolled_s = NOW - 400 * DAY,
        .last_code_s = NOW - 100 * DAY,
        .tokens = 1,
        .codes_left = 2,
        .codes_made = 10,
        .n_roles = 2,
        .roles = roles,
        .n_named = 2};
    struct report *report = fresh();
    struct trail_told told = {.lines = 1};
    (void)state;

    line(report,
        (struct audit_line){.event = "credential", .granted = true, .sid = "S-1", .role = "admin"});
    assert_int_equal(report_role(report, &used), 0);
    assert_int_equal(report_role(report, &unused), 0);
    assert_int_equal(report_person(report, &p), 0);
    p = (struct report_person){
        .name = "new@corp", .sid = "S-2", .enrolled_s = NOW - DAY, .tokens = 1};
    assert_int_equal(report_person(report, &p), 0); /* has had no time yet */
    p = (struct report_person){.name = "gone@corp",
        .sid = "S-3",
        .standing = FED_E_DISABLED,
        .enrolled_s = NOW - 91 * DAY,
        .tokens = 1};
    assert_int_equal(report_person(report, &p), 0);
    report_told(report, &told, NULL);
    assert_true(report_is_whole(report));
    char *text = written(report, report_csv);
    assert_non_null(strstr(text, "\"role-never-used\",\"\",\"\",\"billing\",0,\"\"\r\n"));
    assert_null(strstr(text, "\"role-never-used\",\"\",\"\",\"admin\""));
    assert_non_null(
        strstr(text, "\"access-never-used\",\"alice@corp\",\"S-1\",\"reader\",0,\"\"\r\n"));
    assert_null(strstr(text, "\"access-never-used\",\"alice@corp\",\"S-1\",\"admin\""));
    assert_non_null(strstr(text, "\"second-factor-unused\",\"alice@corp\",\"S-1\",\"\",100,"));
    assert_non_null(strstr(text, "\"second-factor-unused\",\"gone@corp\",\"S-3\",\"\",91,\"\""));
    assert_null(strstr(text, "\"second-factor-unused\",\"new@corp\""));
    assert_non_null(strstr(text, "\"enrolled-without-access\",\"gone@corp\",\"S-3\",\"DISABLED\""));
    assert_non_null(strstr(text, "\"recovery-codes-left\",\"alice@corp\",\"S-1\",\"\",2,"));
    free(text);
    text = written(report, report_text);
    assert_non_null(strstr(text, "Who may take a role and did not:\n  alice@corp  reader\n"));
    free(text);
    report_free(report);
}

static void
no_cell_is_a_formula(void **state)
{
    static const char *const names[] = {
        "=cmd|'/c calc'!A1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "a\",\"b\x1b[2J\n"};
    static const char *const cells[] = {"\"'=cmd|'/c calc'!A1\"", "\"'+1\"", "\"'-1\"",
        "\"'@SUM(A1)\"", "\"?=1\"", "\"?=1\"", "\"a\"\",\"\"b?[2J?\""};
    struct trail_told told = {.lines = 1};
    (void)state;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct report *report = fresh();
        line(report,
            (struct audit_line){
                .event = "login", .granted = true, .sid = "S-1", .user = names[i], .factors = "x"});
        report_told(report, &told, NULL);
        char *text = written(report, report_csv);
        if (strstr(text, cells[i]) == NULL)
            fail_msg("%s", text);
        assert_null(strchr(text, '\x1b'));
        assert_null(strchr(text, '\t'));
        free(text);
        text = written(report, report_text);
        assert_null(strchr(text, '\x1b'));
        free(text);
        report_free(report);
    }
}

static void
what_is_missing_is_told(void **state)
{
    struct trail_told unread = {.lines = 1, .unread = 1, .what = "\"x.gz\": is compressed"},
                      whole = {.lines = 1};
    struct report *report = fresh();
    (void)state;

    report_told(report, &unread, NULL);
    assert_false(report_is_whole(report));
    report_free(report);
    report = fresh();
    report_told(report, &whole, "no bridge");
    assert_false(report_is_whole(report));
    char *text = written(report, report_json);
    assert_non_null(strstr(text, "\"whole\": false"));
    free(text);
    report_free(report);
    /* Nobody's access is known while the directory is away: no list of who does not use it is whole. */
    report = fresh();
    struct report_person p = {.name = "a", .sid = "S-1", .standing = FED_E_DIRECTORY};
    assert_int_equal(report_person(report, &p), 0);
    report_told(report, &whole, NULL);
    assert_false(report_is_whole(report));
    report_free(report);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_what_happened),
        cmocka_unit_test(each_has_its_own_last_time),
        cmocka_unit_test(nobody_fills_it),
        cmocka_unit_test(what_is_not_used),
        cmocka_unit_test(no_cell_is_a_formula),
        cmocka_unit_test(what_is_missing_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
