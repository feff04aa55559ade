/*
 * Reading what only root may read, and looking at what only root may write.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/signer_files.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bridge/signing_key.h"
#include "conf/keyfile.h"

enum { PIN_MOST = 256 };

static int
read_pin(const char *path, struct fed_secret *ret, char *why, size_t why_size)
{
    int r = keyfile_read(path, true, ret, why, why_size);

    if (r != 0)
        return r;
    size_t len = ret->len;
    if (len > 0 && ret->data[len - 1] == '\n')
        len--;
    if (len > 0 && ret->data[len - 1] == '\r')
        len--;
    for (size_t i = 0; i < len; i++) {
        if (ret->data[i] >= ' ' && ret->data[i] != 0x7f)
            continue;
        (void)snprintf(why, why_size, "\"%s\": not a PIN on one line: write it alone", path);
        return FED_E_CONFIG;
    }
    if (len == 0) {
        (void)snprintf(why, why_size, "\"%s\": an empty line: write the PIN there", path);
        return FED_E_CONFIG;
    }
    return fed_secret_resize(ret, len);
}

/* Nobody but root, or ourselves where we are not root, may have put this there or change it. */
static int
check_owner(const char *path, bool is_module, char *why, size_t why_size)
{
    struct stat st;

    if (stat(path, &st) != 0) {
        (void)snprintf(why, why_size, "\"%s\": cannot be examined: %s", path, strerror(errno));
        return FED_E_CONFIG;
    }
    bool sticky = S_ISDIR(st.st_mode) && (st.st_mode & S_ISVTX) != 0;
    if (is_module && !S_ISREG(st.st_mode))
        (void)snprintf(why, why_size, "\"%s\": not a file: name the token's library", path);
    else if (st.st_uid != 0 && st.st_uid != geteuid())
        (void)snprintf(why, why_size,
            "\"%s\": owned by uid %u, not by root, and code is loaded from there: chown root '%s'",
            path, (unsigned)st.st_uid, path);
    else if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0 && !sticky)
        (void)snprintf(why, why_size,
            "\"%s\": writable by others than its owner, and code is loaded from there: chmod go-w "
            "'%s'",
            path, path);
    else
        return 0;
    return FED_E_CONFIG;
}

static int
check_module(const char *name, char **ret, char *why, size_t why_size)
{
    char *path = realpath(name, NULL);

    if (path == NULL) {
        (void)snprintf(why, why_size,
            "\"%s\": %s: install the library of the token, or correct module-path", name,
            strerror(errno));
        return FED_E_CONFIG;
    }
    int r = check_owner(path, true, why, why_size);
    /* Its folders, from the innermost out: the path is cut at each slash, and put together again. */
    for (size_t at = strlen(path); r == 0 && at > 0; at--) {
        if (path[at] != '/')
            continue;
        path[at] = '\0';
        r = check_owner(path, false, why, why_size);
        path[at] = '/';
    }
    if (r == 0)
        r = check_owner("/", false, why, why_size);
    if (r != 0) {
        free(path);
        return r;
    }
    *ret = path;
    return 0;
}

int
signer_files_read(
    const char *uri, const char *certificate, struct signer_files *ret, char *why, size_t why_size)
{
    struct signer_files files = {.module = NULL};
    char remedy[FORM_REMEDY_MAX] = "";

    fed_secret_init_locked(&files.pin, PIN_MOST);
    int r = key_uri_parse(uri, &files.uri, remedy);
    if (r != 0)
        (void)snprintf(why, why_size, "%s", r == FED_E_CONFIG ? remedy : fed_strerror(r));
    if (r == 0)
        r = check_module(files.uri.module, &files.module, why, why_size);
    if (r == 0 && files.uri.pin != NULL)
        r = read_pin(files.uri.pin, &files.pin, why, why_size);
    if (r == 0 && certificate != NULL)
        r = signing_key_certificate(certificate, &files.certificate, why, why_size);
    if (r != 0) {
        signer_files_done(&files);
        return r;
    }
    *ret = files;
    return 0;
}

void
signer_files_done(struct signer_files *files)
{
    key_uri_done(&files->uri);
    free(files->module);
    fed_secret_done(&files->pin);
    X509_free(files->certificate);
    *files = (struct signer_files){.module = NULL};
}
