/*
 * Checking and using up a code.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/factor.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/log.h"
#include "mfa/person.h"

/*
 * A watermark ahead of the clock means that the clock was set back: no code can be right until it has caught up,
 * and nothing resets that by itself (I-27).
 */
static void
explain_clock(const struct person *p, unsigned window, int64_t now_s, char *why)
{
    for (size_t i = 0; i < p->record.n_tokens; i++) {
        const struct record_token *t = &p->record.tokens[i];
        int64_t now_step = now_s / (int64_t)t->params.period_s + t->drift;
        int64_t ahead = (int64_t)t->watermark - now_step;
        if (!t->confirmed || ahead <= (int64_t)window)
            continue;
        (void)snprintf(why, BRIDGE_WHY_MAX,
            "this host's clock is %" PRId64 " s behind the last code that was used: set the clock",
            ahead * (int64_t)t->params.period_s);
        fed_log_error("%s (enrolment of %s)", why, p->row.name);
    }
}

/* One token, at the time that its own clock is taken to show. */
static int
check_token(struct bridge *b, const char *sid, const struct record_token *t,
    const unsigned char *code, size_t code_len, int64_t now_s, uint64_t *ret_step)
{
    struct totp_params params = t->params;

    params.window = b->conf->mfa.window;
    return keeper_verify(b->keeper, sid, t->blob, t->blob_len, &params, code, code_len,
        now_s + (int64_t)t->drift * (int64_t)params.period_s, ret_step);
}

/*
 * All tokens, whichever matches: how many there are may be told by the time, which of them it was not. A token that
 * cannot be opened speaks for itself only: the others still let their owner in.
 */
static int
check_tokens(struct bridge *b, const struct person *p, const unsigned char *code, size_t code_len,
    struct factor *ret)
{
    int r = FED_E_DENIED;

    for (size_t i = 0; i < p->record.n_tokens; i++) {
        const struct record_token *t = &p->record.tokens[i];
        uint64_t step = 0;
        if (!t->confirmed)
            continue;
        int checked = check_token(b, p->row.sid, t, code, code_len, ret->now_s, &step);
        if (checked == 0 && step <= t->watermark)
            checked = FED_E_REPLAY;
        if (checked == 0) {
            ret->token = t->id;
            ret->step = step;
        }
        /* Right in one is right; else the worst news counts: an error is never "wrong". */
        if (checked == 0 || (r != 0 && checked != FED_E_DENIED))
            r = checked;
    }
    return r;
}

int
factor_check(struct bridge *b, const char *sid, const unsigned char *code, size_t code_len,
    int64_t now_s, struct factor *ret, char *why)
{
    const struct conf_mfa *mfa = &b->conf->mfa;
    struct factor factor = {.now_s = now_s};
    struct person p;

    int r = person_load(b->store, sid, &p);
    if (r == 0 && !record_enrolled(&p.record))
        r = FED_E_NOT_ENROLLED;
    if (r == FED_E_NOT_ENROLLED && mfa->required == CONF_MFA_ENROLLED) {
        *ret = factor;
        return 0;
    }
    if (r == 0) {
        factor.enrolled = true;
        r = check_tokens(b, &p, code, code_len, &factor);
        if (r == FED_E_DENIED)
            explain_clock(&p, mfa->window, now_s, why);
    }
    if (r == 0)
        *ret = factor;
    else if (why[0] == '\0')
        (void)snprintf(why, BRIDGE_WHY_MAX, "one-time code: %s",
            r == FED_E_DENIED ? "wrong" : fed_strerror(r));
    return r;
}

struct use {
    const struct factor *factor;
    bool drifted;
    int drift;
};

static int
use(struct record *record, void *arg)
{
    struct use *u = arg;
    const struct factor *f = u->factor;

    int r = record_use_step(record, f->token, f->step);
    if (r != 0)
        return r == FED_E_NOT_FOUND ? FED_E_REPLAY
                                    : r; /* removed since: its codes are worth nothing */
    struct record_token *t = record_token(record, f->token);
    u->drifted = record_follow(t, (uint64_t)f->now_s, f->step);
    u->drift = t->drift;
    return 0;
}

int
factor_use(struct bridge *b, const char *sid, const struct factor *factor)
{
    struct use u = {.factor = factor};

    if (!factor->enrolled)
        return 0;
    int r = person_change(b->store, sid, NULL, 0, use, &u);
    if (r == 0 && u.drifted) {
        char what[64];
        (void)snprintf(
            what, sizeof(what), "token %u is %d steps off", (unsigned)factor->token, u.drift);
        struct audit_event e = {.event = "token-drift", .reason = what, .sid = sid};
        int audited = audit_write(b->audit, &e);
        if (audited != 0)
            return audited;
        fed_log_info("%s: %s", sid, what);
    }
    return r;
}
