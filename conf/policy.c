/*
 * Reading session policies with jansson, and IAM's grammar as far as a session policy has it.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "conf/policy.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "conf/keyfile.h"
#include "conf/template.h"

FED_PRINTF(2, 3)
static int
refuse(char *why, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    (void)vsnprintf(why, POLICY_WHY_MAX, format, ap);
    va_end(ap);
    return FED_E_CONFIG;
}

/* One text, or a list of some. */
static bool
is_texts(const json_t *value)
{
    if (json_is_string(value))
        return json_string_length(value) > 0;
    for (size_t i = 0; i < json_array_size(value); i++) {
        if (!json_is_string(json_array_get(value, i)))
            return false;
    }
    return json_array_size(value) > 0;
}

static bool
is_one_of(const char *word, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (strcmp(word, *words) == 0)
            return true;
    }
    return false;
}

static int
check_known(json_t *object, const char *const *words, const char *where, char *why)
{
    const char *key;
    json_t *value;

    json_object_foreach(object, key, value)
    {
        if (!is_one_of(key, words))
            return refuse(
                why, "\"%.40s\" is nothing that a session policy has in %s: remove it", key, where);
    }
    return 0;
}

/* Exactly one of two keys, with a text or some. */
static int
check_either(const json_t *statement, const char *a, const char *b, char *why)
{
    const json_t *x = json_object_get(statement, a), *y = json_object_get(statement, b);

    if ((x == NULL) == (y == NULL))
        return refuse(why, "a statement needs \"%s\" or \"%s\", and not both", a, b);
    if (!is_texts(x != NULL ? x : y))
        return refuse(why, "\"%s\" must be a text or a list of texts", x != NULL ? a : b);
    return 0;
}

static int
check_statement(json_t *statement, char *why)
{
    static const char *const keys[] = {
        "Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition", NULL};
    const char *effect = json_string_value(json_object_get(statement, "Effect"));
    const json_t *condition = json_object_get(statement, "Condition");
    int r;

    if (!json_is_object(statement))
        return refuse(why, "each statement must be an object: {\"Effect\": …}");
    if ((r = check_known(statement, keys, "a statement", why)) != 0)
        return r;
    if (effect == NULL || (strcmp(effect, "Allow") != 0 && strcmp(effect, "Deny") != 0))
        return refuse(why, "\"Effect\" must be \"Allow\" or \"Deny\"");
    if (condition != NULL && !json_is_object(condition))
        return refuse(why, "\"Condition\" must be an object");
    r = check_either(statement, "Action", "NotAction", why);
    return r != 0 ? r : check_either(statement, "Resource", "NotResource", why);
}

static int
check_policy(json_t *policy, char *why)
{
    static const char *const keys[] = {"Version", "Id", "Statement", NULL};
    const char *version = json_string_value(json_object_get(policy, "Version"));
    json_t *statement = json_object_get(policy, "Statement");
    int r;

    if (!json_is_object(policy))
        return refuse(why, "a policy is an object: {\"Version\": \"2012-10-17\", …}");
    if ((r = check_known(policy, keys, "a policy", why)) != 0)
        return r;
    if (version == NULL || strcmp(version, "2012-10-17") != 0)
        return refuse(why, "write \"Version\": \"2012-10-17\"");
    if (json_is_object(statement))
        return check_statement(statement, why);
    if (json_array_size(statement) == 0)
        return refuse(why, "\"Statement\" must be a list with a statement at least");
    for (size_t i = 0; i < json_array_size(statement) && r == 0; i++)
        r = check_statement(json_array_get(statement, i), why);
    return r;
}

/* Are its templates in order, and is what stands around them not too much already? */
static int
check_templates(const char *text, char *why)
{
    const char *cursor = text;
    struct template_piece piece;
    size_t literal = 0;

    for (;;) {
        if (template_next(&cursor, &piece) != 0)
            return refuse(why, "\"%.40s\" is no template: awsfed.conf(5) lists them", piece.text);
        if (piece.what == TEMPLATE_END)
            break;
        if (piece.what == TEMPLATE_LITERAL)
            literal += piece.len;
    }
    if (literal > POLICY_MAX)
        return refuse(why, "%zu characters without blanks: AWS takes %d in a session policy",
            literal, POLICY_MAX);
    return 0;
}

int
policy_parse(const void *data, size_t len, char **ret_text, char *why)
{
    json_error_t error;
    json_t *policy = json_loadb(data, len, JSON_REJECT_DUPLICATES, &error);
    char *text = NULL;
    int r;

    if (policy == NULL)
        return refuse(why, "line %d: not JSON: %s", error.line, error.text);
    r = check_policy(policy, why);
    if (r == 0) {
        text = json_dumps(policy, JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_ENSURE_ASCII);
        r = text != NULL ? check_templates(text, why) : FED_E_NOMEM;
    }
    json_decref(policy);
    if (r != 0) {
        free(text);
        return r;
    }
    *ret_text = text;
    return 0;
}

int
policy_load(const char *path, char **ret_text, char *why)
{
    struct fed_secret bytes = FED_SECRET_INIT(POLICY_FILE_MAX);
    char detail[POLICY_WHY_MAX];
    int r = keyfile_read(path, false, &bytes, why, POLICY_WHY_MAX);

    if (r == 0 && (r = policy_parse(bytes.data, bytes.len, ret_text, detail)) == FED_E_CONFIG)
        (void)refuse(why, "\"%.200s\": %.300s", path, detail);
    fed_secret_done(&bytes);
    return r;
}
