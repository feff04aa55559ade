/*
 * One section of the credentials file: its credential lines are replaced, all others are copied as they are.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/login/write.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "bridge/login/credentials.h"
#include "bridge/login/edit.h"
#include "bridge/login/ini.h"
#include "bridge/login/json.h"
#include "bridge/login/obtain.h"
#include "bridge/login/output.h"

/* The line above the keys that says whose they are; replaced with them. */
#define REMARK "# awsfed-login:"

struct write {
    const struct options *o;
    const struct credentials *c;
    const char *role;
    char path[PATH_MAX];
};

/* Every line that is a part of a credential; the last is the old name of the token, which botocore would prefer. */
static bool
is_ours(const struct ini_line *line)
{
    return ini_is_key(line, "aws_access_key_id") || ini_is_key(line, "aws_secret_access_key") ||
           ini_is_key(line, "aws_session_token") || ini_is_key(line, "aws_security_token") ||
           (line->kind == INI_OTHER && line->len >= sizeof(REMARK) - 1 &&
               memcmp(line->text, REMARK, sizeof(REMARK) - 1) == 0);
}

static bool
is_long_term(const struct ini_line *line)
{
    return ini_is_key(line, "aws_access_key_id") && line->value_len >= 4 &&
           memcmp(line->value, "AKIA", 4) == 0;
}

/* Where is the profile? Refuses what must not be touched: two sections of that name, a long-term key. */
static int
find_profile(const struct write *w, const struct fed_secret *before, bool *ret_found, char *why)
{
    struct ini_line line;
    struct ini ini;
    bool in = false;
    size_t first = 0;

    ini_begin(&ini, before->data, before->len);
    while (ini_next(&ini, &line)) {
        if (line.kind == INI_SECTION) {
            in = ini_is_profile(&line, false, w->o->profile);
            if (in && first != 0) {
                (void)snprintf(why, EDIT_WHY_MAX,
                    "%s:%zu: section [%s] is in line %zu already, and the AWS CLI refuses such a "
                    "file: delete one; nothing was changed",
                    w->path, line.number, w->o->profile, first);
                return FED_E_EXISTS;
            }
            first = in ? line.number : first;
        } else if (in && is_long_term(&line)) {
            (void)snprintf(why, EDIT_WHY_MAX,
                "%s:%zu: profile \"%s\" has a long-term key, which is not overwritten: choose "
                "another --profile, or delete the key",
                w->path, line.number, w->o->profile);
            return FED_E_EXISTS;
        }
    }
    *ret_found = first != 0;
    return 0;
}

static int
add_keys(const struct write *w, struct fed_secret *to)
{
    const struct credentials *c = w->c;

    return fed_secret_addf(to,
        REMARK " role %s, until %s\naws_access_key_id = %s\naws_secret_access_key = %s\n"
               "aws_session_token = %s\n",
        w->role, c->expiration, c->access_key, c->secret_key, c->session_token);
}

/* A section that was not there, at the end. */
static int
append(const struct write *w, struct fed_secret *to)
{
    int r = 0;

    if (to->len > 0)
        r = fed_secret_add_str(to, to->data[to->len - 1] == '\n' ? "\n" : "\n\n");
    if (r == 0)
        r = fed_secret_addf(to, "[%s]\n", w->o->profile);
    return r != 0 ? r : add_keys(w, to);
}

static int
make_new(void *arg, const struct fed_secret *before, struct fed_secret *ret_after, char *why)
{
    const struct write *w = arg;
    struct ini_line line;
    struct ini ini;
    bool found, in = false, dropping = false;
    int r = find_profile(w, before, &found, why);

    ini_begin(&ini, before->data, before->len);
    while (r == 0 && ini_next(&ini, &line)) {
        if (line.kind == INI_SECTION)
            in = ini_is_profile(&line, false, w->o->profile);
        if (line.kind != INI_MORE)
            dropping = in && is_ours(&line);
        if (!dropping)
            r = fed_secret_add(ret_after, line.text, line.len);
        if (r == 0 && in && line.kind == INI_SECTION) {
            if (line.text[line.len - 1] != '\n')
                r = fed_secret_add_str(ret_after, "\n");
            if (r == 0)
                r = add_keys(w, ret_after);
        }
    }
    return r != 0 || found ? r : append(w, ret_after);
}

/* A file that others may read is an accident waiting; its mode is the person's, so it is only told. */
static bool
is_open_to_others(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && (st.st_mode & (S_IRGRP | S_IROTH)) != 0;
}

static enum outcome
say_done(const struct write *w)
{
    struct fed_secret out = FED_SECRET_INIT(OUTPUT_MAX);

    if (is_open_to_others(w->path))
        output_complain(
            "%s can be read by others and now has keys in it: chmod 600 %s", w->path, w->path);
    if (w->o->quiet)
        return OUTCOME_DONE;
    int r = fed_secret_addf(&out, "Profile %s in %s is role %s until %s. It does not renew.\n",
        w->o->profile, w->path, w->role, w->c->expiration);
    enum outcome outcome = output_write(&out, r);
    fed_secret_done(&out);
    return outcome;
}

static enum outcome
write_json(const struct write *w)
{
    char why[EDIT_WHY_MAX];
    struct json j;

    json_init(&j, OUTPUT_MAX);
    json_open(&j, NULL, '{');
    json_text(&j, "path", w->path);
    json_text(&j, "profile", w->o->profile);
    json_text(&j, "role", w->role);
    json_text(&j, "account", w->c->account);
    json_text(&j, "expires", w->c->expiration);
    if (is_open_to_others(w->path)) {
        (void)snprintf(
            why, sizeof(why), "%s can be read by others and now has keys in it", w->path);
        json_open(&j, "warnings", '[');
        json_text(&j, NULL, why);
        json_close(&j, ']');
    }
    json_close(&j, '}');
    return output_json(&j);
}

/* The SDKs read these files line by line: a value with a line break in it would be a line of its own. */
static bool
is_one_line(const char *text)
{
    return text[strcspn(text, "\r\n")] == '\0';
}

static enum outcome
apply(struct write *w)
{
    char why[EDIT_WHY_MAX] = "";

    if (!is_one_line(w->role) || !is_one_line(w->c->access_key) || !is_one_line(w->c->secret_key) ||
        !is_one_line(w->c->session_token)) {
        output_complain("a value has characters that a credentials file cannot hold");
        return OUTCOME_OTHER;
    }
    int r = edit_path(EDIT_CREDENTIALS, w->path, why);
    if (r == 0)
        r = edit_file(w->path, make_new, w, why);
    if (r != 0) {
        output_complain("%s", why);
        return outcome_of(r);
    }
    return w->o->json ? write_json(w) : say_done(w);
}

enum outcome
write_run(const struct options *o)
{
    struct answer a = ANSWER_INIT;
    struct credentials c;

    if (o->profile == NULL) {
        output_complain("which profile? awsfed-login write --profile NAME");
        return OUTCOME_USAGE;
    }
    enum outcome outcome = obtain_credentials(o, &a, &c);
    if (outcome == OUTCOME_DONE) {
        const char *role = wire_text(&a.reply.msg, WIRE_ROLE_NAME);
        struct write w = {.o = o, .c = &c, .role = role != NULL ? role : "?"};
        outcome = apply(&w);
    }
    answer_done(&a);
    return outcome;
}
