/*
 * Counting. All of it is one JSON object from the beginning, keyed by SIDs and names while it is counted.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/report.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "bridge/instant.h"

enum { NAME_SIZE = 512 };

#define OTHERS "(others)"

struct report {
    int64_t since_s, until_s, unused_s;
    json_t *root;
    json_t *people;   /* by SID */
    json_t *roles;    /* by name */
    json_t *refusals; /* by error's name */
    json_t *acts; /* by event: what administrators and people did with second factors and tickets */
    json_t *unused_roles, *unused_access, *unused_factors, *recovery_codes, *kept_out;
};

/* ---- Small things ---- */

static int
set_text(json_t *to, const char *key, const char *text)
{
    json_t *value = json_object_get(to, key);

    if (value != NULL && strcmp(json_string_value(value), text) == 0)
        return 0;
    return json_object_set_new(to, key, json_string(text)) == 0 ? 0 : FED_E_NOMEM;
}

static int
set_time(json_t *to, const char *key, int64_t when_s)
{
    char text[INSTANT_SIZE];

    return instant_write(when_s, text) ? set_text(to, key, text) : 0;
}

/* Later ones win; the lines of several hosts need not be in order. */
static int
set_latest(json_t *to, const char *key, int64_t when_s)
{
    const char *old = json_string_value(json_object_get(to, key));
    char text[INSTANT_SIZE];

    if (!instant_write(when_s, text) || (old != NULL && strcmp(text, old) <= 0))
        return 0;
    return set_text(to, key, text);
}

/* Where a name is counted: under itself, cleaned; when there are too many names, with all others. */
static const char *
place(const json_t *in, const char *name, size_t most, char clean[NAME_SIZE])
{
    (void)text_clean(clean, NAME_SIZE, name);
    return json_object_get(in, clean) == NULL && json_object_size(in) >= most ? OTHERS : clean;
}

/* One more of this name. last: when it was so last, by the same name; NULL = nobody asks. */
static int
count(json_t *in, json_t *last, const char *name, size_t most, int64_t when_s)
{
    char clean[NAME_SIZE];
    const char *key = place(in, name, most, clean);
    json_t *value = json_object_get(in, key);
    int r = value != NULL ? json_integer_set(value, json_integer_value(value) + 1)
                          : json_object_set_new(in, key, json_integer(1));

    if (r != 0)
        return FED_E_NOMEM;
    return last != NULL ? set_latest(last, key, when_s) : 0;
}

static int
count_at(json_t *in, const char *key)
{
    json_t *value = json_object_get(in, key);

    return json_integer_set(value, json_integer_value(value) + 1) == 0 ? 0 : FED_E_NOMEM;
}

/* The object of a name, made when there is none; of all others when there are too many. */
static json_t *
find_or_make(json_t *in, const char *name, size_t most, json_t *(*make)(void))
{
    char clean[NAME_SIZE];
    const char *key = place(in, name, most, clean);
    json_t *found = json_object_get(in, key);

    if (found != NULL)
        return found;
    json_t *made = make();
    return made != NULL && json_object_set_new(in, key, made) == 0 ? made : NULL;
}

static json_t *
make_person(void)
{
    return json_pack("{ss s{} s{} si s{} s{} si si s{} s{}}", "user", "", "sign_ins",
        "sign_ins_last", "refused", 0, "refusals", "refusals_last", "locked_out", 0, "credentials",
        0, "roles", "roles_last");
}

static json_t *
make_role(void)
{
    return json_pack("{ss si si s{}}", "role_arn", "", "credentials", 0, "refused", 0, "people");
}

/* ---- Lines ---- */

static json_t *
person_of(struct report *r, const struct audit_line *line)
{
    char clean[NAME_SIZE];
    json_t *person = find_or_make(r->people, line->sid, REPORT_PEOPLE_MOST, make_person);
    const char *name = line->name != NULL ? line->name : line->user;

    if (person == NULL || name == NULL ||
        (line->name == NULL && *json_string_value(json_object_get(person, "user")) != '\0'))
        return person;
    return set_text(person, "user", text_clean(clean, sizeof(clean), name)) == 0 ? person : NULL;
}

static bool
is_lock_out(const char *error)
{
    return strcmp(error, "LOCKED") == 0 || strcmp(error, "DIRECTORY_LOCKED") == 0;
}

