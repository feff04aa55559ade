/*
 * The readers of values with several items: lists, and a role's tags.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "conf/values.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "conf/conf.h"

static const char blanks[] = " \t";

/* The next item of a list, as a view; quotes taken off. */
struct item {
    const char *text;
    size_t len;
    bool quoted; /* or a DN that is whole: the commas in it are meant */
};

/* A piece of a DN: an attribute's name, "=". */
static bool
is_piece(const char *p)
{
    size_t len = strspn(p, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.");

    return len > 0 && p[len] == '=';
}

static bool
is_domain_piece(const char *p)
{
    return (p[0] == 'D' || p[0] == 'd') && (p[1] == 'C' || p[1] == 'c') && p[2] == '=';
}

/* To the next comma that no backslash takes its meaning from (RFC 4514 section 2.4). */
static const char *
piece_end(const char *p)
{
    while (*p != '\0' && *p != ',')
        p += p[0] == '\\' && p[1] != '\0' ? 2 : 1;
    return p;
}

/*
 * The end of a DN that stands without quotes. A DN of AD ends in its domain: it goes on over each comma behind which another
 * piece comes, and is over behind its last DC=, whatever comes then being another item. NULL: it does not end in DC=.
 */
static const char *
dn_end(const char *p)
{
    for (;;) {
        bool in_domain = is_domain_piece(p);
        const char *end = piece_end(p), *next = end + (*end == ',');
        next += strspn(next, blanks);
        if (*end == ',' && is_piece(next) && (!in_domain || is_domain_piece(next))) {
            p = next;
            continue;
        }
        return in_domain ? end : NULL;
    }
}

/*
 * The item at *cursor, which steps behind the comma after it, or to NULL behind the last item. dns: a DN needs no quotes.
 */
static int
next_item(const char **cursor, bool dns, struct item *ret_item, char *remedy)
{
    const char *p = *cursor + strspn(*cursor, blanks);
    struct item item = {.quoted = *p == '"'};

    if (item.quoted) {
        item.text = p + 1;
        item.len = strcspn(item.text, "\"");
        p = item.text + item.len;
        if (*p == '\0') {
            (void)snprintf(
                remedy, FORM_REMEDY_MAX, "close the double quote before \"%.40s\"", item.text);
            return FED_E_CONFIG;
        }
        p++;
        p += strspn(p, blanks);
        if (*p != ',' && *p != '\0') {
            (void)snprintf(remedy, FORM_REMEDY_MAX, "put a comma before \"%.40s\"", p);
            return FED_E_CONFIG;
        }
    } else {
        const char *dn = dns && is_piece(p) ? dn_end(p) : NULL;
        item.quoted = dn != NULL;
        item.text = p;
        p = dn != NULL ? dn : p + strcspn(p, ",");
        item.len = (size_t)(p - item.text);
        while (item.len > 0 && strchr(blanks, item.text[item.len - 1]) != NULL)
            item.len--;
        if (memchr(item.text, '"', item.len) != NULL) {
            (void)snprintf(remedy, FORM_REMEDY_MAX,
                "put double quotes around the whole of item \"%.*s\"",
                item.len < 80 ? (int)item.len : 80, item.text);
            return FED_E_CONFIG;
        }
    }
    if (item.len == 0) {
        (void)snprintf(remedy, FORM_REMEDY_MAX, "remove the empty item, or the comma too many");
        return FED_E_CONFIG;
    }
    *ret_item = item;
    *cursor = *p == ',' ? p + 1 : NULL;
    return 0;
}

void
list_done(struct conf_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        free(list->items[i]);
    free(list->items);
    *list = (struct conf_list){0};
}

int
list_add(struct conf_list *list, const char *text, size_t len)
{
    char **grown = reallocarray(list->items, list->n + 1, sizeof(*grown));

    if (grown == NULL)
        return FED_E_NOMEM;
    list->items = grown;
    grown[list->n] = strndup(text, len);
    if (grown[list->n] == NULL)
        return FED_E_NOMEM;
    list->n++;
    return 0;
}

bool
list_has(const struct conf_list *list, const char *text)
{
    for (size_t i = 0; i < list->n; i++)
        if (text_equal_nocase(list->items[i], text))
            return true;
    return false;
}

/* One more item: its form, its number, and whether it was there before. */
static int
take_item(
    const struct value_rule *rule, struct conf_list *list, const struct item *item, char *remedy)
{
    char *text = strndup(item->text, item->len);
    int r = FED_E_CONFIG;

    if (text == NULL)
        return FED_E_NOMEM;
    if (list->n == (size_t)rule->most) {
        (void)snprintf(remedy, FORM_REMEDY_MAX, "write at most %jd items", (intmax_t)rule->most);
        goto out;
    }
    if (list_has(list, text)) {
        (void)snprintf(remedy, FORM_REMEDY_MAX, "write \"%.80s\" only once", text);
        goto out;
    }
    r = rule->form != NULL ? rule->form(text, item->quoted, remedy) : 0;
    if (r == 0)
        r = list_add(list, item->text, item->len);
out:
    free(text);
    return r;
}

static int
read_list(const struct value_rule *rule, const char *text, void *target, char *remedy)
{
    struct conf_list list = {0};
    struct item item;
    int r = 0;

    for (const char *cursor = *text != '\0' ? text : NULL; cursor != NULL;) {
        r = next_item(&cursor, rule->dns, &item, remedy);
        if (r == 0)
            r = take_item(rule, &list, &item, remedy);
        if (r != 0)
            goto out;
    }
    *(struct conf_list *)target = list;
    list = (struct conf_list){0};
out:
    list_done(&list);
    return r;
}

static void
free_list(void *target)
{
    list_done(target);
}

static void
tags_done(void *target)
{
    struct conf_role *role = target;

    for (size_t i = 0; i < role->n_tags; i++) {
        free(role->tags[i].key);
        free(role->tags[i].value);
    }
    free(role->tags);
    role->tags = NULL;
    role->n_tags = 0;
}

/* Cut "KEY=TEMPLATE" at its first "=" and check both sides; blanks around it do not count. */
static int
check_tag(char *text, const char **ret_value, char *remedy)
{
    char *equals = strchr(text, '='), why[TEMPLATE_WHY_MAX];

    if (equals == NULL) {
        (void)snprintf(remedy, FORM_REMEDY_MAX,
            "\"%.80s\" is no tag: write KEY=VALUE, as in Department=%%{ad:department}", text);
        return FED_E_CONFIG;
    }
    const char *value = equals + 1 + strspn(equals + 1, blanks);
    while (equals > text && strchr(blanks, equals[-1]) != NULL)
        equals--;
    *equals = '\0';
    int r = form_tag_key(text, false, remedy);
    if (r != 0)
        return r;
    if (template_check(TEMPLATE_TAG_VALUE, value, why, sizeof(why)) != 0) {
        (void)snprintf(remedy, FORM_REMEDY_MAX, "tag \"%.80s\": %s", text, why);
        return FED_E_CONFIG;
    }
    *ret_value = value;
    return 0;
}

static int
tags_add(struct conf_role *role, const struct item *item, char *remedy)
{
    char *key = strndup(item->text, item->len), *value = NULL;
    const char *template;
    int r = FED_E_NOMEM;

    if (key == NULL)
        goto out;
    r = check_tag(key, &template, remedy);
    if (r != 0)
        goto out;
    r = FED_E_CONFIG;
    for (size_t i = 0; i < role->n_tags; i++) {
        if (text_equal_nocase(role->tags[i].key, key)) {
            (void)snprintf(remedy, FORM_REMEDY_MAX,
                "write tag \"%.80s\" only once; AWS compares keys without case", key);
            goto out;
        }
    }
    r = FED_E_NOMEM;
    value = strdup(template);
    struct conf_tag *grown = reallocarray(role->tags, role->n_tags + 1, sizeof(*grown));
    if (grown != NULL)
        role->tags = grown;
    if (grown == NULL || value == NULL)
        goto out;
    grown[role->n_tags++] = (struct conf_tag){key, value};
    key = value = NULL;
    r = 0;
out:
    free(key);
    free(value);
    return r;
}

static int
read_tags(const struct value_rule *rule, const char *text, void *target, char *remedy)
{
    struct conf_role made = {0}, *role = target;
    struct item item;
    int r = 0;

    for (const char *cursor = *text != '\0' ? text : NULL; cursor != NULL;) {
        r = next_item(&cursor, false, &item, remedy);
        if (r == 0)
            r = tags_add(&made, &item, remedy);
        if (r == 0 && made.n_tags > (size_t)rule->most) {
            (void)snprintf(remedy, FORM_REMEDY_MAX, "write at most %jd tags", (intmax_t)rule->most);
            r = FED_E_CONFIG;
        }
        if (r != 0)
            goto out;
    }
    role->tags = made.tags;
    role->n_tags = made.n_tags;
    made = (struct conf_role){0};
out:
    tags_done(&made);
    return r;
}

const struct value_type value_list = {.read = read_list, .done = free_list, .may_be_empty = true};
const struct value_type value_tags = {.read = read_tags, .done = tags_done, .may_be_empty = true};
