/*
 * Checking and using up a code.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/factor.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "mfa/appended.h"
#include "mfa/person.h"
#include "mfa/recovery.h"
#include "mfa/ticket.h"

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

struct presented {
    enum factor_form form;
    const unsigned char *bytes;
    size_t len;
};

/* What of the answer is this token's code? */
static const unsigned char *
code_for(const struct record_token *t, const struct presented *answer, size_t *ret_len)
{
    if (answer->form == FACTOR_AT_END)
        return appended_code(answer->bytes, answer->len, t->params.digits, ret_len);
    *ret_len = answer->len;
    return answer->bytes;
}

/* The recovery code of an answer; false when there is none. */
static bool
find_recovery_code(const struct presented *answer, const unsigned char **ret_code, size_t *ret_len)
{
    if (answer->form == FACTOR_AT_END)
        return appended_recovery_code(answer->bytes, answer->len, ret_code, ret_len);
    *ret_code = answer->bytes;
    *ret_len = answer->len;
    return recovery_has_form(answer->bytes, answer->len);
}

/*
 * All tokens, whichever matches: how many there are may be told by the time, which of them it was not. A token that
 * cannot be opened speaks for itself only: the others still let their owner in, and what they reject is a wrong code,
 * which counts; else nobody would count guesses at them.
 */
static int
check_tokens(
    struct bridge *b, const struct person *p, const struct presented *answer, struct factor *ret)
{
    bool opened = false;
    int r = FED_E_DENIED;

    for (size_t i = 0; i < p->record.n_tokens; i++) {
        const struct record_token *t = &p->record.tokens[i];
        uint64_t step = 0;
        size_t len;
        if (!t->confirmed)
            continue;
        const unsigned char *code = code_for(t, answer, &len);
        int checked = check_token(b, p->row.sid, t, code, len, ret->now_s, &step);
        if (checked == FED_E_CRYPTO) {
            fed_log_error("token %u of %s cannot be opened: is its line of seal-key gone?",
                (unsigned)t->id, p->row.name);
            continue;
        }
        opened = true;
        if (checked == 0 && step <= t->watermark)
            checked = FED_E_REPLAY;
        if (checked == 0) {
            ret->token = t->id;
            ret->step = step;
            ret->code_len = len;
            ret->enrolled_s = t->enrolled_s;
        }
        /* Right in one is right; else the worst news counts: an error is never "wrong". */
        if (checked == 0 || (r != 0 && checked != FED_E_DENIED))
            r = checked;
    }
    return opened ? r : FED_E_CRYPTO;
}

static int
check_ticket(struct bridge *b, const char *sid, const unsigned char *code, size_t code_len,
    int64_t now_s, char *why)
{
    struct person p;
    int r = person_load(b->store, sid, &p);

    if (r == 0 && !ticket_is(&p.record, code, code_len, now_s))
        r = FED_E_DENIED;
    if (r != 0)
        (void)snprintf(why, BRIDGE_WHY_MAX, "enrolment ticket: %s",
            r == FED_E_DENIED ? "wrong or too old" : fed_strerror(r));
    return r;
}

bool
factor_has_digits(const unsigned char *code, size_t code_len)
{
    size_t digits = 0;

    while (digits < code_len && code[digits] >= '0' && code[digits] <= '9')
        digits++;
    return digits == code_len && digits > 0;
}

bool
factor_has_form(const unsigned char *code, size_t code_len)
{
    return recovery_has_form(code, code_len) ||
           (factor_has_digits(code, code_len) && code_len <= TOTP_CODE_MAX);
}

int
factor_check(struct bridge *b, const char *sid, const unsigned char *code, size_t code_len,
    enum factor_form form, int64_t now_s, struct factor *ret, char *why)
{
    const struct presented answer = {form, code, code_len};
    const struct conf_mfa *mfa = &b->conf->mfa;
    struct factor factor = {.now_s = now_s};
    const unsigned char *recovery;
    size_t recovery_len;
    struct person p;

    int r = person_load(b->store, sid, &p);
    if (r == 0 && !record_enrolled(&p.record))
        r = FED_E_NOT_ENROLLED;
    if (r == FED_E_NOT_ENROLLED && form == FACTOR_OR_TICKET) {
        r = check_ticket(b, sid, code, code_len, now_s, why);
        if (r == 0)
            *ret = factor;
        return r;
    }
    if (r == 0) {
        factor.enrolled = true;
        factor.recovery = find_recovery_code(&answer, &recovery, &recovery_len);
        r = factor.recovery ? recovery_find(&p.record, recovery, recovery_len, &factor.index)
                            : check_tokens(b, &p, &answer, &factor);
        if (r == 0 && factor.recovery) {
            memcpy(factor.hash, p.record.codes[factor.index], sizeof(factor.hash));
            factor.code_len = recovery_len;
        }
        if (r == FED_E_DENIED && !factor.recovery)
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
    size_t left;
};

static int
use(struct record *record, void *arg)
{
    struct use *u = arg;
    const struct factor *f = u->factor;

    if (f->recovery) {
        if (f->index >= record->n_codes ||
            memcmp(record->codes[f->index], f->hash, sizeof(f->hash)) != 0)
            return FED_E_REPLAY;
        int used = record_use_code(record, f->index);
        u->left = record_codes_left(record);
        return used;
    }
    struct record_token *t = record_token(record, f->token);
    if (t == NULL || t->enrolled_s != f->enrolled_s)
        return FED_E_REPLAY; /* removed since: its codes are worth nothing */
    int r = record_use_step(record, f->token, f->step);
    if (r != 0)
        return r == FED_E_NOT_FOUND ? FED_E_REPLAY : r;
    u->drifted = record_follow(t, (uint64_t)f->now_s, f->step);
    u->drift = t->drift;
    return 0;
}

int
factor_use(struct bridge *b, const char *sid, const struct factor *factor, size_t *ret_left)
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
    if (r == 0)
        *ret_left = u.left;
    return r;
}

/* ---- Two codes ---- */

int
factor_pair(struct bridge *b, const char *sid, const struct record_token *token,
    const struct factor_codes *codes, unsigned reach, int64_t now_s, uint64_t *ret_step)
{
    struct totp_params wide = token->params, exact = token->params;
    int64_t period_s = (int64_t)token->params.period_s, stride = 2 * TOTP_WINDOW_MAX + 1;
    int found = FED_E_DENIED;

    wide.window = TOTP_WINDOW_MAX;
    exact.window = 0;
    /* All of the reach is searched each time: how far off the token is shows in nothing. */
    for (int64_t off = -(int64_t)reach; off <= (int64_t)reach; off += stride) {
        uint64_t first = 0, second = 0;
        int64_t at_s = now_s + (off + TOTP_WINDOW_MAX) * period_s;
        int r = keeper_verify(b->keeper, sid, token->blob, token->blob_len, &wide, codes->first,
            codes->first_len, at_s, &first);
        if (r == 0)
            r = keeper_verify(b->keeper, sid, token->blob, token->blob_len, &exact, codes->second,
                codes->second_len, ((int64_t)first + 1) * period_s, &second);
        if (r == 0) {
            *ret_step = second;
            found = 0;
        } else if (r != FED_E_DENIED) {
            return r;
        }
    }
    return found;
}

int
factor_pair_drift(
    const struct bridge *b, const struct record_token *token, int64_t now_s, uint64_t step)
{
    int64_t off = (int64_t)step - now_s / (int64_t)token->params.period_s;
    int64_t window = (int64_t)b->conf->mfa.window;

    /* One step late is how long it takes to type two codes. */
    return off >= -window - 1 && off <= window ? 0 : (int)off;
}
