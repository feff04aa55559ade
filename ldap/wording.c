/*
 * A directory's refusals of new passwords, in plain words.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ldap/wording.h"

#include <stdio.h>
#include <string.h>

#include "ldap/why.h"

enum { HOUR_S = 3600, DAY_S = 24 * HOUR_S };

/* Characters of UTF-8: all bytes but those that go on with one. */
static size_t
characters(const struct fed_secret *password)
{
    size_t n = 0;

    for (size_t i = 0; i < password->len; i++)
        n += (password->data[i] & 0xc0) != 0x80;
    return n;
}

static void
add(char *text, const char *what)
{
    size_t len = strlen(text);

    (void)snprintf(text + len, WHY_MAX - len, "%s", what);
}

static void
list(const struct wording_rules *rules, char *text)
{
    const char *between = ": ";
    char rule[96];

    if (rules->least_characters > 0) {
        (void)snprintf(rule, sizeof(rule), "%sat least %u characters", between,
            (unsigned)rules->least_characters);
        add(text, rule);
        between = ", ";
    }
    if (rules->complex) {
        add(text, between);
        add(text, "three of capital letters, small letters, digits and signs, without your name");
        between = ", ";
    }
    if (rules->history > 0) {
        (void)snprintf(
            rule, sizeof(rule), "%snone of the last %u", between, (unsigned)rules->history);
        add(text, rule);
        between = ", ";
    }
    if (rules->least_age_s > 0) {
        bool days = rules->least_age_s % DAY_S == 0;
        int64_t n = (rules->least_age_s - 1) / (days ? DAY_S : HOUR_S) + 1;
        (void)snprintf(rule, sizeof(rule), "%sno change within %lld %s%s", between, (long long)n,
            days ? "day" : "hour", n == 1 ? "" : "s");
        add(text, rule);
    }
}

int
wording_refused(const char *said, const struct wording_rules *rules,
    const struct fed_secret *new_password, char *text)
{
    if (said != NULL && said[0] != '\0') {
        (void)snprintf(text, WHY_MAX, "%s", said);
        return FED_E_PASSWORD_REFUSED;
    }
    if (rules != NULL && new_password != NULL &&
        characters(new_password) < rules->least_characters) {
        (void)snprintf(text, WHY_MAX,
            "the new password is too short: it needs at least %u characters",
            (unsigned)rules->least_characters);
        return FED_E_PASSWORD_REFUSED;
    }
    (void)snprintf(text, WHY_MAX,
        "the new password does not meet the domain's rules for length, complexity, history or age");
    if (rules != NULL)
        list(rules, text);
    return FED_E_PASSWORD_REFUSED;
}

int
wording_forbidden(char *text)
{
    (void)snprintf(text, WHY_MAX, "this account may not change its password");
    return FED_E_PASSWORD_REFUSED;
}
