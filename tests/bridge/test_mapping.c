/*
 * bridge/mapping.c, mentions.c: groups of two domains turned into SIDs, each domain a scripted LDAP server.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/ldap/peer.h"

#include "bridge/mapping.h"

enum { CORP, LABS };

static struct peer *peers[2];
static struct peer_domain *domains[2];

/* Two domains whose groups are said in files; addirs for both. */
static void
start(const char *corp, const char *labs)
{
    static const char *const names[] = {"corp", "labs"};
    const char *told[] = {corp, labs};
    char script[128];

    for (size_t i = 0; i < 2; i++) {
        FILE *file = fopen(peer_file(names[i]), "w");
        assert_non_null(file);
        assert_true(fputs(told[i], file) >= 0);
        assert_int_equal(fclose(file), 0);
        if (peers[i] != NULL)
            continue;
        (void)snprintf(script, sizeof(script), "names=@%s domain=%zu", names[i], i + 1);
        peers[i] = peer_start(script);
        domains[i] = domain_start(CONF_LDAPS, (unsigned[4]){peers[i]->port});
    }
}

static void
stop(void)
{
    for (size_t i = 0; i < 2; i++) {
        if (domains[i] != NULL)
            domain_stop(domains[i]);
        if (peers[i] != NULL)
            peer_free(peers[i]);
        domains[i] = NULL;
        peers[i] = NULL;
    }
}

static struct conf_domain conf_domains[2];
static struct conf_role roles[2];

/* [domain corp…], [domain labs…] and two roles; what a test wants otherwise it puts in before it makes a mapper. */
static struct conf
configuration(void)
{
    struct conf conf = {.domains = conf_domains,
        .n_domains = 2,
        .roles = roles,
        .n_roles = 2,
        .aws = {.region = (char *)"eu-central-1"}};

    conf_domains[CORP] = (struct conf_domain){.name = (char *)"corp.example.com",
        .base_dn = (char *)"DC=corp,DC=example,DC=com",
        .where = {.file = "awsfed.conf", .line = 1}};
    conf_domains[LABS] = (struct conf_domain){.name = (char *)"labs.example.net",
        .base_dn = (char *)"DC=labs,DC=example,DC=net",
        .where = {.file = "awsfed.conf", .line = 2}};
    roles[0] = (struct conf_role){.name = (char *)"one", .arn = (char *)"arn:1"};
    roles[1] = (struct conf_role){.name = (char *)"two", .arn = (char *)"arn:2"};
    atomic_init(&conf.refs, 1);
    return conf;
}

static struct mapper *
mapper_of(struct conf *conf)
{
    static struct addir *dirs[2];
    struct mapper *m = NULL;

    for (size_t i = 0; i < 2; i++)
        dirs[i] = domains[i]->dir;
    assert_int_equal(mapper_new(conf, dirs, &m), 0);
    return m;
}

static struct sid
sid_of(const char *text)
{
    struct sid sid;

    assert_int_equal(sid_from_text(text, &sid), 0);
    return sid;
}

/* The names of the roles that somebody of a domain has by one group. */
static const char *
roles_of(struct mapper *m, size_t domain, const char *group)
{
    static const struct addir_person person = {.sam = "alice", .upn = "alice@x"};
    static char text[64];
    struct sid sid = sid_of(group);
    struct addir_entry entry = {.groups = &sid, .n_groups = 1};
    struct book *book = NULL;
    unsigned *found = NULL;
    size_t n = 0;

    text[0] = '\0';
    int r = mapper_roles(m, domain, &person, &entry, &book, &found, &n);
    if (r != 0)
        return fed_error_name(r);
    for (size_t i = 0; i < n; i++)
        (void)strncat(text, book_role(book, found[i])->name, sizeof(text) - strlen(text) - 1);
    free(found);
    book_unref(book);
    return text;
}

static int
may_login(struct mapper *m, size_t domain, const char *group)
{
    struct sid sid = sid_of(group);
    struct addir_entry entry = {.groups = &sid, .n_groups = 1};

    return mapper_may_login(m, domain, &entry);
}

