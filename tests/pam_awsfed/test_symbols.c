/*
 * What the built module exports, what it needs, and what it never calls.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdbool.h>

#include <cmocka.h>

#include "tests/pam_awsfed/guest.h"

static const char *const functions[] = {"pam_sm_authenticate", "pam_sm_setcred", "pam_sm_acct_mgmt",
    "pam_sm_open_session", "pam_sm_close_session", "pam_sm_chauthtok"};

/* I-41: all six are there, with every symbol resolved at once, and libpam finds them. */
static void
has_six_functions(void **state)
{
    void *module = dlopen(guest_module(), RTLD_NOW | RTLD_LOCAL);

    (void)state;
    if (module == NULL)
        fail_msg("%s", dlerror());
    for (size_t i = 0; i < 6; i++)
        assert_non_null(dlsym(module, functions[i]));
    assert_int_equal(dlclose(module), 0);
}

/* The words of a command's output at a place in each line, one after the other. */
static size_t
read_words(const char *format, char words[][128], size_t most)
{
    char command[PATH_MAX + 128], line[512];
    size_t n = 0;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    (void)snprintf(command, sizeof(command), format, guest_module());
#pragma GCC diagnostic pop
    FILE *f = popen(command, "re");
    assert_non_null(f);
    while (n < most && fgets(line, sizeof(line), f) != NULL) {
        line[strcspn(line, "@\n")] = '\0';
        (void)snprintf(words[n++], 128, "%.127s", line);
    }
    assert_int_equal(pclose(f), 0);
    return n;
}

/* I-41: nothing else is exported. */
static void
exports_nothing_else(void **state)
{
    static char words[64][128];
    size_t n = read_words("nm -D --defined-only '%s' | awk '{print $NF}'", words, 64), found = 0;

    (void)state;
    for (size_t i = 0; i < n; i++) {
        bool known = false;
        for (size_t f = 0; f < 6; f++)
            known = known || strcmp(words[i], functions[f]) == 0;
        if (!known)
            fail_msg("the module exports %s", words[i]);
        found++;
    }
    assert_int_equal(found, 6);
}

/* I-41: libpam and libc, nothing else. */
static void
needs_libpam_and_libc(void **state)
{
    static char words[16][128];
    size_t n =
        read_words("readelf -d '%s' | sed -n 's/.*(NEEDED).*\\[\\(.*\\)\\]/\\1/p'", words, 16);

    (void)state;
    assert_true(n >= 2);
    for (size_t i = 0; i < n; i++) {
        bool sanitizer = strncmp(words[i], "libasan", 7) == 0 ||
                         strncmp(words[i], "libubsan", 8) == 0 ||
                         strncmp(words[i], "libtsan", 7) == 0;
        if (strncmp(words[i], "libpam.so.", 10) != 0 && strncmp(words[i], "libc.so.", 8) != 0 &&
            !(SANITIZED && sanitizer))
            fail_msg("the module needs %s", words[i]);
    }
}

/*
 * I-51, I-52, I-56: what it never calls cannot survive a call: no process, thread, handler, locale, umask,
 * folder or environment changed, none read, no output but the log, no select(2) that ends at 1,024.
 */
static void
calls_nothing_unfit_for_a_guest(void **state)
{
    static const char *const unfit[] = {"fork", "vfork", "clone", "posix_spawn", "system", "popen",
        "execve", "pthread_create", "signal", "sigaction", "sigprocmask", "pthread_sigmask",
        "alarm", "setitimer", "wait", "waitpid", "setlocale", "umask", "chdir", "setenv", "putenv",
        "unsetenv", "clearenv", "getenv", "secure_getenv", "environ", "__environ", "exit", "_exit",
        "abort", "atexit", "printf", "__printf_chk", "puts", "stdout", "stderr", "fopen", "select",
        "openlog", "closelog", "setuid", "seteuid", "setresuid", "prctl", "strtok", "getpwnam",
        "pam_set_data", "pam_get_data", "pam_fail_delay", "realloc"};
    static char words[256][128];
    size_t n = read_words("nm -D --undefined-only '%s' | awk '{print $NF}'", words, 256);

    (void)state;
    assert_true(n > 20);
    for (size_t i = 0; i < n; i++) {
        for (size_t u = 0; u < sizeof(unfit) / sizeof(unfit[0]); u++) {
            if (strcmp(words[i], unfit[u]) == 0)
                fail_msg("the module calls %s", unfit[u]);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_six_functions),
        cmocka_unit_test(exports_nothing_else),
        cmocka_unit_test(needs_libpam_and_libc),
        cmocka_unit_test(calls_nothing_unfit_for_a_guest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
