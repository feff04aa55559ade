/*
 * A keytab kept open.
 *
 * adcli, sssd, net ads and ktutil all write by libkrb5, which changes the file in its place, under a lock. So the
 * descriptor that root opened shows what the file is at any later time.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ldap/hostkeys.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/secret.h"
#include "conf/keyfile.h"
#include "ldap/why.h"

struct hostkeys {
    const char *path;
    const char *realm;
    int fd;
    struct fed_secret bytes;
    struct keytab_account account; /* its keys lie in bytes */
};

/* Half a file is not read, nor waited for. */
static int
read_locked(const struct hostkeys *keys, struct fed_secret *ret, char *why)
{
    struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET};

    if (fcntl(keys->fd, F_OFD_SETLK, &lock) != 0)
        return why_not(why, FED_E_BUSY, "\"%.96s\": is being written: try again", keys->path);
    int r = keyfile_read_open(keys->fd, keys->path, true, ret, why, WHY_MAX);
    lock.l_type = F_UNLCK;
    (void)fcntl(keys->fd, F_OFD_SETLK, &lock);
    return r;
}

static int
read_keys(struct hostkeys *keys, const char *wanted, char *why)
{
    char what[WHY_MAX] = "";
    struct keytab_account account;
    struct fed_secret bytes;

    fed_secret_init_locked(&bytes, KEYTAB_SIZE_MAX);
    int r = read_locked(keys, &bytes, why);
    if (r != 0)
        goto out;
    r = keytab_find(bytes.data, bytes.len, keys->realm, wanted, &account, what);
    if (r != 0) {
        (void)why_not(why, r, "\"%.96s\": %s", keys->path, what);
        goto out;
    }
    fed_secret_move(&keys->bytes, &bytes); /* the bytes stay where they are, and so the keys */
    keys->account = account;
out:
    fed_secret_done(&bytes);
    return r;
}

int
hostkeys_new(
    const char *path, const char *realm, const char *wanted, struct hostkeys **ret, char *why)
{
    struct hostkeys *keys = calloc(1, sizeof(*keys));

    if (keys == NULL)
        return why_not(why, FED_E_NOMEM, "out of memory");
    *keys = (struct hostkeys){.path = path, .realm = realm, .fd = -1};
    fed_secret_init_locked(&keys->bytes, KEYTAB_SIZE_MAX);
    int r = keyfile_open(path, &keys->fd, why, WHY_MAX);
    if (r == 0)
        r = read_keys(keys, wanted, why);
    if (r != 0) {
        hostkeys_free(keys);
        return r;
    }
    *ret = keys;
    return 0;
}

void
hostkeys_free(struct hostkeys *keys)
{
    if (keys == NULL)
        return;
    fed_secret_done(&keys->bytes);
    if (keys->fd >= 0)
        (void)close(keys->fd);
    free(keys);
}

const struct keytab_account *
hostkeys_account(const struct hostkeys *keys)
{
    return &keys->account;
}

const char *
hostkeys_path(const struct hostkeys *keys)
{
    return keys->path;
}

int
hostkeys_refresh(struct hostkeys *keys, char *why)
{
    return read_keys(keys, keys->account.name, why);
}

bool
hostkeys_was_replaced(const struct hostkeys *keys)
{
    struct stat st;

    return fstat(keys->fd, &st) == 0 && st.st_nlink == 0;
}

krb5_error_code
hostkeys_lend(
    const struct hostkeys *keys, krb5_context context, krb5_principal principal, krb5_keytab *ret)
{
    krb5_keytab keytab = NULL;
    char name[64]; /* of its own: the process has one list of them */

    (void)snprintf(name, sizeof(name), "MEMORY:awsfed-%p", (const void *)keys);
    krb5_error_code code = krb5_kt_resolve(context, name, &keytab);
    for (size_t i = 0; i < keys->account.n_keys && code == 0; i++) {
        const struct keytab_key *key = &keys->account.keys[i];
        krb5_keytab_entry entry = {.principal = principal,
            .vno = keys->account.version,
            .key = {.enctype = key->enctype,
                .length = (unsigned)key->len,
                .contents = (krb5_octet *)key->data}};
        code = krb5_kt_add_entry(context, keytab, &entry);
    }
    if (code == 0)
        *ret = keytab;
    else if (keytab != NULL)
        (void)krb5_kt_close(context, keytab);
    return code;
}
