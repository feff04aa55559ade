/*
 * The log: one clean line a call, the request's number, no more than the level asked for.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"

static int kept_stderr, pipe_fds[2];

static int
begin(void **state)
{
    (void)state;
    (void)unsetenv("JOURNAL_STREAM");
    kept_stderr = dup(STDERR_FILENO);
    if (kept_stderr < 0 || pipe(pipe_fds) != 0 || dup2(pipe_fds[1], STDERR_FILENO) < 0)
        return -1;
    fed_log_init("tester", false, LOG_LEVEL_INFO);
    return 0;
}

static int
end(void **state)
{
    (void)state;
    fed_log_request(0);
    (void)dup2(kept_stderr, STDERR_FILENO);
    close(kept_stderr);
    close(pipe_fds[0]);
    close(pipe_fds[1]);
    return 0;
}

/* What was written since the last time; "" when nothing was. */
static const char *
written(void)
{
    static char text[8192];

    (void)!write(pipe_fds[1], "", 1); /* so that reading never blocks */
    ssize_t n = read(pipe_fds[0], text, sizeof(text) - 1);
    assert_true(n > 0);
    text[n] = '\0';
    return text;
}

/* I-58: foreign text cannot add a line or a colour. */
static void
text_is_cleaned(void **state)
{
    (void)state;
    fed_log_info("user \"%s\"", "x\nerror: all is lost\x1b[2J");
    assert_string_equal(written(), "tester: user \"x?error: all is lost?[2J\"\n");
}

static void
levels_are_kept(void **state)
{
    (void)state;
    fed_log_debug("hidden");
    assert_string_equal(written(), "");
    fed_log_warning("seen");
    assert_string_equal(written(), "tester: warning: seen\n");
    fed_log_init("tester", false, LOG_LEVEL_DEBUG);
    fed_log_debug("seen");
    assert_string_equal(written(), "tester: debug: seen\n");
}

static void
request_number_leads(void **state)
{
    (void)state;
    fed_log_request(UINT64_MAX);
    fed_log_error("gone");
    assert_string_equal(written(), "tester: [request 18446744073709551615] error: gone\n");
}

static void
long_text_is_cut_to_a_line(void **state)
{
    static char text[5000];

    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    fed_log_info("%s", text);
    const char *line = written();
    assert_in_range(strlen(line), 1000, 2300);
    assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
}

static void
errno_survives(void **state)
{
    (void)state;
    errno = ENOTTY;
    fed_log_info("something");
    assert_int_equal(errno, ENOTTY);
    assert_string_equal(written(), "tester: something\n");
}

static void
journal_gets_priorities(void **state)
{
    (void)state;
    assert_int_equal(setenv("JOURNAL_STREAM", "1:2", 1), 0);
    fed_log_init("tester", false, LOG_LEVEL_INFO);
    fed_log_error("gone");
    assert_string_equal(written(), "<3>gone\n");
    assert_int_equal(unsetenv("JOURNAL_STREAM"), 0);
}

/* Whoever starts the bridge in the background hears why it does not start. */
static void
syslog_is_echoed_on_demand(void **state)
{
    (void)state;
    fed_log_init("tester", true, LOG_LEVEL_INFO);
    fed_log_info("to syslog alone");
    assert_string_equal(written(), "");
    fed_log_echo(true);
    fed_log_info("to both");
    assert_string_equal(written(), "tester: to both\n");
    fed_log_echo(false);
    fed_log_info("to syslog alone");
    assert_string_equal(written(), "");
}

#define LOG_TEST(test) cmocka_unit_test_setup_teardown(test, begin, end)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        LOG_TEST(text_is_cleaned),
        LOG_TEST(levels_are_kept),
        LOG_TEST(request_number_leads),
        LOG_TEST(long_text_is_cut_to_a_line),
        LOG_TEST(errno_survives),
        LOG_TEST(journal_gets_priorities),
        LOG_TEST(syslog_is_echoed_on_demand),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
