/*
 * Sections and their settings, in growing arrays; the sections with a hash table over them.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "conf/sections.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "conf/nearest.h"

enum { ROLE_NAME_MAX = 128, DNS_NAME_MAX = 253, DNS_LABEL_MAX = 63 };

static bool
is_alphanumeric(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

bool
section_is_dns_name(const char *name)
{
    size_t label = 0, len = strlen(name);

    if (len == 0 || len > DNS_NAME_MAX)
        return false;
    for (size_t i = 0; i <= len; i++) {
        if (name[i] == '.' || name[i] == '\0') {
            if (label == 0 || label > DNS_LABEL_MAX || name[i - 1] == '-')
                return false;
            label = 0;
            continue;
        }
        if (!is_alphanumeric(name[i]) && (name[i] != '-' || label == 0))
            return false;
        label++;
    }
    return true;
}

bool
section_is_role_name(const char *name)
{
    size_t len = strlen(name);

    if (len == 0 || len > ROLE_NAME_MAX || name[0] == '-')
        return false;
    for (size_t i = 0; i < len; i++)
        if (!is_alphanumeric(name[i]) && strchr("._+=@/-", name[i]) == NULL)
            return false;
    return true;
}

static const struct {
    const char *word;
    bool (*is_name)(const char *name); /* NULL: takes no name */
    const char *remedy;                /* for a name that is none */
} kinds[SECTION_KINDS] = {
    [SECTION_BRIDGE] = {"bridge", NULL, NULL},
    [SECTION_DOMAIN] = {"domain", section_is_dns_name,
        "write the domain's DNS name, as in [domain corp.example.com]"},
    [SECTION_MFA] = {"mfa", NULL, NULL},
    [SECTION_RULE] = {"mfa-rule", section_is_role_name,
        "write 1 to 128 of A-Z a-z 0-9 . _ + = @ / -, not beginning with \"-\", as in [mfa-rule "
        "sudo]"},
    [SECTION_SAML] = {"saml", NULL, NULL},
    [SECTION_OIDC] = {"oidc", NULL, NULL},
    [SECTION_AWS] = {"aws", NULL, NULL},
    [SECTION_ROLE] = {"role", section_is_role_name,
        "write 1 to 128 of A-Z a-z 0-9 . _ + = @ / -, not beginning with \"-\", as in [role "
        "admin]"},
    [SECTION_PATTERN] = {"role-pattern", section_is_role_name,
        "write 1 to 128 of A-Z a-z 0-9 . _ + = @ / -, not beginning with \"-\", as in "
        "[role-pattern accounts]"},
};

/* "domain \t corp" to "domain corp"; the caller frees it. */
static char *
make_title(const char *heading)
{
    static const char blank[] = " \t";
    char *title = NULL;

    heading += strspn(heading, blank);
    size_t word = strcspn(heading, blank);
    const char *name = heading + word + strspn(heading + word, blank);
    size_t len = strlen(name);
    while (len > 0 && strchr(blank, name[len - 1]) != NULL)
        len--;
    if (asprintf(&title, "%.*s%s%.*s", (int)word, heading, len > 0 ? " " : "", (int)len, name) < 0)
        return NULL;
    return title;
}

static const char *
name_of(const char *title)
{
    const char *blank = strchr(title, ' ');

    return blank != NULL ? blank + 1 : "";
}

/* The kind that a title begins with, or SECTION_KINDS. */
static enum section_kind
kind_of(const char *title)
{
    size_t len = strcspn(title, " ");

    for (unsigned i = 0; i < SECTION_KINDS; i++)
        if (strlen(kinds[i].word) == len && strncmp(kinds[i].word, title, len) == 0)
            return (enum section_kind)i;
    return SECTION_KINDS;
}

