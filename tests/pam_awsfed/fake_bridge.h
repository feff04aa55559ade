/*
 * A bridge that does what a script says: a thread on a real SOCK_SEQPACKET socket in a folder of its
 * own. It writes each request down as one line of text, and answers, or misbehaves, as told.
 * Included once by each test program.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_FAKE_BRIDGE_H
#define TESTS_FAKE_BRIDGE_H

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/wire.h"

enum fake_manner {
    FAKE_REPLY,   /* as a bridge should */
    FAKE_HANG,    /* read the request and say nothing */
    FAKE_CLOSE,   /* close before the request is read */
    FAKE_DROP,    /* read the request, close */
    FAKE_TORN,    /* the first half of the reply */
    FAKE_NUMBER,  /* the reply to another request */
    FAKE_TYPE,    /* the reply to another type of request */
    FAKE_ECHO,    /* the request itself */
    FAKE_GARBAGE, /* bytes that are no message */
    FAKE_HUGE,    /* a packet above the limit */
};

struct fake_field {
    const char *name, *value;
};

/* One exchange: what to answer, and what was asked. */
struct fake_exchange {
    enum fake_manner manner;
    int status;
    const struct fake_field *fields;
    size_t n_fields;
    char asked[4096];
};

struct fake_bridge {
    char folder[64];
    char path[96];
    int fd;
    bool running;
    pthread_t thread;
    struct fake_exchange *script; /* past its end: status 0 with the fields of the last */
    size_t n_script;
    size_t served;
    void (*on_request)(void *); /* called with the request in hand, before the answer */
    void *on_request_data;
    int held[8]; /* connections left hanging */
    size_t n_held;
};

static const struct fake_tag {
    const char *name;
    enum wire_tag tag;
    int kind; /* N, T, B or G */
} fake_tags[] = {
#define NUMBER                                 'N'
#define TEXT                                   'T'
#define BYTES                                  'B'
#define GROUP                                  'G'
#define FAKE_TAG(name, tag, kind, many, limit) {#name, WIRE_##name, kind},
    WIRE_TAGS(FAKE_TAG)
#undef FAKE_TAG
#undef NUMBER
#undef TEXT
#undef BYTES
#undef GROUP
};

static const struct {
    unsigned type;
    const char *name;
} fake_types[] = {{ASK_AUTHENTICATE, "AUTHENTICATE"}, {ASK_ACCOUNT, "ACCOUNT"},
    {ASK_SESSION_OPEN, "SESSION_OPEN"}, {ASK_SESSION_CLOSE, "SESSION_CLOSE"},
    {ASK_CHANGE_PASSWORD, "CHANGE_PASSWORD"}, {ASK_ENROL_AT_LOGIN, "ENROL_AT_LOGIN"}};

/* "AUTHENTICATE USER=alice PASSWORD=... FACTORS=3", every field that is there, in the order of tags. */
static void
fake_describe(const struct wire_msg *msg, char *to, size_t size)
{
    size_t used = 0;

    for (size_t i = 0; i < sizeof(fake_types) / sizeof(fake_types[0]); i++) {
        if (fake_types[i].type == msg->type)
            used = (size_t)snprintf(to, size, "%s", fake_types[i].name);
    }
    for (size_t i = 0; i < sizeof(fake_tags) / sizeof(fake_tags[0]) && used < size; i++) {
        const struct fake_tag *t = &fake_tags[i];
        size_t len;
        if (!wire_has(msg, t->tag))
            continue;
        if (t->kind == 'N') {
            used += (size_t)snprintf(
                to + used, size - used, " %s=%" PRIu64, t->name, wire_number(msg, t->tag, 0));
        } else if (t->kind == 'T') {
            used +=
                (size_t)snprintf(to + used, size - used, " %s=%s", t->name, wire_text(msg, t->tag));
        } else {
            const unsigned char *bytes = wire_bytes(msg, t->tag, &len);
            used += (size_t)snprintf(
                to + used, size - used, " %s=%.*s", t->name, (int)len, (const char *)bytes);
        }
    }
}

/* The reply into out; a script whose fields are out of order or unknown is a fault of the test. */
static void
fake_write(struct wire_out *out, const struct wire_msg *asked, const struct fake_exchange *e)
{
    wire_reply_init(out, asked, e->status);
    for (size_t i = 0; i < e->n_fields; i++) {
        for (size_t t = 0; t < sizeof(fake_tags) / sizeof(fake_tags[0]); t++) {
            if (strcmp(fake_tags[t].name, e->fields[i].name) != 0)
                continue;
            if (fake_tags[t].kind == 'N')
                wire_put_number(out, fake_tags[t].tag, strtoull(e->fields[i].value, NULL, 10));
            else
                wire_put_text(out, fake_tags[t].tag, e->fields[i].value);
        }
    }
    if (wire_finish(out) != 0)
        abort();
}

