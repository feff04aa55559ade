/*
 * The order in which SDKs look: environment, profiles of the credentials file, profiles of the config file, endpoint.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/login/stale.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "bridge/login/ini.h"
#include "bridge/login/output.h"
#include "bridge/login/when.h"

/* The remark of `write`, which ends with the keys' end. */
#define REMARK       "# awsfed-login:"
#define REMARK_UNTIL ", until "

enum { RFC3339_LEN = 20 };

/* Has this RFC 3339 time in UTC passed? Texts of that form compare as the times do. */
static bool
has_passed(const char *time, size_t len)
{
    char now[WHEN_SIZE];

    return len != RFC3339_LEN || when_rfc3339(when_now(), now) != 0 ||
           memcmp(time, now, RFC3339_LEN) <= 0;
}

static const char *
how_to_unset(enum shell shell)
{
    switch (shell) {
    case SHELL_FISH:
        return "awsfed-login env --unset | source";
    case SHELL_POWERSHELL:
        return "awsfed-login env --unset | Out-String | Invoke-Expression";
    default:
        return "eval \"$(awsfed-login env --unset)\"";
    }
}

static char *
next_text(struct stale *found)
{
    return found->count < STALE_FOUND_MAX ? found->text[found->count++] : NULL;
}

static void
look_at_environment(const struct options *o, struct stale *found)
{
    const char *key = getenv("AWS_ACCESS_KEY_ID"), *end = getenv("AWS_CREDENTIAL_EXPIRATION");
    char clean[WHEN_SIZE];

    if (key == NULL || *key == '\0')
        return;
    bool ends = end != NULL && *end != '\0';
    if (ends && !has_passed(end, strlen(end)))
        return; /* made by `env`, or as good as that */
    char *text = next_text(found);
    if (text == NULL)
        return;
    if (ends)
        (void)snprintf(text, STALE_TEXT_MAX,
            "the AWS keys in the environment ended %s, and SDKs still use them first; type: %s",
            text_clean(clean, sizeof(clean), end), how_to_unset(o->shell));
    else
        (void)snprintf(text, STALE_TEXT_MAX,
            "AWS_ACCESS_KEY_ID is set in the environment, and SDKs use it before your roles; "
            "type: %s",
            how_to_unset(o->shell));
}

/* The line with a key of this profile; 0 when there is none, or one that `write` put there and that is still good. */
static size_t
find_key(const struct fed_secret *bytes, bool in_config, const char *profile)
{
    const char *until = NULL;
    struct ini_line line;
    struct ini ini;
    bool in = false;

    ini_begin(&ini, bytes->data, bytes->len);
    while (ini_next(&ini, &line)) {
        if (line.kind == INI_SECTION) {
            in = ini_is_profile(&line, in_config, profile);
            until = NULL;
        }
        if (in && line.kind == INI_OTHER && line.len > sizeof(REMARK) &&
            memcmp(line.text, REMARK, sizeof(REMARK) - 1) == 0)
            until = memmem(line.text, line.len, REMARK_UNTIL, sizeof(REMARK_UNTIL) - 1);
        if (in && ini_is_key(&line, "aws_access_key_id")) {
            const char *time = until != NULL ? until + sizeof(REMARK_UNTIL) - 1 : NULL;
            bool good =
                time != NULL && time + RFC3339_LEN < line.text && !has_passed(time, RFC3339_LEN);
            return good ? 0 : line.number;
        }
    }
    return 0;
}

static void
look_at_profile(enum edit_which which, const char *profile, struct stale *found)
{
    struct fed_secret bytes = FED_SECRET_INIT(EDIT_MAX);
    char path[PATH_MAX], why[EDIT_WHY_MAX], name[TEXT_NAME_MAX];

    if (edit_path(which, path, why) == 0 && edit_read(path, &bytes, why) == 0) {
        size_t number = find_key(&bytes, which == EDIT_CONFIG, profile);
        char *text = number != 0 ? next_text(found) : NULL;
        if (text != NULL)
            (void)snprintf(text, STALE_TEXT_MAX,
                "%s:%zu: profile \"%s\" has keys, and SDKs use them before your roles; delete the "
                "lines, or give the profile another name",
                path, number, text_clean(name, sizeof(name), profile));
    }
    fed_secret_done(&bytes);
}