static void
report_unknown(const char *title, const struct conf_where *where, struct conf_errors *errors)
{
    char word[64];

    (void)snprintf(word, sizeof(word), "%.*s", (int)strcspn(title, " "), title);
    struct nearest nearest = nearest_start(word);
    for (unsigned i = 0; i < SECTION_KINDS; i++)
        nearest_offer(&nearest, kinds[i].word);
    if (nearest.best != NULL)
        conf_errors_add(errors, where, "unknown section [%s]: did you mean [%s%s]?", title,
            nearest.best, kinds[kind_of(nearest.best)].is_name != NULL ? " NAME" : "");
    else
        conf_errors_add(errors, where,
            "unknown section [%s]: there are [bridge], [domain NAME], [mfa], [mfa-rule NAME], "
            "[saml], [oidc], [aws], [role NAME] and [role-pattern NAME]",
            title);
}

static int
check_title(const char *title, enum section_kind kind, const struct conf_where *where,
    struct conf_errors *errors)
{
    const char *name = name_of(title);

    if (kind == SECTION_KINDS) {
        report_unknown(title, where, errors);
        return FED_E_CONFIG;
    }
    if (kinds[kind].is_name == NULL && *name != '\0') {
        conf_errors_add(
            errors, where, "section [%s] takes no name: write [%s]", title, kinds[kind].word);
        return FED_E_CONFIG;
    }
    if (kinds[kind].is_name != NULL && *name == '\0') {
        conf_errors_add(errors, where, "section [%s] has no name: %s", title, kinds[kind].remedy);
        return FED_E_CONFIG;
    }
    if (kinds[kind].is_name != NULL && !kinds[kind].is_name(name)) {
        conf_errors_add(errors, where, "bad name of section [%s]: %s", title, kinds[kind].remedy);
        return FED_E_CONFIG;
    }
    return 0;
}

/* ---- Finding: ten thousand roles are found by a hash of kind and name, without ASCII case ---- */

static size_t
hash_of(enum section_kind kind, const char *name)
{
    uint64_t h = UINT64_C(14695981039346656037) + (uint64_t)kind; /* FNV-1a */

    for (; *name != '\0'; name++) {
        unsigned char c = (unsigned char)*name;
        h = (h ^ (c >= 'A' && c <= 'Z' ? c + 32u : c)) * UINT64_C(1099511628211);
    }
    return (size_t)(h ^ (h >> 32));
}

/* Where a section is, or belongs. */
static size_t *
place_of(const struct sections *sections, enum section_kind kind, const char *name)
{
    size_t mask = sections->n_places - 1, at = hash_of(kind, name) & mask;

    for (; sections->places[at] != 0; at = (at + 1) & mask) {
        const struct section *section = &sections->items[sections->places[at] - 1];
        if (section->kind == kind && text_equal_nocase(section->name, name))
            break;
    }
    return &sections->places[at];
}

/* Room for one more in both tables; each doubles when it is full. */
static int
make_room(struct sections *sections)
{
    size_t room = sections->n_places == 0 ? 64 : 2 * sections->n_places;

    if (2 * (sections->n + 1) < sections->n_places)
        return 0;
    struct section *grown = reallocarray(sections->items, room / 2, sizeof(*grown));
    if (grown == NULL)
        return FED_E_NOMEM;
    sections->items = grown;
    size_t *places = calloc(room, sizeof(*places));
    if (places == NULL)
        return FED_E_NOMEM;
    free(sections->places);
    sections->places = places;
    sections->n_places = room;
    for (size_t i = 0; i < sections->n; i++)
        *place_of(sections, sections->items[i].kind, sections->items[i].name) = i + 1;
    return 0;
}

static struct section *
find_title(const struct sections *sections, const char *title)
{
    if (sections->n_places == 0)
        return NULL;
    size_t place = *place_of(sections, kind_of(title), name_of(title));
    return place != 0 ? &sections->items[place - 1] : NULL;
}

struct section *
sections_find(const struct sections *sections, const char *heading)
{
    char *title = make_title(heading);
    struct section *section = title != NULL ? find_title(sections, title) : NULL;

    free(title);
    return section;
}

