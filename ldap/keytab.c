/*
 * Reading keytabs.
 *
 *   05 02
 *   each: 4 bytes length, negative = a hole of that size
 *         2 bytes number of components, realm, components    each text with 2 bytes length before
 *         4 bytes type of name, 4 bytes time, 1 byte version of the key
 *         2 bytes enctype, key with 2 bytes length before
 *         4 bytes version of the key, where there is room for it: the byte has its low bits only
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ldap/keytab.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/text.h"
#include "ldap/why.h"

/* What is left to read. */
struct rest {
    const unsigned char *p;
    size_t len;
};

struct entry {
    struct rest realm;
    char name[KEYTAB_NAME_MAX + 1]; /* "" when it is not one that can be written as text */
    uint32_t version;
    struct keytab_key key;
};

static bool
take(struct rest *rest, size_t n, struct rest *ret)
{
    if (n > rest->len)
        return false;
    *ret = (struct rest){rest->p, n};
    rest->p += n;
    rest->len -= n;
    return true;
}

/* A big-endian number of n bytes, at most 4. */
static bool
take_number(struct rest *rest, size_t n, uint32_t *ret)
{
    struct rest bytes;

    if (!take(rest, n, &bytes))
        return false;
    *ret = (uint32_t)bytes_get(bytes.p, n);
    return true;
}

static bool
take_text(struct rest *rest, struct rest *ret)
{
    uint32_t len;

    return take_number(rest, 2, &len) && take(rest, len, ret);
}

/* Append a component to a name; false when the name cannot be had as text. */
static bool
add_component(char name[KEYTAB_NAME_MAX + 1], const struct rest *component)
{
    size_t len = strlen(name);

    if (component->len == 0 || component->len + 1 > KEYTAB_NAME_MAX - len)
        return false;
    for (size_t i = 0; i < component->len; i++)
        if (component->p[i] <= ' ' || component->p[i] > '~' || component->p[i] == '@' ||
            component->p[i] == '/' || component->p[i] == '\\')
            return false;
    if (len > 0)
        name[len++] = '/';
    memcpy(name + len, component->p, component->len);
    name[len + component->len] = '\0';
    return true;
}

static bool
read_entry(struct rest *rest, struct entry *ret)
{
    struct entry entry = {.name = ""};
    struct rest component, key;
    uint32_t components, enctype, skipped, version;
    bool usable = true;

    if (!take_number(rest, 2, &components) || !take_text(rest, &entry.realm))
        return false;
    for (uint32_t i = 0; i < components; i++) {
        if (!take_text(rest, &component))
            return false;
        usable = usable && add_component(entry.name, &component);
    }
    if (!take_number(rest, 4, &skipped) || !take_number(rest, 4, &skipped) ||
        !take_number(rest, 1, &entry.version) || !take_number(rest, 2, &enctype) ||
        !take_text(rest, &key))
        return false;
    if (take_number(rest, 4, &version) && version != 0)
        entry.version = version;
    if (!usable)
        entry.name[0] = '\0';
    entry.key = (struct keytab_key){(int32_t)enctype, key.p, key.len};
    *ret = entry;
    return true;
}

/* The next entry; false at the end, or where the file is malformed, which *ret_bad then says. */
static bool
next_entry(struct rest *rest, struct entry *ret, bool *ret_bad)
{
    struct rest body;
    uint32_t size;

    *ret_bad = true;
    while (rest->len > 0) {
        if (!take_number(rest, 4, &size))
            return false;
        bool hole = size > INT32_MAX;
        if (hole)
            size = -size;
        if (size == 0)
            break; /* as other readers take it: nothing is after this */
        if (!take(rest, size, &body))
            return false;
        if (!hole)
            return read_entry(&body, ret);
    }
    *ret_bad = false;
    return false;
}

static bool
is_in(const struct entry *entry, const char *realm)
{
    return entry->name[0] != '\0' && entry->realm.len == strlen(realm) &&
           memcmp(entry->realm.p, realm, entry->realm.len) == 0;
}

