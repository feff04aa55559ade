/*
 * Start times from /proc/PID/stat, whatever a process calls itself.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bridge/process.h"

#define NUMBERS " S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20"

static void
test_names_do_not_mislead(void **state)
{
    static const char *const good[] = {
        "42 (sshd)" NUMBERS, "42 (a b) c)" NUMBERS, "42 () S 1 2 3 4 5 6 7 8 9 9 9)" NUMBERS};
    static const char *const bad[] = {"", "42", "42 (sshd)", "42 (sshd) S 1 2 3",
        "42 (x) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 x ",
        "42 (x) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 99999999999999999999999"};
    uint64_t started;

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_int_equal(process_parse_stat(good[i], strlen(good[i]), &started), 0);
        assert_int_equal(started, 4711);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(process_parse_stat(bad[i], strlen(bad[i]), &started), FED_E_INVALID);
}

/* The number of a process that is another by now opens nothing. */
static void
test_only_the_same_process_is_opened(void **state)
{
    struct process self = {.pid = getpid(), .started = process_started(getpid())};

    (void)state;
    assert_true(self.started != 0);
    int fd = process_open(&self);
    assert_true(fd >= 0);
    (void)close(fd);
    self.started++;
    assert_int_equal(process_open(&self), -1);

    pid_t child = fork();
    if (child == 0)
        _exit(0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    struct process gone = {.pid = child, .started = 1};
    assert_int_equal(process_started(child), 0);
    assert_int_equal(process_open(&gone), -1);
}

static void
test_a_boot_has_one_name(void **state)
{
    char one[BOOT_ID_SIZE], two[BOOT_ID_SIZE];

    (void)state;
    assert_int_equal(process_boot_id(one), 0);
    assert_int_equal(process_boot_id(two), 0);
    assert_int_equal(strlen(one), BOOT_ID_SIZE - 1);
    assert_string_equal(one, two);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_do_not_mislead),
        cmocka_unit_test(test_only_the_same_process_is_opened),
        cmocka_unit_test(test_a_boot_has_one_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