/* The title is handed over, whatever happens. */
static int
append_section(
    struct sections *sections, enum section_kind kind, char *title, const struct conf_where *where)
{
    if (make_room(sections) != 0) {
        free(title);
        return FED_E_NOMEM;
    }
    *place_of(sections, kind, name_of(title)) = sections->n + 1;
    sections->items[sections->n++] = (struct section){
        .kind = kind, .title = title, .name = name_of(title), .where = *where, .last = *where};
    return 0;
}

int
sections_open(struct sections *sections, const char *heading, const struct conf_where *where,
    struct conf_errors *errors, struct section **ret_section)
{
    struct section *section = NULL;
    char *title = make_title(heading);
    int r = FED_E_NOMEM;

    if (title == NULL)
        goto out;
    enum section_kind kind = kind_of(title);
    r = check_title(title, kind, where, errors);
    if (r != 0)
        goto out;
    section = find_title(sections, title);
    if (section != NULL && section->last.file == where->file) {
        conf_errors_add(errors, where,
            "section [%s] twice in this file: join it with the one in line %u", title,
            section->last.line);
        r = FED_E_CONFIG;
        goto out;
    }
    if (section == NULL) {
        r = append_section(sections, kind, title, where);
        title = NULL;
        if (r != 0)
            goto out;
        section = &sections->items[sections->n - 1];
    }
    section->last = *where;
    *ret_section = section;
out:
    free(title);
    return r;
}

const struct setting *
section_get(const struct section *section, const char *key)
{
    for (size_t i = 0; i < section->n; i++)
        if (strcmp(section->settings[i].key, key) == 0)
            return &section->settings[i];
    return NULL;
}

bool
section_says(const struct section *section, const char *key)
{
    return section_get(section, key) != NULL;
}

bool
section_has_items(const struct section *section, const char *key)
{
    const struct setting *setting = section_get(section, key);

    return setting != NULL && *setting->text != '\0';
}

uint64_t
sections_digest_text(uint64_t h, const char *text)
{
    do {
        h = (h ^ (unsigned char)*text) * UINT64_C(1099511628211);
    } while (*text++ != '\0');
    return h;
}

uint64_t
section_digest(const struct section *section)
{
    uint64_t h = sections_digest_text(UINT64_C(14695981039346656037), section->title);

    for (size_t i = 0; i < section->n; i++)
        h = sections_digest_text(
            sections_digest_text(h, section->settings[i].key), section->settings[i].text);
    return h;
}

const struct conf_where *
section_where(const struct section *section, const char *key)
{
    const struct setting *setting = section_get(section, key);

    return setting != NULL ? &setting->where : &section->where;
}

static int
append_setting(struct section *section, const char *key, char *text, const struct conf_where *where)
{
    struct setting *grown =
        reallocarray(section->settings, section->n + 1, sizeof(*section->settings));

    if (grown == NULL)
        return FED_E_NOMEM;
    section->settings = grown;
    char *copy = strdup(key);
    if (copy == NULL)
        return FED_E_NOMEM;
    grown[section->n++] = (struct setting){copy, text, *where};
    return 0;
}

int
section_set(
    struct section *section, const char *key, const char *text, const struct conf_where *where)
{
    char *copy = strdup(text);
    int r = 0;

    if (copy == NULL)
        return FED_E_NOMEM;
    for (size_t i = 0; i < section->n; i++) {
        if (strcmp(section->settings[i].key, key) == 0) {
            free(section->settings[i].text);
            section->settings[i].text = copy;
            section->settings[i].where = *where;
            return 0;
        }
    }
    r = append_setting(section, key, copy, where);
    if (r != 0)
        free(copy);
    return r;
}

void
sections_done(struct sections *sections)
{
    for (size_t i = 0; i < sections->n; i++) {
        struct section *section = &sections->items[i];
        for (size_t j = 0; j < section->n; j++) {
            free(section->settings[j].key);
            free(section->settings[j].text);
        }
        free(section->settings);
        free(section->title);
    }
    free(sections->items);
    free(sections->places);
    *sections = (struct sections){0};
}
