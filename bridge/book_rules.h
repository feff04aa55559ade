/*
 * What a book is made of: for its two source files, the one that makes it and the one that looks people up.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_BOOK_RULES_H
#define BRIDGE_BOOK_RULES_H

#include <stdatomic.h>

#include "bridge/book.h"
#include "bridge/book_index.h"

/* One rule "members of this group have this", sorted by SID. */
struct rule {
    struct sid sid;
    unsigned role;
};

/* The same of a name under "users", sorted by name. */
struct user_rule {
    const char *name; /* the configuration's */
    unsigned role;
};

struct domain_rules {
    bool known;
    struct rule
        *rules; /* of its own groups, and of those of other domains that its people may be in */
    size_t n_rules;
    size_t n_own;             /* while the book is made: the first so many are of its own */
    struct sid *login, *deny; /* as many as configured; len 0 = does not exist */
    struct sid *demand;       /* as in struct book_groups */
};

struct book {
    atomic_uint refs;
    struct conf *conf;
    const struct conf_role **roles; /* the configuration's, then those of patterns */
    size_t n_roles, room;
    struct book_index by_name, by_arn;
    struct domain_rules *domains;
    struct user_rule *users;
    size_t n_users;
    bool quiet;
};

#endif
