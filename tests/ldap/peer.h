/*
 * Scripted LDAP servers for tests: peer.py as a child process, what it wrote down, and a domain that
 * points at it. Included once by each test program.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_LDAP_PEER_H
#define TESTS_LDAP_PEER_H

#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "ldap/addir.h"
#include "tests/folder.h"

#define PEER_PERSON  "CN=alice,OU=People,DC=corp,DC=example,DC=com"
#define PEER_SERVICE "CN=svc,DC=corp,DC=example,DC=com"
#define PEER_SID     "S-1-5-21-1-2-3-1103"
#define PEER_GROUP   "S-1-5-21-1-2-3-1110"

struct peer {
    pid_t pid;
    int in, out; /* ours: its standard input and output */
    unsigned port;
    char log[65536];
    size_t log_len;
};

/* The folder with certificates and the service password, made by set_up. */
static char peer_folder[FOLDER_SIZE];

static inline const char *
peer_file(const char *name)
{
    static char path[128];

    (void)snprintf(path, sizeof(path), "%s/%s", peer_folder, name);
    return path;
}

/* Read what the peer wrote until a text stands in it, or its end. */
static inline bool
peer_wait(struct peer *peer, const char *text)
{
    int64_t deadline = clock_mono_ms() + 20000;

    while (text == NULL || strstr(peer->log, text) == NULL) {
        struct pollfd p = {.fd = peer->out, .events = POLLIN};
        ssize_t n;
        if (poll(&p, 1, clock_left_ms(deadline)) <= 0)
            return false;
        n = read(peer->out, peer->log + peer->log_len, sizeof(peer->log) - 1 - peer->log_len);
        if (n <= 0)
            return false;
        peer->log_len += (size_t)n;
        peer->log[peer->log_len] = '\0';
    }
    return true;
}

/* Start a peer; script is KEY=VALUE words with blanks between. */
static inline struct peer *
peer_start(const char *script)
{
    struct peer *peer = calloc(1, sizeof(*peer));
    int in[2], out[2];

    assert_non_null(peer);
    assert_int_equal(pipe(in), 0);
    assert_int_equal(pipe(out), 0);
    peer->pid = fork();
    assert_true(peer->pid >= 0);
    if (peer->pid == 0) {
        char words[512];
        (void)snprintf(words, sizeof(words), "exec /usr/bin/python3 tests/ldap/peer.py %s %s",
            peer_folder, script);
        (void)dup2(in[0], 0);
        (void)dup2(out[1], 1);
        for (int fd = 3; fd < 64; fd++)
            (void)close(fd);
        (void)execl("/bin/sh", "sh", "-c", words, (char *)NULL);
        _exit(127);
    }
    (void)close(in[0]);
    (void)close(out[1]);
    peer->in = in[1];
    peer->out = out[0];
    if (!peer_wait(peer, "\n"))
        fail_msg("peer.py did not start");
    peer->port = (unsigned)strtoul(peer->log, NULL, 10);
    return peer;
}

/* End it and read the rest of its log. */
static inline void
peer_stop(struct peer *peer)
{
    (void)close(peer->in);
    (void)peer_wait(peer, NULL);
    (void)waitpid(peer->pid, NULL, 0);
    peer->pid = 0;
}

static inline void
peer_free(struct peer *peer)
{
    if (peer->pid != 0)
        peer_stop(peer);
    (void)close(peer->out);
    free(peer);
}

/* How often a text stands in the log so far. */
static inline unsigned
peer_count(const struct peer *peer, const char *text)
{
    unsigned n = 0;

    for (const char *p = peer->log; (p = strstr(p, text)) != NULL; p += strlen(text))
        n++;
    return n;
}

/* ---- A domain that points at peers ---- */

struct peer_domain {
    struct conf_domain conf;
    struct addir *dir;
    char servers[4][32];
    char *items[4];
    char ca[128], password[128];
    char why[ADDIR_WHY_MAX];
    struct addir_person person;
    struct addir_entry entry;
    enum addata data;
};

/* Ports of at most four servers, 0 ends. service: is there a service identity? */
static inline struct peer_domain *
domain_start_as(enum conf_transport transport, const unsigned *ports, bool service)
{
    static char *extra_names[] = {(char *)"department"};
    static const struct conf_list extra = {extra_names, 1};
    struct peer_domain *d = calloc(1, sizeof(*d));

    assert_non_null(d);
    for (size_t i = 0; i < 4 && ports[i] != 0; i++) {
        (void)snprintf(d->servers[i], sizeof(d->servers[i]), "127.0.0.1:%u", ports[i]);
        d->items[i] = d->servers[i];
        d->conf.servers = (struct conf_list){d->items, i + 1};
    }
    (void)snprintf(d->ca, sizeof(d->ca), "%s", peer_file("ca.pem"));
    (void)snprintf(d->password, sizeof(d->password), "%s", peer_file("service"));
    d->conf.name = (char *)"corp.example.com";
    d->conf.transport = transport;
    d->conf.ca_file = d->ca;
    d->conf.base_dn = (char *)"DC=corp,DC=example,DC=com";
    d->conf.service_bind = service ? CONF_SERVICE_SIMPLE : CONF_SERVICE_NONE;
    d->conf.service_dn = (char *)PEER_SERVICE;
    d->conf.service_password_file = d->password;
    d->conf.connect_timeout_s = 1;
    d->conf.timeout_s = 1;
    d->conf.connections = 3;
    assert_int_equal(addir_new(&d->conf, &extra, &d->dir, d->why), 0);
    (void)snprintf(d->person.dn, sizeof(d->person.dn), "%s", PEER_PERSON);
    assert_int_equal(sid_from_text(PEER_SID, &d->person.sid), 0);
    return d;
}

static inline struct peer_domain *
domain_start(enum conf_transport transport, const unsigned *ports)
{
    return domain_start_as(transport, ports, true);
}

static inline void
domain_stop(struct peer_domain *d)
{
    addir_entry_done(&d->entry);
    addir_free(d->dir);
    free(d);
}

/* Log the person in with a password. */
static inline int
domain_login(struct peer_domain *d, const char *password)
{
    struct fed_secret secret = FED_SECRET_INIT(512);
    int r = fed_secret_add_str(&secret, password);

    assert_int_equal(r, 0);
    addir_entry_done(&d->entry);
    r = addir_login(d->dir, &d->person, &secret, &d->entry, &d->data, d->why);
    fed_secret_done(&secret);
    return r;
}

static inline int
peer_set_up(void **state)
{
    FILE *file;
    (void)state;

    if (folder_make(peer_folder) != 0)
        return -1;
    file = fopen(peer_file("service"), "w");
    if (file == NULL)
        return -1;
    (void)fputs("service-password\n", file);
    return fclose(file) == 0 && chmod(peer_file("service"), 0600) == 0 ? 0 : -1;
}

static inline int
peer_tear_down(void **state)
{
    (void)state;
    return folder_remove(peer_folder);
}

#endif
