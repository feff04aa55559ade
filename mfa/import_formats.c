/*
 * The three formats of import.h, line by line. A line that is not understood is an error, never skipped: half of
 * somebody's settings would be worse than none.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <liboath/oath.h>

#include "base/text.h"
#include "mfa/import.h"

/* ---- Pieces of a text ---- */

struct piece {
    const char *at;
    size_t len;
};

/* Cut the first part off, up to a separator; false at the end. */
static bool
cut(struct piece *from, char separator, struct piece *ret)
{
    if (from->at == NULL)
        return false;
    const char *end = memchr(from->at, separator, from->len);
    *ret = (struct piece){from->at, end != NULL ? (size_t)(end - from->at) : from->len};
    if (end == NULL)
        from->at = NULL;
    else
        *from = (struct piece){end + 1, from->len - ret->len - 1};
    return true;
}

static bool
blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static struct piece
trim(struct piece p)
{
    while (p.len > 0 && blank(p.at[0]))
        p = (struct piece){p.at + 1, p.len - 1};
    while (p.len > 0 && blank(p.at[p.len - 1]))
        p.len--;
    return p;
}

/* The next word of a line, blanks between; false at its end. */
static bool
word(struct piece *line, struct piece *ret)
{
    *line = trim(*line);
    if (line->len == 0)
        return false;
    size_t n = 0;
    while (n < line->len && !blank(line->at[n]))
        n++;
    *ret = (struct piece){line->at, n};
    *line = (struct piece){line->at + n, line->len - n};
    return true;
}

static bool
is(struct piece p, const char *text)
{
    return p.len == strlen(text) && strncasecmp(p.at, text, p.len) == 0;
}

static bool
number(struct piece p, uint64_t most, uint64_t *ret)
{
    uint64_t value = 0;

    if (p.len == 0 || p.len > 12)
        return false;
    for (size_t i = 0; i < p.len; i++) {
        if (p.at[i] < '0' || p.at[i] > '9')
            return false;
        value = 10 * value + (uint64_t)(p.at[i] - '0');
    }
    *ret = value;
    return value <= most;
}

static bool
copy(struct piece p, char *to, size_t size, bool may_be_empty)
{
    if (p.len >= size || (p.len == 0 && !may_be_empty) || memchr(p.at, '\0', p.len) != NULL ||
        !text_is_utf8(p.at, p.len))
        return false;
    memcpy(to, p.at, p.len);
    to[p.len] = '\0';
    return true;
}

/* ---- Seeds ---- */

static const char *
take_base32(struct piece p, struct fed_secret *ret)
{
    char *seed = NULL;
    size_t len = 0;

    if (p.len == 0 || p.len > 2 * TOTP_SEED_MAX || memchr(p.at, '\0', p.len) != NULL ||
        oath_base32_decode(p.at, p.len, &seed, &len) != OATH_OK)
        return "the secret is not base32";
    bool fits = len >= TOTP_SEED_MIN && len <= TOTP_SEED_MAX && fed_secret_set(ret, seed, len) == 0;
    explicit_bzero(seed, len);
    free(seed);
    return fits ? NULL : "the secret has fewer than 128 bits, or more than 1024: enrol anew";
}

static const char *
take_hex(struct piece p, struct fed_secret *ret)
{
    static const char digits[] = "0123456789abcdef";

    if (p.len % 2 != 0)
        return "the seed is not hexadecimal";
    for (size_t i = 0; i < p.len; i += 2) {
        const char *high = p.at[i] != '\0' ? strchr(digits, p.at[i] | 0x20) : NULL;
        const char *low = p.at[i + 1] != '\0' ? strchr(digits, p.at[i + 1] | 0x20) : NULL;
        if (high == NULL || low == NULL)
            return "the seed is not hexadecimal";
        if (fed_secret_add_byte(ret, (unsigned char)((high - digits) << 4 | (low - digits))) != 0)
            return "the seed is too long";
    }
    return ret->len >= TOTP_SEED_MIN ? NULL : "the seed has fewer than 128 bits: enrol anew";
}

static bool
take_algorithm(struct piece p, enum conf_algorithm *ret)
{
    if (is(p, "sha1") || is(p, "sha-1"))
        *ret = CONF_SHA1;
    else if (is(p, "sha256") || is(p, "sha-256"))
        *ret = CONF_SHA256;
    else if (is(p, "sha512") || is(p, "sha-512"))
        *ret = CONF_SHA512;
    else
        return false;
    return true;
}

static bool
take_period(struct piece p, unsigned *ret)
{
    uint64_t value = 0;

    if (!number(p, 60, &value) || (value != 30 && value != 60))
        return false;
    *ret = (unsigned)value;
    return true;
}

static bool
take_digits(struct piece p, unsigned *ret)
{
    uint64_t value = 0;

    if (!number(p, TOTP_CODE_MAX, &value) || value < 6)
        return false;
    *ret = (unsigned)value;
    return true;
}

