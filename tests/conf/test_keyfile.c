/*
 * Key files: what is opened, who may own it, who may read it.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "conf/keyfile.h"

#include "tests/base/skip.h"
#include "tests/conf/confdir.h"

enum { LIMIT = 64, OTHER = 12345 };

static void
path_of(const struct confdir *dir, const char *name, char *to, size_t size)
{
    (void)snprintf(to, size, "%s/%s", dir->path, name);
}

/* Refused with a text that quotes the path and has the part; what ret held stays. */
static void
refused(const char *path, bool secret, const char *part)
{
    struct fed_secret ret = FED_SECRET_INIT(LIMIT);
    char why[512] = "", start[300];

    assert_int_equal(fed_secret_add_str(&ret, "before"), 0);
    assert_int_equal(keyfile_read(path, secret, &ret, why, sizeof(why)), FED_E_CONFIG);
    (void)snprintf(start, sizeof(start), "\"%s\": ", path);
    if (strncmp(why, start, strlen(start)) != 0 || strstr(why, part) == NULL)
        print_error("wanted %s…%s, got %s\n", start, part, why);
    assert_memory_equal(why, start, strlen(start));
    assert_non_null(strstr(why, part));
    assert_string_equal(fed_secret_str(&ret), "before");
    fed_secret_done(&ret);
}

static void
accepted(const char *path, bool secret, const char *content)
{
    struct fed_secret ret = FED_SECRET_INIT(LIMIT);
    char why[512] = "";

    fed_secret_init_locked(&ret, LIMIT);
    assert_int_equal(fed_secret_add_str(&ret, "before"), 0);
    assert_int_equal(keyfile_read(path, secret, &ret, why, sizeof(why)), 0);
    assert_string_equal(fed_secret_str(&ret), content);
    assert_int_equal(ret.len, strlen(content));
    assert_int_equal(ret.limit, LIMIT);
    assert_true(ret.locked);
    assert_string_equal(why, "");
    fed_secret_done(&ret);
}

/* I-66: group and world may not write, and may not read a secret; the remedy is a command. */
static void
test_modes(void **state)
{
    static const struct {
        mode_t mode;
        bool fine, fine_secret;
    } cases[] = {
        {0600, true, true},
        {0400, true, true},
        {0640, true, true}, /* the group is root, where we are root */
        {0644, true, false},
        {0604, true, false},
        {0660, false, false},
        {0602, false, false},
        {0622, false, false},
        {0666, false, false},
    };
    const struct confdir *dir = *state;
    char path[256];

    path_of(dir, "key", path, sizeof(path));
    confdir_write(dir, "key", "content");
    if (geteuid() == 0)
        assert_int_equal(chown(path, 0, 0), 0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(chmod(path, cases[i].mode), 0);
        if (cases[i].fine)
            accepted(path, false, "content");
        else
            refused(path, false, "chmod go-w");
        if (cases[i].mode == 0640 && getegid() != 0)
            continue;
        if (cases[i].fine_secret)
            accepted(path, true, "content");
        else
            refused(path, true, "chmod 600");
    }
}

/* I-66: only root's, or the own user's. */
static void
test_owners(void **state)
{
    const struct confdir *dir = *state;
    char path[256];

    if (geteuid() != 0)
        SKIP("only root can give files away");
    path_of(dir, "key", path, sizeof(path));
    confdir_write(dir, "key", "content");
    assert_int_equal(chown(path, OTHER, 0), 0);
    refused(path, false, "owned by uid 12345, not by root: chown root");
    refused(path, true, "chown root");
    /* Group read is for root's group alone. */
    assert_int_equal(chown(path, 0, OTHER), 0);
    assert_int_equal(chmod(path, 0640), 0);
    refused(path, true, "readable by others");
    accepted(path, false, "content");
    /* The effective user's own file is fine as well; another's is not, root's is. */
    assert_int_equal(chown(path, OTHER, 0), 0);
    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(chmod(dir->path, 0755), 0);
    assert_int_equal(seteuid(OTHER), 0);
    accepted(path, true, "content");
    assert_int_equal(seteuid(0), 0);
    assert_int_equal(chown(path, 0, 0), 0);
    assert_int_equal(chmod(path, 0644), 0);
    assert_int_equal(seteuid(OTHER), 0);
    accepted(path, false, "content");
    assert_int_equal(seteuid(0), 0);
}

/* I-32: no link is followed, and nothing but a file is read; a FIFO does not block. */
static void
test_not_a_file(void **state)
{
    const struct confdir *dir = *state;
    char path[256], link[256];

    path_of(dir, "key", path, sizeof(path));
    path_of(dir, "link", link, sizeof(link));
    confdir_write(dir, "key", "content");
    assert_int_equal(symlink(path, link), 0);
    refused(link, true, "a symbolic link: name the file that it points to");
    refused(dir->path, true, "not a regular file");
    path_of(dir, "absent", path, sizeof(path));
    refused(path, true, "does not exist");
    path_of(dir, "fifo", path, sizeof(path));
    assert_int_equal(mkfifo(path, 0600), 0);
    refused(path, true, "not a regular file");
    refused("/dev/null", false, "not a regular file");
}

static void
test_sizes(void **state)
{
    const struct confdir *dir = *state;
    char path[256], text[LIMIT + 2];

    path_of(dir, "key", path, sizeof(path));
    confdir_write(dir, "key", "");
    refused(path, true, "empty");
    memset(text, 'x', sizeof(text));
    text[LIMIT + 1] = '\0';
    confdir_write(dir, "key", text);
    refused(path, true, "65 bytes, more than 64");
    text[LIMIT] = '\0';
    confdir_write(dir, "key", text);
    accepted(path, true, text);
    confdir_write(dir, "key", "x");
    accepted(path, true, "x");
}

/* A file under /proc claims no size, so how much to read is not known: refused. */
static void
test_file_without_size(void **state)
{
    (void)state;
    refused("/proc/self/status", false, "empty");
}

static void
test_no_descriptor_is_left(void **state)
{
    const struct confdir *dir = *state;
    char path[256];

    path_of(dir, "key", path, sizeof(path));
    confdir_write(dir, "key", "content");
    int before = dup(0);
    assert_true(before >= 0);
    assert_int_equal(close(before), 0);
    accepted(path, true, "content");
    assert_int_equal(chmod(path, 0666), 0);
    refused(path, true, "chmod 600");
    int after = dup(0);
    assert_int_equal(after, before);
    assert_int_equal(close(after), 0);
}

/* The text is cut, not written past its end. */
static void
test_short_why(void **state)
{
    struct fed_secret ret = FED_SECRET_INIT(LIMIT);
    char why[12];

    (void)state;
    memset(why, 'x', sizeof(why));
    assert_int_equal(keyfile_read("/nonexistent/file", true, &ret, why, 10), FED_E_CONFIG);
    assert_int_equal(strlen(why), 9);
    assert_int_equal(why[10], 'x');
    fed_secret_done(&ret);
}

int
main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, confdir_setup, confdir_teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_modes),
        CASE(test_owners),
        CASE(test_not_a_file),
        CASE(test_sizes),
        CASE(test_file_without_size),
        CASE(test_no_descriptor_is_left),
        CASE(test_short_why),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
