/*
 * A report as JSON, as CSV and as text.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/report.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"

enum { CELL_SIZE = 600 };

static const char *
text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text != NULL ? text : "";
}

static int64_t
number_of(const json_t *object, const char *key)
{
    return (int64_t)json_integer_value(json_object_get(object, key));
}

static int
finish(FILE *to)
{
    return fflush(to) == 0 && ferror(to) == 0 ? 0 : FED_E_SYSTEM;
}

int
report_json(const struct report *report, FILE *to)
{
    if (json_dumpf(report_object(report), to, JSON_INDENT(1) | JSON_ENSURE_ASCII) != 0 ||
        putc('\n', to) == EOF)
        return FED_E_SYSTEM;
    return finish(to);
}

/* ---- The rows, for CSV and text alike ---- */

/* One row; texts as they are in the object, "" where there is none. */
struct row {
    const char *section, *subject, *sid, *item, *time;
    int64_t count;
};

struct sink {
    FILE *to;
    void (*put)(struct sink *s, const struct row *row);
    const char *section; /* text: the rows of this one alone, */
    const char *title;   /* below this, which stands before the first */
};

/* times: of the same names, NULL = there are none. */
static void
put_counts(struct sink *s, const char *section, const char *subject, const char *sid,
    const json_t *counts, const json_t *times)
{
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)counts, key, value)
    {
        struct row row = {
            section, subject, sid, key, text_of(times, key), (int64_t)json_integer_value(value)};
        s->put(s, &row);
    }
}

static void
put_people(struct sink *s, const json_t *people)
{
    static const struct {
        const char *section, *counts, *times;
    } parts[] = {{"sign-in", "sign_ins", "sign_ins_last"}, {"refused", "refusals", "refusals_last"},
        {"credential", "roles", "roles_last"}};

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        const char *sid;
        json_t *person;
        json_object_foreach((json_t *)people, sid, person)
        {
            put_counts(s, parts[i].section, text_of(person, "user"), sid,
                json_object_get(person, parts[i].counts), json_object_get(person, parts[i].times));
        }
    }
}

static void
put_roles(struct sink *s, const json_t *roles)
{
    const char *name;
    json_t *role;

    json_object_foreach((json_t *)roles, name, role)
    {
        struct row row = {
            "role", "", "", name, text_of(role, "last"), number_of(role, "credentials")};
        s->put(s, &row);
        row.section = "role-people";
        row.time = "";
        row.count = (int64_t)json_object_size(json_object_get(role, "people"));
        s->put(s, &row);
        row.section = "role-refused";
        if ((row.count = number_of(role, "refused")) > 0)
            s->put(s, &row);
    }
}

static void
put_access(struct sink *s, const json_t *people)
{
    for (size_t i = 0; i < json_array_size(people); i++) {
        const json_t *one = json_array_get(people, i), *roles = json_object_get(one, "roles");
        for (size_t k = 0; k < json_array_size(roles); k++) {
            struct row row = {"access-never-used", text_of(one, "user"), text_of(one, "sid"),
                json_string_value(json_array_get(roles, k)), "", 0};
            s->put(s, &row);
        }
    }
}

/* A list of people with a text, a number and a time each, "" where they have none. */
static void
put_list(struct sink *s, const char *section, const json_t *list, const char *item,
    const char *count, const char *time)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        struct row row = {section, text_of(one, "user"), text_of(one, "sid"), text_of(one, item),
            text_of(one, time), number_of(one, count)};
        s->put(s, &row);
    }
}

static void
put_one(struct sink *s, const char *section, const char *item, int64_t count)
{
    struct row row = {section, "", "", item, "", count};

    s->put(s, &row);
}

static void
put_all(const struct report *report, struct sink *s)
{
    const json_t *root = report_object(report), *trail = json_object_get(root, "trail");

    put_people(s, json_object_get(root, "people"));
    put_roles(s, json_object_get(root, "roles"));
    put_counts(s, "refusals", "", "", json_object_get(root, "refusals"), NULL);
    put_one(s, "refusals", "names that nobody has", number_of(root, "refused_unknown_names"));
    put_counts(s, "acts", "", "", json_object_get(root, "acts"), NULL);
    put_list(s, "role-never-used", json_object_get(root, "roles_never_used"), "role", "", "");
    put_access(s, json_object_get(root, "access_never_used"));
    put_list(s, "enrolled-without-access", json_object_get(root, "enrolled_without_access"), "why",
        "", "");
    put_list(s, "second-factor-unused", json_object_get(root, "factors_unused"), "", "days",
        "last_code");
    put_list(s, "recovery-codes-left", json_object_get(root, "recovery_codes"), "", "left", "");
    put_one(s, "trail", "lines", number_of(trail, "lines"));
    put_one(s, "trail", "torn lines", number_of(trail, "torn"));
    put_one(s, "trail", "files", number_of(trail, "files"));
    put_one(s, "trail", "files not read", number_of(trail, "unread"));
}

