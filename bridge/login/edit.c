/*
 * Lock, read, write beside, fsync, rename. The lock is a file of its own: the file itself is replaced, and NFS
 * gives no exclusive lock on a folder.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/login/edit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/write.h"

enum { LOCK_WAIT_MS = 10 * 1000, LOCK_PAUSE_NS = 5 * 1000 * 1000, LINKS_MAX = 40, TRIES = 20 };

static int
fail(char *why, int error, const char *path, const char *what)
{
    (void)snprintf(why, EDIT_WHY_MAX, "%s: %s", path, what);
    return error;
}

static int
fail_errno(char *why, const char *path)
{
    static const struct {
        int number;
        const char *remedy;
    } remedies[] = {{EACCES, "; nothing was changed; make it writable for you"},
        {EPERM, "; nothing was changed; make it writable for you"},
        {EROFS, "; nothing was changed; name another file by $AWS_CONFIG_FILE or "
                "$AWS_SHARED_CREDENTIALS_FILE"},
        {ENOSPC, "; nothing was changed; make room and try again"},
        {EDQUOT, "; nothing was changed; make room and try again"},
        {EFBIG, "; nothing was changed; raise the limit on file sizes (ulimit -f)"}};
    int number = errno;
    const char *remedy = "";

    for (size_t i = 0; i < sizeof(remedies) / sizeof(remedies[0]); i++) {
        if (remedies[i].number == number)
            remedy = remedies[i].remedy;
    }
    (void)snprintf(why, EDIT_WHY_MAX, "%s: %s%s", path, strerror(number), remedy);
    return FED_E_SYSTEM;
}

int
edit_path(enum edit_which which, char *ret_path, char *why)
{
    static const struct {
        const char *variable, *name;
    } files[] = {[EDIT_CONFIG] = {"AWS_CONFIG_FILE", "config"},
        [EDIT_CREDENTIALS] = {"AWS_SHARED_CREDENTIALS_FILE", "credentials"}};
    const char *home = getenv("HOME"), *own = getenv(files[which].variable);
    int n;

    if (own != NULL && *own != '\0' && strncmp(own, "~/", 2) != 0) {
        n = snprintf(ret_path, PATH_MAX, "%s", own);
    } else if (home == NULL || *home != '/') {
        return fail(why, FED_E_INVALID, "HOME", "not the path of a folder; set it to your home");
    } else if (own != NULL && *own != '\0') {
        n = snprintf(ret_path, PATH_MAX, "%s%s", home, own + 1);
    } else {
        n = snprintf(ret_path, PATH_MAX, "%s/.aws/%s", home, files[which].name);
    }
    if (n < 0 || n >= PATH_MAX)
        return fail(why, FED_E_INVALID, files[which].variable, "the path is too long");
    return 0;
}

/* ---- Where the file really is ---- */

/* Split a path, in place, into its folder and the last part. */
static const char *
split(char *path, const char **ret_name)
{
    char *slash = strrchr(path, '/');

    *ret_name = slash != NULL ? slash + 1 : path;
    if (slash == NULL)
        return ".";
    *slash = '\0';
    return *path != '\0' ? path : "/";
}

/* One step along a link. True in *ret_more when there was one. */
static int
follow(char *path, bool *ret_more)
{
    char link[PATH_MAX], copy[PATH_MAX], next[PATH_MAX];
    const char *name;
    ssize_t n = readlink(path, link, sizeof(link) - 1);

    *ret_more = n >= 0;
    if (n < 0)
        return errno == EINVAL || errno == ENOENT ? 0 : FED_E_SYSTEM;
    link[n] = '\0';
    memcpy(copy, path, strlen(path) + 1);
    const char *folder = split(copy, &name);
    int len = *link == '/' ? snprintf(next, sizeof(next), "%s", link)
                           : snprintf(next, sizeof(next), "%s/%s", folder, link);
    if (len < 0 || len >= PATH_MAX) {
        errno = ENAMETOOLONG;
        return FED_E_SYSTEM;
    }
    memcpy(path, next, (size_t)len + 1);
    return 0;
}