/* ---- google-authenticator ---- */

/* The steps that may not be used again; the highest is what matters. */
static const char *
take_used(struct piece line, uint64_t *ret_step)
{
    struct piece p;
    uint64_t step = 0;

    while (word(&line, &p)) {
        if (!number(p, UINT32_MAX, &step))
            return "DISALLOW_REUSE wants numbers of time steps";
        if (step > *ret_step)
            *ret_step = step;
    }
    return NULL;
}

static const char *
take_option(struct piece line, struct import_item *item, bool *totp, uint64_t *used)
{
    static const char *const ours_already[] = {
        "RATE_LIMIT", "WINDOW_SIZE", "LAST0", "LAST1", "LAST2", "RESETTING_TIME_SKEW", "TIME_SKEW"};
    struct piece name, value = {"", 0};

    if (!word(&line, &name))
        return "an option without a name";
    if (is(name, "TOTP_AUTH")) {
        *totp = true;
        return NULL;
    }
    if (is(name, "HOTP_COUNTER"))
        return "counter-based codes: enrol anew";
    if (is(name, "DISALLOW_REUSE"))
        return take_used(line, used);
    if (is(name, "STEP_SIZE"))
        return word(&line, &value) && take_period(value, &item->params.period_s)
                   ? NULL
                   : "STEP_SIZE is neither 30 nor 60";
    for (size_t i = 0; i < sizeof(ours_already) / sizeof(ours_already[0]); i++) {
        if (is(name, ours_already[i]))
            return NULL; /* limits, windows and drift are awsfed's own matter */
    }
    return "an option that is not known";
}

static const char *
take_google_line(struct import_list *list, struct piece line, struct import_item *item, bool *totp,
    uint64_t *used)
{
    uint64_t code;

    if (line.len > 1 && line.at[0] == '"' && line.at[1] == ' ')
        return take_option((struct piece){line.at + 2, line.len - 2}, item, totp, used);
    if (line.len != 8 || !number(line, 99999999, &code))
        return "neither an option nor a scratch code";
    list->scratch_codes++;
    return NULL;
}

int
import_google(
    struct import_list *list, const char *file, const char *name, const void *data, size_t len)
{
    struct piece text = {data, len}, line, whose = {name, strlen(name)};
    struct import_item *item;
    uint64_t used = 0;
    bool totp = false;
    unsigned at = 1;

    int r = import_add(list, &item);
    if (r != 0)
        return r;
    const char *why = !copy(whose, item->name, sizeof(item->name), false) ? "whose is this?"
                      : cut(&text, '\n', &line) ? take_base32(trim(line), &item->seed)
                                                : "empty";
    while (why == NULL && cut(&text, '\n', &line)) {
        at++;
        line = trim(line);
        if (line.len > 0)
            why = take_google_line(list, line, item, &totp, &used);
    }
    if (why == NULL && !totp)
        why = "no TOTP_AUTH: counter-based codes are not taken", at = 0;
    item->line = 1;
    item->used_until_s = (int64_t)used * (int64_t)item->params.period_s;
    return why == NULL ? 0 : import_fail(list, file, at, why);
}

/* ---- users.oath ---- */

/* "HOTP/T30" or "HOTP/T30/6". */
static const char *
take_type(struct piece p, struct totp_params *params)
{
    struct piece kind = {"", 0}, step = {"", 0}, digits = {"", 0}, rest;

    (void)cut(&p, '/', &kind);
    if (!is(kind, "HOTP") || !cut(&p, '/', &step) || step.len < 2 || step.at[0] != 'T')
        return "not a type of time-based codes, such as HOTP/T30/6";
    if (!take_period((struct piece){step.at + 1, step.len - 1}, &params->period_s))
        return "the period is neither 30 nor 60";
    if (cut(&p, '/', &digits) && !take_digits(digits, &params->digits))
        return "the digits are not 6, 7 or 8";
    return cut(&p, '/', &rest) ? "more in the type than is known" : NULL;
}

/* "2026-11-21T17:04:05L": when a code was last used, in this host's time. */
static bool
take_moment(struct piece p, int64_t *ret)
{
    char text[32];
    struct tm tm = {.tm_isdst = -1};

    if (!copy(p, text, sizeof(text), false))
        return false;
    const char *end = strptime(text, "%Y-%m-%dT%H:%M:%SL", &tm);
    if (end == NULL || *end != '\0')
        return false;
    time_t at = mktime(&tm);
    *ret = (int64_t)at;
    return at > 0;
}

