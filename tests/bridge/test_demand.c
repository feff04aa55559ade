/*
 * bridge/demand.c: which rule decides, what may come out before the groups are known, and what meets it.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/bridge/books.h"

#include "bridge/demand.h"

#define LIST(...)                                                                                  \
    {                                                                                              \
        .items = (char *[]){__VA_ARGS__}, .n = sizeof((char *[]){__VA_ARGS__}) / sizeof(char *)    \
    }
#define T(text) ((char *)(text))

/* A book of rules; the groups are known by SIDs in the order of demand_groups. */
struct setting {
    struct conf conf;
    struct conf_domain domain;
    struct book *book;
};

static void
set(struct setting *s, struct conf_mfa mfa, struct conf_rule *rules, size_t n, struct sid *sids)
{
    struct book_groups groups = {.known = sids != NULL, .demand = sids};

    books_conf(&s->conf, &s->domain, NULL, 0);
    s->conf.mfa = mfa;
    s->conf.rules = rules;
    s->conf.n_rules = n;
    assert_int_equal(book_new(&s->conf, &groups, true, &s->book), 0);
}

static unsigned
possible(struct setting *s, const char *service, const char *rhost)
{
    struct demand_from from = {service, rhost};

    return demand_possible(&s->conf.mfa, s->book, &from);
}

/* The demand on a member of one group (0 = of none). */
static enum demand
decided(struct setting *s, const char *service, const char *rhost, unsigned group)
{
    struct demand_from from = {service, rhost};
    struct addir_entry entry = books_entry(&group, group != 0);
    enum demand demand = 0;

    assert_int_equal(demand_decide(&s->conf.mfa, s->book, &from, 0, &entry, &demand, NULL), 0);
    free(entry.groups);
    return demand;
}

static struct conf_rule
rule(const char *name, enum conf_mfa_required required)
{
    return (struct conf_rule){.name = T(name), .where = {"awsfed.conf", 1}, .required = required};
}

/* Nothing but a right code meets the strictest demand; an empty one meets no demand for codes (I-29). */
static void
test_what_meets_a_demand_i29(void **state)
{
    (void)state;
    assert_true(demand_met(DEMAND_CODE, DEMAND_RIGHT));
    assert_false(demand_met(DEMAND_CODE, DEMAND_WRONG));
    assert_false(demand_met(DEMAND_CODE, DEMAND_UNENROLLED));
    assert_false(demand_met(DEMAND_CODE, DEMAND_ABSENT));
    assert_true(demand_met(DEMAND_ENROLLED, DEMAND_UNENROLLED));
    assert_false(demand_met(DEMAND_ENROLLED, DEMAND_WRONG));
    assert_false(demand_met(DEMAND_ENROLLED, DEMAND_ABSENT));
    assert_true(demand_met(DEMAND_NOTHING, DEMAND_ABSENT));
    assert_false(demand_met(DEMAND_CODE | DEMAND_NOTHING, DEMAND_WRONG)); /* I-36 */
    assert_true(demand_met(DEMAND_NETWORK, DEMAND_WRONG));
    assert_false(demand_met(0, DEMAND_RIGHT));
}

/* Without rules it is [mfa] that decides, and nothing is open. */
static void
test_no_rules(void **state)
{
    struct setting s;

    (void)state;
    set(&s, (struct conf_mfa){.required = CONF_MFA_YES}, NULL, 0, NULL);
    assert_int_equal(possible(&s, "sshd", NULL), DEMAND_CODE);
    assert_int_equal(decided(&s, "sshd", NULL, 7), DEMAND_CODE);
    book_unref(s.book);
    set(&s, (struct conf_mfa){.required = CONF_MFA_ENROLLED}, NULL, 0, NULL);
    assert_int_equal(possible(&s, "sshd", NULL), DEMAND_ENROLLED);
    book_unref(s.book);
}

