/*
 * Making, checking and opening the database file. SQLite takes an empty file for an empty database;
 * a store cut to nothing would then say "nobody is enrolled". So the file never exists without
 * its schema and its mark, and one without the mark is refused (I-29, I-33).
 * SPDX-License-Identifier: Apache-2.0
 */
#include "mfa/store_sqlite_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/write.h"

#include "mfa/store.h"
#include "mfa/store_sqlite_upgrade.h"

enum { BUSY_TIMEOUT_MS = 5000 };

#define APPLICATION_ID "1096237638" /* "AWFF" */

static const char schema[] =
    "PRAGMA application_id = " APPLICATION_ID ";"
    "PRAGMA user_version = " STORE_SQLITE_VERSION ";" STORE_SQLITE_PEOPLE "CREATE TABLE failure ("
    "  person TEXT NOT NULL, source TEXT NOT NULL, tries INTEGER NOT NULL,"
    "  codes INTEGER NOT NULL, passwords INTEGER NOT NULL, last INTEGER NOT NULL,"
    "  PRIMARY KEY (person, source)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX failure_last ON failure (last);";

FED_PRINTF(3, 4)
static int
fail(char *why, int error, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    (void)vsnprintf(why, STORE_WHY_MAX, format, ap);
    va_end(ap);
    return error;
}

/*
 * The bytes of an empty store. Bytes 18 and 19 of the header say "write-ahead log"
 * (https://www.sqlite.org/fileformat.html 1.3.3): set here, the file never has to be converted,
 * which two processes could try at once.
 */
static int
empty_store(unsigned char **ret_image, size_t *ret_len, char *why)
{
    sqlite3 *db = NULL;
    sqlite3_int64 len = 0;
    int r = FED_E_STORE;

    if (sqlite3_open_v2(":memory:", &db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK ||
        sqlite3_exec(db, schema, NULL, NULL, NULL) != SQLITE_OK) {
        r = fail(why, FED_E_STORE, "cannot make an empty store: %s", sqlite3_errmsg(db));
        goto out;
    }
    unsigned char *image = sqlite3_serialize(db, "main", &len, 0);
    if (image == NULL || len < 512) {
        sqlite3_free(image);
        r = FED_E_NOMEM;
        goto out;
    }
    image[18] = image[19] = 2;
    *ret_image = image;
    *ret_len = (size_t)len;
    r = 0;

out:
    (void)sqlite3_close(db);
    return r;
}

/*
 * Make the file: written and synced under another name, then linked to its own, so that a crash
 * leaves all of it or nothing. Another process that is faster wins, and that is as good.
 */
static int
create(const char *path, int dir_fd, char *why)
{
    char temporary[PATH_MAX + 8];
    unsigned char *image = NULL;
    size_t len = 0;
    int fd = -1;

    int r = empty_store(&image, &len, why);
    if (r != 0)
        return r;
    (void)snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path);
    if ((fd = mkostemp(temporary, O_CLOEXEC)) < 0) {
        r = fail(why, FED_E_STORE, "cannot create \"%s\": %s", temporary, strerror(errno));
        goto out;
    }
    if (write_all(fd, image, len) != 0 || fsync(fd) != 0) {
        r = fail(why, FED_E_STORE, "cannot write \"%s\": %s", temporary, strerror(errno));
        goto out;
    }
    /* Closed before it has its name: closing a descriptor drops this process's locks on the file,
     * and those of a connection that another thread may have by then. */
    (void)close(fd);
    fd = -1;
    if ((link(temporary, path) != 0 && errno != EEXIST) || fsync(dir_fd) != 0)
        r = fail(why, FED_E_STORE, "cannot create \"%s\": %s", path, strerror(errno));

out:
    if (fd >= 0)
        (void)close(fd);
    (void)unlink(temporary);
    sqlite3_free(image);
    return r;
}

/* The folder: canonical, ours or root's, and nobody else can put or swap a file in it. */
static int
open_folder(const char *path, char ret_path[PATH_MAX], int *ret_fd, char *why)
{
    char folder[PATH_MAX], canonical[PATH_MAX];
    const char *slash = strrchr(path, '/');
    struct stat st;

    if (path[0] != '/' || slash[1] == '\0' || strlen(path) >= sizeof(folder))
        return fail(why, FED_E_CONFIG, "\"%s\": not an absolute path of a file", path);
    size_t n = slash == path ? 1 : (size_t)(slash - path);
    memcpy(folder, path, n);
    folder[n] = '\0';
    if (realpath(folder, canonical) == NULL)
        return fail(why, FED_E_CONFIG,
            "\"%s\": %s: make the folder, owned by the bridge's user, mode 0700", folder,
            strerror(errno));
    int len =
        snprintf(ret_path, PATH_MAX, "%s%s", strcmp(canonical, "/") == 0 ? "" : canonical, slash);
    if (len < 0 || len >= PATH_MAX)
        return fail(why, FED_E_CONFIG, "\"%s\": path too long", path);

    int fd = open(canonical, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0) {
        int r = fail(why, FED_E_CONFIG, "cannot open \"%s\": %s", canonical, strerror(errno));
        if (fd >= 0)
            (void)close(fd);
        return r;
    }
    if ((st.st_uid != 0 && st.st_uid != geteuid()) || (st.st_mode & 022) != 0) {
        (void)close(fd);
        return fail(why, FED_E_CONFIG,
            "\"%s\": others may write to this folder: chown it to the bridge's user and chmod 0700",
            canonical);
    }
    *ret_fd = fd;
    return 0;
}