/* I-21: whose a group is stands in how it is written; a person of either domain has it by its SID. */
static void
each_group_is_looked_for_in_its_own_domain(void **state)
{
    static char *of_one[] = {(char *)"LABS\\Ops", (char *)"CN=Dev,OU=x,DC=labs,DC=example,DC=net"};
    static char *of_two[] = {(char *)"Both", (char *)"LABS\\Built-in"};
    struct conf conf = configuration();
    (void)state;

    start("Ops:1001,Dev:1002,Both:1003", "Ops:2001,Dev:2002,Both:2003,Built-in:544");
    roles[0].groups = (struct conf_list){of_one, 2};
    roles[1].groups = (struct conf_list){of_two, 2};
    struct mapper *m = mapper_of(&conf);
    assert_int_equal(mapper_refresh(m), 0);
    for (size_t i = 0; i < 2; i++) {
        /* A universal group of the other domain is among the tokenGroups of this one's people. */
        assert_string_equal(roles_of(m, i, "S-1-5-21-2-2-3-2001"), "one");
        assert_string_equal(roles_of(m, i, "S-1-5-21-2-2-3-2002"), "one");
        assert_string_equal(roles_of(m, i, "S-1-5-21-1-2-3-1003"), "two");
        assert_string_equal(roles_of(m, i, "S-1-5-21-2-2-3-2003"), "two");
        /* The groups of the same names in the domain that is not meant give nothing. */
        assert_string_equal(roles_of(m, i, "S-1-5-21-1-2-3-1001"), "");
        assert_string_equal(roles_of(m, i, "S-1-5-21-1-2-3-1002"), "");
    }
    assert_string_equal(roles_of(m, LABS, "S-1-5-32-544"), "two");
    assert_string_equal(roles_of(m, CORP, "S-1-5-32-544"), "");
    mapper_free(m);
    stop();
}

static void
lists_name_groups_of_another_domain(void **state)
{
    static char *login[] = {(char *)"LABS\\In", (char *)"Own"}, *deny[] = {(char *)"LABS\\Out"};
    struct conf conf = configuration();
    (void)state;

    start("Own:1001,In:1002,Out:1003", "In:2002,Out:2003,Own:2001");
    conf_domains[CORP].login_groups = (struct conf_list){login, 2};
    conf_domains[CORP].deny_groups = (struct conf_list){deny, 1};
    struct mapper *m = mapper_of(&conf);
    assert_int_equal(may_login(m, CORP, "S-1-5-21-1-2-3-1001"), FED_E_DIRECTORY);
    assert_int_equal(mapper_refresh(m), 0);
    assert_int_equal(may_login(m, CORP, "S-1-5-21-1-2-3-1001"), 0);
    assert_int_equal(may_login(m, CORP, "S-1-5-21-2-2-3-2002"), 0);
    assert_int_equal(may_login(m, CORP, "S-1-5-21-1-2-3-1002"), FED_E_NOT_LISTED);
    assert_int_equal(may_login(m, CORP, "S-1-5-21-2-2-3-2001"), FED_E_NOT_LISTED);
    assert_int_equal(may_login(m, CORP, "S-1-5-21-2-2-3-2003"), FED_E_NOT_LISTED);
    assert_int_equal(may_login(m, LABS, "S-1-5-21-2-2-3-2003"), 0);
    mapper_free(m);
    stop();
}

/* A group of login-groups that is not found any more lets nobody in, whichever domain's it was; one of deny-groups does not let go. */
static void
groups_of_another_domain_that_are_gone(void **state)
{
    static char *login[] = {(char *)"LABS\\In", (char *)"Own"}, *deny[] = {(char *)"LABS\\Out"};
    struct conf conf = configuration();
    (void)state;

    start("Own:1001", "In:2002,Out:2003");
    conf_domains[CORP].login_groups = (struct conf_list){login, 2};
    conf_domains[CORP].deny_groups = (struct conf_list){deny, 1};
    struct mapper *m = mapper_of(&conf);
    assert_int_equal(mapper_refresh(m), 0);
    assert_int_equal(may_login(m, CORP, "S-1-5-21-2-2-3-2002"), 0);
    start("Other:1001", "Other:2002");
    assert_int_equal(mapper_refresh(m), 0);
    assert_int_equal(may_login(m, CORP, "S-1-5-21-2-2-3-2002"), FED_E_NOT_LISTED);
    assert_int_equal(may_login(m, CORP, "S-1-5-21-1-2-3-1001"), FED_E_NOT_LISTED);
    start("Own:1001", "Other:2002");
    assert_int_equal(mapper_refresh(m), 0);
    assert_int_equal(may_login(m, CORP, "S-1-5-21-1-2-3-1001"), 0);
    assert_int_equal(may_login(m, CORP, "S-1-5-21-2-2-3-2003"), FED_E_NOT_LISTED);
    mapper_free(m);
    stop();
}

