/*
 * bridge/book.c, book_person.c, book_index.c: who has which role.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/bridge/books.h"

static char *one_group[] = {(char *)"A"};

static struct conf_role
role(const char *name, const char *arn)
{
    return (struct conf_role){.name = (char *)name,
        .arn = (char *)arn,
        .where = {.file = "awsfed.conf", .line = 1},
        .groups = {.items = one_group, .n = 1},
        .digest = (uint64_t)(unsigned char)name[0]};
}

#define ADMIN "arn:aws:iam::111122223333:role/Admin"
#define OTHER "arn:aws:iam::111122223333:role/Other"

static const struct addir_person alice = {.sam = "alice", .upn = "alice@corp.example.com"};

/* The names of the roles that a person of these groups has, joined with blanks. */
static const char *
names(const struct book *book, const struct addir_person *person, const unsigned *groups, size_t n)
{
    static char text[1024];
    struct addir_entry entry = books_entry(groups, n);
    unsigned *roles = NULL;
    size_t count = 0, used = 0;

    text[0] = '\0';
    assert_int_equal(book_roles(book, 0, person, &entry, &roles, &count), 0);
    assert_true((roles == NULL) == (count == 0));
    for (size_t i = 0; i < count; i++)
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", i > 0 ? " " : "",
            book_role(book, roles[i])->name);
    free(roles);
    free(entry.groups);
    return text;
}

/* What is not known gives nobody anything, and says so. */
static void
test_unknown_domain(void **state)
{
    struct conf_role roles[] = {role("a", ADMIN)};
    struct book_groups groups = {.known = false};
    struct addir_entry entry = {.n_groups = 0};
    struct conf_domain domain;
    struct conf conf;
    struct book *book;
    unsigned *found;
    size_t n;

    (void)state;
    books_conf(&conf, &domain, roles, 1);
    domain.login_groups = (struct conf_list){.items = one_group, .n = 1};
    assert_int_equal(book_new(&conf, &groups, true, &book), 0);
    assert_int_equal(book_roles(book, 0, &alice, &entry, &found, &n), FED_E_DIRECTORY);
    assert_int_equal(book_may_login(book, 0, &entry), FED_E_DIRECTORY);
    book_unref(book);
}

/* I-21: a group counts by its SID; one that does not exist gives nobody anything. */
static void
test_groups(void **state)
{
    struct conf_role roles[] = {role("a", ADMIN), role("b", OTHER), role("c", OTHER)};
    struct sid sids[] = {books_sid(20), {.len = 0}, books_sid(10)};
    struct book_groups groups = {.known = true, .roles = sids};
    struct conf_domain domain;
    struct conf conf;
    struct book *book;

    (void)state;
    books_conf(&conf, &domain, roles, 3);
    assert_int_equal(book_new(&conf, &groups, true, &book), 0);
    assert_string_equal(names(book, &alice, NULL, 0), "");
    assert_string_equal(names(book, &alice, (unsigned[]){30, 31}, 2), "");
    assert_string_equal(names(book, &alice, (unsigned[]){10, 20, 30}, 3), "a c");
    assert_string_equal(names(book, &alice, (unsigned[]){5, 20}, 2), "a");
    book_unref(book);
}

static void
test_users(void **state)
{
    static char *bare[] = {(char *)"Alice"}, *full[] = {(char *)"alice@CORP.example.com"},
                *upn[] = {(char *)"a.smith@example.org"},
                *other[] = {(char *)"alice@other.example"};
    struct conf_role roles[] = {
        role("bare", ADMIN), role("full", ADMIN), role("upn", ADMIN), role("other", ADMIN)};
    struct addir_person smith = {.sam = "alice", .upn = "A.Smith@example.org"},
                        bob = {.sam = "bob", .upn = "bob@corp.example.com"};
    struct book_groups groups = {.known = true};
    struct conf_domain domain;
    struct conf conf;
    struct book *book;

    (void)state;
    char **users[] = {bare, full, upn, other};
    for (size_t i = 0; i < 4; i++) {
        roles[i].groups.n = 0;
        roles[i].users = (struct conf_list){.items = users[i], .n = 1};
    }
    books_conf(&conf, &domain, roles, 4);
    assert_int_equal(book_new(&conf, &groups, true, &book), 0);
    assert_string_equal(names(book, &alice, NULL, 0), "bare full");
    assert_string_equal(names(book, &smith, NULL, 0), "bare full upn");
    assert_string_equal(names(book, &bob, NULL, 0), "");
    book_unref(book);
    domain.is_default = false;
    assert_int_equal(book_new(&conf, &groups, true, &book), 0);
    assert_string_equal(names(book, &alice, NULL, 0), "full");
    book_unref(book);
}

