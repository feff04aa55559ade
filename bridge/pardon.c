/*
 * Codes and their want.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/pardon.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/log.h"
#include "base/wire.h"

enum { CODE_LEAST = 6 }; /* digits of the shortest one-time code */

#define GROUPS_UNKNOWN "whom exempt-groups and rules spare one is not known yet"

/* Rules go by what root says alone; and a program of the user's own has no address anyway. */
static struct demand_from
from_of(const struct signin *a)
{
    return (struct demand_from){
        .service = a->unvouched ? NULL : a->service, .rhost = a->unvouched ? NULL : a->rhost};
}

/* For roles a code is given always, whatever else comes of it. */
static unsigned
without_pardon(const struct signin *a, unsigned demands)
{
    const unsigned pardons = DEMAND_NOTHING | DEMAND_NETWORK;

    if (a->aim != SIGNIN_ROLES || (demands & pardons) == 0)
        return demands;
    return (demands & ~pardons) | DEMAND_CODE;
}

static unsigned
possible(struct bridge *b, const struct signin *a)
{
    const struct conf_mfa *mfa = &b->conf->mfa;
    struct demand_from from = from_of(a);

    /* Where only the code is asked for, nothing is left without it. */
    if ((a->factors & WIRE_FACTOR_PASSWORD) == 0)
        return DEMAND_CODE;
    if (a->aim == SIGNIN_FACTOR)
        return mfa->required == CONF_MFA_ENROLLED ? DEMAND_ENROLLED : DEMAND_CODE;
    struct book *book = mapper_book(b->mapper);
    unsigned demands = demand_possible(mfa, book, &from);
    book_unref(book);
    return without_pardon(a, demands);
}

bool
pardon_may_be(struct bridge *b, const struct signin *a)
{
    return demand_met(possible(b, a), DEMAND_ABSENT);
}

bool
pardon_needs_clock(struct bridge *b, const struct signin *a)
{
    size_t len = a->appended ? CODE_LEAST : a->code_len;

    if ((a->factors & WIRE_FACTOR_CODE) == 0)
        return false;
    if (a->appended)
        return a->password->len > len &&
               factor_has_digits(a->password->data + a->password->len - len, len);
    return factor_has_digits(a->code, len) && possible(b, a) != DEMAND_NOTHING;
}

/* By the book of this moment. */
static int
decide(struct bridge *b, const struct demand_from *from, size_t domain,
    const struct addir_entry *entry, enum demand *ret)
{
    struct book *book = mapper_book(b->mapper);
    int r = demand_decide(&b->conf->mfa, book, from, domain, entry, ret, NULL);

    book_unref(book);
    return r;
}

/* Is the person one of those whom the groups pardon, as the service identity sees it? */
static int
look_ahead(struct bridge *b, const struct signin *a, const struct identity *id, unsigned *demands,
    char *why)
{
    struct demand_from from = from_of(a);
    struct addir_entry entry = {0};
    enum demand demand = DEMAND_CODE;

    int r = addir_read(b->dirs[id->domain], &id->person, &entry, why);
    if (r == 0)
        r = decide(b, &from, id->domain, &entry, &demand);
    addir_entry_done(&entry);
    if (r == 0)
        *demands = without_pardon(a, demand);
    return r;
}

/*
 * The code's own state; errors that say nothing of it end the sign-in. An answer that ends in no right code is all password,
 * which AD will judge where no code is wanted.
 */
static int
look_at_code(struct bridge *b, const struct signin *a, const struct identity *id, int64_t now_s,
    struct pardon *p, char *why)
{
    const unsigned char *answer = a->appended ? a->password->data : a->code;
    size_t len = a->appended ? a->password->len : a->code_len;
    enum factor_form form = a->appended   ? FACTOR_AT_END
                            : a->to_enrol ? FACTOR_OR_TICKET
                                          : FACTOR_CODE;
    int r = factor_check(b, id->sid, answer, len, form, now_s, &p->factor, why);

