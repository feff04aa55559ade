/*
 * What the bridge remembers over a restart, as a value and as JSON: who is signed in, their sessions and endpoints. There is no
 * secret in it (tokens are there as hashes) and no AWS credential; what an attacker could gain by reading it is who is logged in.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_STATE_H
#define BRIDGE_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/secret.h"
#include "base/text.h"
#include "bridge/process.h"
#include "bridge/tickets.h"
#include "bridge/token.h"

enum { STATE_MAX = 16 * 1024 * 1024, STATE_DOMAIN_SIZE = 256 };

struct state_ticket {
    char id[TOKEN_SIZE];
    uid_t uid;
    char user[TEXT_NAME_MAX + 1];
    char domain[STATE_DOMAIN_SIZE]; /* by name: its index may be another one tomorrow */
    char sid[SID_TEXT_MAX];
    char dn[ADDIR_DN_MAX];
    char sam[TEXT_NAME_MAX + 1], upn[TEXT_NAME_MAX + 1];
    unsigned factors;
    int64_t password_s, code_s, started_s, ends_s;
    char service[65], rhost[256], tty[128];
    char use[TICKET_ROLE_SIZE];
};

struct state_session {
    unsigned char name_hash[TOKEN_HASH_SIZE];
    unsigned char endpoint_hash[TOKEN_HASH_SIZE];
    bool has_endpoint;
    bool lingers;
    uid_t uid;
    struct process process;
};

struct state {
    char boot[BOOT_ID_SIZE];      /* process numbers mean something in this boot alone */
    struct state_ticket *tickets; /* owned */
    size_t n_tickets;
    struct state_session *sessions; /* owned */
    size_t n_sessions;
};

void state_done(struct state *state);

/* To JSON. 0 or FED_E_NOMEM, FED_E_TOO_BIG. */
FED_MUST_USE int state_format(const struct state *state, struct fed_secret *ret);

/*
 * From JSON: every member there, none unknown or twice, every text in its limit, names and SIDs well-formed. Any bytes are safe. 0,
 * FED_E_INVALID or FED_E_NOMEM.
 */
FED_MUST_USE int state_parse(const void *data, size_t len, struct state *ret);

#endif