/*
 * I-21: a domain's own people are named by its suffix. Whoever may write userPrincipalNames in another one, and gives somebody there
 * such a name, gives them nothing by it.
 */
static void
test_users_of_another_domain(void **state)
{
    static char *users[] = {(char *)"alice@corp.example.com"}, *free_suffix[] = {(char *)"al@org"};
    struct conf_role roles[] = {role("a", ADMIN), role("b", ADMIN)};
    struct conf_domain domains[] = {{.name = (char *)"corp.example.com", .is_default = true},
        {.name = (char *)"emea.example.com"}};
    struct conf conf = {.domains = domains, .n_domains = 2, .roles = roles, .n_roles = 2};
    struct addir_person liar = {.sam = "mallory", .upn = "Alice@CORP.example.com"},
                        al = {.sam = "x", .upn = "al@org"};
    struct book_groups groups[] = {{.known = true}, {.known = true}};
    struct addir_entry entry = {.n_groups = 0};
    struct book *book;
    unsigned *found = NULL;
    size_t n = 0;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        roles[i].groups.n = 0;
        roles[i].users = (struct conf_list){.items = i == 0 ? users : free_suffix, .n = 1};
    }
    atomic_init(&conf.refs, 1);
    assert_int_equal(book_new(&conf, groups, true, &book), 0);
    assert_int_equal(book_roles(book, 1, &liar, &entry, &found, &n), 0);
    assert_int_equal(n, 0);
    assert_int_equal(book_roles(book, 1, &al, &entry, &found, &n), 0);
    assert_int_equal(n, 1);
    free(found);
    assert_int_equal(book_roles(book, 0, &alice, &entry, &found, &n), 0);
    assert_int_equal(n, 1);
    free(found);
    book_unref(book);
}

static struct addir_group
group(unsigned sid, const char *name)
{
    struct addir_group g = {.sid = books_sid(sid)};

    (void)snprintf(g.name, sizeof(g.name), "%s", name);
    return g;
}

static struct conf_pattern
pattern(const char *match, const char *arn, unsigned line)
{
    return (struct conf_pattern){.match = (char *)match,
        .role = {.name = (char *)"p",
            .arn = (char *)arn,
            .where = {.file = "awsfed.conf", .line = line},
            .digest = line}};
}

/* A [role] goes before a pattern, by ARN and by name; an earlier pattern before a later one. */
static void
test_patterns(void **state)
{
    struct conf_role roles[] = {role("mine", ADMIN), role("111122223333-Taken", OTHER)};
    struct sid sids[] = {books_sid(1), books_sid(2)};
    struct addir_group first[] = {group(10, "AWS-111122223333-Admin"),
        group(11, "AWS-111122223333-Taken"), group(12, "AWS-111122223333-Dev"),
        group(13, "AWS-111122223333-De v"), group(14, "AWS-x-Dev"),
        group(15, "AWS-444455556666-Dev")},
                       second[] = {
                           group(16, "X-111122223333-Dev"), group(17, "X-777788889999-Ops")};
    struct book_like like[] = {{first, 6}, {second, 2}};
    struct conf_pattern patterns[] = {
        pattern("AWS-{account}-{role}", "arn:aws:iam::{account}:role/{role}", 7),
        pattern("X-{account}-{role}", "arn:aws:iam::{account}:role/x/{role}", 9)};
    struct book_groups groups = {.known = true, .roles = sids, .like = like};
    struct conf_domain domain;
    struct conf conf;
    struct book *book;

    (void)state;
    books_conf(&conf, &domain, roles, 2);
    conf.patterns = patterns;
    conf.n_patterns = 2;
    assert_int_equal(book_new(&conf, &groups, true, &book), 0);
    assert_int_equal(book_size(book), 5);
    assert_string_equal(names(book, &alice, (unsigned[]){10, 11, 13, 14, 16}, 5), "");
    assert_string_equal(names(book, &alice, (unsigned[]){12}, 1), "111122223333-Dev");
    assert_string_equal(
        names(book, &alice, (unsigned[]){1, 15, 17}, 3), "mine 444455556666-Dev 777788889999-Ops");
    assert_string_equal(
        book_find(book, "777788889999-ops")->arn, "arn:aws:iam::777788889999:role/x/Ops");
    assert_null(book_find(book, "nobody"));
    book_unref(book);
}

/* How many roles a person of a domain has by one group. */
static size_t
count_roles(const struct book *book, size_t domain, const struct sid *group)
{
    struct addir_entry entry = {.groups = (struct sid *)group, .n_groups = 1};
    unsigned *found = NULL;
    size_t n = 0;

    assert_int_equal(book_roles(book, domain, &alice, &entry, &found, &n), 0);
    free(found);
    return n;
}

