/*
 * Matching names against patterns, and filling templates in.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "conf/pattern.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/secret.h"
#include "conf/arn.h"
#include "conf/charset.h"
#include "conf/sections.h"
#include "conf/values.h"

enum { ACCOUNT_LEN = 12, EXPANDED_MAX = 4096 };

static const char account_mark[] = "{account}", role_mark[] = "{role}";

/* Nobody's account: what is in the same account as this one follows the account of the group. */
const struct pattern_found pattern_sample = {.account = "000000000000", .role = "Role"};

static bool
begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* ---- The pattern itself ---- */

int
pattern_check(const char *match, char *why)
{
    unsigned accounts = 0, roles = 0;

    for (const char *p = match; *p != '\0';) {
        if (begins(p, account_mark)) {
            accounts++;
            p += strlen(account_mark);
        } else if (begins(p, role_mark)) {
            roles++;
            p += strlen(role_mark);
        } else if (*p == '{' || *p == '}') {
            (void)snprintf(why, PATTERN_WHY_MAX, "\"%.40s\" is neither {account} nor {role}", p);
            return FED_E_INVALID;
        } else {
            p++;
        }
    }
    if (accounts + roles == 0 || accounts > 1 || roles > 1) {
        (void)snprintf(why, PATTERN_WHY_MAX,
            "write {account}, {role} or both where the groups' names differ, each once, as in "
            "AWS-{account}-{role}");
        return FED_E_INVALID;
    }
    if (pattern_prefix(match) > PATTERN_PREFIX_MAX) {
        (void)snprintf(why, PATTERN_WHY_MAX, "no group's name begins with so much text");
        return FED_E_INVALID;
    }
    return 0;
}

size_t
pattern_prefix(const char *match)
{
    return strcspn(match, "{");
}

/* ---- Matching ---- */

static bool fits(const char *match, const char *group, struct pattern_found *found);

static bool
fits_account(const char *match, const char *group, struct pattern_found *found)
{
    if (strspn(group, "0123456789") < ACCOUNT_LEN)
        return false;
    if (!fits(match, group + ACCOUNT_LEN, found))
        return false;
    memcpy(found->account, group, ACCOUNT_LEN);
    return true;
}

static size_t
role_length(const char *group)
{
    size_t n = 0;

    while (n < PATTERN_ROLE_MAX && group[n] != '\0' &&
           charset_in_session_name((unsigned char)group[n]))
        n++;
    return n;
}

/* The longest that leaves what the rest of the pattern needs: one pattern has one {role}, so this ends soon. */
static bool
fits_role(const char *match, const char *group, struct pattern_found *found)
{
    for (size_t n = role_length(group); n > 0; n--) {
        if (!fits(match, group + n, found))
            continue;
        memcpy(found->role, group, n);
        return true;
    }
    return false;
}

static char
lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static bool
fits(const char *match, const char *group, struct pattern_found *found)
{
    for (; *match != '\0'; match++, group++) {
        if (begins(match, account_mark))
            return fits_account(match + strlen(account_mark), group, found);
        if (begins(match, role_mark))
            return fits_role(match + strlen(role_mark), group, found);
        if (lower(*match) != lower(*group))
            return false;
    }
    return *group == '\0';
}

bool
pattern_fits(const char *match, const char *group, struct pattern_found *ret)
{
    struct pattern_found found = {.account = ""};

    if (!fits(match, group, &found))
        return false;
    *ret = found;
    return true;
}

/* ---- The role ---- */

char *
pattern_expand(const char *text, const struct pattern_found *found)
{
    struct fed_secret made = FED_SECRET_INIT(EXPANDED_MAX);
    char *copy = NULL;
    int r = 0;

    for (const char *p = text; *p != '\0' && r == 0;) {
        if (begins(p, account_mark) && found->account[0] != '\0') {
            r = fed_secret_add_str(&made, found->account);
            p += strlen(account_mark);
        } else if (begins(p, role_mark) && found->role[0] != '\0') {
            r = fed_secret_add_str(&made, found->role);
            p += strlen(role_mark);
        } else {
            r = fed_secret_add(&made, p++, 1);
        }
    }
    if (r == 0)
        copy = strdup(fed_secret_str(&made));
    fed_secret_done(&made);
    return copy;
}

/* NULL stays NULL. */
static int
expand_into(const char *text, const struct pattern_found *found, char **ret)
{
    if (text == NULL)
        return 0;
    *ret = pattern_expand(text, found);
    return *ret != NULL ? 0 : FED_E_NOMEM;
}

static int
expand_list(const struct conf_list *from, const struct pattern_found *found, struct conf_list *ret)
{
    for (size_t i = 0; i < from->n; i++) {
        char *item = pattern_expand(from->items[i], found);
        if (item == NULL)
            return FED_E_NOMEM;
        int r = list_add(ret, item, strlen(item));
        free(item);
        if (r != 0)
            return r;
    }
    return 0;
}

/* ACCOUNT-ROLE, where ROLE is the last step of the ARN's path. */
static int
name_role(struct conf_role *role)
{
    const char *last = strrchr(role->arn, '/') + 1;
    struct arn arn;

    if (arn_parse(role->arn, &arn) != 0 || strcmp(arn.type, "role") != 0)
        return FED_E_INVALID;
    if (asprintf(&role->name, "%s-%s", arn.account, last) < 0) {
        role->name = NULL;
        return FED_E_NOMEM;
    }
    if (!section_is_role_name(role->name))
        return FED_E_INVALID;
    role->account = strdup(arn.account);
    role->partition = strdup(arn.partition);
    return role->account != NULL && role->partition != NULL ? 0 : FED_E_NOMEM;
}

int
pattern_role(
    const struct conf_pattern *pattern, const struct pattern_found *found, struct conf_role *ret)
{
    const struct conf_role *from = &pattern->role;
    struct conf_role role = *from;
    int r;

    role.name = role.arn = role.account = role.partition = role.provider = role.alias = NULL;
    role.policy_arns = (struct conf_list){0};
    role.groups = role.users = (struct conf_list){0};
    if ((r = expand_into(from->arn, found, &role.arn)) != 0 ||
        (r = expand_into(from->provider, found, &role.provider)) != 0 ||
        (r = expand_into(from->alias, found, &role.alias)) != 0 ||
        (r = expand_list(&from->policy_arns, found, &role.policy_arns)) != 0 ||
        (r = strchr(role.arn, '/') != NULL ? name_role(&role) : FED_E_INVALID) != 0) {
        pattern_role_done(&role);
        return r;
    }
    role.digest = sections_digest_text(role.digest, role.arn);
    *ret = role;
    return 0;
}

void
pattern_role_done(struct conf_role *role)
{
    free(role->name);
    free(role->arn);
    free(role->account);
    free(role->partition);
    free(role->provider);
    free(role->alias);
    list_done(&role->policy_arns);
}
