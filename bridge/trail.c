/*
 * The trail in files.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/trail.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUFFER_SIZE = 4 * AUDIT_LINE_MAX, PATH_SIZE = 4096 };

int
trail_take(const struct trail_options *options, const char *data, size_t len, trail_fn *fn,
    void *arg, struct trail_told *told)
{
    struct audit_line line;
    int r = 0;

    told->lines++;
    if (options->needle != NULL &&
        memmem(data, len, options->needle, strlen(options->needle)) == NULL)
        return 0;
    if (audit_line_parse(data, len, &line) != 0) {
        told->torn++;
        return 0;
    }
    if (line.time_s >= options->since_s)
        r = fn(arg, &line);
    audit_line_done(&line);
    return r;
}

/* ---- One file ---- */

struct reading {
    const struct trail_options *options;
    trail_fn *fn;
    void *arg;
    struct trail_told *told;
    char *buffer;
    size_t used;
    bool skipping; /* in a line that is too long to be one */
};

/* What is whole in the buffer is handed over, and the rest moves to its beginning. */
static int
take_lines(struct reading *d)
{
    char *p = d->buffer, *end = d->buffer + d->used, *newline;
    int r = 0;

    while (r == 0 && (newline = memchr(p, '\n', (size_t)(end - p))) != NULL) {
        if (!d->skipping && newline > p)
            r = trail_take(d->options, p, (size_t)(newline - p), d->fn, d->arg, d->told);
        d->skipping = false;
        p = newline + 1;
    }
    d->used = (size_t)(end - p);
    memmove(d->buffer, p, d->used);
    if (d->used == BUFFER_SIZE) {
        if (!d->skipping) {
            d->told->lines++;
            d->told->torn++;
        }
        d->skipping = true;
        d->used = 0;
    }
    return r;
}

/* The last line may be in the writing, or be all that a full disk took of it. */
static int
read_file(struct reading *d, int fd)
{
    int r = 0;

    d->used = 0;
    d->skipping = false;
    while (r == 0) {
        ssize_t n = read(fd, d->buffer + d->used, BUFFER_SIZE - d->used);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return FED_E_SYSTEM;
        if (n == 0)
            break;
        d->used += (size_t)n;
        r = take_lines(d);
    }
    if (r == 0 && d->used > 0 && !d->skipping)
        r = trail_take(d->options, d->buffer, d->used, d->fn, d->arg, d->told);
    return r;
}

/* ---- All files ---- */

struct piece {
    char name[256];
    struct timespec changed;
    bool packed;
};

static int
order(const void *a, const void *b)
{
    const struct piece *x = a, *y = b;

    if (x->changed.tv_sec != y->changed.tv_sec)
        return x->changed.tv_sec < y->changed.tv_sec ? -1 : 1;
    if (x->changed.tv_nsec != y->changed.tv_nsec)
        return x->changed.tv_nsec < y->changed.tv_nsec ? -1 : 1;
    return strcmp(y->name, x->name); /* FILE.2 before FILE.1 before FILE */
}

/* FILE, FILE.1, FILE-20261121, FILE-20261121.1, and each with the ending of a packer. */
static bool
is_piece(const char *name, const char *base, bool *ret_packed)
{
    static const char *const packers[] = {".gz", ".xz", ".zst", ".bz2"};
    size_t len = strlen(base);

    *ret_packed = false;
    if (strncmp(name, base, len) != 0)
        return false;
    const char *rest = name + len;
    size_t middle = strlen(rest);
    for (size_t i = 0; i < sizeof(packers) / sizeof(packers[0]) && !*ret_packed; i++) {
        size_t ending = strlen(packers[i]);
        if (middle > ending && strcmp(rest + middle - ending, packers[i]) == 0) {
            middle -= ending;
            *ret_packed = true;
        }
    }
    if (middle == 0)
        return true;
    return (*rest == '.' || *rest == '-') && middle > 1 &&
           strspn(rest + 1, "0123456789-.") >= middle - 1;
}

static void
note_unread(struct trail_told *told, const char *path, const char *why)
{
    if (told->unread++ == 0)
        (void)snprintf(told->what, sizeof(told->what), "\"%.300s\": %s", path, why);
}