/* ---- CSV ---- */

/*
 * Always in quotes. A cell that begins with one of these is a formula to a spreadsheet, quotes or not; an apostrophe before it
 * makes it text (OWASP, CSV injection).
 */
static void
put_cell(FILE *to, const char *text, const char *end)
{
    char clean[CELL_SIZE];

    (void)text_clean(clean, sizeof(clean), text);
    (void)putc('"', to);
    if (clean[0] != '\0' && strchr("=+-@|%", clean[0]) != NULL)
        (void)putc('\'', to);
    for (const char *p = clean; *p != '\0'; p++) {
        if (*p == '"')
            (void)putc('"', to);
        (void)putc(*p, to);
    }
    (void)fprintf(to, "\"%s", end);
}

static void
put_csv_row(struct sink *s, const struct row *row)
{
    FILE *to = s->to;

    put_cell(to, row->section, ",");
    put_cell(to, row->subject, ",");
    put_cell(to, row->sid, ",");
    put_cell(to, row->item, ",");
    (void)fprintf(to, "%" PRId64 ",", row->count);
    put_cell(to, row->time, "\r\n");
}

int
report_csv(const struct report *report, FILE *to)
{
    struct sink s = {.to = to, .put = put_csv_row};

    (void)fputs("section,subject,sid,item,count,time\r\n", to);
    put_all(report, &s);
    return finish(to);
}

/* ---- Text ---- */

static const struct {
    const char *section, *title;
} titles[] = {
    {"sign-in", "Who signed in, with which factors, how often, last when"},
    {"refused", "Who was refused, why, how often, last when"},
    {"credential", "Who took which role, how often, last when"},
    {"role", "Which roles were taken, how often, last when"},
    {"role-people", "By how many people"},
    {"role-refused", "Which roles AWS refused, how often"},
    {"refusals", "Refusals in all"},
    {"acts", "What else was done"},
    {"role-never-used", "Roles of the configuration that nobody took"},
    {"access-never-used", "Who may take a role and did not"},
    {"enrolled-without-access", "Who is enrolled and may not sign in, or is not known now"},
    {"second-factor-unused", "Second factors not used, for how many days, last when"},
    {"recovery-codes-left", "Recovery codes left"},
    {"trail", "What this was read from"},
};

/* Not every section counts something. */
static bool
has_count(const char *section)
{
    return strcmp(section, "access-never-used") != 0 && strcmp(section, "role-never-used") != 0 &&
           strcmp(section, "enrolled-without-access") != 0;
}

static void
put_text_row(struct sink *s, const struct row *row)
{
    char subject[CELL_SIZE], item[CELL_SIZE];

    if (strcmp(row->section, s->section) != 0)
        return;
    if (s->title != NULL)
        (void)fprintf(s->to, "\n%s:\n", s->title);
    s->title = NULL;
    (void)text_clean(subject, sizeof(subject), *row->subject != '\0' ? row->subject : row->sid);
    (void)text_clean(item, sizeof(item), row->item);
    (void)fprintf(
        s->to, "  %s%s%s", subject, subject[0] != '\0' && item[0] != '\0' ? "  " : "", item);
    if (has_count(row->section))
        (void)fprintf(s->to, "  %" PRId64, row->count);
    (void)fprintf(s->to, "%s%s\n", *row->time != '\0' ? "  " : "", row->time);
}

int
report_text(const struct report *report, FILE *to)
{
    const json_t *root = report_object(report);
    char clean[CELL_SIZE];

    (void)fprintf(to, "%s to %s\n", text_of(root, "since"), text_of(root, "until"));
    for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++) {
        struct sink s = {
            .to = to, .put = put_text_row, .section = titles[i].section, .title = titles[i].title};
        put_all(report, &s);
    }
    if (json_object_get(root, "people_not_asked") != NULL)
        (void)fprintf(to, "\nThe people who are enrolled are not in it: %s\n",
            text_clean(clean, sizeof(clean), text_of(root, "people_not_asked")));
    return finish(to);
}
