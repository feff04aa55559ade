/*
 * Comparing clocks.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/clockwatch.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"

enum { ASK_MS = 15 * 60 * 1000 };

struct clockwatch {
    int64_t ask_at_ms; /* the housekeeper's own */
    size_t n;
    atomic_bool *off; /* as told last: one a domain, then AWS */
};

int
clockwatch_new(const struct conf *conf, struct clockwatch **ret)
{
    struct clockwatch *w = calloc(1, sizeof(*w));

    if (w == NULL || (w->off = calloc(conf->n_domains + 1, sizeof(*w->off))) == NULL) {
        free(w);
        return FED_E_NOMEM;
    }
    w->n = conf->n_domains;
    *ret = w;
    return 0;
}

void
clockwatch_free(struct clockwatch *w)
{
    if (w == NULL)
        return;
    free(w->off);
    free(w);
}

/* Whoever finds the change tells it, once. */
static void
tell_change(struct bridge *b, atomic_bool *off, bool is_off, const char *text)
{
    struct audit_event e = {.event = "clock", .outcome = is_off ? FED_E_CLOCK : 0, .reason = text};

    if (atomic_exchange(off, is_off) == is_off)
        return;
    if (is_off)
        fed_log_error("%s", text);
    else
        fed_log_warning("%s", text);
    int r = audit_write(b->audit, &e);
    (void)r; /* nothing is granted by it */
}

static bool
is_far(const struct bridge *b, int64_t off_s)
{
    int64_t period_s = (int64_t)b->conf->mfa.period_s;

    return off_s > period_s || off_s < -period_s;
}

static void
say_off(char *to, int64_t off_s, const char *whose, const char *means)
{
    (void)snprintf(to, BRIDGE_WHY_MAX, "the clock of this host is %" PRId64 " s %s %s: %s",
        off_s > 0 ? off_s : -off_s, off_s > 0 ? "ahead of" : "behind", whose, means);
}

int
clockwatch_check(struct bridge *b, size_t domain, char *why)
{
    char whose[BRIDGE_HOST_MAX + 64], text[BRIDGE_WHY_MAX];
    int64_t off_s = 0;
    unsigned heard = addir_clock_off(b->dirs[domain], &off_s);
    bool is_off = heard > 0 && is_far(b, off_s);

    (void)snprintf(
        whose, sizeof(whose), "the domain controllers' of %.255s", b->conf->domains[domain].name);
    if (is_off)
        say_off(text, off_s, whose, "one-time codes are refused until it is set right");
    else
        (void)snprintf(text, sizeof(text), "the clock of this host agrees with %s again", whose);
    tell_change(b, &b->clockwatch->off[domain], is_off, text);
    if (!is_off)
        return 0;
    (void)snprintf(why, BRIDGE_WHY_MAX, "%s", text);
    return FED_E_CLOCK;
}

int
clockwatch_check_all(struct bridge *b, char *ret_why, size_t size)
{
    char why[BRIDGE_WHY_MAX];
    int r = 0;

    for (size_t i = 0; i < b->conf->n_domains && r == 0; i++)
        r = clockwatch_check(b, i, why);
    if (r != 0)
        (void)snprintf(ret_why, size, "%s", why);
    return r;
}

static void
check_aws(struct bridge *b)
{
    char text[BRIDGE_WHY_MAX] = "the clock of this host agrees with AWS's again";
    int64_t off_s = 0;
    bool is_off = b->sts != NULL && sts_clock_off(b->sts, &off_s) && is_far(b, off_s);

    if (is_off)
        say_off(
            text, off_s, "AWS's", "credentials will be refused when it is some minutes; set it");
    tell_change(b, &b->clockwatch->off[b->clockwatch->n], is_off, text);
}

void
clockwatch_round(struct bridge *b)
{
    struct clockwatch *w = b->clockwatch;
    bool due = clock_mono_ms() >= w->ask_at_ms;
    char why[BRIDGE_WHY_MAX];

    for (size_t i = 0; i < w->n; i++) {
        /* While a clock is off every round asks, so that the end of it is noticed. */
        if (due || clockwatch_check(b, i, why) != 0)
            addir_ask_clocks(b->dirs[i]);
        int r = clockwatch_check(b, i, why);
        (void)r; /* told where it changed */
    }
    if (due)
        w->ask_at_ms = clock_mono_ms() + ASK_MS;
    check_aws(b);
}