static void
fake_misbehave(
    int fd, enum fake_manner manner, const struct fed_secret *asked, struct wire_out *out)
{
    static unsigned char huge[WIRE_MESSAGE_MAX + 1];
    const struct fed_secret *bytes = &out->bytes;
    size_t len = bytes->len;
    int room = 1024 * 1024;

    switch (manner) {
    case FAKE_TORN:
        len /= 2;
        break;
    case FAKE_NUMBER:
        out->bytes.data[11] ^= 1;
        break;
    case FAKE_TYPE:
        out->bytes.data[3] ^= 1;
        break;
    case FAKE_ECHO:
        bytes = asked;
        len = asked->len;
        break;
    case FAKE_GARBAGE:
        memset(out->bytes.data, 0xa5, len);
        break;
    case FAKE_HUGE:
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room));
        (void)send(fd, huge, sizeof(huge), MSG_NOSIGNAL);
        return;
    default:
        break;
    }
    (void)send(fd, bytes->data, len, MSG_NOSIGNAL);
}

/* One connection. True when it was left hanging and must not be closed yet. */
static bool
fake_serve(struct fake_bridge *b, int fd)
{
    size_t at = b->served < b->n_script ? b->served : b->n_script - 1;
    struct fake_exchange *e = &b->script[at];
    struct fed_secret asked = FED_SECRET_INIT(WIRE_REQUEST_MAX);
    struct wire_out out;
    struct wire_msg msg;
    bool hangs = false;

    if (e->manner == FAKE_CLOSE) {
        b->served++;
        return false;
    }
    if (fed_secret_resize(&asked, WIRE_REQUEST_MAX) != 0)
        abort();
    ssize_t n = recv(fd, asked.data, asked.len, 0);
    if (n <= 0 || fed_secret_resize(&asked, (size_t)n) != 0 ||
        wire_parse(asked.data, asked.len, &msg) != 0)
        goto out; /* nothing came: not an exchange */
    fake_describe(&msg, e->asked, sizeof(e->asked));
    b->served++;
    if (b->on_request != NULL)
        b->on_request(b->on_request_data);
    hangs = e->manner == FAKE_HANG;
    if (e->manner != FAKE_HANG && e->manner != FAKE_DROP) {
        fake_write(&out, &msg, e);
        fake_misbehave(fd, e->manner, &asked, &out);
        wire_out_done(&out);
    }
out:
    fed_secret_done(&asked);
    return hangs;
}

static void *
fake_run(void *data)
{
    struct fake_bridge *b = data;
    int fd;

    while ((fd = accept4(b->fd, NULL, NULL, SOCK_CLOEXEC)) >= 0 || errno == EINTR) {
        if (fd < 0)
            continue;
        if (fake_serve(b, fd) && b->n_held < sizeof(b->held) / sizeof(b->held[0]))
            b->held[b->n_held++] = fd;
        else
            close(fd);
    }
    return NULL;
}

/* A folder and the path of a socket in it, where nobody listens yet. */
static void
fake_init(struct fake_bridge *b)
{
    *b = (struct fake_bridge){.fd = -1};
    (void)snprintf(b->folder, sizeof(b->folder), "/tmp/awsfed-test-XXXXXX");
    if (mkdtemp(b->folder) == NULL)
        abort();
    (void)snprintf(b->path, sizeof(b->path), "%s/bridge.sock", b->folder);
}

static void
fake_start(struct fake_bridge *b, struct fake_exchange *script, size_t n)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    memcpy(address.sun_path, b->path, strlen(b->path) + 1);
    b->script = script;
    b->n_script = n;
    b->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (b->fd < 0 || bind(b->fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        listen(b->fd, 16) != 0 || pthread_create(&b->thread, NULL, fake_run, b) != 0)
        abort();
    b->running = true;
}

/* After this, what the thread wrote down may be read. */
static void
fake_stop(struct fake_bridge *b)
{
    if (b->running) {
        (void)shutdown(b->fd, SHUT_RDWR);
        (void)pthread_join(b->thread, NULL);
        close(b->fd);
        (void)unlink(b->path);
    }
    for (size_t i = 0; i < b->n_held; i++)
        close(b->held[i]);
    b->n_held = 0;
    b->running = false;
    b->fd = -1;
}

/* The folder with its two other files. */
static void
fake_done(struct fake_bridge *b)
{
    char path[128];

    fake_stop(b);
    (void)snprintf(path, sizeof(path), "%s/local-users", b->folder);
    (void)unlink(path);
    (void)snprintf(path, sizeof(path), "%s/awsfed", b->folder);
    (void)unlink(path);
    (void)rmdir(b->folder);
}

#endif
