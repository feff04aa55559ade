/*
 * Walks a template and appends each piece's value.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/expand.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/wire.h"

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
    time_t t = (time_t)when_s;
    struct tm tm;
    char text[32];

    if (when_s == 0 || gmtime_r(&t, &tm) == NULL ||
        strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
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