/* Only a member is exempt; a group that does not exist exempts nobody, whatever its SID would have been. */
static void
test_exempt_groups(void **state)
{
    struct sid sids[] = {books_sid(10), {.len = 0}};
    struct setting s;

    (void)state;
    set(&s, (struct conf_mfa){.exempt_groups = LIST(T("Robots"), T("Gone"))}, NULL, 0, sids);
    assert_int_equal(possible(&s, "sshd", NULL), DEMAND_CODE | DEMAND_NOTHING);
    assert_true(demand_is_open(possible(&s, "sshd", NULL)));
    assert_int_equal(decided(&s, "sshd", NULL, 10), DEMAND_NOTHING);
    assert_int_equal(decided(&s, "sshd", NULL, 11), DEMAND_CODE);
    assert_int_equal(decided(&s, "sshd", NULL, 0), DEMAND_CODE);
    book_unref(s.book);
}

/* While the configuration's groups are not known nobody is told anything that hangs on them (I-16). */
static void
test_unknown_groups_i16(void **state)
{
    struct demand_from from = {"sshd", NULL};
    struct addir_entry entry = {.n_groups = 0};
    struct conf_rule rules[] = {rule("admins", CONF_MFA_YES)};
    enum demand demand;
    struct setting s;

    (void)state;
    rules[0].groups = (struct conf_list)LIST(T("Admins"));
    set(&s, (struct conf_mfa){.required = CONF_MFA_ENROLLED}, rules, 1, NULL);
    assert_int_equal(
        demand_decide(&s.conf.mfa, s.book, &from, 0, &entry, &demand, NULL), FED_E_DIRECTORY);
    book_unref(s.book);
    set(&s, (struct conf_mfa){.exempt_groups = LIST(T("Robots"))}, NULL, 0, NULL);
    assert_int_equal(
        demand_decide(&s.conf.mfa, s.book, &from, 0, &entry, &demand, NULL), FED_E_DIRECTORY);
    book_unref(s.book);
}

/* Who is in a group that does not exist cannot be known: that spares nobody a code, and asks one of everybody. */
static void
test_groups_that_do_not_exist(void **state)
{
    struct conf_rule rules[] = {rule("a", CONF_MFA_NO), rule("b", CONF_MFA_YES)};
    struct sid sids[] = {{.len = 0}, {.len = 0}, books_sid(20)};
    struct setting s;

    (void)state;
    rules[0].groups = (struct conf_list)LIST(T("Gone"));
    rules[1].services = (struct conf_list)LIST(T("sudo"));
    rules[1].groups = (struct conf_list)LIST(T("Gone"), T("Admins"));
    set(&s, (struct conf_mfa){.required = CONF_MFA_ENROLLED}, rules, 2, sids);
    assert_int_equal(decided(&s, "sshd", NULL, 20), DEMAND_ENROLLED);
    assert_int_equal(decided(&s, "sudo", NULL, 20), DEMAND_CODE);
    assert_int_equal(decided(&s, "sudo", NULL, 0), DEMAND_CODE);
    book_unref(s.book);
}

/*
 * A bare name is any domain's group: what one domain has of that name does not tell who is in the one of a domain that has not
 * answered, so the rule asks a code of everybody; and spares one only who is known to be in.
 */
static void
test_groups_of_a_silent_domain(void **state)
{
    struct conf_rule rules[] = {rule("a", CONF_MFA_NO), rule("b", CONF_MFA_YES)};
    struct conf_domain domains[] = {
        {.name = T("corp.example.com"), .is_default = true}, {.name = T("emea.example.com")}};
    struct sid sids[] = {books_sid(10), books_sid(20)};
    struct book_groups groups[] = {{.known = true, .demand = sids}, {.known = false}};
    struct setting s = {.conf = {.domains = domains,
                            .n_domains = 2,
                            .mfa = {.required = CONF_MFA_ENROLLED},
                            .rules = rules,
                            .n_rules = 2}};

    (void)state;
    rules[0].groups = (struct conf_list)LIST(T("Robots"));
    rules[1].groups = (struct conf_list)LIST(T("Admins"));
    atomic_init(&s.conf.refs, 1);
    assert_int_equal(book_new(&s.conf, groups, true, &s.book), 0);
    assert_int_equal(decided(&s, "sshd", NULL, 10), DEMAND_NOTHING);
    assert_int_equal(decided(&s, "sshd", NULL, 20), DEMAND_CODE);
    assert_int_equal(decided(&s, "sshd", NULL, 30), DEMAND_CODE);
    book_unref(s.book);
    groups[1] =
        (struct book_groups){.known = true, .demand = (struct sid[]){books_sid(11), books_sid(21)}};
    assert_int_equal(book_new(&s.conf, groups, true, &s.book), 0);
    assert_int_equal(decided(&s, "sshd", NULL, 30), DEMAND_ENROLLED);
    book_unref(s.book);
}