/*
 * I-21: the group of one name in two domains makes one role, which the members of both have, whichever domain they are
 * of themselves: a group is its SID. A built-in one is its own domain's.
 */
static void
test_two_domains(void **state)
{
    struct sid built_in;
    struct addir_group here[] = {group(10, "AWS-111122223333-Dev"),
        group(11, "AWS-111122223333-Ops")},
                       there[] = {group(20, "AWS-111122223333-Dev")};
    struct book_like like[] = {{here, 2}}, like_there[] = {{there, 1}};
    struct book_groups groups[] = {
        {.known = true, .like = like}, {.known = true, .like = like_there}};
    struct conf_pattern patterns[] = {
        pattern("AWS-{account}-{role}", "arn:aws:iam::{account}:role/{role}", 7)};
    struct conf_domain domains[2] = {{.name = (char *)"a.example"}, {.name = (char *)"b.example"}};
    struct conf conf = {.domains = domains, .n_domains = 2, .patterns = patterns, .n_patterns = 1};
    struct book *book;

    (void)state;
    assert_int_equal(sid_from_text("S-1-5-32-544", &built_in), 0);
    here[1].sid = built_in;
    atomic_init(&conf.refs, 1);
    assert_int_equal(book_new(&conf, groups, true, &book), 0);
    assert_int_equal(book_size(book), 2);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(count_roles(book, i, &here[0].sid), 1);
        assert_int_equal(count_roles(book, i, &there[0].sid), 1);
    }
    assert_int_equal(count_roles(book, 0, &built_in), 1);
    assert_int_equal(count_roles(book, 1, &built_in), 0);
    book_unref(book);
    /* One that does not answer takes nothing from the people of the other. */
    groups[1] = (struct book_groups){.known = false};
    assert_int_equal(book_new(&conf, groups, true, &book), 0);
    assert_int_equal(count_roles(book, 0, &here[0].sid), 1);
    book_unref(book);
}

static void
test_login_groups(void **state)
{
    static char *two[] = {(char *)"In", (char *)"Gone"};
    struct sid login[] = {books_sid(1), {.len = 0}}, deny[] = {books_sid(2)};
    struct book_groups groups = {.known = true, .login = login, .deny = deny};
    struct addir_entry in = books_entry((unsigned[]){1}, 1),
                       both = books_entry((unsigned[]){1, 2}, 2), none = books_entry(NULL, 0);
    struct conf_domain domain;
    struct conf conf;
    struct book *book;

    (void)state;
    books_conf(&conf, &domain, NULL, 0);
    domain.login_groups = (struct conf_list){.items = two, .n = 2};
    domain.deny_groups = (struct conf_list){.items = one_group, .n = 1};
    assert_int_equal(book_new(&conf, &groups, true, &book), 0);
    assert_int_equal(book_may_login(book, 0, &in), 0);
    assert_int_equal(book_may_login(book, 0, &both), FED_E_NOT_LISTED);
    assert_int_equal(book_may_login(book, 0, &none), FED_E_NOT_LISTED);
    book_unref(book);
    free(in.groups);
    free(both.groups);
    free(none.groups);
}

/* Tickets are asked again when, and only when, a new book gives somebody something else. */
static void
test_equal(void **state)
{
    struct conf_role roles[] = {role("a", ADMIN)};
    struct sid sids[] = {books_sid(20)}, others[] = {books_sid(21)};
    struct book_groups groups = {.known = true, .roles = sids},
                       changed = {.known = true, .roles = others}, unknown = {.known = false};
    struct conf_domain domain;
    struct conf conf;
    struct book *a, *b, *c, *d;

    (void)state;
    books_conf(&conf, &domain, roles, 1);
    assert_int_equal(book_new(&conf, &groups, true, &a), 0);
    assert_int_equal(book_new(&conf, &groups, true, &b), 0);
    assert_int_equal(book_new(&conf, &changed, true, &c), 0);
    assert_int_equal(book_new(&conf, &unknown, true, &d), 0);
    assert_true(book_equal(a, b));
    assert_false(book_equal(a, c));
    assert_false(book_equal(a, d));
    book_unref(a);
    book_unref(b);
    book_unref(c);
    book_unref(d);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unknown_domain),
        cmocka_unit_test(test_groups),
        cmocka_unit_test(test_users),
        cmocka_unit_test(test_users_of_another_domain),
        cmocka_unit_test(test_patterns),
        cmocka_unit_test(test_two_domains),
        cmocka_unit_test(test_login_groups),
        cmocka_unit_test(test_equal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
