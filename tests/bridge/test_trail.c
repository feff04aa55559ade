/*
 * The audit trail read back: lines that are none, files that were rotated, packed, torn or taken away.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "bridge/audit.h"
#include "bridge/trail.h"
#include "tests/base/skip.h"
#include "tests/folder.h"

#define AT "\"time\":\"2026-11-21T22:00:00Z\""

struct seen {
    unsigned n;
    char users[64];
};

static int
note(void *arg, const struct audit_line *line)
{
    struct seen *seen = arg;

    seen->n++;
    if (line->user != NULL && strlen(seen->users) + strlen(line->user) < sizeof(seen->users))
        strcat(seen->users, line->user);
    return line->error != NULL && strcmp(line->error, "STOP") == 0 ? FED_E_BUSY : 0;
}

static int
setup(void **state)
{
    char path[FOLDER_SIZE];

    assert_int_equal(folder_make(path), 0);
    *state = strdup(path);
    return 0;
}

static int
teardown(void **state)
{
    assert_int_equal(folder_remove(*state), 0);
    free(*state);
    return 0;
}

static void
put(const char *folder, const char *name, const char *text, time_t changed)
{
    char path[128];
    struct timespec times[2] = {{.tv_sec = changed}, {.tv_sec = changed}};

    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static int
read_trail(const char *folder, int64_t since_s, const char *needle, struct seen *seen,
    struct trail_told *told)
{
    char where[128], why[TRAIL_WHY_MAX];
    struct trail_options options = {.where = where, .since_s = since_s, .needle = needle};

    *seen = (struct seen){.n = 0};
    (void)snprintf(where, sizeof(where), "file:%s/a.jsonl", folder);
    int r = trail_each(&options, note, seen, told, why);
    assert_true((r == 0 || r == FED_E_BUSY) == (why[0] == '\0'));
    return r;
}

/* All of it is read: the lines of these users. */
static void
assert_read(const char *folder, int64_t since_s, const char *needle, const char *users,
    struct trail_told *told)
{
    struct seen seen;

    assert_int_equal(read_trail(folder, since_s, needle, &seen, told), 0);
    assert_string_equal(seen.users, users);
}

static void
lines_that_are_none(void **state)
{
    static const char *const lines[] = {"", "{}", "[]", "null", "{\"event\":\"login\"}",
        "{" AT ",\"outcome\":\"granted\"}", "{" AT ",\"event\":\"login\"}",
        "{" AT ",\"event\":\"login\",\"outcome\":\"maybe\"}",
        "{" AT ",\"event\":7,\"outcome\":\"granted\"}",
        "{" AT ",\"event\":\"login\",\"outcome\":\"granted\",\"user\":[]}",
        "{" AT ",\"event\":\"login\",\"event\":\"login\",\"outcome\":\"granted\"}",
        "{" AT ",\"event\":\"login\",\"outcome\":\"granted\",\"expires\":\"soon\"}",
        "{\"time\":\"yesterday\",\"event\":\"login\",\"outcome\":\"granted\"}",
        "{" AT ",\"event\":\"login\",\"outcome\":\"granted\"}x", "{" AT ",\"event\":\"lo",
        "{" AT ",\"event\":\"a\\u0000b\",\"outcome\":\"granted\"}",
        "{" AT ",\"event\":\"\xff\",\"outcome\":\"granted\"}"};
    struct audit_line line;
    (void)state;

    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        if (audit_line_parse(lines[i], strlen(lines[i]), &line) != FED_E_PROTO)
            fail_msg("%s", lines[i]);
}

/* What audit_write writes, and what a later version may add to it. */
static void
what_is_written_is_read(void **state)
{
    struct audit_event e = {.event = "credential",
        .user = "a\"\x1b[1mb",
        .sid = "S-1-5-21-1-2-3-4",
        .role = "r",
        .role_arn = "arn:aws:iam::111122223333:role/R",
        .source_identity = "alice",
        .access_key_id = "ASIAIOSFODNN7EXAMPLE",
        .expires_s = 1800000000};
    char where[160], text[2048], why[256], path[128];
    struct audit_line line;
    struct audit *audit = NULL;

    (void)snprintf(path, sizeof(path), "%s/w", (char *)*state);
    (void)snprintf(where, sizeof(where), "file:%s", path);
    assert_int_equal(audit_open(where, geteuid(), getegid(), &audit, why, sizeof(why)), 0);
    assert_int_equal(audit_write(audit, &e), 0);
    audit_close(audit);
    FILE *file = fopen(path, "r");
    assert_non_null(fgets(text, sizeof(text), file));
    assert_int_equal(fclose(file), 0);
    assert_int_equal(audit_line_parse(text, strlen(text) - 1, &line), 0);
    assert_true(line.granted && line.expires_s == 1800000000 && line.time_s > 1700000000);
    assert_string_equal(line.access_key_id, e.access_key_id);
    assert_string_equal(line.source_identity, "alice");
    assert_string_equal(line.event, "credential");
    assert_null(line.reason);
    assert_null(strchr(line.user, '\x1b'));
    assert_non_null(line.host);
    audit_line_done(&line);
}

static void
no_trail_and_no_right_to_it(void **state)
{
    struct trail_told told;
    struct seen seen;

    assert_int_equal(read_trail(*state, 0, NULL, &seen, &told), FED_E_NOT_FOUND);
    assert_int_equal(read_trail("/nonexistent", 0, NULL, &seen, &told), FED_E_NOT_FOUND);
    put(*state, "a.jsonl.1.gz", "packed", 100);
    assert_int_equal(read_trail(*state, 0, NULL, &seen, &told), FED_E_PERMISSION);
    assert_int_equal(told.unread, 1);
}

