/*
 * The audit trail in a file (one write a line, O_APPEND) or in the journal (with fields to search by).
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "bridge/instant.h"

enum { TEXT_MAX = 2048 };

struct audit {
    char *path;           /* NULL = the journal */
    uid_t uid;            /* whose the file is */
    int fd;               /* -1 = the journal */
    pthread_mutex_t lock; /* of torn, and of the writes that it is about */
    bool torn;            /* the file ends within a line: a disk was full */
    char host[256];
};

static bool
ends_within_a_line(int fd, off_t size)
{
    char last = '\n';

    return size > 0 && pread(fd, &last, 1, size - 1) == 1 && last != '\n';
}

/*
 * The file at path, made if it may be; *ret_torn: whether it ends within a line. One with a second name may be another's, which root
 * would then give to the bridge. 0 with a descriptor, or FED_E_CONFIG.
 */
static int
open_file(const char *path, uid_t uid, int *ret_fd, bool *ret_torn, char *why, size_t why_size)
{
    struct stat st;
    int fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0640);

    if (fd < 0 || fstat(fd, &st) != 0) {
        (void)snprintf(why, why_size, "cannot open the audit file \"%s\": %s%s", path,
            strerror(errno), errno == ENOENT ? ": make its folder" : "");
    } else if (!S_ISREG(st.st_mode) || (st.st_mode & S_IWOTH) != 0 ||
               (st.st_uid != 0 && st.st_uid != uid) || st.st_nlink > 1) {
        (void)snprintf(why, why_size,
            "the audit file \"%s\" must be a regular file of the bridge's user, mode 0640, with "
            "no other name",
            path);
    } else {
        *ret_fd = fd;
        *ret_torn = ends_within_a_line(fd, st.st_size);
        return 0;
    }
    if (fd >= 0)
        (void)close(fd);
    return FED_E_CONFIG;
}

int
audit_open(const char *where, uid_t uid, gid_t gid, struct audit **ret, char *why, size_t why_size)
{
    static const char file[] = "file:";
    struct audit *a = calloc(1, sizeof(*a));

    if (a == NULL)
        return FED_E_NOMEM;
    a->fd = -1;
    a->uid = uid;
    (void)pthread_mutex_init(&a->lock, NULL);
    if (gethostname(a->host, sizeof(a->host) - 1) != 0)
        a->host[0] = '\0';
    if (strncmp(where, file, sizeof(file) - 1) == 0) {
        a->path = strdup(where + sizeof(file) - 1);
        int r = a->path == NULL ? FED_E_NOMEM
                                : open_file(a->path, uid, &a->fd, &a->torn, why, why_size);
        if (r != 0) {
            audit_close(a);
            return r;
        }
        if (geteuid() == 0 && fchown(a->fd, uid, gid) != 0)
            fed_log_warning("cannot give the audit file \"%s\" to uid %u", a->path, (unsigned)uid);
    }
    *ret = a;
    return 0;
}

int
audit_reopen(struct audit *audit, char *why, size_t why_size)
{
    bool torn = false;
    int fd = -1;

    if (audit->path == NULL)
        return 0;
    /* Nobody writes meanwhile: it may be the same file, and whether it ends within a line is only known between two lines. */
    (void)pthread_mutex_lock(&audit->lock);
    int r = open_file(audit->path, audit->uid, &fd, &torn, why, why_size);
    if (r == 0 && dup3(fd, audit->fd, O_CLOEXEC) != audit->fd) {
        r = FED_E_SYSTEM;
        (void)snprintf(
            why, why_size, "cannot take the audit file \"%s\": %s", audit->path, strerror(errno));
    }
    if (r == 0)
        audit->torn = torn;
    (void)pthread_mutex_unlock(&audit->lock);
    if (fd >= 0)
        (void)close(fd);
    return r;
}

void
audit_close(struct audit *audit)
{
    if (audit == NULL)
        return;
    if (audit->fd >= 0)
        (void)close(audit->fd);
    (void)pthread_mutex_destroy(&audit->lock);
    free(audit->path);
    free(audit);
}

static void
put_text(json_t *line, const char *key, const char *value)
{
    char clean[TEXT_MAX];

    if (value != NULL && *value != '\0')
        (void)json_object_set_new(line, key, json_string(text_clean(clean, sizeof(clean), value)));
}

