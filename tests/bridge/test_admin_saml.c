/*
 * awsfed-admin saml: from a configuration whose key does not exist yet to metadata.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/admin/files.c" /* the commands' objects are in no archive */
#include "bridge/admin/rotate.c"
#include "bridge/admin/saml.c"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <cmocka.h>

static char folder[] = "/tmp/awsfed-admin-XXXXXX";

static const char *
at(const char *name)
{
    static char path[4][128];
    static unsigned turn;
    char *p = path[turn++ % 4];

    (void)snprintf(p, sizeof(path[0]), "%s/%s", folder, name);
    return p;
}

static void
write_conf(const char *more_saml)
{
    FILE *f = fopen(at("awsfed.conf"), "w");

    assert_non_null(f);
    (void)fprintf(f,
        "[domain corp.example.com]\nservers = dc1.corp.example.com\nservice-bind = simple\n"
        "service-dn = CN=awsfed,DC=corp,DC=example,DC=com\n"
        "service-password-file = %s/password\n[mfa]\nseal-key = %s/seal.key\n"
        "[saml]\nentity-id = https://jump.corp.example.com/awsfed\nkey = %s/saml.key\n"
        "certificate = %s/saml.crt\n%s\n[aws]\nregion = eu-central-1\n"
        "[role admin]\narn = arn:aws:iam::111122223333:role/Admin\n"
        "provider = arn:aws:iam::111122223333:saml-provider/awsfed\ngroups = AWS-Prod-Admins\n",
        folder, folder, folder, folder, more_saml);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(at("awsfed.conf"), 0600), 0);
}

static int
set_up(void **state)
{
    (void)state;
    return mkdtemp(folder) != NULL ? 0 : -1;
}

static int
tear_down(void **state)
{
    static const char *const names[] = {"awsfed.conf", "saml.key", "saml.crt", "old.crt", "out.xml",
        "saml.key.previous", "saml.crt.previous", "saml.key.next", "saml.crt.next"};
    (void)state;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        (void)unlink(at(names[i]));
    return rmdir(folder);
}

static int
saml(const char *a, const char *b, const char *c)
{
    const char *argv[] = {"saml", a, b, c, NULL};
    int argc = 1;

    while (argv[argc] != NULL)
        argc++;
    return admin_saml(argc, (char **)(uintptr_t)argv, folder);
}

static size_t
count(const char *text, const char *mark)
{
    size_t n = 0;

    for (; (text = strstr(text, mark)) != NULL; text++)
        n++;
    return n;
}

/* The metadata of the moment, written to out.xml. */
static void
read_metadata(char *to, size_t size)
{
    FILE *f = fopen(at("out.xml"), "r");

    assert_non_null(f);
    size_t n = fread(to, 1, size - 1, f);
    to[n] = '\0';
    assert_int_equal(fclose(f), 0);
}

static void
refuses_other_words(void **state)
{
    (void)state;
    assert_int_equal(saml(NULL, NULL, NULL), 2);
    assert_int_equal(saml("rotate-it", NULL, NULL), 2);
    assert_int_equal(saml("init", "now", NULL), 2);
    assert_int_equal(saml("rotate", "--finnish", NULL), 2);
    assert_int_equal(saml("rotate", "--finish", "now"), 2);
    assert_int_equal(saml("metadata", "--output", NULL), 2);
    assert_int_equal(saml("metadata", "--output=", NULL), 2);
    assert_int_equal(saml("metadata", "file", NULL), 2);
    assert_int_equal(saml("metadata", "--output", ""), 2);
}

static void
refuses_without_configuration_or_key(void **state)
{
    (void)state;
    assert_int_equal(saml("init", NULL, NULL), 1); /* no awsfed.conf */
    write_conf("");
    assert_int_equal(saml("metadata", "--output", at("out.xml")), 1); /* no certificate yet */
    assert_int_equal(access(at("out.xml"), F_OK), -1);
}

