/*
 * Two passes over the groups of the reply: how wide is each column, then the lines.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/login/roles.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "bridge/login/json.h"
#include "bridge/login/output.h"
#include "bridge/login/when.h"

enum column { NAME, ACCOUNT, MAX, CODE, CACHED, COLUMNS };
enum { CELL_SIZE = 160, LINE_SIZE = 512, GAP = 2, ROLES_LOOKED_AT = 1024 };

static const char *const headers[COLUMNS] = {"NAME", "ACCOUNT", "MAX", "CODE", "CACHED"};

static const char *
text_or(const struct wire_msg *role, enum wire_tag tag, const char *absent)
{
    const char *text = wire_text(role, tag);

    return text != NULL && *text != '\0' ? text : absent;
}

/* One cell as a terminal may see it. Returns to. */
static char *
cell(const struct wire_msg *role, enum column column, uint64_t now_s, char *to)
{
    const char *alias = text_or(role, WIRE_ALIAS, NULL);
    uint64_t number;
    char text[CELL_SIZE], when[WHEN_SIZE];

    (void)snprintf(text, sizeof(text), "-");
    switch (column) {
    case NAME:
        return text_clean(to, CELL_SIZE, text_or(role, WIRE_ROLE_NAME, "?"));
    case ACCOUNT:
        (void)snprintf(text, sizeof(text), alias != NULL ? "%s (%s)" : "%s",
            text_or(role, WIRE_ACCOUNT, "-"), alias);
        break;
    case MAX:
        if ((number = wire_number(role, WIRE_DURATION, 0)) != 0)
            (void)snprintf(text, sizeof(text), "%s", when_short(number, when));
        break;
    case CODE:
        if (wire_number(role, WIRE_CODE_NEEDED, 0) != 0)
            (void)snprintf(text, sizeof(text), "needed");
        break;
    case CACHED:
        if ((number = wire_number(role, WIRE_CACHED_UNTIL, 0)) > now_s)
            (void)snprintf(text, sizeof(text), "until %s", when_clock(number, now_s, when));
        break;
    case COLUMNS:
        break;
    }
    return text_clean(to, CELL_SIZE, text);
}

