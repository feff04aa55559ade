/*
 * Checks of rules, each alone and each against those before it.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "conf/rules.h"

#include <stdio.h>
#include <string.h>

#include "conf/network.h"
#include "conf/values.h"

enum { SERVICE_MAX = 64 };

int
rules_form_service(const char *text, bool quoted, char *remedy)
{
    bool good = strlen(text) <= SERVICE_MAX && text[0] != '.';

    (void)quoted;
    for (const char *p = text; *p != '\0' && good; p++)
        good = *p > ' ' && *p < 0x7f && strchr("/\\=\"", *p) == NULL;
    if (good)
        return 0;
    (void)snprintf(remedy, FORM_REMEDY_MAX,
        "write the name of a PAM service, as in sshd: a file of /etc/pam.d, without its folder");
    return FED_E_CONFIG;
}

/* The key that names no item at all, and so fits nobody; NULL when there is none. */
static const char *
find_empty(const struct section *section)
{
    static const char *const keys[] = {"services", "groups", "networks"};

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (section_says(section, keys[i]) && !section_has_items(section, keys[i]))
            return keys[i];
    return NULL;
}

static void
check_alone(const struct section *section, struct conf_errors *errors)
{
    const char *empty = find_empty(section);

    if (empty != NULL)
        conf_errors_add(errors, section_where(section, empty),
            "[%s] fits nobody, since \"%s\" names nothing: name one, or take the line out",
            section->title, empty);
    else if (!section_says(section, "services") && !section_says(section, "groups") &&
             !section_says(section, "networks"))
        conf_errors_add(errors, &section->where,
            "[%s] says neither services, groups nor networks: add one, or say what everybody needs "
            "in [mfa] required",
            section->title);
}

static bool
covers_network(const struct conf_list *networks, const char *network)
{
    for (size_t i = 0; i < networks->n; i++)
        if (network_covers(networks->items[i], network))
            return true;
    return false;
}

/* Does a list let through all that another does? An empty one lets through everything. */
static bool
covers(const struct conf_list *outer, const struct conf_list *inner,
    bool has(const struct conf_list *, const char *))
{
    if (outer->n == 0)
        return true;
    for (size_t i = 0; i < inner->n; i++)
        if (!has(outer, inner->items[i]))
            return false;
    return inner->n > 0;
}

/* The first rule before this one that fits whatever it fits; NULL when there is none. */
static const struct conf_rule *
find_cover(const struct conf *conf, const struct conf_rule *rule)
{
    for (const struct conf_rule *other = conf->rules; other < rule; other++)
        if (covers(&other->services, &rule->services, list_has) &&
            covers(&other->groups, &rule->groups, list_has) &&
            covers(&other->networks, &rule->networks, covers_network))
            return other;
    return NULL;
}

void
rules_check(const struct conf *conf, const struct sections *sections, struct conf_errors *errors)
{
    for (size_t i = 0; i < sections->n; i++)
        if (sections->items[i].kind == SECTION_RULE)
            check_alone(&sections->items[i], errors);
    /* A list that could not be read looks like none at all: nothing can be told of order then. */
    if (errors->n > 0)
        return;
    for (size_t i = 0; i < conf->n_rules; i++) {
        const struct conf_rule *rule = &conf->rules[i], *cover = find_cover(conf, rule);
        if (cover != NULL)
            conf_errors_add(errors, &rule->where,
                "[mfa-rule %s] is never asked: [mfa-rule %s], line %u of %s, fits "
                "first wherever it does: put it before that one, or take it out",
                rule->name, cover->name, cover->where.line, cover->where.file);
    }
}