/* The first that fits decides; all that a rule names must fit; names of services have no case. */
static void
test_first_rule_decides(void **state)
{
    struct conf_rule rules[] = {
        rule("a", CONF_MFA_YES), rule("b", CONF_MFA_NO), rule("c", CONF_MFA_ENROLLED)};
    struct sid sids[] = {books_sid(10), books_sid(20)};
    struct setting s;

    (void)state;
    rules[0].services = (struct conf_list)LIST(T("sudo"), T("su"));
    rules[0].groups = (struct conf_list)LIST(T("Admins"));
    rules[1].services = (struct conf_list)LIST(T("Sudo"));
    rules[1].networks = (struct conf_list)LIST(T("192.0.2.0/24"));
    rules[2].groups = (struct conf_list)LIST(T("Guests"));
    set(&s, (struct conf_mfa){.required = CONF_MFA_YES}, rules, 3, sids);
    assert_int_equal(decided(&s, "su", "192.0.2.1", 10), DEMAND_CODE);
    assert_int_equal(decided(&s, "SUDO", "192.0.2.1", 20), DEMAND_NOTHING);
    assert_int_equal(decided(&s, "sudo", "198.51.100.1", 20), DEMAND_ENROLLED);
    assert_int_equal(decided(&s, "sudo", "localhost", 20), DEMAND_ENROLLED); /* I-22 */
    assert_int_equal(decided(&s, "sshd", "192.0.2.1", 0), DEMAND_CODE);
    assert_int_equal(possible(&s, "sudo", "192.0.2.1"), DEMAND_CODE | DEMAND_NOTHING);
    assert_int_equal(possible(&s, "su", "192.0.2.1"), DEMAND_CODE | DEMAND_ENROLLED);
    /* Whose service is not vouched for is fitted by no rule that names one (I-53). */
    assert_int_equal(possible(&s, NULL, NULL), DEMAND_CODE | DEMAND_ENROLLED);
    book_unref(s.book);
}

/* An exempt network forgives at once; that members of exempt-groups get no role holds there too. */
static void
test_networks_and_members(void **state)
{
    struct sid sids[] = {books_sid(10)};
    struct setting s;

    (void)state;
    set(&s,
        (struct conf_mfa){
            .exempt_groups = LIST(T("Robots")), .exempt_networks = LIST(T("192.0.2.0/24"))},
        NULL, 0, sids);
    assert_int_equal(possible(&s, "sshd", "192.0.2.1"), DEMAND_NETWORK);
    assert_int_equal(decided(&s, "sshd", "192.0.2.1", 10), DEMAND_NOTHING);
    assert_int_equal(decided(&s, "sshd", "192.0.2.1", 20), DEMAND_NETWORK);
    assert_int_equal(possible(&s, "sshd", NULL), DEMAND_CODE | DEMAND_NOTHING);
    book_unref(s.book);
}

/* I-22: a host's name, which its owner chooses, gets nobody out of a rule that asks all of a network for a code, nor into one that spares it. */
static void
test_names_of_hosts_i22(void **state)
{
    static const char *const names[] = {"host.example.com", "192.0.2.1.example.com", "192.0.2",
        "fe80::1%eth0", "192.0.2.0/24", " 192.0.2.1", "localhost"};
    struct conf_rule rules[] = {rule("a", CONF_MFA_NO), rule("b", CONF_MFA_ENROLLED),
        rule("c", CONF_MFA_YES), rule("d", CONF_MFA_NO)};
    struct setting s;

    (void)state;
    rules[0].networks = (struct conf_list)LIST(T("198.51.100.0/24"));
    rules[1].networks = (struct conf_list)LIST(T("203.0.113.0/24"));
    rules[2].services = (struct conf_list)LIST(T("sshd"));
    rules[2].networks = (struct conf_list)LIST(T("192.0.2.0/24"));
    rules[3].services = (struct conf_list)LIST(T("sshd"), T("login"));
    set(&s, (struct conf_mfa){.required = CONF_MFA_ENROLLED}, rules, 4, NULL);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        assert_int_equal(possible(&s, "sshd", names[i]), DEMAND_CODE);
        assert_int_equal(possible(&s, "login", names[i]), DEMAND_NOTHING);
        assert_int_equal(possible(&s, "su", names[i]), DEMAND_ENROLLED);
    }
    assert_int_equal(possible(&s, "sshd", "192.0.2.1"), DEMAND_CODE);
    assert_int_equal(possible(&s, "sshd", "2001:db8::1"), DEMAND_NOTHING);
    assert_int_equal(possible(&s, "sshd", "::ffff:192.0.2.1"), DEMAND_CODE);
    /* From no host at all it is of no network. */
    assert_int_equal(possible(&s, "sshd", NULL), DEMAND_NOTHING);
    assert_int_equal(possible(&s, "sshd", ""), DEMAND_NOTHING);
    book_unref(s.book);
}

