/*
 * One small file, replaced by rename so that a reader never sees half of it.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/login/recent.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The folder, or "" when there is no place for it. A home that does not exist is not made: it is nobody's. */
static void
folder_of(char *to)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    struct stat st;
    int n = -1;

    if (state != NULL && *state == '/')
        n = snprintf(to, PATH_MAX, "%s/awsfed", state);
    else if (home != NULL && *home == '/' && stat(home, &st) == 0)
        n = snprintf(to, PATH_MAX, "%s/.local/state/awsfed", home);
    if (n < 0 || n >= PATH_MAX - 32)
        to[0] = '\0';
}

static void
make_folders(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(path, 0700);
        *slash = '/';
    }
    (void)mkdir(path, 0700);
}

void
recent_load(struct recent *recent)
{
    char folder[PATH_MAX], path[PATH_MAX + 16], bytes[RECENT_MAX];

    *recent = RECENT_INIT;
    folder_of(folder);
    if (*folder == '\0')
        return;
    (void)snprintf(path, sizeof(path), "%s/recent", folder);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return;
    ssize_t n = read(fd, bytes, sizeof(bytes));
    (void)close(fd);
    if (n > 0 && memchr(bytes, '\0', (size_t)n) == NULL &&
        fed_secret_add(&recent->names, bytes, (size_t)n) != 0)
        recent_done(recent);
}

void
recent_done(struct recent *recent)
{
    fed_secret_done(&recent->names);
}

size_t
recent_rank(const struct recent *recent, const char *name)
{
    const char *p = fed_secret_str(&recent->names);
    size_t len = strlen(name);

    for (size_t rank = 0; rank < RECENT_ROLES_MAX && *p != '\0'; rank++) {
        size_t line = strcspn(p, "\n");
        if (line == len && memcmp(p, name, len) == 0)
            return rank;
        p += line + (p[line] == '\n');
    }
    return RECENT_ROLES_MAX;
}

/* The new list: the name, then the others. */
static int
put_first(const struct recent *recent, const char *name, struct fed_secret *to)
{
    const char *p = fed_secret_str(&recent->names);
    size_t len = strlen(name), count = 1;
    int r = fed_secret_addf(to, "%s\n", name);

    while (r == 0 && *p != '\0' && count < RECENT_ROLES_MAX) {
        size_t line = strcspn(p, "\n");
        if (line > 0 && (line != len || memcmp(p, name, len) != 0)) {
            r = fed_secret_addf(to, "%.*s\n", (int)line, p);
            count++;
        }
        p += line + (p[line] == '\n');
    }
    return r;
}

static void
replace(const struct fed_secret *bytes)
{
    char folder[PATH_MAX], path[PATH_MAX + 16], temporary[PATH_MAX + 16];

    folder_of(folder);
    if (*folder == '\0')
        return;
    make_folders(folder);
    (void)snprintf(path, sizeof(path), "%s/recent", folder);
    (void)snprintf(temporary, sizeof(temporary), "%s/recent.XXXXXX", folder);
    int fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0)
        return;
    bool written = write(fd, bytes->data, bytes->len) == (ssize_t)bytes->len;
    if (close(fd) != 0 || !written || rename(temporary, path) != 0)
        (void)unlink(temporary);
}

void
recent_note(const char *name)
{
    struct fed_secret bytes = FED_SECRET_INIT(RECENT_MAX);
    struct recent recent;

    if (*name == '\0' || strpbrk(name, "\r\n") != NULL)
        return;
    recent_load(&recent);
    if (recent_rank(&recent, name) != 0 && put_first(&recent, name, &bytes) == 0)
        replace(&bytes);
    recent_done(&recent);
    fed_secret_done(&bytes);
}