#define LINE(user) "{" AT ",\"event\":\"login\",\"outcome\":\"granted\",\"user\":\"" user "\"}\n"

/* In the order of time, whatever their names; others' files are not ours. */
static void
rotated_files_in_their_order(void **state)
{
    struct trail_told told;

    put(*state, "a.jsonl", LINE("e"), 500);
    put(*state, "a.jsonl.1", LINE("c") LINE("d"), 400);
    put(*state, "a.jsonl.10", LINE("a"), 200);
    put(*state, "a.jsonl-20261120", LINE("b"), 300);
    put(*state, "a.jsonl.2.xz", "", 350);
    put(*state, "a.jsonl.bak", LINE("x"), 250);
    put(*state, "b.jsonl", LINE("y"), 250);
    assert_read(*state, 0, NULL, "abcde", &told);
    assert_int_equal(told.files, 4);
    assert_int_equal(told.unread, 1);
    assert_non_null(strstr(told.what, "a.jsonl.2.xz"));
    assert_int_equal(told.lines, 5);
    /* Files that ended before the time asked for are not opened. */
    assert_read(*state, 400, NULL, "cde", &told);
    assert_int_equal(told.unread, 0);
}

static void
links_and_other_things_are_not_followed(void **state)
{
    char path[128], other[128];
    struct trail_told told;

    put(*state, "a.jsonl", LINE("e"), 500);
    put(*state, "elsewhere", LINE("z"), 400);
    (void)snprintf(path, sizeof(path), "%s/a.jsonl.1", (char *)*state);
    (void)snprintf(other, sizeof(other), "%s/elsewhere", (char *)*state);
    assert_int_equal(symlink(other, path), 0);
    (void)snprintf(path, sizeof(path), "%s/a.jsonl.2", (char *)*state);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_read(*state, 0, NULL, "e", &told);
    assert_int_equal(told.unread, 2);
}

/* Who may put a file beside the trail is not for that reason believed, nor is what anybody can write to. */
static void
others_files_are_not_believed(void **state)
{
    char path[128];
    struct trail_told told;

    put(*state, "a.jsonl", LINE("e"), 500);
    put(*state, "a.jsonl.1", LINE("z"), 400);
    (void)snprintf(path, sizeof(path), "%s/a.jsonl.1", (char *)*state);
    assert_int_equal(chmod(path, 0666), 0);
    assert_read(*state, 0, NULL, "e", &told);
    assert_int_equal(told.unread, 1);
    assert_non_null(strstr(told.what, "not the bridge's own"));
    if (geteuid() != 0)
        SKIP("only root can give files away");
    assert_int_equal(chmod(path, 0644), 0);
    assert_int_equal(chown(path, 4243, 4243), 0);
    assert_read(*state, 0, NULL, "e", &told);
    assert_int_equal(told.unread, 1);
}

static void
torn_lines_are_counted_and_passed(void **state)
{
    struct trail_told told;
    char *huge = malloc(5 * AUDIT_LINE_MAX + 1024);

    put(*state, "a.jsonl",
        "{" AT ",\"event\":\"lo" LINE("a") "\n\nnonsense\n" LINE("b") "{" AT ",\"event", 500);
    assert_read(*state, 0, NULL, "b", &told);
    assert_int_equal(told.torn, 3);
    /* Longer than any of ours, and than the buffer. */
    memset(huge, 'x', 5 * AUDIT_LINE_MAX);
    (void)strcpy(huge + 5 * AUDIT_LINE_MAX, "\n" LINE("c"));
    put(*state, "a.jsonl", huge, 500);
    assert_read(*state, 0, NULL, "c", &told);
    assert_int_equal(told.torn, 1);
    free(huge);
    /* The last line need not have its newline. */
    put(*state, "a.jsonl", "{" AT ",\"event\":\"x\",\"outcome\":\"denied\",\"user\":\"q\"}", 500);
    assert_read(*state, 0, NULL, "q", &told);
    assert_int_equal(told.torn, 0);
}

static void
only_what_is_asked_for(void **state)
{
    struct trail_told told;
    struct seen seen;

    put(*state, "a.jsonl",
        LINE("abc")
            LINE("xyz") "torn\n"
                        "{\"time\":\"2026-11-21T21:59:59Z\",\"event\":\"login\",\"outcome\":"
                        "\"granted\",\"user\":\"old\"}\n"
                        "{" AT ",\"event\":\"x\",\"outcome\":\"denied\",\"error\":\"STOP\"}\n" LINE(
                            "never"),
        2000000000);
    assert_read(*state, 0, "xyz", "xyz", &told);
    assert_int_equal(told.torn, 0);
    assert_int_equal(read_trail(*state, 1795298400, NULL, &seen, &told), FED_E_BUSY);
    assert_string_equal(seen.users, "abcxyz");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_that_are_none),
        cmocka_unit_test_setup_teardown(what_is_written_is_read, setup, teardown),
        cmocka_unit_test_setup_teardown(no_trail_and_no_right_to_it, setup, teardown),
        cmocka_unit_test_setup_teardown(rotated_files_in_their_order, setup, teardown),
        cmocka_unit_test_setup_teardown(links_and_other_things_are_not_followed, setup, teardown),
        cmocka_unit_test_setup_teardown(others_files_are_not_believed, setup, teardown),
        cmocka_unit_test_setup_teardown(torn_lines_are_counted_and_passed, setup, teardown),
        cmocka_unit_test_setup_teardown(only_what_is_asked_for, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
