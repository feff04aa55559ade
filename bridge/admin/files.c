/*
 * Reading the configuration, writing files.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/admin/files.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/write.h"

struct conf *
files_conf(const char *dir)
{
    struct conf *conf = NULL;
    struct conf_errors errors;
    int r = conf_read(dir, &conf, &errors);

    for (size_t i = 0; i < errors.n; i++)
        (void)fprintf(stderr, "%s\n", errors.lines[i]);
    if (r != 0 && errors.n == 0)
        (void)fprintf(stderr, "awsfed-admin: %s: %s\n", dir, fed_strerror(r));
    conf_errors_done(&errors);
    return r == 0 ? conf : NULL;
}

struct trail_options
files_trail(const struct conf *conf)
{
    const struct passwd *user = getpwnam(conf->bridge.user);

    return (struct trail_options){
        .where = conf->bridge.audit, .uid = user != NULL ? user->pw_uid : 0};
}

int
files_failed(const char *what, const char *path)
{
    (void)fprintf(stderr, "awsfed-admin: cannot %s \"%s\": %s\n", what, path, strerror(errno));
    return ADMIN_FAILED;
}

int
files_make_folder(const char *path)
{
    return mkdir(path, 0755) == 0 || errno == EEXIST ? ADMIN_DONE : files_failed("create", path);
}

int
files_write(const char *dir, const char *name, const void *data, size_t len)
{
    char path[FILES_PATH_MAX], temporary[FILES_PATH_MAX];

    if (snprintf(temporary, sizeof(temporary), "%s/%s.new", dir, name) >= (int)sizeof(temporary)) {
        errno = ENAMETOOLONG;
        return files_failed("create", name);
    }
    (void)snprintf(path, sizeof(path), "%.*s", (int)(strlen(temporary) - 4), temporary);
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0)
        return files_failed("create", temporary);
    bool written = write_all(fd, data, len) == 0 && fchmod(fd, 0644) == 0 && fsync(fd) == 0;
    if (close(fd) != 0 || !written)
        return files_failed("write", temporary);
    return rename(temporary, path) == 0 ? ADMIN_DONE : files_failed("write", path);
}

int
files_print(const void *data, size_t len)
{
    if (fwrite(data, 1, len, stdout) != len || fflush(stdout) != 0)
        return files_failed("write to", "standard output");
    return ADMIN_DONE;
}
