/*
 * What a sign-in must bring besides the password: the first [mfa-rule] that fits it decides, and where none fits, [mfa]
 * does (exempt-groups, exempt-networks, required). Service and address are known from the start, the groups
 * only when the person's entry has been read; so the question is put twice: what may come out, and what it is.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_DEMAND_H
#define BRIDGE_DEMAND_H

#include "bridge/book.h"

/* Bits, so that several can be possible. */
enum demand {
    DEMAND_CODE = 1,     /* a right code, of everybody */
    DEMAND_ENROLLED = 2, /* of everybody who has a second factor */
    DEMAND_NOTHING = 4,  /* the password alone will do, and no role comes of it */
    DEMAND_NETWORK = 8, /* exempt-networks: the same, but a right code gives what it always gives */
};

/* What is known of the code, when it is asked whether the demand is met. */
enum demand_code {
    DEMAND_RIGHT,
    DEMAND_WRONG,      /* or used up */
    DEMAND_UNENROLLED, /* something was given, by somebody who has no second factor */
    DEMAND_ABSENT,     /* nothing was given (I-29), or it was not looked at */
};

struct demand_from {
    const char *service; /* NULL = not known from root: rules with services do not fit */
    const char *rhost;   /* likewise */
};

/* By whom it was decided: "[mfa-rule NAME]" at where, or "[mfa]" (rule NULL) by key. */
struct demand_by {
    const struct conf_rule *rule; /* lives as long as the book */
    const char *key;              /* static: "required", "exempt-groups", "exempt-networks" */
};

/* What may come out, one bit or several: what hangs on groups is open. Never blocks; any thread. */
unsigned demand_possible(
    const struct conf_mfa *mfa, const struct book *book, const struct demand_from *from);

/*
 * What it is, by the groups of an entry that was read whole.
 *   mfa      of the running bridge: required and exempt-networks
 *   ret_by   may be NULL
 * 0, or FED_E_DIRECTORY: it hangs on groups, and those of the configuration are not known yet.
 */
FED_MUST_USE int demand_decide(const struct conf_mfa *mfa, const struct book *book,
    const struct demand_from *from, size_t domain, const struct addir_entry *entry,
    enum demand *ret, struct demand_by *ret_by);

/* Is one of these demands met by such a code? Nothing is forgiven a wrong code but where a network says so. */
bool demand_met(unsigned demands, enum demand_code code);

bool demand_is_open(unsigned demands);

/*
 * For awsfed-admin explain: one line a service that a rule names, and one for all others, in the order in which they are
 * named; each tells all that may decide, address by address.
 */
typedef void demand_say_fn(void *arg, const char *text);
void demand_explain(const struct conf_mfa *mfa, const struct book *book, size_t domain,
    const struct addir_entry *entry, demand_say_fn *say, void *arg);

#endif
