/*
 * Rejected passwords are remembered by person, for a while, and no others.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ldap/tries.h"

static bool
rejected(struct tries *tries, const char *sid_text, const char *text, int64_t now_ms, bool note)
{
    struct fed_secret password = FED_SECRET_INIT(512);
    struct sid sid;

    assert_int_equal(sid_from_text(sid_text, &sid), 0);
    assert_int_equal(fed_secret_add_str(&password, text), 0);
    if (note)
        tries_note(tries, &sid, &password, now_ms);
    bool r = tries_rejected(tries, &sid, &password, now_ms);
    fed_secret_done(&password);
    return r;
}

static void
a_rejected_password_is_known_for_a_while(void **state)
{
    struct tries *tries;
    (void)state;

    assert_int_equal(tries_new(&tries), 0);
    assert_false(rejected(tries, "S-1-5-21-1", "wrong", 1000, false));
    assert_true(rejected(tries, "S-1-5-21-1", "wrong", 1000, true));
    assert_true(rejected(tries, "S-1-5-21-1", "wrong", 1000 + TRIES_KEPT_MS - 1, false));
    assert_false(rejected(tries, "S-1-5-21-1", "wrong", 1000 + TRIES_KEPT_MS, false));
    assert_false(rejected(tries, "S-1-5-21-2", "wrong", 1000, false));
    assert_false(rejected(tries, "S-1-5-21-1", "wron", 1000, false));
    assert_false(rejected(tries, "S-1-5-21-1", "wrongx", 1000, false));
    tries_free(tries);
    tries_free(NULL);
}

static void
the_new_password_is_forgotten(void **state)
{
    struct fed_secret password = FED_SECRET_INIT(64);
    struct tries *tries;
    struct sid sid;
    (void)state;

    assert_int_equal(tries_new(&tries), 0);
    assert_int_equal(sid_from_text("S-1-5-21-1", &sid), 0);
    assert_int_equal(fed_secret_add_str(&password, "new"), 0);
    assert_true(rejected(tries, "S-1-5-21-1", "new", 1000, true));
    assert_true(rejected(tries, "S-1-5-21-1", "other", 1000, true));
    assert_true(rejected(tries, "S-1-5-21-2", "new", 1000, true));
    tries_forget(tries, &sid, &password);
    assert_false(rejected(tries, "S-1-5-21-1", "new", 1000, false));
    assert_true(rejected(tries, "S-1-5-21-1", "other", 1000, false));
    assert_true(rejected(tries, "S-1-5-21-2", "new", 1000, false));
    fed_secret_done(&password);
    tries_free(tries);
}

static void
the_oldest_goes_when_there_are_many(void **state)
{
    struct tries *tries;
    char text[16];
    (void)state;

    assert_int_equal(tries_new(&tries), 0);
    for (int i = 0; i <= TRIES_KEPT; i++) {
        (void)snprintf(text, sizeof(text), "%d", i);
        assert_true(rejected(tries, "S-1-5-21-1", text, 1000, true));
    }
    assert_false(rejected(tries, "S-1-5-21-1", "0", 1000, false));
    assert_true(rejected(tries, "S-1-5-21-1", "1", 1000, false));
    tries_free(tries);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rejected_password_is_known_for_a_while),
        cmocka_unit_test(the_new_password_is_forgotten),
        cmocka_unit_test(the_oldest_goes_when_there_are_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