static void
init_then_metadata(void **state)
{
    char first[16384], text[32768];
    struct stat st;
    (void)state;

    write_conf("");
    assert_int_equal(saml("init", NULL, NULL), 0);
    assert_int_equal(stat(at("saml.key"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(saml("init", NULL, NULL), 1); /* a second time would replace the key */
    assert_int_equal(saml("metadata", "--output", at("out.xml")), 0);
    read_metadata(first, sizeof(first));
    assert_int_equal(count(first, "<md:KeyDescriptor use=\"signing\">"), 1);
    assert_non_null(strstr(first, "entityID=\"https://jump.corp.example.com/awsfed\""));

    /* The old certificate stays published while the new one comes into use. */
    char line[160];
    (void)snprintf(line, sizeof(line), "previous-certificate = %s", at("old.crt"));
    assert_int_equal(rename(at("saml.crt"), at("old.crt")), 0);
    assert_int_equal(unlink(at("saml.key")), 0);
    write_conf(line);
    assert_int_equal(saml("init", NULL, NULL), 0);
    (void)snprintf(line, sizeof(line), "--output=%s", at("out.xml"));
    assert_int_equal(saml("metadata", line, NULL), 0);
    read_metadata(text, sizeof(text));
    assert_int_equal(count(text, "<md:KeyDescriptor use=\"signing\">"), 2);
    char *old = strstr(first, "<ds:X509Certificate>");
    assert_non_null(old);
    *strchr(old + 1, '<') = '\0';
    assert_int_equal(count(text, old), 1);
    assert_true(strstr(text, old) > strstr(text, "<ds:X509Certificate>")); /* the new one first */
}

/* The file's first bytes, to tell one key from another. */
static void
read_file(const char *name, char *to, size_t size)
{
    FILE *f = fopen(at(name), "r");

    assert_non_null(f);
    to[fread(to, 1, size - 1, f)] = '\0';
    assert_int_equal(fclose(f), 0);
}

/* Nothing is replaced before what replaces it is whole, and a crash in between can be repaired by doing it again. */
static void
rotates_in_two_steps(void **state)
{
    char key[8192], certificate[8192], next_key[8192], next[8192], now[8192], text[32768];
    char line[160];
    (void)state;

    (void)unlink(at("old.crt"));
    (void)unlink(at("saml.key"));
    (void)unlink(at("saml.crt"));
    write_conf("");
    assert_int_equal(saml("rotate", NULL, NULL), 1); /* nothing to rotate */
    assert_int_equal(saml("init", NULL, NULL), 0);
    assert_int_equal(saml("rotate", "--finish", NULL), 1); /* not begun */
    read_file("saml.key", key, sizeof(key));
    read_file("saml.crt", certificate, sizeof(certificate));

    assert_int_equal(saml("rotate", NULL, NULL), 0);
    assert_int_equal(saml("rotate", NULL, NULL), 1); /* a second would forget the first */
    read_file("saml.key.next", next_key, sizeof(next_key));
    read_file("saml.crt.next", next, sizeof(next));
    read_file("saml.key", now, sizeof(now));
    assert_string_equal(now, key); /* the bridge may restart at any time */
    (void)snprintf(line, sizeof(line), "--output=%s", at("out.xml"));
    assert_int_equal(saml("metadata", line, NULL), 0);
    read_metadata(text, sizeof(text));
    assert_int_equal(count(text, "<md:KeyDescriptor use=\"signing\">"), 2);

    /* A crash after the key was put in place, before the certificate was. */
    assert_int_equal(link(at("saml.crt"), at("saml.crt.previous")), 0);
    assert_int_equal(rename(at("saml.key.next"), at("saml.key")), 0);
    assert_int_equal(saml("rotate", "--finish", NULL), 0);
    read_file("saml.crt", now, sizeof(now));
    assert_string_equal(now, next);
    read_file("saml.key", now, sizeof(now));
    assert_string_equal(now, next_key);

    /* Once more, whole: the old pair is kept under other names. */
    assert_int_equal(saml("rotate", NULL, NULL), 0);
    assert_int_equal(saml("rotate", "--finish", NULL), 0);
    read_file("saml.key.previous", now, sizeof(now));
    assert_string_equal(now, next_key);
    read_file("saml.crt.previous", now, sizeof(now));
    assert_string_equal(now, next);
    assert_int_equal(access(at("saml.key.next"), F_OK), -1);
    (void)snprintf(line, sizeof(line), "previous-certificate = %s", at("saml.crt.previous"));
    write_conf(line);
    (void)snprintf(line, sizeof(line), "--output=%s", at("out.xml"));
    assert_int_equal(saml("metadata", line, NULL), 0);
    read_metadata(text, sizeof(text));
    assert_int_equal(count(text, "<md:KeyDescriptor use=\"signing\">"), 2);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_other_words),
        cmocka_unit_test(refuses_without_configuration_or_key),
        cmocka_unit_test(init_then_metadata),
        cmocka_unit_test(rotates_in_two_steps),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