    if (r == 0)
        p->code = DEMAND_RIGHT;
    else if (r == FED_E_DENIED || r == FED_E_REPLAY)
        p->code = a->appended || len == 0 ? DEMAND_ABSENT : DEMAND_WRONG;
    else if (r == FED_E_NOT_ENROLLED)
        p->code = DEMAND_UNENROLLED;
    return r;
}

/* With no code that is right: is there, or may there be, a pardon? error is what it is without one. */
static int
look_for_pardon(struct bridge *b, const struct signin *a, const struct identity *id,
    unsigned demands, struct pardon *p, int error, char *why)
{
    bool can_look = addir_has_service(b->dirs[id->domain]);
    char unread[BRIDGE_WHY_MAX] = "";

    /* Whoever gives a code has it checked: a wrong one goes no further for what groups may say, nor may it be sent as the end of
     * a password where only the bind could tell (I-36). */
    if (!demand_met(demands, p->code) || (p->open && a->appended && !can_look))
        return error;
    int r = p->open && can_look ? look_ahead(b, a, id, &demands, unread) : 0;
    if (r != 0) {
        (void)snprintf(why, BRIDGE_WHY_MAX, "%s", unread);
        return r;
    }
    if (!demand_met(demands, p->code))
        return error;
    p->untold = p->open && !can_look;
    why[0] = '\0';
    return 0;
}

int
pardon_code(struct bridge *b, const struct signin *a, const struct identity *id, int64_t now_s,
    struct pardon *ret, char *why)
{
    struct pardon p = {.code = DEMAND_ABSENT};
    unsigned demands = possible(b, a);
    int r = FED_E_DENIED;

    p.open = demand_is_open(demands);
    if (!a->appended && a->code_len == 0 && !a->newcomers)
        (void)snprintf(why, BRIDGE_WHY_MAX, "one-time code: none given");
    else if (a->appended || demands != DEMAND_NOTHING) /* where none is wanted, none is looked at */
        r = look_at_code(b, a, id, now_s, &p, why);
    if (r == FED_E_DENIED || r == FED_E_REPLAY || r == FED_E_NOT_ENROLLED)
        r = look_for_pardon(b, a, id, demands, &p, r, why);
    if (r == FED_E_NOT_ENROLLED && a->newcomers) {
        why[0] = '\0';
        r = 0;
    }
    if (r == 0)
        *ret = p;
    return r;
}

int
pardon_refusal(const struct pardon *p, int error)
{
    bool is_lock = error == FED_E_LOCKED || error == FED_E_DIRECTORY_LOCKED;

    if (is_lock && p->code != DEMAND_RIGHT)
        return FED_E_DENIED;
    return p->untold && fed_error_class(error) == FED_CLASS_DENIED ? FED_E_DENIED : error;
}

/* The rules hang on groups that are not known: their domain has not answered since the start. */
static int
settle_unknown(const struct signin *a, struct pardon *p, int error, char *why)
{
    /* Only the right password comes as far as this, and nobody without a code may learn that it was. */
    if (p->untold) {
        (void)snprintf(why, BRIDGE_WHY_MAX, "one-time code: none given, and %s", GROUPS_UNKNOWN);
        return FED_E_DENIED;
    }
    /* A right code is what they could ask for at most. Whether a role may come of it they would say. */
    if (p->code != DEMAND_RIGHT || a->aim != SIGNIN_SESSION)
        return error;
    fed_log_warning("no role comes of the sign-in of \"%s\": %s", a->user, GROUPS_UNKNOWN);
    p->no_role = true;
    return 0;
}

/* Who is let in for having no second factor must have none: one that is hidden from us looks the same (I-29). */
static int
confirm_absence(struct bridge *b, const struct identity *id, char *why)
{
    int r = store_absent(b->store, id->sid, id->name, (int64_t)time(NULL));

    if (r != 0)
        (void)snprintf(why, BRIDGE_WHY_MAX,
            "no second factor is to be seen, and whether there is none cannot be told: %s",
            fed_strerror(r));
    return r == FED_E_EXISTS ? FED_E_DENIED : r;
}

