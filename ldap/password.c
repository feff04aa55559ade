/*
 * Changing an own password over LDAP.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ldap/password.h"

#include <ctype.h>
#include <string.h>

#include "base/text.h"
#include "ldap/exchange.h"
#include "ldap/why.h"
#include "ldap/wording.h"

/* One character of checked UTF-8; returns the bytes it took. */
static size_t
next_character(const unsigned char *p, uint32_t *ret)
{
    size_t n = p[0] < 0x80 ? 1 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
    uint32_t c = n == 1 ? p[0] : p[0] & (0x7fU >> n);

    for (size_t i = 1; i < n; i++)
        c = c << 6 | (p[i] & 0x3fU);
    *ret = c;
    return n;
}

static int
add_unit(struct fed_secret *to, uint32_t unit)
{
    int r = fed_secret_add_byte(to, (unsigned char)(unit & 0xff));

    return r != 0 ? r : fed_secret_add_byte(to, (unsigned char)(unit >> 8 & 0xff));
}

static int
add_character(struct fed_secret *to, uint32_t c)
{
    int r;

    if (c < 0x10000)
        return add_unit(to, c);
    c -= 0x10000;
    r = add_unit(to, 0xd800 + (c >> 10));
    return r != 0 ? r : add_unit(to, 0xdc00 + (c & 0x3ff));
}

int
password_value(const struct fed_secret *password, struct fed_secret *ret)
{
    int r;

    fed_secret_clear(ret);
    if (!text_is_utf8(password->data, password->len))
        return FED_E_INVALID;
    r = add_unit(ret, '"');
    for (size_t at = 0; at < password->len && r == 0;) {
        uint32_t c;
        at += next_character(password->data + at, &c);
        r = add_character(ret, c);
    }
    return r != 0 ? r : add_unit(ret, '"');
}

/*
 * Windows says "0000052D: AtrErr: DSID-03191083, #1:…" and means it for programs; Samba says
 * "0000052D: Constraint violation - check_password_restrictions: the password is too short. It needs
 * to be longer than 7 characters!".
 */
enum { WIN_INVALID_PASSWORD = 0x56, WIN_PASSWORD_RESTRICTION = 0x52d };

static unsigned
win_code(const char *text)
{
    unsigned code = 0;

    for (int i = 0; i < 8; i++) {
        if (!isxdigit((unsigned char)text[i]))
            return 0;
        code =
            code << 4 | (unsigned)(isdigit((unsigned char)text[i]) ? text[i] - '0'
                                                                   : (text[i] | 0x20) - 'a' + 10);
    }
    return text[8] == ':' ? code : 0;
}

/* The part of Samba's text that is for people, NULL when there is none. */
static const char *
readable(const char *text)
{
    static const char mark[] = "check_password_restrictions: ";
    const char *found = strstr(text, mark);

    return found != NULL ? found + sizeof(mark) - 1 : NULL;
}

int
password_answer(const struct conn_answer *answer, char *text)
{
    unsigned code = win_code(answer->text);
    const char *reason = readable(answer->text);

    text[0] = '\0';
    switch (answer->code) {
    case LDAP_SUCCESS:
        return 0;
    case LDAP_INVALID_CREDENTIALS:
        return FED_E_DENIED;
    case LDAP_CONSTRAINT_VIOLATION:
    case LDAP_UNWILLING_TO_PERFORM:
        if (code == WIN_INVALID_PASSWORD)
            return FED_E_DENIED;
        if (reason == NULL && answer->code == LDAP_UNWILLING_TO_PERFORM &&
            code != WIN_PASSWORD_RESTRICTION)
            return FED_E_DIRECTORY;
        return wording_refused(reason, NULL, NULL, text);
    case LDAP_INSUFFICIENT_ACCESS:
        return wording_forbidden(text);
    default:
        return FED_E_DIRECTORY;
    }
}

int
password_change(struct domain *domain, struct conn *conn, const char *dn,
    const struct fed_secret *old_password, const struct fed_secret *new_password,
    const struct domain_budget *budget, char *text, char *why)
{
    struct fed_secret old_value = FED_SECRET_INIT(PASSWORD_VALUE_MAX);
    struct fed_secret new_value = FED_SECRET_INIT(PASSWORD_VALUE_MAX);
    struct conn_answer answer;
    int r = password_value(old_password, &old_value);

    if (r == 0)
        r = password_value(new_password, &new_value);
    if (r != 0)
        r = why_not(why, r == FED_E_NOMEM ? r : FED_E_DENIED, "a password that is not UTF-8");
    if (r == 0)
        r = exchange_send(domain, conn, DOMAIN_SERVICE, dn, "unicodePwd", &old_value, &new_value,
            budget, &answer, why);
    if (r == 0) {
        r = password_answer(&answer, text);
        if (r != 0)
            (void)why_not(why, r, "password change: result %d: %s", answer.code, answer.text);
    }
    fed_secret_done(&old_value);
    fed_secret_done(&new_value);
    return r;
}
