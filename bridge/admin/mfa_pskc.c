/*
 * Hardware tokens: the key from a file or a person, never from an argument.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/admin/mfa_pskc.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "bridge/admin/file.h"
#include "bridge/login/terminal.h"
#include "conf/keyfile.h"
#include "mfa/import_owners.h"
#include "mfa/pskc_cipher.h"

enum { KEY_MAX = 1024, WHY_MAX = 512 };

/* One line; what an editor puts at its end is not of the key. */
static int
read_key_file(const char *path, struct fed_secret *ret)
{
    char why[WHY_MAX] = "";

    int r = keyfile_read(path, true, ret, why, sizeof(why));
    if (r != 0) {
        (void)fprintf(stderr, "awsfed-admin: %s\n", why);
        return r;
    }
    while (ret->len > 0 && strchr("\r\n", ret->data[ret->len - 1]) != NULL)
        r = fed_secret_resize(ret, ret->len - 1);
    return r;
}

static int
ask_key(const struct pskc_cipher *secrets, struct fed_secret *ret)
{
    struct terminal terminal = TERMINAL_INIT;

    int r = terminal_open(&terminal);
    if (r == 0)
        r = terminal_ask(&terminal,
            pskc_cipher_wants_passphrase(secrets) ? "Passphrase of the tokens' file: "
                                                  : "Key of the tokens' file (hexadecimal): ",
            ret);
    terminal_close(&terminal);
    return r;
}

static int
unlock(struct import_list *list, const struct mfa_pskc *options, const char *path,
    struct pskc_cipher *secrets)
{
    struct fed_secret key = FED_SECRET_INIT(KEY_MAX);

    if (!pskc_cipher_is_locked(secrets))
        return 0;
    int r =
        options->key_file != NULL ? read_key_file(options->key_file, &key) : ask_key(secrets, &key);
    if (r != 0) {
        r = import_fail(
            list, path, 0, "encrypted, and no key to open it: --key-file, or a terminal");
    } else if ((r = pskc_cipher_unlock(secrets, &key)) != 0 && r != FED_E_NOMEM) {
        r = import_fail(list, path, 0,
            r == FED_E_INVALID
                ? "the key is not one: 32, 48 or 64 hexadecimal digits, or a passphrase"
                : "the key or passphrase is wrong");
    }
    fed_secret_done(&key);
    return r;
}

static int
take_tokens(struct import_list *list, const struct mfa_pskc *options, const char *path,
    const struct fed_secret *bytes, struct import_owners *owners)
{
    struct pskc_cipher *secrets = NULL;
    const char *why = NULL;
    unsigned line = 0;

    int r = pskc_cipher_read(bytes->data, bytes->len, &secrets, &line, &why);
    if (r == FED_E_INVALID)
        return import_fail(list, path, line, why);
    if (r == 0)
        r = unlock(list, options, path, secrets);
    if (r == 0 && list->n_errors == 0)
        r = import_pskc(list, path, bytes->data, bytes->len, secrets, owners);
    if (r == 0 && list->n_errors == 0)
        r = import_owners_check(owners, list, options->owners);
    pskc_cipher_free(secrets);
    return r;
}

int
mfa_pskc_take(struct import_list *list, const struct mfa_pskc *options, const char *path,
    const struct fed_secret *bytes)
{
    struct fed_secret table = FED_SECRET_INIT(IMPORT_FILE_MAX);
    struct import_owners owners = {.items = NULL};

    int r = file_read(AT_FDCWD, options->owners, &table);
    if (r != 0 && r != FED_E_NOMEM)
        r = import_fail(
            list, options->owners, 0, "cannot be read: not a file, a link, or too large");
    else if (r == 0)
        r = import_owners_read(&owners, list, options->owners, table.data, table.len);
    if (r == 0 && list->n_errors == 0)
        r = take_tokens(list, options, path, bytes, &owners);
    import_owners_done(&owners);
    fed_secret_done(&table);
    return r;
}
