/*
 * Parcels to files and back, a page at a time: neither side ever holds all of one.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/admin/mfa_move.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/write.h"
#include "bridge/admin/mfa_pages.h"
#include "mfa/parcel.h"

/* Pieces of a request: what is put last may be as long as a piece can be. */
enum { REQUEST_ROOM = WIRE_REQUEST_MAX - PARCEL_PIECE_MAX - 256 };

/* ---- Out ---- */

struct exporting {
    const struct admin *admin;
    const char *path; /* for what is said of it */
    int fd;
    uint64_t people, refused;
    struct client_reply last; /* what the next page is asked for with */
};

static int
write_failed(const struct exporting *e)
{
    (void)fprintf(stderr, "awsfed-admin: cannot write \"%s\": %s\n", e->path, strerror(errno));
    return ADMIN_FAILED;
}

/* A page into the file. Once somebody is refused nothing more is written: a parcel without its end is none. */
static int
write_page(struct exporting *e)
{
    struct fed_secret lines = FED_SECRET_INIT(2 * WIRE_MESSAGE_MAX);
    const unsigned char *piece;
    size_t len;
    int r = 0;

    e->refused += mfa_pages_refused("awsfed-admin", ": ", &e->last.msg);
    for (size_t i = 0; r == 0 && e->refused == 0; i++) {
        if ((piece = wire_bytes_at(&e->last.msg, WIRE_PIECE, i, &len)) == NULL)
            break;
        e->people += len > 0 && piece[0] == PARCEL_PERSON;
        r = parcel_line_show(piece, len, &lines);
    }
    int status = r != 0                                         ? ADMIN_FAILED
                 : write_all(e->fd, lines.data, lines.len) != 0 ? write_failed(e)
                                                                : ADMIN_DONE;
    fed_secret_done(&lines);
    return status;
}

static int
write_head(struct exporting *e)
{
    const char *head = wire_text(&e->last.msg, WIRE_PARCEL_HEAD);

    if (head == NULL)
        return ADMIN_FAILED;
    return write_all(e->fd, head, strlen(head)) != 0 || write_all(e->fd, "\n", 1) != 0
               ? write_failed(e)
               : ADMIN_DONE;
}

static int
export_all(struct exporting *e)
{
    int status = mfa_pages_next(e->admin, ASK_EXPORT, &e->last);

    if (status == ADMIN_DONE)
        status = write_head(e);
    while (status == ADMIN_DONE && (status = write_page(e)) == ADMIN_DONE &&
           wire_number(&e->last.msg, WIRE_MORE, 0) != 0)
        status = mfa_pages_next(e->admin, ASK_EXPORT, &e->last);
    if (status == ADMIN_DONE && e->refused != 0) {
        (void)fprintf(stderr,
            "awsfed-admin: nothing is exported: put the seal key back that is missing, or mfa "
            "reset these people\n");
        return ADMIN_FAILED;
    }
    if (status == ADMIN_DONE && e->fd != STDOUT_FILENO && fsync(e->fd) != 0)
        return write_failed(e);
    return status;
}

