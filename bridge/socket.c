/*
 * Making the socket and publishing the local users.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

enum { BACKLOG = 1024 };

static int
fail(char *why, size_t why_size, const char *what, const char *path)
{
    (void)snprintf(why, why_size, "cannot %s \"%s\": %s", what, path, strerror(errno));
    return FED_E_SYSTEM;
}

/* The folder of a path, in to. */
static int
folder_of(const char *path, char to[PATH_MAX])
{
    const char *slash = strrchr(path, '/');

    if (slash == NULL || slash == path || (size_t)(slash - path) >= PATH_MAX)
        return FED_E_INVALID;
    memcpy(to, path, (size_t)(slash - path));
    to[slash - path] = '\0';
    return 0;
}

static int
make_folder(const char *path, char *why, size_t why_size)
{
    char folder[PATH_MAX];
    struct stat st;

    if (folder_of(path, folder) != 0) {
        (void)snprintf(why, why_size, "\"%s\" is no absolute path of a socket", path);
        return FED_E_CONFIG;
    }
    if (mkdir(folder, 0755) == 0) {
        if (chmod(folder, 0755) != 0)
            return fail(why, why_size, "set the mode of", folder);
    } else if (errno != EEXIST) {
        return fail(why, why_size, "create", folder);
    }
    if (lstat(folder, &st) != 0)
        return fail(why, why_size, "look at", folder);
    if (!S_ISDIR(st.st_mode) || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0 ||
        (st.st_uid != 0 && st.st_uid != geteuid())) {
        (void)snprintf(why, why_size,
            "the folder \"%s\" must be root's and writable by nobody else: whoever can replace the "
            "socket in it gets everybody's password",
            folder);
        return FED_E_CONFIG;
    }
    return 0;
}

/* Does somebody answer there? */
static bool
is_live(int fd, const struct sockaddr_un *address)
{
    return connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0;
}

static int
remove_stale(const struct sockaddr_un *address, char *why, size_t why_size)
{
    struct stat st;
    int r = 0;

    if (lstat(address->sun_path, &st) != 0)
        return errno == ENOENT ? 0 : fail(why, why_size, "look at", address->sun_path);
    int probe = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (!S_ISSOCK(st.st_mode) || probe < 0) {
        (void)snprintf(why, why_size, "\"%s\" is in the way and is no socket", address->sun_path);
        r = FED_E_EXISTS;
    } else if (is_live(probe, address)) {
        (void)snprintf(why, why_size, "another bridge answers at \"%s\"", address->sun_path);
        r = FED_E_EXISTS;
    } else if (unlink(address->sun_path) != 0) {
        r = fail(why, why_size, "remove the stale socket", address->sun_path);
    }
    if (probe >= 0)
        (void)close(probe);
    return r;
}

/* systemd passes it as its own default has it, and that is one which blocks: the loop would stand still in accept(2). */
static int
take_passed(const char *path, int *ret_fd, char *why, size_t why_size)
{
    int fd = SD_LISTEN_FDS_START, flags;

    if (sd_is_socket_unix(fd, SOCK_SEQPACKET, 1, path, 0) <= 0) {
        (void)snprintf(why, why_size,
            "the socket that systemd passed is no ListenSequentialPacket= at \"%s\", which is "
            "[bridge] socket: install awsfed-bridge.socket as shipped, and give it the same path",
            path);
        return FED_E_CONFIG;
    }
    flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0)
        return fail(why, why_size, "set the flags of the socket", path);
    *ret_fd = fd;
    return 0;
}

int
socket_open(const char *path, int *ret_fd, char *why, size_t why_size)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len = strlen(path);
    int fd, r;

    if ((r = make_folder(path, why, why_size)) != 0)
        return r;
    if (sd_listen_fds(1) > 0)
        return take_passed(path, ret_fd, why, why_size);
    if (len >= sizeof(address.sun_path)) {
        (void)snprintf(why, why_size, "\"%s\" is too long for a socket's path", path);
        return FED_E_CONFIG;
    }
    memcpy(address.sun_path, path, len);
    if ((r = remove_stale(&address, why, why_size)) != 0)
        return r;
    fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return fail(why, why_size, "make a socket for", path);
    if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0 ||
        chmod(path, 0666) != 0) {
        r = fail(why, why_size, "make the socket", path);
        (void)close(fd);
        return r;
    }
    *ret_fd = fd;
    return 0;
}

int
socket_listen(int fd)
{
    return listen(fd, BACKLOG) == 0 ? 0 : FED_E_SYSTEM;
}

static int
write_names(int fd, const struct conf_list *users)
{
    for (size_t i = 0; i < users->n; i++) {
        if (dprintf(fd, "%s\n", users->items[i]) < 0)
            return FED_E_SYSTEM;
    }
    return fchmod(fd, 0644) == 0 && fsync(fd) == 0 ? 0 : FED_E_SYSTEM;
}

int
socket_publish_local_users(
    const char *path, const struct conf_list *users, char *why, size_t why_size)
{
    char folder[PATH_MAX], name[PATH_MAX + 16], fresh[PATH_MAX + 24];

    if (folder_of(path, folder) != 0)
        return FED_E_INVALID;
    (void)snprintf(name, sizeof(name), "%s/local-users", folder);
    (void)snprintf(fresh, sizeof(fresh), "%s.new", name);
    (void)unlink(fresh);
    int fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0)
        return fail(why, why_size, "write", fresh);
    int r = write_names(fd, users);
    (void)close(fd);
    if (r == 0 && rename(fresh, name) != 0)
        r = FED_E_SYSTEM;
    return r == 0 ? 0 : fail(why, why_size, "write", name);
}
