/*
 * Drawing. Rows are texts made once; a frame is the question, a window of rows around the marked one, and the cursor back
 * behind the question. Everything shown went through text_clean (I-58).
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/login/picker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/text.h"
#include "bridge/login/choice.h"
#include "bridge/login/output.h"
#include "bridge/login/recent.h"
#include "bridge/login/terminal.h"
#include "bridge/login/when.h"

enum {
    TEXT_SIZE = 320,
    FRAME_MAX = 64 * 1024,
    ROWS_SHOWN = 12,
    ANSWER_MAX = 128,
    LEAST_COLUMNS = 20
};

struct row {
    char name[PICKER_ROLE_SIZE];
    char text[TEXT_SIZE]; /* name, account, alias, time left, "needs code" */
    size_t rank, place;
};

struct picker {
    struct terminal t;
    struct row *rows;
    const char *texts[CHOICE_ROWS_MAX];
    size_t count, width; /* width: of the longest name */
    struct choice choice;
    enum choice_state state;
    size_t drawn; /* lines below the question that the last frame has */
    bool colour;
};

/* ---- The rows ---- */

static int
by_use(const void *left, const void *right)
{
    const struct row *a = left, *b = right;

    if (a->rank != b->rank)
        return a->rank < b->rank ? -1 : 1;
    return a->place < b->place ? -1 : a->place > b->place;
}

