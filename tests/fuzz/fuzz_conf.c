/*
 * Any bytes as awsfed.conf: refused with errors, or read; never a crash, and never both.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "conf/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char folder[] = "/dev/shm/awsfed-fuzz.XXXXXX", path[sizeof(folder) + 16];

static void
remove_folder(void)
{
    (void)unlink(path);
    (void)rmdir(folder);
}

static void
write_file(const uint8_t *data, size_t size)
{
    if (path[0] == '\0') {
        if (mkdtemp(folder) == NULL)
            abort();
        (void)snprintf(path, sizeof(path), "%s/awsfed.conf", folder);
        (void)atexit(remove_folder);
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size || close(fd) != 0)
        abort();
}

/* What every reader of a struct conf relies on. */
static void
check(const struct conf *conf)
{
    if (conf->n_domains == 0 || conf->mfa.window > 2 || conf->bridge.workers == 0 ||
        conf->mfa.seal_key == NULL || conf->mfa.store == NULL || conf->mfa.issuer == NULL)
        abort();
    for (size_t i = 0; i < conf->n_domains; i++)
        if (conf->domains[i].servers.n == 0 || conf->domains[i].base_dn == NULL ||
            conf->domains[i].service_dn == NULL)
            abort();
    for (size_t i = 0; i < conf->n_roles; i++)
        if (conf->roles[i].arn == NULL || conf->roles[i].provider == NULL ||
            strlen(conf->roles[i].account) != 12 || conf->roles[i].session_name == NULL ||
            conf->roles[i].groups.n + conf->roles[i].users.n == 0)
            abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct conf *conf = NULL;
    struct conf_errors errors;

    write_file(data, size);
    int r = conf_read(folder, &conf, &errors);
    if ((r == 0) != (conf != NULL) || (r == 0) != (errors.n == 0))
        abort();
    for (size_t i = 0; i < errors.n; i++)
        if (!text_is_utf8(errors.lines[i], strlen(errors.lines[i])) ||
            strpbrk(errors.lines[i], "\n\033") != NULL)
            abort();
    if (conf != NULL)
        check(conf);
    conf_free(conf);
    conf_errors_done(&errors);
    return 0;
}