static void
put_time(json_t *line, const char *key, int64_t when_s)
{
    char text[INSTANT_SIZE];

    if (instant_write(when_s, text))
        (void)json_object_set_new(line, key, json_string(text));
}

static json_t *
to_json(const struct audit *audit, const struct audit_event *e)
{
    json_t *line = json_object();
    char request[24];

    if (line == NULL)
        return NULL;
    (void)snprintf(request, sizeof(request), "%" PRIu64, e->request);
    put_time(line, "time", (int64_t)time(NULL));
    put_text(line, "event", e->event);
    put_text(line, "outcome", e->outcome == 0 ? "granted" : "denied");
    if (e->outcome != 0)
        put_text(line, "error", fed_error_name(e->outcome));
    put_text(line, "reason", e->reason);
    put_text(line, "user", e->user);
    put_text(line, "name", e->name);
    put_text(line, "sid", e->sid);
    put_text(line, "service", e->service);
    put_text(line, "rhost", e->rhost);
    put_text(line, "tty", e->tty);
    put_text(line, "host", audit->host);
    put_text(line, "factors", e->factors);
    put_text(line, "ticket", e->ticket);
    put_text(line, "session", e->session);
    put_text(line, "role", e->role);
    put_text(line, "role_arn", e->role_arn);
    put_text(line, "way_to", e->way_to);
    put_text(line, "session_name", e->session_name);
    put_text(line, "source_identity", e->source_identity);
    put_text(line, "assertion_id", e->assertion_id);
    put_text(line, "sts_request_id", e->sts_request_id);
    put_text(line, "access_key_id", e->access_key_id);
    if (e->expires_s != 0)
        put_time(line, "expires", e->expires_s);
    if (e->packed_policy_percent > 0)
        (void)json_object_set_new(
            line, "packed_policy_percent", json_integer(e->packed_policy_percent));
    if (e->grace)
        (void)json_object_set_new(line, "grace", json_true());
    (void)json_object_set_new(line, "asked_by_uid", json_integer((json_int_t)e->asked_by));
    put_text(line, "request", request);
    return line;
}

/*
 * One write, one line. A disk that is full takes a part of a line, and what would come next would be glued to it: then the next
 * one begins with a line end, so that only what was refused is unreadable. Cutting the part off again would race with who rotates.
 */
static int
write_line(struct audit *audit, char *text)
{
    size_t len = strlen(text);
    char end[] = "\n";

    (void)pthread_mutex_lock(&audit->lock);
    const struct iovec parts[] = {{end, audit->torn ? 1 : 0}, {text, len}, {end, 1}};
    ssize_t whole = (ssize_t)(parts[0].iov_len + len + 1);
    ssize_t n = writev(audit->fd, parts, sizeof(parts) / sizeof(parts[0]));
    if (n > 0)
        audit->torn = n < whole && !(audit->torn && n == 1);
    (void)pthread_mutex_unlock(&audit->lock);
    if (n >= 0 && n < whole)
        errno = ENOSPC;
    return n == whole ? 0 : FED_E_SYSTEM;
}

/* The fields are for searches: journalctl AWSFED_SID=…, awsfed-admin whois. */
static int
write_journal(const char *text, const struct audit_event *e)
{
    int r = sd_journal_send("MESSAGE=%s", text, "PRIORITY=5", "SYSLOG_IDENTIFIER=awsfed-audit",
        "AWSFED_EVENT=%s", e->event, "AWSFED_USER=%s", e->user != NULL ? e->user : "",
        "AWSFED_SID=%s", e->sid != NULL ? e->sid : "", "AWSFED_TICKET=%s",
        e->ticket != NULL ? e->ticket : "", "AWSFED_ACCESS_KEY_ID=%s",
        e->access_key_id != NULL ? e->access_key_id : "", NULL);

    return r >= 0 ? 0 : FED_E_SYSTEM;
}

int
audit_write(struct audit *audit, const struct audit_event *event)
{
    json_t *line = to_json(audit, event);
    char *text = line != NULL ? json_dumps(line, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;
    int r = FED_E_NOMEM;

    if (text != NULL && audit->fd >= 0)
        r = write_line(audit, text);
    else if (text != NULL)
        r = write_journal(text, event);
    if (r != 0)
        fed_log_error("an audit line could not be written: %s", strerror(errno));
    free(text);
    json_decref(line);
    return r;
}
