/*
 * libpq takes what is not said from PG… variables, then from files in the home folder. So everything
 * is said: each of its options is given by the URI, by a table here, or by libpq's compiled default.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "mfa/store_postgres_uri.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mfa/store.h"

/* A path that can never name a file: "none", where libpq would look in the home folder for nothing said. */
#define NO_FILE "/dev/null/none"
enum { URI_MAX = 2048 };

#define SYSTEM_CA_FILE "/etc/ssl/certs/ca-certificates.crt"

/* What a URI may say. Not: passwords, options (they could undo ours), service files, replication. */
static const char *const allowed[] = {"user", "passfile", "host", "hostaddr", "port", "dbname",
    "sslmode", "sslrootcert", "sslcert", "sslkey", "sslcrl", "ssl_min_protocol_version",
    "channel_binding", "requirepeer"};

/* Ours whatever libpq's defaults; the URI goes before where it may say the same. */
static const struct {
    const char *keyword, *value;
} ours[] = {
    {"user", "awsfed"}, {"dbname", "awsfed"}, {"passfile", NO_FILE},
    {"sslrootcert", SYSTEM_CA_FILE}, {"sslcert", NO_FILE}, {"sslkey", NO_FILE}, {"sslcrl", NO_FILE},
    {"gssencmode", "disable"}, /* a Kerberos cache of somebody's must not stand in for TLS */
    {"connect_timeout", "2"},  /* for each host */
    {"client_encoding", "UTF8"}, {"application_name", "awsfed-bridge"}, {"keepalives", "1"},
    {"keepalives_idle", "30"}, {"keepalives_interval", "5"}, {"keepalives_count", "3"},
    {"tcp_user_timeout", "5000"},
    {"target_session_attrs", "read-write"}, /* a standby's rows are old rows */
};

static int
refuse(char *why, const char *what)
{
    (void)snprintf(why, STORE_WHY_MAX, "[mfa] store = postgresql://…: %.220s", what);
    return FED_E_CONFIG;
}

static PQconninfoOption *
option(const struct store_postgres_uri *uri, const char *keyword)
{
    for (PQconninfoOption *o = uri->options; o->keyword != NULL; o++)
        if (strcmp(o->keyword, keyword) == 0)
            return o;
    return NULL;
}

/* What the URI says of a key, NULL for nothing. */
static const char *
said(const struct store_postgres_uri *uri, const char *keyword)
{
    const PQconninfoOption *o = option(uri, keyword);

    return o == NULL || o->val == NULL || o->val[0] == '\0' ? NULL : o->val;
}

static bool
is_local(const char *host, size_t len)
{
    return (len > 0 && (host[0] == '/' || host[0] == '@')) || /* a socket's folder, or abstract */
           (len > 4 && strncmp(host, "127.", 4) == 0 &&
               strspn(host, "0123456789.") >= len) || /* a literal, not 127.example.com */
           (len == 3 && strncmp(host, "::1", 3) == 0) ||
           (len == 9 && strncmp(host, "localhost", 9) == 0);
}

/* Every host of a list with commas; an empty one means libpq's compiled default, the local socket. */
static bool
all_local(const char *list)
{
    for (;;) {
        size_t len = strcspn(list, ",");
        if (len > 0 && !is_local(list, len))
            return false;
        if (list[len] == '\0')
            return true;
        list += len + 1;
    }
}

static int
check_keys(const struct store_postgres_uri *uri, char *why)
{
    char text[STORE_WHY_MAX];

    if (said(uri, "password") != NULL || said(uri, "sslpassword") != NULL)
        return refuse(why, "no password here: write it to a file in the form of .pgpass, "
                           "owned by the bridge's user with mode 0600, and add ?passfile=/PATH");
    for (const PQconninfoOption *o = uri->options; o->keyword != NULL; o++) {
        bool known = o->val == NULL;
        for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]) && !known; i++)
            known = strcmp(allowed[i], o->keyword) == 0;
        if (known)
            continue;
        (void)snprintf(
            text, sizeof(text), "\"%.40s\" may not be set here: leave it out", o->keyword);
        return refuse(why, text);
    }
    return 0;
}

static int
check_tls(const struct store_postgres_uri *uri, const char **ret_sslmode, char *why)
{
    const char *mode = said(uri, "sslmode"), *host = said(uri, "host");
    const char *address = said(uri, "hostaddr");
    /* With an address it is the address that is connected to. */
    bool local = all_local(address != NULL ? address : host != NULL ? host : "");

    if (!local && mode != NULL && strcmp(mode, "verify-full") != 0)
        return refuse(why, "a server elsewhere needs sslmode=verify-full, which is the default: "
                           "leave sslmode out, and name its CA with sslrootcert=/PATH");
    *ret_sslmode = mode != NULL ? mode : local ? "prefer" : "verify-full";
    return 0;
}

/* libpq passes over a file that others may read with a line on standard error; we say so and stop. */
static int
check_passfile(const struct store_postgres_uri *uri, char *why)
{
    const char *path = said(uri, "passfile");
    char text[STORE_WHY_MAX];
    struct stat st;

    if (path == NULL)
        return 0;
    int fd = path[0] == '/' ? open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK) : -1;
    bool good = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
                (st.st_uid == geteuid() || st.st_uid == 0) && (st.st_mode & 077) == 0;
    if (fd >= 0)
        (void)close(fd);
    if (good)
        return 0;
    (void)snprintf(text, sizeof(text),
        "passfile \"%.100s\": must be an absolute path to a file, no link, of the bridge's "
        "user, mode 0600",
        path);
    return refuse(why, text);
}

static const char *
value_of(const struct store_postgres_uri *uri, const PQconninfoOption *o, const char *sslmode)
{
    if (strcmp(o->keyword, "sslmode") == 0)
        return sslmode;
    if (said(uri, o->keyword) != NULL)
        return o->val;
    for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
        if (strcmp(ours[i].keyword, o->keyword) == 0)
            return ours[i].value;
    return o->compiled;
}

int
store_postgres_uri_read(const char *rest, struct store_postgres_uri *ret, char *why)
{
    struct store_postgres_uri uri = {.options = NULL};
    const char *sslmode = NULL;
    char text[URI_MAX];
    size_t n = 0;
    int r;

    if (snprintf(text, sizeof(text), "postgresql://%s", rest) >= (int)sizeof(text))
        return refuse(why, "too long");
    uri.options = PQconninfoParse(text, NULL);
    if (uri.options == NULL) /* libpq's own text may quote a password */
        return refuse(why, "not a connection URI: write "
                           "postgresql://USER@HOST/DATABASE?sslrootcert=/PATH");
    if ((r = check_keys(&uri, why)) != 0 || (r = check_tls(&uri, &sslmode, why)) != 0 ||
        (r = check_passfile(&uri, why)) != 0) {
        store_postgres_uri_done(&uri);
        return r;
    }
    for (const PQconninfoOption *o = uri.options; o->keyword != NULL; o++) {
        const char *value = value_of(&uri, o, sslmode);
        if (value == NULL || n == STORE_POSTGRES_PARAMS_MAX - 1)
            continue;
        uri.keywords[n] = o->keyword;
        uri.values[n++] = value;
    }
    *ret = uri;
    return 0;
}

void
store_postgres_uri_done(struct store_postgres_uri *uri)
{
    PQconninfoFree(uri->options);
    *uri = (struct store_postgres_uri){0};
}