/* Is it the account that is asked for by "NAME" or "NAME@REALM"? */
static bool
is_wanted(const struct entry *entry, const char *realm, const char *wanted)
{
    char full[KEYTAB_NAME_MAX + 1 + 256];
    int n = snprintf(full, sizeof(full), "%s@%s", entry->name, realm);

    return text_equal_nocase(entry->name, wanted) ||
           (n > 0 && (size_t)n < sizeof(full) && text_equal_nocase(full, wanted));
}

static bool
is_computer(const char *name)
{
    return name[0] != '\0' && name[strlen(name) - 1] == '$';
}

/* Which account? FED_E_PROTO: not a keytab; FED_E_NOT_FOUND, and other is a realm that the file has entries of. */
static int
choose(struct rest rest, const char *realm, const char *wanted, char name[KEYTAB_NAME_MAX + 1],
    struct rest *other)
{
    struct entry entry;
    bool bad;

    name[0] = '\0';
    while (next_entry(&rest, &entry, &bad)) {
        if (!is_in(&entry, realm)) {
            *other = entry.realm;
            continue;
        }
        if (wanted != NULL ? is_wanted(&entry, realm, wanted)
                           : name[0] == '\0' || (is_computer(entry.name) && !is_computer(name)))
            memcpy(name, entry.name, sizeof(entry.name));
    }
    if (bad)
        return FED_E_PROTO;
    return name[0] != '\0' ? 0 : FED_E_NOT_FOUND;
}

/* Only AES: what is older can be found out from a packet, given time. */
static bool
is_strong(const struct keytab_key *key)
{
    static const size_t sizes[] = {[17] = 16, [18] = 32, [19] = 16, [20] = 32};

    return key->enctype >= 17 && key->enctype <= 20 && key->len == sizes[key->enctype];
}

/* The keys of the account's newest version; newest also tells when it has none that are strong. */
static void
collect(struct rest rest, const char *realm, struct keytab_account *account)
{
    struct entry entry;
    bool bad;

    while (next_entry(&rest, &entry, &bad)) {
        if (!is_in(&entry, realm) || strcmp(entry.name, account->name) != 0 ||
            entry.version < account->version)
            continue;
        if (entry.version > account->version)
            account->n_keys = 0;
        account->version = entry.version;
        if (is_strong(&entry.key) && account->n_keys < KEYTAB_KEYS)
            account->keys[account->n_keys++] = entry.key;
    }
}

int
keytab_find(const unsigned char *bytes, size_t len, const char *realm, const char *wanted,
    struct keytab_account *ret, char *why)
{
    struct keytab_account account = {.version = 0};
    struct rest rest = {bytes, len}, magic, other = {NULL, 0};

    if (!take(&rest, 2, &magic) || magic.p[0] != 5 || magic.p[1] != 2)
        return why_not(why, FED_E_CONFIG,
            "not a keytab: make one with \"adcli join\", \"net ads keytab create\" or \"ktutil\"");
    int r = choose(rest, realm, wanted, account.name, &other);
    if (r == FED_E_PROTO)
        return why_not(why, FED_E_CONFIG, "a damaged keytab: make it anew");
    if (r != 0 && wanted != NULL)
        return why_not(why, FED_E_CONFIG,
            "has no keys of \"%.80s\" in the realm %.80s: see \"klist -k\"", wanted, realm);
    if (r != 0)
        return why_not(why, FED_E_CONFIG,
            "has no keys of the realm %.80s, only of \"%.*s\": join this domain, or name another "
            "file",
            realm, other.len < 80 ? (int)other.len : 80,
            other.len > 0 ? (const char *)other.p : "");
    collect(rest, realm, &account);
    if (account.n_keys == 0)
        return why_not(why, FED_E_CONFIG,
            "has no AES key of \"%.80s\": allow the account AES (msDS-SupportedEncryptionTypes 24) "
            "and "
            "make the keytab anew",
            account.name);
    *ret = account;
    return 0;
}