static const char *
take_oath_line(struct piece line, struct import_item *item)
{
    struct piece type, name, pin, seed, offset, last, moment, more;
    uint64_t n;

    if (!word(&line, &type) || !word(&line, &name) || !word(&line, &pin) || !word(&line, &seed))
        return "fewer than four fields";
    const char *why = take_type(type, &item->params);
    if (why != NULL)
        return why;
    if (!copy(name, item->name, sizeof(item->name), false))
        return "not a name";
    if (!is(pin, "-") && !is(pin, "+"))
        return "a PIN, which awsfed has not: the directory's password takes its place";
    if ((why = take_hex(seed, &item->seed)) != NULL)
        return why;
    if (!word(&line, &offset))
        return NULL;
    if (!number(offset, UINT32_MAX, &n) || !word(&line, &last) || !word(&line, &moment) ||
        !take_moment(moment, &item->used_until_s) || word(&line, &more))
        return "the state is not: offset, last code, time";
    /* How many steps that code was off, and not to which side; with none it may still have been the one after the moment's. */
    if (n > RECORD_RESYNC_MAX)
        return "a clock further off than awsfed follows: enrol anew";
    item->used_until_s += (int64_t)(n > 1 ? n : 1) * (int64_t)item->params.period_s;
    return NULL;
}

int
import_oath(struct import_list *list, const char *file, const void *data, size_t len)
{
    struct piece text = {data, len}, line;
    int r = 0;

    for (unsigned at = 1; r == 0 && cut(&text, '\n', &line); at++) {
        struct import_item *item;
        line = trim(line);
        if (line.len == 0 || line.at[0] == '#')
            continue;
        if ((r = import_add(list, &item)) != 0)
            break;
        item->line = at;
        const char *why = take_oath_line(line, item);
        if (why != NULL)
            r = import_fail(list, file, at, why);
    }
    return r;
}

/* ---- CSV ---- */

enum column { USER, SECRET, LABEL, DIGITS, PERIOD, ALGORITHM, N_COLUMNS };

static const char *
take_header(struct piece line, int order[N_COLUMNS], size_t *ret_n)
{
    static const char *const names[N_COLUMNS] = {
        "user", "secret", "label", "digits", "period", "algorithm"};
    struct piece field;
    unsigned seen = 0;

    *ret_n = 0;
    while (cut(&line, ',', &field)) {
        int which = 0;
        while (which < N_COLUMNS && !is(trim(field), names[which]))
            which++;
        if (which == N_COLUMNS || (seen & 1U << which) != 0)
            return "the first line names columns: user, secret, label, digits, period, algorithm";
        seen |= 1U << which;
        order[(*ret_n)++] = which;
    }
    return (seen & 3) == 3 ? NULL : "the first line names no column user, or none secret";
}

static const char *
take_field(enum column which, struct piece p, struct import_item *item)
{
    switch (which) {
    case USER:
        return copy(p, item->name, sizeof(item->name), false) ? NULL : "not a name";
    case SECRET:
        return take_base32(p, &item->seed);
    case LABEL:
        return copy(p, item->label, sizeof(item->label), true) ? NULL : "not a label";
    case DIGITS:
        return p.len == 0 || take_digits(p, &item->params.digits) ? NULL
                                                                  : "digits are not 6, 7 or 8";
    case PERIOD:
        return p.len == 0 || take_period(p, &item->params.period_s) ? NULL
                                                                    : "period is neither 30 nor 60";
    case ALGORITHM:
        return p.len == 0 || take_algorithm(p, &item->params.algorithm)
                   ? NULL
                   : "algorithm is not sha1, sha256 or sha512";
    case N_COLUMNS:
        break;
    }
    return "a column too many";
}

static const char *
take_csv_line(
    struct piece line, const int order[N_COLUMNS], size_t columns, struct import_item *item)
{
    struct piece field;
    size_t n = 0;

    if (memchr(line.at, '"', line.len) != NULL)
        return "quotes, which this format has not";
    while (cut(&line, ',', &field)) {
        if (n == columns)
            return "more fields than columns";
        const char *why = take_field((enum column)order[n++], trim(field), item);
        if (why != NULL)
            return why;
    }
    return n == columns ? NULL : "fewer fields than columns";
}

int
import_csv(struct import_list *list, const char *file, const void *data, size_t len)
{
    struct piece text = {data, len}, line;
    int order[N_COLUMNS] = {0};
    size_t columns = 0;
    int r = 0;

    if (!cut(&text, '\n', &line))
        return import_fail(list, file, 1, "empty");
    const char *why = take_header(line, order, &columns);
    if (why != NULL)
        return import_fail(list, file, 1, why);
    for (unsigned at = 2; r == 0 && cut(&text, '\n', &line); at++) {
        struct import_item *item;
        line = trim(line);
        if (line.len == 0)
            continue;
        if ((r = import_add(list, &item)) != 0)
            break;
        item->line = at;
        if ((why = take_csv_line(line, order, columns, item)) != NULL)
            r = import_fail(list, file, at, why);
    }
    return r;
}
