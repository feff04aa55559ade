/*
 * The readers of single values. Lists are in conf/lists.c.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "conf/values.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "conf/conf.h"

/* value_word writes every enum of struct conf as an unsigned. */
static_assert(sizeof(enum conf_transport) == sizeof(unsigned), "enums are unsigned ints");

static void
free_text(void *target)
{
    char **text = target;

    free(*text);
    *text = NULL;
}

static int
copy_text(const char *text, void *target)
{
    char *copy = strdup(text);

    if (copy == NULL)
        return FED_E_NOMEM;
    *(char **)target = copy;
    return 0;
}

static int
read_text(const struct value_rule *rule, const char *text, void *target, char *remedy)
{
    if (rule->most > 0 && strlen(text) > (size_t)rule->most) {
        (void)snprintf(remedy, FORM_REMEDY_MAX, "write at most %jd bytes", (intmax_t)rule->most);
        return FED_E_CONFIG;
    }
    int r = rule->form != NULL ? rule->form(text, false, remedy) : 0;
    return r != 0 ? r : copy_text(text, target);
}

static int
read_template(const struct value_rule *rule, const char *text, void *target, char *remedy)
{
    if (template_check(rule->kind, text, remedy, FORM_REMEDY_MAX) != 0)
        return FED_E_CONFIG;
    return copy_text(text, target);
}

static int
read_template_or_no(const struct value_rule *rule, const char *text, void *target, char *remedy)
{
    if (strcmp(text, "yes") == 0) { /* meant as a switch, it would be everybody's name */
        (void)snprintf(remedy, FORM_REMEDY_MAX, "write no, or whose name, as in %%{user}");
        return FED_E_CONFIG;
    }
    if (strcmp(text, "no") != 0)
        return read_template(rule, text, target, remedy);
    *(char **)target = NULL;
    return 0;
}

static int
read_number(const struct value_rule *rule, const char *text, void *target, char *remedy)
{
    uint64_t number;

    if (text_to_u64(text, &number) == 0 && number >= (uint64_t)rule->least &&
        number <= (uint64_t)rule->most) {
        *(unsigned *)target = (unsigned)number;
        return 0;
    }
    (void)snprintf(remedy, FORM_REMEDY_MAX, "write a whole number from %jd to %jd",
        (intmax_t)rule->least, (intmax_t)rule->most);
    return FED_E_CONFIG;
}

/* The longest unit that divides it: 43200 is "12h". */
static void
show_duration(int64_t seconds, char *to, size_t size)
{
    if (seconds % 86400 == 0 && seconds > 86400)
        (void)snprintf(to, size, "%jdd", (intmax_t)(seconds / 86400));
    else if (seconds % 3600 == 0)
        (void)snprintf(to, size, "%jdh", (intmax_t)(seconds / 3600));
    else if (seconds % 60 == 0)
        (void)snprintf(to, size, "%jdm", (intmax_t)(seconds / 60));
    else
        (void)snprintf(to, size, "%jds", (intmax_t)seconds);
}

static int
read_duration(const struct value_rule *rule, const char *text, void *target, char *remedy)
{
    char least[24], most[24];
    int64_t seconds;

    if (text_to_seconds(text, &seconds) == 0 && seconds >= rule->least && seconds <= rule->most) {
        *(int64_t *)target = seconds;
        return 0;
    }
    show_duration(rule->least, least, sizeof(least));
    show_duration(rule->most, most, sizeof(most));
    (void)snprintf(remedy, FORM_REMEDY_MAX,
        "write a duration from %s to %s, such as 30s, 15m, 12h or 2d", least, most);
    return FED_E_CONFIG;
}

static int
read_period(const struct value_rule *rule, const char *text, void *target, char *remedy)
{
    int64_t seconds;

    (void)rule;
    if (text_to_seconds(text, &seconds) == 0 && (seconds == 30 || seconds == 60)) {
        *(unsigned *)target = (unsigned)seconds;
        return 0;
    }
    (void)snprintf(remedy, FORM_REMEDY_MAX, "write 30s or 60s");
    return FED_E_CONFIG;
}

static int
read_word(const struct value_rule *rule, const char *text, void *target, char *remedy)
{
    size_t used;

    for (unsigned i = 0; rule->words[i] != NULL; i++) {
        if (strcmp(rule->words[i], text) == 0) {
            *(unsigned *)target = i;
            return 0;
        }
    }
    used = (size_t)snprintf(remedy, FORM_REMEDY_MAX, "write %s", rule->words[0]);
    for (unsigned i = 1; rule->words[i] != NULL && used < FORM_REMEDY_MAX; i++)
        used += (size_t)snprintf(remedy + used, FORM_REMEDY_MAX - used, " or %s", rule->words[i]);
    return FED_E_CONFIG;
}

static int
read_yes_no(const struct value_rule *rule, const char *text, void *target, char *remedy)
{
    (void)rule;
    if (strcmp(text, "yes") == 0 || strcmp(text, "no") == 0) {
        *(bool *)target = text[0] == 'y';
        return 0;
    }
    (void)snprintf(remedy, FORM_REMEDY_MAX, "write yes or no");
    return FED_E_CONFIG;
}

const struct value_type value_text = {.read = read_text, .done = free_text};
const struct value_type value_template = {.read = read_template, .done = free_text};
const struct value_type value_template_or_no = {.read = read_template_or_no, .done = free_text};
const struct value_type value_number = {.read = read_number};
const struct value_type value_period = {.read = read_period};
const struct value_type value_word = {.read = read_word};
const struct value_type value_yes_no = {.read = read_yes_no};
const struct value_type value_duration = {.read = read_duration};