int
pardon_settle(struct bridge *b, const struct signin *a, const struct identity *id,
    const struct addir_entry *entry, struct pardon *p, char *why)
{
    struct demand_from from = from_of(a);
    enum demand demand = DEMAND_CODE;

    if (a->aim == SIGNIN_FACTOR || (a->factors & WIRE_FACTOR_PASSWORD) == 0)
        return 0;
    int r = decide(b, &from, id->domain, entry, &demand);
    if (r != 0)
        return settle_unknown(a, p, r, why);
    if (p->code == DEMAND_UNENROLLED && demand == DEMAND_ENROLLED &&
        (r = confirm_absence(b, id, why)) != 0)
        return r;
    /* Whom nothing pardons is to enrol now, if the rest is right. */
    p->newcomer = a->newcomers && p->code == DEMAND_UNENROLLED &&
                  (demand == DEMAND_CODE || demand == DEMAND_ENROLLED);
    p->may_skip = p->newcomer && demand == DEMAND_ENROLLED;
    if (p->newcomer)
        return 0;
    /* Asked again even where it hung on no group: another reading of the configuration may have come in between. */
    if (!demand_met(without_pardon(a, demand), p->code)) {
        (void)snprintf(why, BRIDGE_WHY_MAX, "one-time code: %s, and nothing spares it",
            p->code == DEMAND_UNENROLLED ? "no second factor is enrolled"
                                         : "none given that is right");
        return FED_E_DENIED;
    }
    p->no_role = demand == DEMAND_NOTHING;
    /* A code that gives nothing is not used up: a recovery code is worth keeping. */
    if (p->no_role && a->aim == SIGNIN_SESSION)
        p->factor = (struct factor){.code_len = p->factor.code_len};
    return 0;
}

enum proof_bar
pardon_bar(struct bridge *b, size_t domain, const struct addir_entry *entry)
{
    struct demand_from from = {.service = SIGNIN_COMMAND};
    enum demand demand = DEMAND_CODE;
    int r = decide(b, &from, domain, entry, &demand);

    return r == 0 && demand == DEMAND_NOTHING ? PROOF_EXEMPT : PROOF_WANTS_CODE;
}

int
pardon_drop_roles(struct bridge *b, const struct addir_entry *entry, struct proof *proof)
{
    struct demand_from from = {.service = proof->service, .rhost = proof->rhost};
    enum demand demand = DEMAND_CODE;
    int r = decide(b, &from, proof->domain, entry, &demand);

    if (r == 0 && demand == DEMAND_NOTHING) {
        free(proof->roles);
        proof->roles = NULL;
        proof->n_roles = 0;
        proof->bar = pardon_bar(b, proof->domain, entry);
    }
    return r;
}

enum limits_outcome
pardon_outcome(const struct pardon *p, const struct signin *a)
{
    if (p->newcomer) /* until the codes are there, nothing is forgiven */
        return LIMITS_NO_VERDICT;
    switch (p->code) {
    case DEMAND_RIGHT:
        break;
    case DEMAND_WRONG:
        /* A right one gives roles: so what could be one is a guess here as anywhere (I-37). */
        return factor_has_form(a->code, a->code_len) ? LIMITS_WRONG_CODE : LIMITS_NO_VERDICT;
    case DEMAND_UNENROLLED:
        break; /* nobody guesses at what there is not */
    case DEMAND_ABSENT:
        return LIMITS_NO_VERDICT;
    }
    /* One factor alone says nothing of the other, so it forgives no guesses at that. */
    return a->factors == (WIRE_FACTOR_PASSWORD | WIRE_FACTOR_CODE) ? LIMITS_SUCCESS
                                                                   : LIMITS_NO_VERDICT;
}
