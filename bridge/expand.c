/*
 * Walks a template and appends each piece's value.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/expand.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "base/wire.h"
#include "bridge/instant.h"
#include "conf/charset.h"
#include "conf/policy.h"

/* "name=value" of the entry; a person without the attribute has an empty one. */
static int
add_attribute(const struct proof *proof, const struct template_piece *piece, struct fed_secret *ret)
{
    for (size_t i = 0; i < proof->n_attributes; i++) {
        const char *text = proof->attributes[i];
        if (strncasecmp(text, piece->text, piece->len) == 0 && text[piece->len] == '=')
            return fed_secret_add_str(ret, text + piece->len + 1);
    }
    return 0;
}

static int
add_time(int64_t when_s, struct fed_secret *ret)
{
    char text[INSTANT_SIZE];

    if (when_s == 0 || !instant_write(when_s, text))
        return 0;
    return fed_secret_add_str(ret, text);
}

static const char *
second_factor(unsigned factors)
{
    if (factors & WIRE_FACTOR_RECOVERY)
        return "recovery";
    return factors & WIRE_FACTOR_CODE ? "totp" : "none";
}

static int
add_piece(const struct expand_values *v, const struct template_piece *piece, struct fed_secret *ret)
{
    const struct proof *proof = &v->ticket->proof;

    switch (piece->what) {
    case TEMPLATE_LITERAL:
        return fed_secret_add(ret, piece->text, piece->len);
    case TEMPLATE_USER:
        return fed_secret_add_str(ret, proof->person.sam);
    case TEMPLATE_UPN:
        return fed_secret_add_str(ret, proof->person.upn);
    case TEMPLATE_SID:
        return fed_secret_add_str(ret, proof->sid);
    case TEMPLATE_DOMAIN:
        return fed_secret_add_str(ret, v->conf->domains[proof->domain].name);
    case TEMPLATE_HOST:
        return fed_secret_add_str(ret, v->host);
    case TEMPLATE_RHOST:
        return fed_secret_add_str(ret, proof->rhost);
    case TEMPLATE_TTY:
        return fed_secret_add_str(ret, proof->tty);
    case TEMPLATE_SERVICE:
        return fed_secret_add_str(ret, proof->service);
    case TEMPLATE_SESSION:
        return fed_secret_add(
            ret, v->ticket->id, 16); /* names the ticket; half of it, not the key to it */
    case TEMPLATE_MFA:
        return fed_secret_add_str(ret, second_factor(proof->factors));
    case TEMPLATE_MFA_TIME:
        return add_time(proof->code_s, ret);
    case TEMPLATE_AD:
        return add_attribute(proof, piece, ret);
    case TEMPLATE_END:
        break;
    }
    return FED_E_INVALID;
}

int
expand_template(const struct expand_values *values, enum template_kind kind, const char *template,
    struct fed_secret *ret, char *why)
{
    const char *cursor = template;
    struct template_piece piece;
    size_t before = ret->len;
    int r;

    (void)snprintf(why, TEMPLATE_WHY_MAX, "\"%s\" cannot be expanded", template);
    while ((r = template_next(&cursor, &piece)) == 0 && piece.what != TEMPLATE_END) {
        if ((r = add_piece(values, &piece, ret)) != 0)
            return r;
    }
    if (r != 0)
        return r;
    return template_check_value(kind, fed_secret_str(ret) + before, why, TEMPLATE_WHY_MAX);
}

/* ---- Policies ---- */

enum { VALUE_MAX = 4096 };

/* One UTF-16 unit as JSON has it. */
static int
add_unit(uint32_t unit, struct fed_secret *ret)
{
    return fed_secret_addf(ret, "\\u%04x", (unsigned)unit);
}

static int
add_character(uint32_t c, struct fed_secret *ret)
{
    char plain = (char)c;

    if (c >= 0x10000) {
        int r = add_unit(0xd800 + ((c - 0x10000) >> 10), ret);
        return r != 0 ? r : add_unit(0xdc00 + ((c - 0x10000) & 0x3ff), ret);
    }
    if (c < 0x20 || c >= 0x7f || c == '"' || c == '\\')
        return add_unit(c, ret);
    return fed_secret_add(ret, &plain, 1);
}

static int
add_escaped(
    const struct template_piece *piece, const char *value, struct fed_secret *ret, char *why)
{
    if (*value == '\0') {
        (void)snprintf(why, TEMPLATE_WHY_MAX, "%%{%s%.*s} is empty, and its session policy uses it",
            piece->what == TEMPLATE_AD ? "ad:" : "", (int)piece->len, piece->text);
        return FED_E_INVALID;
    }
    if (!text_is_utf8(value, strlen(value)) || strpbrk(value, "*?$") != NULL) {
        (void)snprintf(why, TEMPLATE_WHY_MAX,
            "the value of %%{%s%.*s} is not UTF-8 or has *, ? or $, which mean more than "
            "themselves "
            "in a policy",
            piece->what == TEMPLATE_AD ? "ad:" : "", (int)piece->len, piece->text);
        return FED_E_INVALID;
    }
    for (uint32_t c = charset_next(&value); c != 0; c = charset_next(&value)) {
        int r = add_character(c, ret);
        if (r != 0)
            return r;
    }
    return 0;
}

int
expand_policy(const struct expand_values *values, const char *template, size_t used,
    struct fed_secret *ret, char *why)
{
    struct fed_secret value = FED_SECRET_INIT(VALUE_MAX);
    const char *cursor = template;
    struct template_piece piece;
    size_t before = ret->len;
    int r;

    why[0] = '\0';
    while ((r = template_next(&cursor, &piece)) == 0 && piece.what != TEMPLATE_END) {
        if (piece.what == TEMPLATE_LITERAL) {
            r = fed_secret_add(ret, piece.text, piece.len);
        } else {
            fed_secret_clear(&value);
            r = add_piece(values, &piece, &value);
            if (r == 0)
                r = add_escaped(&piece, fed_secret_str(&value), ret, why);
        }
        if (r != 0)
            break;
    }
    fed_secret_done(&value);
    if (r == 0 && ret->len - before + used > POLICY_MAX) {
        (void)snprintf(why, TEMPLATE_WHY_MAX,
            "its session policy has %zu characters, %zu of them in policy-arns: AWS takes %d",
            ret->len - before + used, used, POLICY_MAX);
        r = FED_E_INVALID;
    }
    return r;
}

/* Is it a piece of the person, rather than of one of their sign-ins? */
static bool
is_personal(enum template_what what)
{
    return what == TEMPLATE_USER || what == TEMPLATE_UPN || what == TEMPLATE_SID ||
           what == TEMPLATE_AD;
}

int
expand_like(const struct expand_values *values, const char *template, struct fed_secret *ret)
{
    const char *cursor = template;
    struct template_piece piece;
    bool personal = false;
    int r;

    while ((r = template_next(&cursor, &piece)) == 0 && piece.what != TEMPLATE_END) {
        size_t before = ret->len;
        bool fixed = piece.what == TEMPLATE_LITERAL || piece.what == TEMPLATE_DOMAIN ||
                     is_personal(piece.what);
        r = fixed ? add_piece(values, &piece, ret) : fed_secret_add_str(ret, "*");
        if (r != 0)
            return r;
        personal = personal || (is_personal(piece.what) && ret->len > before);
    }
    if (r == 0 && !personal)
        r = FED_E_INVALID;
    return r;
}