/* Not over an older one; and not half: what is cut short is taken away, and would be refused if it stayed. */
static int
export_to_file(struct exporting *e)
{
    e->fd = open(e->path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (e->fd < 0)
        return write_failed(e);
    int status = export_all(e);
    (void)close(e->fd);
    if (status != ADMIN_DONE)
        (void)unlink(e->path);
    return status;
}

int
mfa_export(const struct admin *admin, int argc, char **argv)
{
    struct exporting e = {.admin = admin, .fd = STDOUT_FILENO, .path = "standard output"};
    int status;

    if (argc != 2 || (argv[1][0] == '-' && argv[1][1] != '\0'))
        return admin_usage("mfa export takes a file, or - for standard output");
    if (strcmp(argv[1], "-") == 0) {
        if (isatty(STDOUT_FILENO) == 1)
            return admin_usage("mfa export - wants its output in a file or a pipe");
        status = export_all(&e);
    } else {
        e.path = argv[1];
        status = export_to_file(&e);
    }
    client_reply_done(&e.last);
    if (status == ADMIN_DONE)
        (void)fprintf(stderr, "%" PRIu64 " people exported\n", e.people);
    return status;
}

/* ---- In ---- */

struct lines {
    int fd;
    size_t at, len;
    unsigned char bytes[65536];
};

/* The next line without its LF, into ret. 1, 0 at the end, -1 when there is none to be had. */
static int
next_line(struct lines *in, struct fed_secret *ret)
{
    fed_secret_clear(ret);
    for (;;) {
        size_t left = in->len - in->at;
        const unsigned char *from = in->bytes + in->at, *lf = memchr(from, '\n', left);
        size_t n = lf != NULL ? (size_t)(lf - from) : left;
        if (fed_secret_add(ret, from, n) != 0)
            return -1;
        in->at += n;
        if (lf != NULL) {
            in->at++;
            return 1;
        }
        ssize_t got = read(in->fd, in->bytes, sizeof(in->bytes));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got == 0 && ret->len == 0 ? 0 : -1; /* the last line has its LF, too */
        in->at = 0;
        in->len = (size_t)got;
    }
}

struct importing {
    const struct admin *admin;
    struct mfa_arrive *arrive;
    struct lines in;
    uint64_t number; /* of the next piece */
    struct wire_out out;
    size_t waiting; /* pieces in out, not sent yet */
};

static int
complain(const struct importing *i, uint64_t line, const char *why)
{
    (void)fprintf(stderr, "%s:%" PRIu64 ": %s\n", i->arrive->path, line, why);
    return ADMIN_FAILED;
}

static int
send_pieces(struct importing *i)
{
    struct client_reply reply;

    if (i->waiting == 0)
        return ADMIN_DONE;
    i->waiting = 0;
    wire_put_bytes(&i->out, WIRE_ARRIVAL, i->arrive->id, sizeof(i->arrive->id));
    int status = admin_ask(i->admin, &i->out, &reply);
    if (status == ADMIN_DONE)
        client_reply_done(&reply);
    return status;
}

static int
add_piece(struct importing *i, const struct fed_secret *piece)
{
    if (i->waiting++ == 0) {
        admin_request(&i->out, ASK_ARRIVAL_PIECES);
        wire_put_number(&i->out, WIRE_PARCEL_NUMBER, i->number);
    }
    wire_put_bytes(&i->out, WIRE_PIECE, piece->data, piece->len);
    i->number++;
    return i->out.bytes.len > REQUEST_ROOM ? send_pieces(i) : ADMIN_DONE;
}

static int
import_lines(struct importing *i)
{
    struct fed_secret line = FED_SECRET_INIT(PARCEL_LINE_MAX);
    struct fed_secret piece = FED_SECRET_INIT(PARCEL_PIECE_MAX);
    int status = ADMIN_DONE, got;

    while (status == ADMIN_DONE && (got = next_line(&i->in, &line)) != 0) {
        if (got < 0 || parcel_line_read(line.data, line.len, &piece) != 0)
            status = complain(i, i->number + 1, "cut, or not a line of an export");
        else
            status = add_piece(i, &piece);
    }
    if (status == ADMIN_DONE)
        status = send_pieces(i);
    if (i->waiting != 0)
        wire_out_done(&i->out);
    fed_secret_done(&line);
    fed_secret_done(&piece);
    return status;
}

static int
begin(struct importing *i)
{
    struct fed_secret line = FED_SECRET_INIT(PARCEL_LINE_MAX);
    struct parcel_head head;
    int status;

    if (next_line(&i->in, &line) != 1 || parcel_head_read(line.data, line.len, &head) != 0) {
        status = complain(i, 1, "not a file of awsfed-admin mfa export, or of a newer version");
    } else {
        i->arrive->head = fed_secret_str(&line);
        status = mfa_arrive_begin(i->admin, i->arrive);
        i->arrive->head = NULL;
    }
    fed_secret_done(&line);
    return status;
}

static void
report(const struct mfa_arrive *a, const struct mfa_arrive_counts *n)
{
    (void)printf("%s%" PRIu64 " new, %" PRIu64 " brought up to date, %" PRIu64
                 " here already, %" PRIu64 " left out\n",
        a->dry_run ? "would be: " : "", n->added, n->merged, n->same, n->skipped);
}

int
mfa_import_sealed(const struct admin *admin, struct mfa_arrive *a)
{
    struct importing i = {.admin = admin, .arrive = a, .in = {.fd = STDIN_FILENO}, .number = 1};
    bool is_stdin = strcmp(a->path, "-") == 0;
    struct mfa_arrive_counts counts = {.added = 0};

    if (!is_stdin)
        i.in.fd = open(a->path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (i.in.fd < 0) {
        (void)fprintf(stderr, "awsfed-admin: cannot read \"%s\": %s\n", a->path, strerror(errno));
        return ADMIN_FAILED;
    }
    int status = begin(&i);
    if (status == ADMIN_DONE)
        status = import_lines(&i);
    if (status == ADMIN_DONE)
        status = mfa_arrive_end(admin, a, &counts);
    if (status == ADMIN_DONE)
        report(a, &counts);
    if (!is_stdin)
        (void)close(i.in.fd);
    return status;
}
