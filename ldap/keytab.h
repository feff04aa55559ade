/*
 * A Kerberos keytab, the file in which a joined host has the keys of its account: which account, which keys.
 * The format is MIT's second (0x0502), which adcli, realmd, net ads, ktutil and samba-tool all write.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LDAP_KEYTAB_H
#define LDAP_KEYTAB_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { KEYTAB_SIZE_MAX = 64 * 1024, KEYTAB_NAME_MAX = 255, KEYTAB_KEYS = 4 };

struct keytab_key {
    int32_t enctype;           /* 17 to 20: AES, RFC 3962 and RFC 8009 */
    const unsigned char *data; /* lies in the keytab's bytes */
    size_t len;
};

/* An account of a keytab with the newest of its keys. */
struct keytab_account {
    char name[KEYTAB_NAME_MAX + 1]; /* without its realm; its components with "/" between */
    uint32_t version;               /* AD's msDS-KeyVersionNumber of these keys */
    struct keytab_key keys[KEYTAB_KEYS];
    size_t n_keys; /* at least 1 */
};

/*
 * Find the account to be in a keytab of (bytes, len).
 *   realm   in upper case; others' entries are passed over
 *   wanted  the account's name, "NAME" or "NAME@REALM", any case as in AD; NULL = the first with a "$" at its end, as
 *           computers' names have, else the first
 *   why     on failure what is wrong with the file, and the remedy; WHY_MAX bytes
 * 0, FED_E_CONFIG (no keytab, no such account, or no AES key of it).
 */
FED_MUST_USE int keytab_find(const unsigned char *bytes, size_t len, const char *realm,
    const char *wanted, struct keytab_account *ret, char *why);

#endif