/* Names that nobody has are counted together: whoever tries names must not fill the report. */
static int
take_sign_in(struct report *report, const struct audit_line *line)
{
    const char *error = line->error != NULL ? line->error : "DENIED";
    json_t *person = line->sid != NULL ? person_of(report, line) : NULL;
    int r = line->granted ? 0 : count(report->refusals, NULL, error, REPORT_NAMES_MOST, 0);

    if (r == 0 && line->sid == NULL && !line->granted)
        return count_at(report->root, "refused_unknown_names");
    if (r != 0 || line->sid == NULL)
        return r;
    if (person == NULL)
        return FED_E_NOMEM;
    if (line->granted) {
        r = count(json_object_get(person, "sign_ins"), json_object_get(person, "sign_ins_last"),
            line->factors != NULL ? line->factors : "none", REPORT_NAMES_MOST, line->time_s);
        return r == 0 ? set_latest(person, "last_sign_in", line->time_s) : r;
    }
    r = count_at(person, "refused");
    if (r == 0)
        r = count(json_object_get(person, "refusals"), json_object_get(person, "refusals_last"),
            error, REPORT_NAMES_MOST, line->time_s);
    return r == 0 && is_lock_out(error) ? count_at(person, "locked_out") : r;
}

static int
take_credential(struct report *report, const struct audit_line *line)
{
    if (line->role == NULL)
        return 0;
    json_t *role = find_or_make(report->roles, line->role, REPORT_NAMES_MOST, make_role);
    int r = role != NULL ? count_at(role, line->granted ? "credentials" : "refused") : FED_E_NOMEM;

    if (r == 0 && line->role_arn != NULL)
        r = set_text(role, "role_arn", line->role_arn);
    if (r != 0 || !line->granted || line->sid == NULL)
        return r;
    json_t *person = person_of(report, line);
    if (person == NULL)
        return FED_E_NOMEM;
    if ((r = count(json_object_get(role, "people"), NULL, line->sid, REPORT_PEOPLE_MOST, 0)) != 0 ||
        (r = set_latest(role, "last", line->time_s)) != 0 ||
        (r = count_at(person, "credentials")) != 0 ||
        (r = set_latest(person, "last_credential", line->time_s)) != 0)
        return r;
    return count(json_object_get(person, "roles"), json_object_get(person, "roles_last"),
        line->role, REPORT_NAMES_MOST, line->time_s);
}

int
report_line(void *arg, const struct audit_line *line)
{
    static const char *const signins[] = {"login", "sign-in"};
    static const char *const others[] = {"session-open", "session-close", "account", "endpoint"};
    struct report *report = arg;

    if (line->time_s > report->until_s)
        return 0;
    for (size_t i = 0; i < sizeof(signins) / sizeof(signins[0]); i++)
        if (strcmp(line->event, signins[i]) == 0)
            return take_sign_in(report, line);
    if (strcmp(line->event, "credential") == 0)
        return take_credential(report, line);
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        if (strcmp(line->event, others[i]) == 0)
            return 0;
    return line->granted ? count(report->acts, NULL, line->event, REPORT_NAMES_MOST, 0) : 0;
}

/* ---- People and roles of now ---- */

static int
add_access(struct report *report, const struct report_person *p, const json_t *used)
{
    json_t *roles = json_array();

    for (size_t i = 0; roles != NULL && i < p->n_named; i++)
        if (json_object_get(used, p->roles[i]) == NULL)
            (void)json_array_append_new(roles, json_string(p->roles[i]));
    if (roles == NULL || json_array_size(roles) == 0) {
        json_decref(roles);
        return roles != NULL ? 0 : FED_E_NOMEM;
    }
    bool any = json_object_size(used) > 0;
    return json_array_append_new(report->unused_access,
               json_pack("{ss ss so sb sI}", "user", p->name, "sid", p->sid, "roles", roles,
                   "used_others", any ? 1 : 0, "has_roles", (json_int_t)p->n_roles)) == 0
               ? 0
               : FED_E_NOMEM;
}

static int
add_factor(struct report *report, const struct report_person *p)
{
    /* A token that is younger than that has had no time to grow old. */
    int64_t from_s = p->last_code_s > p->enrolled_s ? p->last_code_s : p->enrolled_s;
    json_t *one;

    if (p->tokens == 0 || report->until_s - from_s < report->unused_s)
        return 0;
    one = json_pack("{ss ss sI}", "user", p->name, "sid", p->sid, "days",
        (json_int_t)((report->until_s - from_s) / 86400));
    if (json_array_append_new(report->unused_factors, one) != 0)
        return FED_E_NOMEM;
    return p->last_code_s != 0 ? set_time(one, "last_code", p->last_code_s) : 0;
}