static int
resolve(const char *path, char *ret_target, char *why)
{
    char target[PATH_MAX];
    bool more = true;

    (void)snprintf(target, sizeof(target), "%s", path);
    for (int i = 0; more; i++) {
        if (i == LINKS_MAX) {
            errno = ELOOP;
            return fail_errno(why, path);
        }
        if (follow(target, &more) != 0)
            return fail_errno(why, path);
    }
    memcpy(ret_target, target, strlen(target) + 1);
    return 0;
}

/* ---- Reading ---- */

static int
read_all(int fd, struct fed_secret *bytes)
{
    enum { STEP = 16 * 1024 };

    for (;;) {
        size_t used = bytes->len, room = bytes->limit - used;
        if (room == 0)
            return FED_E_TOO_BIG;
        int r = fed_secret_resize(bytes, used + (room < STEP ? room : STEP));
        if (r != 0)
            return r;
        ssize_t n = read(fd, bytes->data + used, bytes->len - used);
        int number = errno;
        r = fed_secret_resize(bytes, used + (n > 0 ? (size_t)n : 0));
        errno = number;
        if (r != 0 || n == 0)
            return r;
        if (n < 0 && errno != EINTR)
            return FED_E_SYSTEM;
    }
}

/* The content and what tells this version of the file from another; st_nlink 0 when there is no file. */
static int
read_version(const char *path, struct fed_secret *bytes, struct stat *ret_st, char *why)
{
    /* O_NONBLOCK: a FIFO in its place must not hang us; for files it means nothing. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

    fed_secret_clear(bytes);
    *ret_st = (struct stat){.st_nlink = 0};
    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR ? 0 : fail_errno(why, path);
    int r = fstat(fd, ret_st) != 0 ? FED_E_SYSTEM : 0;
    if (r == 0 && !S_ISREG(ret_st->st_mode))
        r = fail(why, FED_E_INVALID, path, "not a regular file");
    else if (r == 0 && (r = read_all(fd, bytes)) == FED_E_TOO_BIG)
        r = fail(why, r, path, "larger than 1 MiB: no such file is edited");
    if (r == FED_E_SYSTEM)
        r = fail_errno(why, path);
    (void)close(fd);
    return r;
}

int
edit_read(const char *path, struct fed_secret *ret_bytes, char *why)
{
    struct stat st;

    return read_version(path, ret_bytes, &st, why);
}

static bool
is_same_version(const char *path, const struct stat *was)
{
    struct stat now;

    if (stat(path, &now) != 0)
        return errno == ENOENT && was->st_nlink == 0;
    return was->st_nlink != 0 && now.st_dev == was->st_dev && now.st_ino == was->st_ino &&
           now.st_size == was->st_size && now.st_mtim.tv_sec == was->st_mtim.tv_sec &&
           now.st_mtim.tv_nsec == was->st_mtim.tv_nsec;
}

/* ---- Writing ---- */

/* The new file, complete and on the disk. */
static int
fill(int fd, const struct fed_secret *bytes, const struct stat *was)
{
    if (was->st_nlink != 0 && (was->st_uid != geteuid() || was->st_gid != getegid()) &&
        fchown(fd, was->st_uid, was->st_gid) != 0)
        return FED_E_SYSTEM;
    /* After the owner: chown takes bits away. */
    if (fchmod(fd, was->st_nlink != 0 ? was->st_mode & 07777 : 0600) != 0)
        return FED_E_SYSTEM;
    if (write_all(fd, bytes->data, bytes->len) != 0 || fsync(fd) != 0)
        return FED_E_SYSTEM;
    return 0;
}

static void
sync_folder(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return;
    /* The new file is in its place; a file system that cannot sync a folder has done what it can. */
    (void)fsync(fd);
    (void)close(fd);
}

/* FED_E_BUSY when somebody without our lock has changed the file since it was read. */
static int
replace(const char *target, const char *folder, const struct fed_secret *bytes,
    const struct stat *was, char *why)
{
    char temporary[PATH_MAX];
    int n = snprintf(temporary, sizeof(temporary), "%s/.awsfed-login.XXXXXX", folder);

    if (n < 0 || n >= PATH_MAX)
        return fail(why, FED_E_INVALID, folder, "the path is too long");
    /* The SDKs' own writers replace such a file too; whoever wanted it left alone has said so by its mode. */
    if (was->st_nlink != 0 && access(target, W_OK) != 0)
        return fail_errno(why, target);
    int fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0)
        return fail_errno(why, folder);
    int r = fill(fd, bytes, was);
    if (r != 0)
        (void)fail_errno(why, target);
    if (close(fd) != 0 && r == 0)
        r = fail_errno(why, target);
    if (r == 0 && !is_same_version(target, was))
        r = fail(why, FED_E_BUSY, target, "is being changed by another program; try again");
    if (r == 0 && rename(temporary, target) != 0)
        r = fail_errno(why, target);
    if (r != 0)
        (void)unlink(temporary);
    else
        sync_folder(folder);
    return r;
}

