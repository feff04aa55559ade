/*
 * sshd_config: what keeps pam_awsfed from being asked, with the line that has to be named.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "conf/sshdconf.h"
#include "tests/folder.h"

static char folder[FOLDER_SIZE];

static void
sshd(const char *text, const char *included, bool append, size_t n, const char *where,
    const char *what)
{
    struct findings f = {0};
    char path[FOLDER_SIZE + 16], more[FOLDER_SIZE + 16], at[FOLDER_SIZE + 32];

    (void)snprintf(path, sizeof(path), "%s/sshd_config", folder);
    (void)snprintf(more, sizeof(more), "%s/more.conf", folder);
    for (int i = 0; i < 2; i++) {
        FILE *file = fopen(i == 0 ? path : more, "w");
        assert_non_null(file);
        (void)fputs(i == 0 ? text : included, file);
        assert_int_equal(fclose(file), 0);
    }
    sshdconf_lint(path, append, &f);
    for (size_t i = 0; i < f.n && f.n != n; i++)
        print_message("%s: %s\n", f.items[i].where, f.items[i].what);
    assert_int_equal(f.n, n);
    if (n > 0) {
        (void)snprintf(at, sizeof(at), "%s/%s", folder, where);
        assert_string_equal(f.items[0].where, at);
        assert_non_null(strstr(f.items[0].what, what));
    }
    findings_done(&f);
}

static void
sshd_has_to_ask_pam(void **state)
{
    (void)state;
    sshd("", "", false, 2, "sshd_config", "UsePAM no (sshd's default)");
    sshd(
        "UsePAM yes\n", "", false, 1, "sshd_config", "PasswordAuthentication yes (sshd's default)");
    sshd("UsePAM yes\n", "", true, 0, "", "");
    sshd("usepam=YES\nPasswordAuthentication \"no\"\n", "", false, 0, "", "");
    sshd("UsePAM no\nUsePAM yes\nPasswordAuthentication no\n", "", false, 1, "sshd_config:1",
        "does not ask PAM");
    sshd("UsePAM yes\nPasswordAuthentication no\nChallengeResponseAuthentication no\n", "", false,
        1, "sshd_config:3", "nobody can be asked");
    sshd("Include more.conf nosuch*\nUsePAM no\n", "#\nUsePAM yes\nPasswordAuthentication no\n",
        false, 0, "", "");
    sshd("UsePAM yes\nPasswordAuthentication no\nMatch User x\nKbdInteractiveAuthentication no\n",
        "", false, 1, "sshd_config:4", "whoever it matches");
    sshd("UsePAM yes\nMatch User x\nPasswordAuthentication no\nMatch all\nPasswordAuthentication "
         "no\n",
        "", false, 0, "", "");
    sshd("UsePAM yes\nPasswordAuthentication no\nPermitEmptyPasswords yes\nInclude sshd_config\n",
        "", false, 1, "sshd_config:3", "needs none");
}

static void
our_sample_of_sshd_has_nothing(void **state)
{
    struct findings f = {0};
    (void)state;

    sshdconf_lint("conf/sshd/awsfed.conf", false, &f);
    assert_int_equal(f.n, 0);
}

static int
set_up(void **state)
{
    (void)state;
    return folder_make(folder);
}

static int
tear_down(void **state)
{
    (void)state;
    return folder_remove(folder);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sshd_has_to_ask_pam),
        cmocka_unit_test(our_sample_of_sshd_has_nothing),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