void
stale_find(const struct options *o, struct stale *ret_found)
{
    const char *profile = getenv("AWS_PROFILE");

    ret_found->count = 0;
    if (profile == NULL || *profile == '\0')
        profile = "default";
    look_at_environment(o, ret_found);
    look_at_profile(EDIT_CREDENTIALS, profile, ret_found);
    look_at_profile(EDIT_CONFIG, profile, ret_found);
}

void
stale_find_of_shell(const struct options *o, struct stale *ret_found)
{
    const char *profile = getenv("AWS_PROFILE"), *key = getenv("AWS_ACCESS_KEY_ID");
    char name[TEXT_NAME_MAX], *text;

    stale_find(o, ret_found);
    if (profile != NULL && *profile != '\0' && (text = next_text(ret_found)) != NULL)
        (void)snprintf(text, STALE_TEXT_MAX,
            "AWS_PROFILE is set in this shell, which stays with the profile \"%s\"; type: %s",
            text_clean(name, sizeof(name), profile), how_to_unset(o->shell));
    else if (ret_found->count == 0 && key != NULL && *key != '\0' &&
             (text = next_text(ret_found)) != NULL)
        (void)snprintf(text, STALE_TEXT_MAX,
            "this shell has AWS keys in its environment and stays with them; type: %s",
            how_to_unset(o->shell));
}

void
stale_tell(const struct options *o, const struct stale *found)
{
    for (size_t i = 0; i < found->count && !o->quiet; i++)
        output_complain("%s", found->text[i]);
}

void
stale_json(struct json *j, const struct stale *found)
{
    if (found->count == 0)
        return;
    json_open(j, "warnings", '[');
    for (size_t i = 0; i < found->count; i++)
        json_text(j, NULL, found->text[i]);
    json_close(j, ']');
}

void
stale_warn(const struct options *o)
{
    struct stale found;

    stale_find(o, &found);
    stale_tell(o, &found);
}

void
stale_find_of_profiles(
    const struct options *o, const struct wire_msg *roles, struct stale *ret_found)
{
    struct wire_msg role;
    char profile[TEXT_NAME_MAX + 1];

    ret_found->count = 0;
    for (size_t i = 0; wire_group_at(roles, WIRE_ROLE, i, &role); i++) {
        const char *name = wire_text(&role, WIRE_ROLE_NAME);
        (void)snprintf(profile, sizeof(profile), "%s%s", o->prefix != NULL ? o->prefix : "",
            name != NULL ? name : "");
        look_at_profile(EDIT_CREDENTIALS, profile, ret_found);
    }
    look_at_environment(o, ret_found);
}

bool
stale_default_has_source(enum edit_which which)
{
    static const char *const sources[] = {"aws_access_key_id", "credential_process", "role_arn",
        "sso_session", "sso_start_url", "sso_account_id", "web_identity_token_file",
        "credential_source", "login_session"};
    struct fed_secret bytes = FED_SECRET_INIT(EDIT_MAX);
    char path[PATH_MAX], why[EDIT_WHY_MAX];
    struct ini_line line;
    struct ini ini;
    bool in = false, has = false;

    if (edit_path(which, path, why) == 0 && edit_read(path, &bytes, why) == 0) {
        ini_begin(&ini, bytes.data, bytes.len);
        while (!has && ini_next(&ini, &line)) {
            if (line.kind == INI_SECTION)
                in = ini_is_profile(&line, which == EDIT_CONFIG, "default");
            for (size_t i = 0; in && i < sizeof(sources) / sizeof(sources[0]); i++)
                has = has || ini_is_key(&line, sources[i]);
        }
    }
    fed_secret_done(&bytes);
    return has;
}
