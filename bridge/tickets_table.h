/*
 * The inside of bridge/tickets.h, shared by its three parts: tickets.c (who is signed in), sessions.c (logins, their
 * processes and endpoints) and tickets_save.c (what survives a restart). One lock for all of it.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_TICKETS_TABLE_H
#define BRIDGE_TICKETS_TABLE_H

#include <pthread.h>

#include "bridge/tickets.h"

/* The names of sessions and endpoints are bearer tokens in a person's environment: only their hashes are kept. */
struct session {
    unsigned char name_hash[TOKEN_HASH_SIZE];
    unsigned char endpoint_hash[TOKEN_HASH_SIZE];
    bool has_endpoint;
    bool
        lingers; /* closed; its endpoint serves on until the ticket ends (linger-sessions = keep) */
    char handed[TICKET_ROLE_SIZE]; /* the role whose credentials its endpoint gave last */
    uid_t uid;
    struct process process;
    int pidfd; /* -1 = not watched */
    struct watch *watch;
    struct session *next;
};

struct slot {
    struct ticket *ticket;
    struct slot *next;
};

struct tickets {
    struct tickets_options options;
    pthread_mutex_t lock;
    struct slot *slots;
    struct session *sessions;
};

/* All of these with the lock held. */
struct ticket *tickets_ref(struct ticket *ticket);
struct slot **tickets_find_uid(struct tickets *t, uid_t uid);
struct slot **tickets_find_live(
    struct tickets *t, uid_t uid); /* one past its end is ended on the way */
void tickets_end_slot(struct tickets *t, struct slot **at); /* the sessions that linger go along */
void tickets_changed(struct tickets *t);                    /* somebody may want to save it */

void sessions_free(struct tickets *t);
unsigned sessions_count(const struct tickets *t, uid_t uid); /* without those that linger */
void sessions_drop_lingering(struct tickets *t, uid_t uid);

/* Watch the process of a session. False when the process is another by now, or gone. */
bool sessions_watch(struct tickets *t, struct session *s);

#endif
