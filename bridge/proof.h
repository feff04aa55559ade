/*
 * What a sign-in proved about a person: who, by which factors, when, and which roles their groups gave
 * them at that moment. A receipt carries it to the session, and a ticket keeps it.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_PROOF_H
#define BRIDGE_PROOF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "bridge/book.h"
#include "ldap/addir.h"

/* What besides the groups keeps roles from it. */
enum proof_bar {
    PROOF_OPEN,       /* nothing */
    PROOF_WANTS_CODE, /* it took no code; a sign-in of awsfed-login would, and give roles */
    PROOF_EXEMPT,     /* rules and exempt-groups: they have none, however they sign in */
};

struct proof {
    size_t domain; /* index in the configuration */
    struct addir_person person;
    char sid[SID_TEXT_MAX];
    unsigned factors;   /* WIRE_FACTOR_* */
    int64_t password_s; /* when each was proved, Unix seconds; 0 = not */
    int64_t code_s;
    bool must_change;  /* right but expired password */
    struct book *book; /* where the roles are written; referenced, NULL without roles */
    unsigned *roles;   /* indices in the book, ascending; owned */
    size_t n_roles;
    enum proof_bar bar;
    char **attributes; /* "name=value" from the entry; owned */
    size_t n_attributes;
    size_t asked; /* how many attributes the directory had been asked for (addir_asks) */
    char service[65], rhost[256], tty[128];
};

void proof_done(struct proof *proof);

/* Put these in the place of the roles that were there. The book's reference and the array are handed over. */
void proof_set_roles(struct proof *proof, struct book *book, unsigned *roles, size_t n);

/* The i-th role; it lives as long as the proof. */
const struct conf_role *proof_role(const struct proof *proof, size_t i);

/* Is this the name of one of the roles? NULL when it is not. */
const struct conf_role *proof_find_role(const struct proof *proof, const char *name);

/* The one with this digest (struct conf_role). NULL when none is, or not any more. */
const struct conf_role *proof_role_by_digest(const struct proof *proof, uint64_t digest);

/* A deep copy. 0 or FED_E_NOMEM. */
FED_MUST_USE int proof_copy(const struct proof *from, struct proof *ret);

#endif
