/*
 * Keytabs for tests, byte by byte.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_LDAP_KEYTAB_FILE_H
#define TESTS_LDAP_KEYTAB_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct keytab_file {
    unsigned char bytes[8192];
    size_t len;
};

struct keytab_row {
    const char *name; /* components with "/" between */
    const char *realm;
    unsigned version;
    unsigned enctype;
    size_t key_len;
};

static inline void
keytab_number(struct keytab_file *f, uint32_t number, size_t n)
{
    while (n-- > 0)
        f->bytes[f->len++] = (unsigned char)(number >> (8 * n));
}

static inline void
keytab_text(struct keytab_file *f, const char *text, size_t len)
{
    keytab_number(f, (uint32_t)len, 2);
    memcpy(f->bytes + f->len, text, len);
    f->len += len;
}

static inline void
keytab_start(struct keytab_file *f)
{
    memcpy(f->bytes, "\5\2", 2);
    f->len = 2;
}

/* The key is all of the version's number. */
static inline void
keytab_add(struct keytab_file *f, const struct keytab_row *row)
{
    size_t at = f->len, components = 1;
    const char *p = row->name;

    for (const char *q = p; *q != '\0'; q++)
        components += *q == '/';
    keytab_number(f, 0, 4);
    keytab_number(f, (uint32_t)components, 2);
    keytab_text(f, row->realm, strlen(row->realm));
    for (size_t i = 0; i < components; i++) {
        size_t len = strcspn(p, "/");
        keytab_text(f, p, len);
        p += len + (p[len] == '/');
    }
    keytab_number(f, 1, 4);
    keytab_number(f, 1700000000, 4);
    keytab_number(f, row->version & 0xff, 1);
    keytab_number(f, row->enctype, 2);
    keytab_number(f, (uint32_t)row->key_len, 2);
    memset(f->bytes + f->len, (int)row->version, row->key_len);
    f->len += row->key_len;
    keytab_number(f, row->version, 4);
    size_t end = f->len;
    f->len = at;
    keytab_number(f, (uint32_t)(end - at - 4), 4);
    f->len = end;
}

#endif
