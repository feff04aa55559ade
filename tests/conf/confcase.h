/*
 * What tests of the reader share: a complete configuration in which a case changes one line, and what the reader has to say of it.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_CONF_CONFCASE_H
#define TESTS_CONF_CONFCASE_H

#include "conf/conf.h"

#include "tests/conf/confdir.h"

/* Complete and right; each case changes it in one place. */
static const char *const complete[] = {
    "[bridge]",
    "workers = 8",
    "[domain corp.example.com]",
    "servers = dc1.corp.example.com, dc2.corp.example.com:1636",
    "service-bind = simple",
    "service-dn = CN=awsfed,OU=Service,DC=corp,DC=example,DC=com",
    "service-password-file = /etc/awsfed/service.password",
    "[mfa]",
    "seal-key = /etc/awsfed/seal.key",
    "[saml]",
    "entity-id = https://jump.corp.example.com/awsfed",
    "key = /etc/awsfed/saml.key",
    "certificate = /etc/awsfed/saml.crt",
    "[aws]",
    "region = eu-central-1",
    "[role admin]",
    "arn = arn:aws:iam::111122223333:role/Admin",
    "provider = arn:aws:iam::111122223333:saml-provider/awsfed",
    "groups = AWS-Prod-Admins",
};

enum { LINES = sizeof(complete) / sizeof(complete[0]), TEXT_MAX = 16384 };

static inline bool
same_key(const char *a, const char *b)
{
    size_t len = strcspn(a, " =");

    b += *b == '-';
    return len == strcspn(b, " =") && strncmp(a, b, len) == 0;
}

/*
 * Write the complete configuration with one line more below a heading, and without the line there
 * that has its key; "-key" only takes that line away. Returns the number of the new line, or of the
 * heading.
 */
static inline unsigned
write_with(const struct confdir *dir, const char *heading, const char *line)
{
    char text[TEXT_MAX] = "";
    size_t used = 0;
    unsigned n = 0, found = 0;
    bool inside = false, remove = line[0] == '-';

    for (size_t i = 0; i < LINES; i++) {
        if (complete[i][0] == '[')
            inside = strcmp(complete[i], heading) == 0;
        if (inside && same_key(complete[i], line))
            continue;
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s\n", complete[i]);
        n++;
        if (complete[i][0] == '[' && inside) {
            found = n;
            if (!remove) {
                used += (size_t)snprintf(text + used, sizeof(text) - used, "%s\n", line);
                found = ++n;
            }
        }
    }
    assert_true(used < sizeof(text) && found != 0);
    confdir_write(dir, "awsfed.conf", text);
    return found;
}

static inline bool
has_line(const struct conf_errors *errors, const char *start, const char *part)
{
    for (size_t i = 0; i < errors->n; i++)
        if (strncmp(errors->lines[i], start, strlen(start)) == 0 &&
            strstr(errors->lines[i], part) != NULL)
            return true;
    return false;
}

/* conf_read refuses, with an error "FILE:LINE: …part…", and n errors in all (0 = any number). */
static inline void
refused(const struct confdir *dir, const char *file, unsigned line, const char *part, size_t n)
{
    struct conf *conf = NULL;
    struct conf_errors errors;
    char start[256];

    (void)snprintf(start, sizeof(start), "%s/%s:%u: ", dir->path, file, line);
    if (line == 0)
        (void)snprintf(start, sizeof(start), "%s/%s: ", dir->path, file);
    assert_int_equal(conf_read(dir->path, &conf, &errors), FED_E_CONFIG);
    assert_null(conf);
    bool found = has_line(&errors, start, part);
    if (!found || (n != 0 && errors.n != n)) {
        print_error("wanted \"%s…%s\", %zu in all; got:\n", start, part, n);
        for (size_t i = 0; i < errors.n; i++)
            print_error("    %s\n", errors.lines[i]);
    }
    assert_true(found);
    if (n != 0)
        assert_int_equal(errors.n, n);
    conf_errors_done(&errors);
}

static inline struct conf *
accepted(const struct confdir *dir)
{
    struct conf *conf = NULL;
    struct conf_errors errors;
    int r = conf_read(dir->path, &conf, &errors);

    for (size_t i = 0; i < errors.n; i++)
        print_error("    %s\n", errors.lines[i]);
    assert_int_equal(r, 0);
    assert_int_equal(errors.n, 0);
    conf_errors_done(&errors);
    return conf;
}

struct bad {
    const char *heading, *line, *part;
};

static inline void
all_refused(const struct confdir *dir, const struct bad *bad, size_t n)
{
    for (size_t i = 0; i < n; i++)
        refused(dir, "awsfed.conf", write_with(dir, bad[i].heading, bad[i].line), bad[i].part, 1);
}

#define BRIDGE "[bridge]"
#define DOMAIN "[domain corp.example.com]"
#define MFA    "[mfa]"
#define SAML   "[saml]"
#define AWS    "[aws]"
#define ROLE   "[role admin]"
#define ALL(a) (a), sizeof(a) / sizeof((a)[0])

#endif
