/*
 * bridge/pardon.c: what is made of a code, or of none, when the entry has been read.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/bridge/books.h"

#include "base/wire.h"
#include "bridge/pardon.h"
#include "mfa/store_backend.h"

static struct conf conf;
static struct conf_domain domain;
static struct bridge b;

/* One that hides nothing, and one that may. */
static const struct store_ops plain_ops;
static struct store plain = {&plain_ops};
static int hidden;

static int
answer_hidden(struct store *store, const struct store_row *row, uint64_t version)
{
    (void)store;
    assert_string_equal(row->name, "alice@corp.example.com");
    assert_true(version != 0);
    return hidden;
}

static const struct store_ops hiding_ops = {.absent = answer_hidden};
static struct store hiding = {&hiding_ops};

/* A bridge that knows a configuration; of the directory's groups it knows nothing yet. */
static void
begin(struct conf_mfa mfa)
{
    books_conf(&conf, &domain, NULL, 0);
    conf.mfa = mfa;
    b = (struct bridge){.conf = &conf, .store = &plain};
    assert_int_equal(mapper_new(&conf, NULL, &b.mapper), 0);
}

static void
end(void)
{
    mapper_free(b.mapper);
}

static int
settle(enum signin_aim aim, struct pardon *p)
{
    const struct signin a = {.user = "alice",
        .factors = WIRE_FACTOR_PASSWORD | WIRE_FACTOR_CODE,
        .service = "sshd",
        .aim = aim};
    const struct identity id = {.name = "alice@corp.example.com", .sid = "S-1-5-21-1-2-3-1104"};
    const struct addir_entry entry = {.n_groups = 0};
    char why[BRIDGE_WHY_MAX] = "";
    int r = pardon_settle(&b, &a, &id, &entry, p, why);

    assert_true(r != FED_E_DENIED || why[0] != '\0');
    return r;
}

/*
 * I-12, I-35: the password was right, or nothing would be settled. While the groups are not known that is told to nobody
 * who has given no code and of whom only the bind can say which groups are theirs.
 */
static void
test_unknown_groups_tell_no_password_i35(void **state)
{
    static char *robots[] = {(char *)"Robots"};
    struct pardon untold = {.code = DEMAND_ABSENT, .open = true, .untold = true};
    struct pardon known_before = {.code = DEMAND_ABSENT, .open = true};

    (void)state;
    begin((struct conf_mfa){.exempt_groups = {robots, 1}});
    assert_int_equal(settle(SIGNIN_SESSION, &untold), FED_E_DENIED);
    untold.code = DEMAND_UNENROLLED;
    assert_int_equal(settle(SIGNIN_SESSION, &untold), FED_E_DENIED);
    assert_int_equal(settle(SIGNIN_SESSION, &known_before), FED_E_DIRECTORY);
    end();
}

/* A domain that has not answered since the start keeps nobody out who gives a right code; but no role comes of it (I-31). */
static void
test_unknown_groups_and_a_right_code_i31(void **state)
{
    static char *robots[] = {(char *)"Robots"};
    struct pardon p = {.code = DEMAND_RIGHT, .factor = {.enrolled = true, .step = 5}};
    struct pardon wrong = {.code = DEMAND_WRONG};

    (void)state;
    begin((struct conf_mfa){.exempt_groups = {robots, 1}});
    assert_int_equal(settle(SIGNIN_SESSION, &p), 0);
    assert_true(p.no_role);
    assert_true(p.factor.enrolled && p.factor.step == 5); /* to be used up all the same (I-24) */
    assert_int_equal(settle(SIGNIN_ROLES, &p), FED_E_DIRECTORY);
    assert_int_equal(settle(SIGNIN_SESSION, &wrong), FED_E_DIRECTORY);
    end();
}

/* Another reading of the configuration between the look at the code and the bind: what it says now, counts. */
static void
test_a_reload_in_the_middle_i29(void **state)
{
    struct pardon none = {.code = DEMAND_ABSENT}, wrong = {.code = DEMAND_WRONG},
                  unenrolled = {.code = DEMAND_UNENROLLED}, right = {.code = DEMAND_RIGHT};

    (void)state;
    begin((struct conf_mfa){.required = CONF_MFA_YES});
    assert_int_equal(settle(SIGNIN_SESSION, &none), FED_E_DENIED);
    assert_int_equal(settle(SIGNIN_SESSION, &wrong), FED_E_DENIED);
    assert_int_equal(settle(SIGNIN_SESSION, &unenrolled), FED_E_DENIED);
    assert_int_equal(settle(SIGNIN_SESSION, &right), 0);
    assert_false(right.no_role);
    end();
    begin((struct conf_mfa){.required = CONF_MFA_ENROLLED});
    assert_int_equal(settle(SIGNIN_SESSION, &none), FED_E_DENIED);
    assert_int_equal(settle(SIGNIN_SESSION, &unenrolled), 0);
    end();
}

/* I-29: where a store may hide somebody's second factor, the want of one lets in only who has none for certain. */
static void
test_absence_is_made_sure_of_i29(void **state)
{
    struct pardon unenrolled = {.code = DEMAND_UNENROLLED}, right = {.code = DEMAND_RIGHT};

    (void)state;
    begin((struct conf_mfa){.required = CONF_MFA_ENROLLED});
    b.store = &hiding;
    hidden = FED_E_STORE;
    assert_int_equal(settle(SIGNIN_SESSION, &unenrolled), FED_E_STORE);
    assert_int_equal(settle(SIGNIN_ROLES, &unenrolled), FED_E_STORE);
    assert_int_equal(settle(SIGNIN_SESSION, &right), 0);
    hidden = FED_E_EXISTS;
    assert_int_equal(settle(SIGNIN_SESSION, &unenrolled), FED_E_DENIED);
    hidden = 0;
    assert_int_equal(settle(SIGNIN_SESSION, &unenrolled), 0);
    end();
}

/* I-35: a lock of passwords, the directory's or ours, is met without a code by people who have no second factor alone. */
static void
test_locks_are_told_with_a_code_alone_i35(void **state)
{
    static const enum demand_code codes[] = {DEMAND_WRONG, DEMAND_UNENROLLED, DEMAND_ABSENT};
    const struct pardon right = {.code = DEMAND_RIGHT};

    (void)state;
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        const struct pardon p = {.code = codes[i]};
        assert_int_equal(pardon_refusal(&p, FED_E_LOCKED), FED_E_DENIED);
        assert_int_equal(pardon_refusal(&p, FED_E_DIRECTORY_LOCKED), FED_E_DENIED);
        assert_int_equal(pardon_refusal(&p, FED_E_DISABLED), FED_E_DISABLED); /* by the password */
        assert_int_equal(pardon_refusal(&p, FED_E_DIRECTORY), FED_E_DIRECTORY);
    }
    assert_int_equal(pardon_refusal(&right, FED_E_LOCKED), FED_E_LOCKED);
    assert_int_equal(pardon_refusal(&right, FED_E_DIRECTORY_LOCKED), FED_E_DIRECTORY_LOCKED);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unknown_groups_tell_no_password_i35),
        cmocka_unit_test(test_unknown_groups_and_a_right_code_i31),
        cmocka_unit_test(test_a_reload_in_the_middle_i29),
        cmocka_unit_test(test_absence_is_made_sure_of_i29),
        cmocka_unit_test(test_locks_are_told_with_a_code_alone_i35),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