/* One domain that never answered: the other's people have their roles, and wait only for what they cannot do without. */
static void
one_domain_is_down(void **state)
{
    static char *of_one[] = {(char *)"Ops"}, *of_two[] = {(char *)"CORP\\Dev"},
                *deny[] = {(char *)"LABS\\Out"}, *login[] = {(char *)"LABS\\In"};
    struct conf conf = configuration();
    (void)state;

    start("Ops:1001,Dev:1002", "Ops:2001,Out:2003,In:2004");
    peer_stop(peers[LABS]);
    roles[0].groups = (struct conf_list){of_one, 1};
    roles[1].groups = (struct conf_list){of_two, 1};
    struct mapper *m = mapper_of(&conf);
    assert_int_not_equal(mapper_refresh(m), 0);
    assert_string_equal(roles_of(m, CORP, "S-1-5-21-1-2-3-1001"), "one");
    assert_string_equal(roles_of(m, CORP, "S-1-5-21-1-2-3-1002"), "two");
    assert_string_equal(roles_of(m, LABS, "S-1-5-21-1-2-3-1002"), "DIRECTORY");
    assert_int_equal(may_login(m, CORP, "S-1-5-21-1-2-3-1001"), 0);
    mapper_free(m);
    conf_domains[CORP].deny_groups = (struct conf_list){deny, 1};
    m = mapper_of(&conf);
    assert_int_not_equal(mapper_refresh(m), 0);
    assert_int_equal(may_login(m, CORP, "S-1-5-21-1-2-3-1001"), FED_E_DIRECTORY);
    mapper_free(m);
    conf_domains[CORP].deny_groups.n = 0;
    conf_domains[CORP].login_groups = (struct conf_list){login, 1};
    m = mapper_of(&conf);
    assert_int_not_equal(mapper_refresh(m), 0);
    assert_int_equal(may_login(m, CORP, "S-1-5-21-1-2-3-1001"), FED_E_DIRECTORY);
    mapper_free(m);
    stop();
}

/* A rule that keeps people out must not let them in when its group cannot be found: it fails shut. */
static void
a_group_of_deny_groups_that_is_gone(void **state)
{
    static char *deny[] = {(char *)"Out"};
    struct conf conf = configuration(), other;
    (void)state;

    start("Fine:1001", "Fine:2001");
    conf_domains[CORP].deny_groups = (struct conf_list){deny, 1};
    struct mapper *m = mapper_of(&conf);
    assert_int_equal(mapper_refresh(m), 0);
    assert_int_equal(may_login(m, CORP, "S-1-5-21-1-2-3-1001"), FED_E_CONFIG);
    assert_int_equal(may_login(m, LABS, "S-1-5-21-2-2-3-2001"), 0);
    start("Out:1002", "Fine:2001"); /* there it is */
    assert_int_equal(mapper_refresh(m), 0);
    assert_int_equal(may_login(m, CORP, "S-1-5-21-1-2-3-1001"), 0);
    assert_int_equal(may_login(m, CORP, "S-1-5-21-1-2-3-1002"), FED_E_NOT_LISTED);
    start("Fine:1001", "Fine:2001"); /* renamed: who is in it by its SID is kept out as before */
    assert_int_equal(mapper_refresh(m), 0);
    assert_int_equal(may_login(m, CORP, "S-1-5-21-1-2-3-1001"), 0);
    assert_int_equal(may_login(m, CORP, "S-1-5-21-1-2-3-1002"), FED_E_NOT_LISTED);
    other = conf; /* a reload is refused, and changes nothing of that */
    atomic_init(&other.refs, 1);
    assert_int_equal(mapper_reload(m, &other), FED_E_CONFIG);
    assert_int_equal(may_login(m, CORP, "S-1-5-21-1-2-3-1002"), FED_E_NOT_LISTED);
    mapper_free(m);
    stop();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_group_is_looked_for_in_its_own_domain),
        cmocka_unit_test(lists_name_groups_of_another_domain),
        cmocka_unit_test(groups_of_another_domain_that_are_gone),
        cmocka_unit_test(one_domain_is_down),
        cmocka_unit_test(a_group_of_deny_groups_that_is_gone),
    };

    return cmocka_run_group_tests(tests, peer_set_up, peer_tear_down);
}
