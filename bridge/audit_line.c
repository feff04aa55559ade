/*
 * JSON to struct audit_line, by a table.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/audit_line.h"

#include <string.h>

#include "bridge/instant.h"

#define TEXT(n)                                                                                    \
    {                                                                                              \
#n, offsetof(struct audit_line, n)                                                         \
    }

static const struct {
    const char *name;
    size_t offset;
} texts[] = {TEXT(event), TEXT(error), TEXT(reason), TEXT(user), TEXT(name), TEXT(sid),
    TEXT(service), TEXT(rhost), TEXT(tty), TEXT(host), TEXT(factors), TEXT(ticket), TEXT(session),
    TEXT(role), TEXT(role_arn), TEXT(way_to), TEXT(session_name), TEXT(source_identity),
    TEXT(access_key_id)};

#undef TEXT

static bool
get_texts(struct audit_line *line)
{
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        const json_t *value = json_object_get(line->root, texts[i].name);
        if (value == NULL)
            continue;
        if (!json_is_string(value))
            return false;
        const char *text = json_string_value(value);
        memcpy((char *)line + texts[i].offset, &text, sizeof(text));
    }
    return line->event != NULL;
}

static bool
get_time(const struct audit_line *line, const char *name, int64_t *ret)
{
    const char *text = json_string_value(json_object_get(line->root, name));

    return text != NULL && instant_read(text, ret);
}

int
audit_line_parse(const void *data, size_t len, struct audit_line *ret)
{
    struct audit_line line = {.root = NULL};
    const char *outcome;

    if (len == 0 || len > AUDIT_LINE_MAX)
        return FED_E_PROTO;
    line.root = json_loadb(data, len, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(line.root) || !get_texts(&line) || !get_time(&line, "time", &line.time_s))
        goto out;
    if (json_object_get(line.root, "expires") != NULL &&
        !get_time(&line, "expires", &line.expires_s))
        goto out;
    outcome = json_string_value(json_object_get(line.root, "outcome"));
    if (outcome == NULL || (strcmp(outcome, "granted") != 0 && strcmp(outcome, "denied") != 0))
        goto out;
    line.granted = strcmp(outcome, "granted") == 0;
    *ret = line;
    return 0;

out:
    json_decref(line.root);
    return FED_E_PROTO;
}

void
audit_line_done(struct audit_line *line)
{
    json_decref(line->root);
    *line = (struct audit_line){.root = NULL};
}