/* Another SID for a name is another book. */
static void
test_books_differ(void **state)
{
    struct sid one[] = {books_sid(10)}, two[] = {books_sid(11)};
    struct conf_mfa mfa = {.exempt_groups = LIST(T("Robots"))};
    struct book_groups other = {.known = true, .demand = two};
    struct setting s;
    struct book *book;

    (void)state;
    set(&s, mfa, NULL, 0, one);
    assert_true(book_equal(s.book, s.book));
    assert_int_equal(book_new(&s.conf, &other, true, &book), 0);
    assert_false(book_equal(s.book, book));
    book_unref(book);
    book_unref(s.book);
}

/* What explain tells: a line a service and network, each with its rule's place. */
static void
collect(void *arg, const char *text)
{
    char *all = arg;

    (void)strncat(all, text, 4095 - strlen(all));
    (void)strncat(all, "\n", 4095 - strlen(all));
}

static void
test_explained(void **state)
{
    struct conf_rule rules[] = {rule("a", CONF_MFA_NO), rule("b", CONF_MFA_YES)};
    struct sid sids[] = {books_sid(10)};
    struct addir_entry entry = books_entry((unsigned[]){10}, 1);
    char all[4096] = "";
    struct setting s;

    (void)state;
    rules[0].services = (struct conf_list)LIST(T("sudo"));
    rules[0].networks = (struct conf_list)LIST(T("192.0.2.0/24"));
    rules[1].services = (struct conf_list)LIST(T("su"), T("sudo"));
    set(&s, (struct conf_mfa){.exempt_groups = LIST(T("Robots"))}, rules, 2, sids);
    demand_explain(&s.conf.mfa, s.book, 0, &entry, collect, all);
    assert_string_equal(all,
        "sign-in by sudo from 192.0.2.0/24: exempt: the password alone, and no role, by "
        "[mfa-rule a], awsfed.conf:1\n"
        "sign-in by sudo: a code is required, by [mfa-rule b], awsfed.conf:1\n"
        "sign-in by su: a code is required, by [mfa-rule b], awsfed.conf:1\n"
        "sign-in by awsfed-login: exempt: no role, though it takes a code, by [mfa] exempt-groups\n"
        "sign-in by any other service: exempt: the password alone, and no role, by [mfa] "
        "exempt-groups\n");
    book_unref(s.book);

    set(&s, (struct conf_mfa){.required = CONF_MFA_YES}, rules, 0, sids);
    all[0] = '\0';
    demand_explain(&s.conf.mfa, s.book, 0, &entry, collect, all);
    assert_string_equal(all, "sign-in by any service: a code is required, by [mfa] required\n");
    free(entry.groups);
    book_unref(s.book);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_meets_a_demand_i29),
        cmocka_unit_test(test_no_rules),
        cmocka_unit_test(test_exempt_groups),
        cmocka_unit_test(test_unknown_groups_i16),
        cmocka_unit_test(test_groups_that_do_not_exist),
        cmocka_unit_test(test_groups_of_a_silent_domain),
        cmocka_unit_test(test_first_rule_decides),
        cmocka_unit_test(test_networks_and_members),
        cmocka_unit_test(test_names_of_hosts_i22),
        cmocka_unit_test(test_books_differ),
        cmocka_unit_test(test_explained),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