/*
 * The file, looked at without following a link. O_PATH, because closing any other descriptor of it
 * would drop the locks that a connection of this process holds (fcntl(2)).
 */
static int
check_file(const char *path, char *why)
{
    struct stat st;

    int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        int error = errno;
        (void)snprintf(why, STORE_WHY_MAX, "cannot open \"%s\": %s", path, strerror(error));
        return error == ENOENT ? FED_E_NOT_FOUND : FED_E_STORE;
    }
    int r = fstat(fd, &st) == 0 ? 0 : FED_E_STORE;
    (void)close(fd);
    if (r != 0)
        return fail(why, r, "cannot look at \"%s\"", path);
    if (!S_ISREG(st.st_mode))
        return fail(why, FED_E_CONFIG, "\"%s\": not a regular file: remove the link", path);
    if (st.st_uid != 0 && st.st_uid != geteuid())
        return fail(
            why, FED_E_CONFIG, "\"%s\": of another owner: chown it to the bridge's user", path);
    if ((st.st_mode & 077) != 0)
        return fail(why, FED_E_CONFIG, "\"%s\": open to others: chmod 0600", path);
    return 0;
}

int
store_sqlite_file_prepare(const char *path, char ret_path[PATH_MAX], char *why)
{
    char canonical[PATH_MAX];
    int dir_fd = -1;

    int r = open_folder(path, canonical, &dir_fd, why);
    if (r != 0)
        return r;
    r = check_file(canonical, why);
    if (r == FED_E_NOT_FOUND) {
        r = create(canonical, dir_fd, why);
        if (r == 0)
            r = check_file(canonical, why);
        if (r == FED_E_NOT_FOUND)
            r = FED_E_STORE;
    }
    (void)close(dir_fd);
    if (r == 0)
        memcpy(ret_path, canonical, sizeof(canonical));
    return r;
}

/* The first column of a query's first row as text, compared; what else it was goes to ret_was. */
static bool
query_says(sqlite3 *db, const char *sql, const char *wanted, char *ret_was, size_t size)
{
    sqlite3_stmt *stmt = NULL;
    bool equal = false;

    if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK &&
        sqlite3_step(stmt) == SQLITE_ROW && sqlite3_column_text(stmt, 0) != NULL) {
        const char *text = (const char *)sqlite3_column_text(stmt, 0);
        equal = strcmp(text, wanted) == 0;
        (void)snprintf(ret_was, size, "%s", text);
    } else {
        (void)snprintf(ret_was, size, "%s", sqlite3_errmsg(db));
    }
    (void)sqlite3_finalize(stmt);
    return equal;
}

/* Is this our file, whole and of a form that we know? */
static int
check_content(sqlite3 *db, const char *path, bool thoroughly, char *why)
{
    char was[128];

    if (!query_says(db, "PRAGMA application_id", APPLICATION_ID, was, sizeof(was)))
        return fail(why, FED_E_STORE,
            "\"%s\": not a second-factor store, or a torn one (%s): restore it from a backup", path,
            was);
    if (!query_says(db, "PRAGMA user_version", STORE_SQLITE_VERSION, was, sizeof(was)))
        return fail(why, FED_E_STORE,
            "\"%s\": a store of version %s, and this program knows " STORE_SQLITE_VERSION
            ": update awsfed",
            path, was);
    if (!query_says(db, "PRAGMA journal_mode", "wal", was, sizeof(was)))
        return fail(why, FED_E_STORE, "\"%s\": no write-ahead log (%s)", path, was);
    if (thoroughly && !query_says(db, "PRAGMA integrity_check(1)", "ok", was, sizeof(was)))
        return fail(why, FED_E_STORE, "\"%s\": damaged (%s): restore it from a backup", path, was);
    return 0;
}

int
store_sqlite_file_connect(const char *path, bool writer, sqlite3 **ret, char *why)
{
    /*
     * synchronous = FULL: with a write-ahead log, one fsync a commit, before it returns (I-25).
     * temp_store: nothing goes to a folder that the environment may name (I-56).
     */
    static const char settings[] = "PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY;"
                                   "PRAGMA secure_delete = ON; PRAGMA trusted_schema = OFF;"
                                   "PRAGMA cell_size_check = ON;";
    sqlite3 *db = NULL;
    int r;

    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_NOMUTEX |
                SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE;
    if (sqlite3_open_v2(path, &db, flags, NULL) != SQLITE_OK ||
        sqlite3_busy_timeout(db, BUSY_TIMEOUT_MS) != SQLITE_OK ||
        sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL) != SQLITE_OK ||
        sqlite3_exec(db, settings, NULL, NULL, NULL) != SQLITE_OK ||
        (!writer && sqlite3_exec(db, "PRAGMA query_only = ON", NULL, NULL, NULL) != SQLITE_OK)) {
        r = fail(why, FED_E_STORE, "cannot open \"%s\": %s: restore it from a backup", path,
            sqlite3_errmsg(db));
        goto out;
    }
    if (writer && (r = store_sqlite_upgrade(db)) != 0) {
        r = fail(why, FED_E_STORE,
            "\"%s\": cannot be brought to version " STORE_SQLITE_VERSION ": %s", path,
            sqlite3_errmsg(db));
        goto out;
    }
    if ((r = check_content(db, path, writer, why)) != 0)
        goto out;
    *ret = db;
    db = NULL;

out:
    (void)sqlite3_close(db);
    return r;
}