/* One name of the folder. True when it is a piece to be read. */
static bool
take_name(struct reading *d, int folder_fd, const char *name, const char *base, struct piece *ret)
{
    struct stat st;

    if (!is_piece(name, base, &ret->packed) ||
        fstatat(folder_fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return false;
    if (!S_ISREG(st.st_mode)) {
        note_unread(d->told, name, "is no file of its own; a link is not followed");
        return false;
    }
    (void)snprintf(ret->name, sizeof(ret->name), "%s", name);
    ret->changed = st.st_mtim;
    return st.st_mtim.tv_sec >= d->options->since_s;
}

/* The pieces of a folder that are not too old, in their order. */
static int
list_pieces(
    struct reading *d, const char *folder, const char *base, struct piece **ret, size_t *ret_n)
{
    DIR *dir = opendir(folder);
    size_t n = 0;

    if (dir == NULL)
        return errno == EACCES ? FED_E_PERMISSION : FED_E_NOT_FOUND;
    struct piece *pieces = calloc(TRAIL_FILES_MOST + 1, sizeof(*pieces));
    for (const struct dirent *e = readdir(dir); pieces != NULL && e != NULL; e = readdir(dir)) {
        if (!take_name(d, dirfd(dir), e->d_name, base, &pieces[n]))
            continue;
        if (n < TRAIL_FILES_MOST)
            n++;
        else
            note_unread(
                d->told, e->d_name, "is one of too many files: pack the trail's old ones away");
    }
    (void)closedir(dir);
    if (pieces == NULL)
        return FED_E_NOMEM;
    qsort(pieces, n, sizeof(*pieces), order);
    *ret = pieces;
    *ret_n = n;
    return 0;
}

/* As bridge/audit.c asks of the file that it writes to; and what is the reader's own fools nobody else. */
static bool
is_to_be_believed(const struct trail_options *o, int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & S_IWOTH) == 0 &&
           (st.st_uid == 0 || st.st_uid == o->uid || st.st_uid == geteuid());
}

static int
read_piece(struct reading *d, const char *folder, const struct piece *piece)
{
    char path[PATH_SIZE];
    int n = snprintf(path, sizeof(path), "%s/%s", folder, piece->name);

    if (n < 0 || (size_t)n >= sizeof(path))
        return FED_E_SYSTEM;
    if (piece->packed) {
        note_unread(d->told, path,
            "is compressed: unpack it beside the others, or let log "
            "rotation leave it as it is");
        return 0;
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    if (fd >= 0 && !is_to_be_believed(d->options, fd)) {
        note_unread(d->told, path, "is not the bridge's own, nor root's: anybody may have made it");
        (void)close(fd);
        return 0;
    }
    int r = fd >= 0 ? read_file(d, fd) : FED_E_SYSTEM;
    if (fd < 0 || r == FED_E_SYSTEM) {
        note_unread(d->told, path, strerror(errno));
        r = 0;
    } else {
        d->told->files++;
    }
    if (fd >= 0)
        (void)close(fd);
    return r;
}

static int
read_files(struct reading *d, const char *path, char *why)
{
    const char *slash = strrchr(path, '/');
    char folder[PATH_SIZE];
    struct piece *pieces = NULL;
    size_t n = 0;

    if (slash == NULL || (size_t)(slash - path) >= sizeof(folder))
        return FED_E_SYSTEM;
    (void)snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path) + 1, path);
    int r = list_pieces(d, folder, slash + 1, &pieces, &n);
    for (size_t i = 0; i < n && r == 0; i++)
        r = read_piece(d, folder, &pieces[i]);
    free(pieces);
    if (r == 0 && d->told->files == 0 && d->told->unread > 0)
        r = FED_E_PERMISSION;
    if (r == 0 && d->told->files == 0 && access(path, F_OK) != 0)
        r = FED_E_NOT_FOUND;
    if (r == FED_E_PERMISSION && d->told->what[0] != '\0')
        (void)snprintf(why, TRAIL_WHY_MAX, "%s", d->told->what);
    else if (r == FED_E_PERMISSION || r == FED_E_NOT_FOUND)
        (void)snprintf(why, TRAIL_WHY_MAX, "\"%.300s\": %s", path,
            r == FED_E_NOT_FOUND ? "there is no such file" : "its folder may not be read");
    return r;
}

int
trail_each(const struct trail_options *options, trail_fn *fn, void *arg,
    struct trail_told *ret_told, char *why)
{
    struct reading d = {.options = options, .fn = fn, .arg = arg, .told = ret_told};

    *ret_told = (struct trail_told){.lines = 0};
    why[0] = '\0';
    if (strncmp(options->where, "file:", 5) != 0)
        return trail_journal(options, fn, arg, ret_told, why);
    d.buffer = malloc(BUFFER_SIZE);
    if (d.buffer == NULL)
        return FED_E_NOMEM;
    int r = read_files(&d, options->where + 5, why);
    free(d.buffer);
    return r;
}