/* Characters, not bytes; wide and combining ones are taken for one column like the others. */
static size_t
width(const char *text)
{
    size_t n = 0;

    for (; *text != '\0'; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80;
    return n;
}

static int
add_cell(struct fed_secret *to, const char *text, size_t columns)
{
    int r = fed_secret_add_str(to, text);

    for (size_t n = width(text); r == 0 && n < columns; n++)
        r = fed_secret_add_byte(to, ' ');
    return r;
}

static int
add_row(struct fed_secret *to, const char *const *cells, const size_t *widths, const char *end)
{
    int r = 0;

    for (size_t c = 0; r == 0 && c < COLUMNS; c++)
        r = add_cell(to, cells[c], c + 1 < COLUMNS || *end != '\0' ? widths[c] + GAP : 0);
    if (r == 0)
        r = fed_secret_add_str(to, end);
    return r != 0 ? r : fed_secret_add_byte(to, '\n');
}

static int
add_role(struct fed_secret *to, const struct wire_msg *role, const size_t *widths, uint64_t now_s)
{
    char text[COLUMNS][CELL_SIZE];
    const char *cells[COLUMNS];

    for (size_t c = 0; c < COLUMNS; c++)
        cells[c] = cell(role, (enum column)c, now_s, text[c]);
    const char *mark = wire_number(role, WIRE_IN_USE, 0) != 0    ? "(in use)"
                       : wire_number(role, WIRE_DEFAULT, 0) != 0 ? "(default)"
                                                                 : "";
    return add_row(to, cells, widths, mark);
}

int
roles_add_table(struct fed_secret *to, const struct wire_msg *reply, uint64_t now_s)
{
    size_t widths[COLUMNS], count = 0;
    struct wire_msg role;
    char text[CELL_SIZE];
    int r;

    for (size_t c = 0; c < COLUMNS; c++)
        widths[c] = width(headers[c]);
    for (; wire_group_at(reply, WIRE_ROLE, count, &role); count++) {
        for (size_t c = 0; c < COLUMNS; c++) {
            size_t w = width(cell(&role, (enum column)c, now_s, text));
            widths[c] = w > widths[c] ? w : widths[c];
        }
    }
    if (count == 0) {
        const char *why = text_or(reply, WIRE_NOTICE, "none of your groups is mapped to one");
        char line[LINE_SIZE];
        return fed_secret_addf(to, "No AWS roles: %s.\n", text_clean(line, sizeof(line), why));
    }
    r = add_row(to, headers, widths, "");
    for (size_t i = 0; r == 0 && wire_group_at(reply, WIRE_ROLE, i, &role); i++)
        r = add_role(to, &role, widths, now_s);
    return r;
}

bool
roles_want_code(const struct wire_msg *reply, const char *name)
{
    struct wire_msg role;

    for (size_t i = 0; wire_group_at(reply, WIRE_ROLE, i, &role); i++) {
        if (strcmp(text_or(&role, WIRE_ROLE_NAME, ""), name) == 0)
            return wire_number(&role, WIRE_CODE_NEEDED, 0) != 0;
    }
    return false;
}

const char *
roles_nearest(const struct wire_msg *reply, const char *typed)
{
    const char *names[ROLES_LOOKED_AT];
    struct wire_msg role;
    size_t n = 0;

    for (size_t i = 0; n < ROLES_LOOKED_AT && wire_group_at(reply, WIRE_ROLE, i, &role); i++) {
        names[n] = wire_text(&role, WIRE_ROLE_NAME);
        n += names[n] != NULL;
    }
    return options_nearest(typed, names, n);
}

static void
json_role(struct json *j, const struct wire_msg *role)
{
    json_open(j, NULL, '{');
    json_text(j, "name", wire_text(role, WIRE_ROLE_NAME));
    json_text(j, "arn", wire_text(role, WIRE_ROLE_ARN));
    json_text(j, "account", wire_text(role, WIRE_ACCOUNT));
    json_text(j, "alias", wire_text(role, WIRE_ALIAS));
    json_text(j, "region", wire_text(role, WIRE_REGION));
    json_number(j, "max_duration_seconds", wire_number(role, WIRE_DURATION, 0));
    json_bool(j, "needs_code", wire_number(role, WIRE_CODE_NEEDED, 0) != 0);
    json_time(j, "cached_until", wire_number(role, WIRE_CACHED_UNTIL, 0));
    json_bool(j, "default", wire_number(role, WIRE_DEFAULT, 0) != 0);
    json_bool(j, "in_use", wire_number(role, WIRE_IN_USE, 0) != 0);
    json_close(j, '}');
}

static enum outcome
write_json(const struct wire_msg *reply)
{
    struct wire_msg role;
    struct json j;

    json_init(&j, OUTPUT_MAX);
    json_open(&j, NULL, '[');
    for (size_t i = 0; wire_group_at(reply, WIRE_ROLE, i, &role); i++)
        json_role(&j, &role);
    json_close(&j, ']');
    return output_json(&j);
}

static enum outcome
write_table(const struct wire_msg *reply)
{
    struct fed_secret out = FED_SECRET_INIT(OUTPUT_MAX);

    int r = roles_add_table(&out, reply, when_now());
    enum outcome outcome = output_write(&out, r);
    fed_secret_done(&out);
    return outcome;
}

enum outcome
roles_run(const struct options *o)
{
    struct answer a = ANSWER_INIT;
    enum outcome outcome;

    ask_plain(o->socket, ASK_ROLES, ASK_SOON_MS, &a);
    if (a.error != 0)
        outcome = answer_complain(&a);
    else
        outcome = o->json ? write_json(&a.reply.msg) : write_table(&a.reply.msg);
    if (outcome == OUTCOME_DONE && !o->json)
        answer_pass_on(o->quiet, &a);
    answer_done(&a);
    return outcome;
}
