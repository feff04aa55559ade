/*
 * Reading keys: JSON by jansson, the file line by line.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/keys_text.h"

#include <jansson.h>
#include <stdbool.h>
#include <string.h>

#include "base/text.h"
#include "bridge/instant.h"

enum { KEY_LEAST = 16, KEY_MOST = 128, SECRET_MOST = 256, TOKEN_MOST = 65535 };

/* Printable ASCII without a blank. */
static bool
is_token(const char *text, size_t len, size_t least, size_t most)
{
    if (len < least || len > most)
        return false;
    for (size_t i = 0; i < len; i++)
        if (text[i] <= ' ' || text[i] >= 0x7f)
            return false;
    return true;
}

static void
keys_init(struct sts_credential *c)
{
    *c = (struct sts_credential){.access_key = FED_SECRET_INIT(KEY_MOST),
        .secret_key = FED_SECRET_INIT(SECRET_MOST),
        .session_token = FED_SECRET_INIT(TOKEN_MOST)};
}

static int
set_token(struct fed_secret *to, const char *text, size_t len, size_t least)
{
    if (!is_token(text, len, least, to->limit))
        return FED_E_PROTO;
    return fed_secret_set(to, text, len);
}

/* ---- JSON ---- */

static int
set_member(const json_t *object, const char *name, size_t least, struct fed_secret *to)
{
    const json_t *value = json_object_get(object, name);

    if (!json_is_string(value))
        return FED_E_PROTO;
    return set_token(to, json_string_value(value), json_string_length(value), least);
}

static int
take_members(const json_t *root, int64_t now_s, struct sts_credential *c)
{
    const char *code = json_string_value(json_object_get(root, "Code"));
    const char *ends = json_string_value(json_object_get(root, "Expiration"));
    int r;

    if (code != NULL && strcmp(code, "Success") != 0)
        return FED_E_PROTO;
    if (ends == NULL || !instant_read(ends, &c->expires_s) || c->expires_s <= now_s)
        return FED_E_PROTO;
    if ((r = set_member(root, "AccessKeyId", KEY_LEAST, &c->access_key)) != 0 ||
        (r = set_member(root, "SecretAccessKey", 1, &c->secret_key)) != 0)
        return r;
    return set_member(root, "Token", 1, &c->session_token);
}

int
keys_text_json(const void *data, size_t len, int64_t now_s, struct sts_credential *ret)
{
    struct sts_credential c;
    int r = FED_E_PROTO;

    keys_init(&c);
    json_t *root = json_loadb(data, len, JSON_REJECT_DUPLICATES, NULL);
    if (json_is_object(root))
        r = take_members(root, now_s, &c);
    json_decref(root);
    if (r != 0)
        sts_credential_done(&c);
    else
        *ret = c;
    return r;
}

/* ---- The file ---- */

static struct fed_secret *
field_of(struct sts_credential *c, const char *name, size_t len)
{
    static const char access[] = "aws_access_key_id", secret[] = "aws_secret_access_key",
                      token[] = "aws_session_token";

    if (len == sizeof(access) - 1 && memcmp(name, access, len) == 0)
        return &c->access_key;
    if (len == sizeof(secret) - 1 && memcmp(name, secret, len) == 0)
        return &c->secret_key;
    if (len == sizeof(token) - 1 && memcmp(name, token, len) == 0)
        return &c->session_token;
    return NULL;
}

static void
trim(const char **text, size_t *len)
{
    while (*len > 0 && (**text == ' ' || **text == '\t'))
        (*text)++, (*len)--;
    while (*len > 0 &&
           ((*text)[*len - 1] == ' ' || (*text)[*len - 1] == '\t' || (*text)[*len - 1] == '\r'))
        (*len)--;
}

/* One line "NAME = VALUE" of the section that counts. A second line of one name is an error. */
static int
take_line(struct sts_credential *c, const char *line, size_t len)
{
    const char *equals = memchr(line, '=', len);

    if (equals == NULL)
        return FED_E_PROTO;
    const char *value = equals + 1;
    size_t name_len = (size_t)(equals - line), value_len = len - name_len - 1;
    trim(&line, &name_len);
    trim(&value, &value_len);
    struct fed_secret *field = field_of(c, line, name_len);
    if (field == NULL)
        return 0; /* region and the like */
    if (field->len != 0)
        return FED_E_PROTO;
    return set_token(field, value, value_len, 1);
}

int
keys_text_file(const void *data, size_t len, struct sts_credential *ret)
{
    static const char section[] = "[default]";
    const char *at = data, *end = at + len;
    struct sts_credential c;
    bool counts = true;
    int r = 0;

    keys_init(&c);
    while (r == 0 && at < end) {
        const char *line = at, *newline = memchr(at, '\n', (size_t)(end - at));
        size_t line_len = newline != NULL ? (size_t)(newline - at) : (size_t)(end - at);
        at += line_len + (newline != NULL);
        trim(&line, &line_len);
        if (line_len == 0 || *line == '#' || *line == ';')
            continue;
        if (*line == '[')
            counts = line_len == sizeof(section) - 1 && memcmp(line, section, line_len) == 0;
        else if (counts)
            r = take_line(&c, line, line_len);
    }
    if (r == 0 && (c.access_key.len < KEY_LEAST || c.secret_key.len == 0))
        r = FED_E_PROTO;
    if (r != 0)
        sts_credential_done(&c);
    else
        *ret = c;
    return r;
}