/* Nothing that ends or stops us may leave a half-written file behind. */
static int
replace_undisturbed(const char *target, const char *folder, const struct fed_secret *bytes,
    const struct stat *was, char *why)
{
    static const int ending[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};
    struct sigaction ignore = {.sa_handler = SIG_IGN}, keep;
    sigset_t set, before;

    (void)sigemptyset(&set);
    for (size_t i = 0; i < sizeof(ending) / sizeof(ending[0]); i++)
        (void)sigaddset(&set, ending[i]);
    (void)sigprocmask(SIG_BLOCK, &set, &before);
    (void)sigaction(SIGXFSZ, &ignore, &keep); /* the limit is then an error of write(2) */
    int r = replace(target, folder, bytes, was, why);
    (void)sigaction(SIGXFSZ, &keep, NULL);
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    return r;
}

/* ---- The lock ---- */

static int
lock(const char *folder, int *ret_fd, char *why)
{
    static const struct timespec pause = {.tv_nsec = LOCK_PAUSE_NS};
    int64_t deadline_ms = clock_mono_ms() + LOCK_WAIT_MS;
    char path[PATH_MAX];
    int n = snprintf(path, sizeof(path), "%s/.awsfed-login.lock", folder);

    if (n < 0 || n >= PATH_MAX)
        return fail(why, FED_E_INVALID, folder, "the path is too long");
    int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return fail_errno(why, folder);
    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR) {
            (void)close(fd);
            return fail_errno(why, path);
        }
        if (clock_left_ms(deadline_ms) == 0) {
            (void)close(fd);
            return fail(why, FED_E_BUSY, path, "another awsfed-login has held it for 10 s");
        }
        (void)nanosleep(&pause, NULL);
    }
    *ret_fd = fd;
    return 0;
}

static bool
is_same(const struct fed_secret *a, const struct fed_secret *b)
{
    return a->len == b->len && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

static int
edit_locked(const char *target, const char *folder, edit_fn *fn, void *arg, char *why)
{
    struct fed_secret before = FED_SECRET_INIT(EDIT_MAX), after = FED_SECRET_INIT(EDIT_MAX);
    struct stat st;
    int r = FED_E_BUSY;

    for (int i = 0; r == FED_E_BUSY && i < TRIES; i++) {
        if ((r = read_version(target, &before, &st, why)) != 0)
            break;
        fed_secret_clear(&after);
        if ((r = fn(arg, &before, &after, why)) != 0 || is_same(&before, &after))
            break;
        r = replace_undisturbed(target, folder, &after, &st, why);
    }
    fed_secret_done(&before);
    fed_secret_done(&after);
    return r;
}

int
edit_file(const char *path, edit_fn *fn, void *arg, char *why)
{
    char target[PATH_MAX], copy[PATH_MAX];
    const char *name;
    int fd = -1;

    why[0] = '\0';
    int r = resolve(path, target, why);
    if (r != 0)
        return r;
    memcpy(copy, target, strlen(target) + 1);
    const char *folder = split(copy, &name);
    if (mkdir(folder, 0700) != 0 && errno != EEXIST)
        return fail_errno(why, folder);
    if ((r = lock(folder, &fd, why)) != 0)
        return r;
    r = edit_locked(target, folder, fn, arg, why);
    (void)close(fd);
    if (r != 0 && why[0] == '\0')
        (void)fail(why, r, path, fed_strerror(r));
    return r;
}