/* Characters, as in the table of roles. */
static size_t
width_of(const char *text)
{
    size_t n = 0;

    for (; *text != '\0'; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80;
    return n;
}

static void
write_text(struct row *row, const struct wire_msg *role, size_t width, uint64_t now_s)
{
    const char *account = wire_text(role, WIRE_ACCOUNT), *alias = wire_text(role, WIRE_ALIAS);
    uint64_t left_s = when_left(wire_number(role, WIRE_CACHED_UNTIL, 0), now_s);
    char text[TEXT_SIZE], left[WHEN_SIZE];

    (void)snprintf(text, sizeof(text), "%s%*s  %s%s%s%s%s%s%s", row->name,
        (int)(width - width_of(row->name)), "", account != NULL ? account : "-",
        alias != NULL ? " " : "", alias != NULL ? alias : "", left_s > 0 ? "  " : "",
        left_s > 0 ? when_short(left_s, left) : "", left_s > 0 ? " left" : "",
        wire_number(role, WIRE_CODE_NEEDED, 0) != 0 ? "  needs code" : "");
    (void)text_clean(row->text, sizeof(row->text), text);
}

static int
make_rows(struct picker *p, const struct wire_msg *roles)
{
    uint64_t now_s = when_now();
    struct recent recent;
    struct wire_msg role;

    p->rows = calloc(CHOICE_ROWS_MAX, sizeof(*p->rows));
    if (p->rows == NULL)
        return FED_E_NOMEM;
    recent_load(&recent);
    while (p->count < CHOICE_ROWS_MAX && wire_group_at(roles, WIRE_ROLE, p->count, &role)) {
        struct row *row = &p->rows[p->count];
        const char *name = wire_text(&role, WIRE_ROLE_NAME);
        (void)snprintf(row->name, sizeof(row->name), "%s", name != NULL ? name : "");
        row->rank = recent_rank(&recent, row->name);
        row->place = p->count++;
        size_t width = width_of(row->name);
        p->width = width > p->width ? width : p->width;
    }
    recent_done(&recent);
    for (size_t i = 0; i < p->count && wire_group_at(roles, WIRE_ROLE, i, &role); i++)
        write_text(&p->rows[i], &role, p->width, now_s);
    qsort(p->rows, p->count, sizeof(*p->rows), by_use);
    for (size_t i = 0; i < p->count; i++)
        p->texts[i] = p->rows[i].text;
    choice_init(&p->choice, p->texts, p->count);
    return 0;
}

/* ---- On a screen ---- */

static size_t
columns_of(const struct picker *p, size_t *ret_lines)
{
    struct winsize size;

    if (ioctl(p->t.fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0)
        size = (struct winsize){.ws_row = 24, .ws_col = 80};
    *ret_lines = size.ws_row;
    return size.ws_col;
}

/* Bytes of the first characters of a text that fit the columns. */
static int
fitting(const char *text, size_t columns)
{
    size_t n = 0;

    for (; text[n] != '\0'; n++) {
        if (((unsigned char)text[n] & 0xc0) != 0x80 && columns-- == 0)
            break;
    }
    return (int)n;
}

static int
add_row(const struct picker *p, struct fed_secret *to, size_t index, size_t columns)
{
    const char *text = p->texts[p->choice.left[index]];
    bool marked = index == p->choice.at;

    return fed_secret_addf(to, "\r\n%s%s %.*s%s", marked && p->colour ? "\033[1m" : "",
        marked ? ">" : " ", fitting(text, columns - 2), text, marked && p->colour ? "\033[0m" : "");
}

/* The question on the line where we are, the rows below it, and the cursor back behind what is typed. */
static void
draw(struct picker *p)
{
    struct fed_secret frame = FED_SECRET_INIT(FRAME_MAX);
    size_t lines, columns = columns_of(p, &lines), most = lines > 3 ? lines - 2 : 1;
    size_t shown = p->choice.n_left < ROWS_SHOWN ? p->choice.n_left : ROWS_SHOWN, first = 0;
    char filter[CHOICE_FILTER_SIZE];

    shown = shown < most ? shown : most;
    if (p->choice.at >= shown && shown > 0)
        first = p->choice.at - shown + 1;
    (void)text_clean(filter, sizeof(filter), p->choice.filter);
    int r =
        fed_secret_addf(&frame, "\r\033[JWhich role? %.*s", fitting(filter, columns - 14), filter);
    for (size_t i = 0; r == 0 && i < shown; i++)
        r = add_row(p, &frame, first + i, columns - 1);
    p->drawn = shown;
    if (r == 0 && (p->choice.n_left != shown || shown == 0)) {
        r = fed_secret_addf(&frame, "\r\n  (%zu of %zu)", p->choice.n_left, p->count);
        p->drawn++;
    }
    if (r == 0 && p->drawn > 0)
        r = fed_secret_addf(&frame, "\033[%zuA", p->drawn);
    if (r == 0)
        r = fed_secret_addf(&frame, "\r\033[%zuC", 12 + width_of(filter));
    if (r == 0)
        terminal_say(&p->t, fed_secret_str(&frame));
    fed_secret_done(&frame);
}

static bool
on_keys(void *arg, const char *bytes, size_t len)
{
    struct picker *p = arg;

    p->state = choice_keys(&p->choice, bytes, len);
    if (p->state == CHOICE_OPEN)
        draw(p);
    return p->state != CHOICE_OPEN;
}

/* The screen as it was, for whatever comes next. */
static void
on_leave(void *arg)
{
    struct picker *p = arg;

    terminal_say(&p->t, "\r\033[J");
}

static size_t
pick_on_screen(struct picker *p)
{
    if (terminal_keys(&p->t, on_keys, on_leave, p) != 0 || p->state != CHOICE_TAKEN)
        return p->count;
    return choice_row(&p->choice);
}

/* ---- On paper ---- */

static size_t
row_of_answer(const struct picker *p, const char *answer)
{
    uint64_t number;

    for (size_t i = 0; i < p->count; i++) {
        if (strcmp(p->rows[i].name, answer) == 0)
            return i;
    }
    if (text_to_u64(answer, &number) == 0 && number >= 1 && number <= p->count)
        return (size_t)number - 1;
    return p->count;
}

static size_t
pick_by_number(struct picker *p)
{
    struct fed_secret answer = FED_SECRET_INIT(ANSWER_MAX);
    char line[TEXT_SIZE + 32];
    size_t row = p->count;

    for (size_t i = 0; i < p->count; i++) {
        (void)snprintf(line, sizeof(line), "%3zu  %s\n", i + 1, p->rows[i].text);
        terminal_say(&p->t, line);
    }
    (void)snprintf(line, sizeof(line), "Which role? Number or name: ");
    while (row == p->count) {
        int r = terminal_ask_shown(&p->t, line, &answer);
        if ((r != 0 && r != FED_E_TOO_BIG) || (r == 0 && answer.len == 0))
            break;
        row = r == 0 ? row_of_answer(p, fed_secret_str(&answer)) : p->count;
    }
    fed_secret_done(&answer);
    return row;
}

/* Can it move the cursor and clear lines? All but the "dumb" ones can, since the VT100. */
static bool
is_capable(const struct picker *p)
{
    const char *term = getenv("TERM");
    size_t lines;

    return term != NULL && *term != '\0' && strcmp(term, "dumb") != 0 &&
           columns_of(p, &lines) >= LEAST_COLUMNS;
}

enum outcome
picker_run(const struct wire_msg *roles, char *ret_role)
{
    const char *no_colour = getenv("NO_COLOR");
    struct picker p = {.t = TERMINAL_INIT, .colour = no_colour == NULL || *no_colour == '\0'};
    enum outcome outcome = OUTCOME_OTHER;

    if (terminal_open(&p.t) != 0 || make_rows(&p, roles) != 0)
        goto out;
    size_t row = is_capable(&p) ? pick_on_screen(&p) : pick_by_number(&p);
    if (row < p.count) {
        memcpy(ret_role, p.rows[row].name, PICKER_ROLE_SIZE);
        outcome = OUTCOME_DONE;
    } else if (p.t.caught == 0) {
        output_complain("no role chosen; --role names one");
    }

out:
    free(p.rows);
    terminal_close(&p.t);
    return outcome;
}