int
report_person(struct report *report, const struct report_person *p)
{
    const json_t *seen = json_object_get(report->people, p->sid);
    int r = count_at(report->root, "enrolled");

    if (r == 0 && fed_error_class(p->standing) == FED_CLASS_UNAVAILABLE)
        r = count_at(report->root, "standing_unknown");
    if (r == 0 && p->standing == 0)
        r = add_access(report, p, json_object_get(seen, "roles"));
    else if (r == 0 && json_array_append_new(
                           report->kept_out, json_pack("{ss ss ss}", "user", p->name, "sid", p->sid,
                                                 "why", fed_error_name(p->standing))) != 0)
        r = FED_E_NOMEM;
    if (r == 0)
        r = add_factor(report, p);
    if (r != 0)
        return r;
    return json_array_append_new(report->recovery_codes,
               json_pack("{ss ss sI sI}", "user", p->name, "sid", p->sid, "left",
                   (json_int_t)p->codes_left, "made", (json_int_t)p->codes_made)) == 0
               ? 0
               : FED_E_NOMEM;
}

int
report_role(struct report *report, const struct conf_role *role)
{
    const json_t *used = json_object_get(report->roles, role->name);

    if (json_integer_value(json_object_get(used, "credentials")) > 0)
        return 0;
    return json_array_append_new(report->unused_roles,
               json_pack("{ss ss}", "role", role->name, "role_arn", role->arn)) == 0
               ? 0
               : FED_E_NOMEM;
}

void
report_told(struct report *report, const struct trail_told *told, const char *why_no_people)
{
    json_t *trail = json_pack("{sI sI si si}", "lines", (json_int_t)told->lines, "torn",
        (json_int_t)told->torn, "files", (int)told->files, "unread", (int)told->unread);

    if (told->what[0] != '\0')
        (void)json_object_set_new(trail, "first_unread", json_string(told->what));
    (void)json_object_set_new(report->root, "trail", trail);
    if (why_no_people != NULL)
        (void)json_object_set_new(report->root, "people_not_asked", json_string(why_no_people));
    (void)json_object_set_new(report->root, "whole", json_boolean(report_is_whole(report)));
}

bool
report_is_whole(const struct report *report)
{
    const json_t *trail = json_object_get(report->root, "trail");

    return json_integer_value(json_object_get(trail, "unread")) == 0 &&
           json_object_get(report->people, OTHERS) == NULL &&
           json_integer_value(json_object_get(report->root, "standing_unknown")) == 0 &&
           json_object_get(report->root, "people_not_asked") == NULL;
}

/* ---- Making one ---- */

/* A new member of the root, which is borrowed. */
static json_t *
part(json_t *root, const char *name, json_t *made)
{
    return json_object_set_new(root, name, made) == 0 ? made : NULL;
}

int
report_new(int64_t since_s, int64_t until_s, int64_t unused_s, struct report **ret)
{
    struct report *r = calloc(1, sizeof(*r));

    if (r == NULL)
        return FED_E_NOMEM;
    *r = (struct report){.since_s = since_s, .until_s = until_s, .unused_s = unused_s};
    r->root = json_object();
    if (r->root == NULL || set_time(r->root, "since", since_s) != 0 ||
        set_time(r->root, "until", until_s) != 0 ||
        (r->people = part(r->root, "people", json_object())) == NULL ||
        (r->roles = part(r->root, "roles", json_object())) == NULL ||
        (r->refusals = part(r->root, "refusals", json_object())) == NULL ||
        part(r->root, "refused_unknown_names", json_integer(0)) == NULL ||
        (r->acts = part(r->root, "acts", json_object())) == NULL ||
        part(r->root, "enrolled", json_integer(0)) == NULL ||
        part(r->root, "standing_unknown", json_integer(0)) == NULL ||
        (r->unused_roles = part(r->root, "roles_never_used", json_array())) == NULL ||
        (r->unused_access = part(r->root, "access_never_used", json_array())) == NULL ||
        (r->unused_factors = part(r->root, "factors_unused", json_array())) == NULL ||
        (r->recovery_codes = part(r->root, "recovery_codes", json_array())) == NULL ||
        (r->kept_out = part(r->root, "enrolled_without_access", json_array())) == NULL) {
        report_free(r);
        return FED_E_NOMEM;
    }
    *ret = r;
    return 0;
}

void
report_free(struct report *report)
{
    if (report == NULL)
        return;
    json_decref(report->root);
    free(report);
}

const json_t *
report_object(const struct report *report)
{
    return report->root;
}
