/*
 * A PostgreSQL server of a test's own, in a folder of its own, on a local socket alone: made, killed,
 * frozen. Runs as the user postgres when the test is root, since the server will not be.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_MFA_POSTGRES_H
#define TESTS_MFA_POSTGRES_H

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char postgres_folder[64], postgres_bin[128], postgres_as[96];

/* Run a shell line about the server; its exit status. */
__attribute__((format(printf, 1, 2))) static inline int
postgres_run(const char *format, ...)
{
    char line[1024];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    return system(line);
}

static inline int
postgres_start(void)
{
    return postgres_run(
        "cd / && %s %s/pg_ctl -s -w -t 20 -D %s/data -l %s/log -o \"-k %s "
        "-c listen_addresses='' -c max_connections=60 -c shared_buffers=16MB\" start "
        ">/dev/null 2>&1",
        postgres_as, postgres_bin, postgres_folder, postgres_folder, postgres_folder);
}

/* A new, empty server. 0 when it answers. */
static inline int
postgres_make(void)
{
    glob_t found;

    if (glob("/usr/lib/postgresql/*/bin", 0, NULL, &found) != 0)
        return -1;
    (void)snprintf(postgres_bin, sizeof(postgres_bin), "%s", found.gl_pathv[found.gl_pathc - 1]);
    globfree(&found);
    (void)snprintf(postgres_folder, sizeof(postgres_folder), "/tmp/test_postgres.XXXXXX");
    if (mkdtemp(postgres_folder) == NULL)
        return -1;
    if (geteuid() == 0) {
        (void)snprintf(postgres_as, sizeof(postgres_as),
            "setpriv --reuid=postgres --regid=postgres --clear-groups --");
        if (postgres_run("chown postgres: %s && chmod 755 %s", postgres_folder, postgres_folder) !=
            0)
            return -1;
    }
    if (postgres_run(
            "cd / && %s %s/initdb -D %s/data -A trust -U awsfed -E UTF8 --locale=C --no-sync"
            " >/dev/null",
            postgres_as, postgres_bin, postgres_folder) != 0 ||
        postgres_start() != 0)
        return -1;
    return postgres_run("%s/createdb -h %s -U awsfed awsfed", postgres_bin, postgres_folder);
}

/* How pg_ctl stops it: "fast", or "immediate", as a crash of the machine does. */
static inline int
postgres_stop(const char *how)
{
    return postgres_run("cd / && %s %s/pg_ctl -s -w -D %s/data -m %s stop >/dev/null 2>&1",
        postgres_as, postgres_bin, postgres_folder, how);
}

/* A signal for the server and each of its processes. */
static inline int
postgres_signal(const char *name)
{
    return postgres_run(
        "p=$(head -1 %s/data/postmaster.pid) && kill -%s $p $(ps -o pid= --ppid $p)",
        postgres_folder, name);
}

/* As a host that loses its power: every process of it gone at once, nothing tidied up. */
static inline int
postgres_kill(void)
{
    return postgres_run(
        "cd %s/data && p=$(head -1 postmaster.pid) && all=\"$p $(ps -o pid= --ppid $p)\" && "
        "kill -KILL $all; for x in $all; do "
        "while ps -o stat= -p $x | grep -qv Z; do sleep 0.02; done; done; "
        "rm -f postmaster.pid ../.s.*",
        postgres_folder);
}

static inline int
postgres_sql(const char *sql)
{
    return postgres_run("PGOPTIONS='-c client_min_messages=warning' %s/psql -q -v ON_ERROR_STOP=1 "
                        "-h %s -U awsfed -d awsfed -c \"%s\" >/dev/null",
        postgres_bin, postgres_folder, sql);
}

static inline int
postgres_remove(void)
{
    (void)postgres_signal("CONT");
    (void)postgres_stop("immediate");
    return postgres_run("rm -rf %s", postgres_folder);
}

#endif
