/*
 * Roles to profiles. A name that the file has already, outside our block, is somebody's own: it is left alone
 * and told.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/login/configure.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "bridge/login/block.h"
#include "bridge/login/edit.h"
#include "bridge/login/ini.h"
#include "bridge/login/json.h"
#include "bridge/login/names.h"
#include "bridge/login/obtain.h"
#include "bridge/login/output.h"
#include "bridge/login/stale.h"

enum { NAME_SIZE = 320 };

struct configure {
    const struct options *o;
    const struct wire_msg *roles;
    char path[PATH_MAX];
    size_t written;
    bool changed;                     /* the file, or with --diff it would be */
    struct names taken, unfit, names; /* of profiles; the middle one of roles */
};

/* May this stand in a section's name and on a credential_process line, unquoted, for every SDK? */
static bool
is_name(const char *name)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789._+=@/-";

    return *name != '\0' && *name != '-' && name[strspn(name, plain)] == '\0';
}

/* Does somebody else's part of the file have this profile? */
static bool
is_taken(const struct fed_secret *before, const struct block *block, const char *profile)
{
    struct ini_line line;
    struct ini ini;
    size_t at = 0;

    ini_begin(&ini, before->data, before->len);
    for (; ini_next(&ini, &line); at += line.len) {
        if ((at < block->from || at >= block->to) && ini_is_profile(&line, true, profile))
            return true;
    }
    return false;
}

static int
add_profile(struct fed_secret *to, const struct wire_msg *role, const char *profile)
{
    const char *name = wire_text(role, WIRE_ROLE_NAME), *region = wire_text(role, WIRE_REGION);
    const char *account = wire_text(role, WIRE_ACCOUNT), *alias = wire_text(role, WIRE_ALIAS);
    char account_text[NAME_SIZE], alias_text[NAME_SIZE];
    int r = 0;

    if (account != NULL)
        r = fed_secret_addf(to, "# AWS account %s%s%s%s\n",
            text_clean(account_text, sizeof(account_text), account), alias != NULL ? " (" : "",
            text_clean(alias_text, sizeof(alias_text), alias != NULL ? alias : ""),
            alias != NULL ? ")" : "");
    if (r == 0)
        r = fed_secret_addf(to,
            "[profile %s]\ncredential_process = awsfed-login credential-process --role %s\n",
            profile, name);
    if (r == 0 && region != NULL && is_name(region))
        r = fed_secret_addf(to, "region = %s\n", region);
    return r;
}

static int
add_role(struct configure *c, const struct fed_secret *before, const struct block *block,
    const struct wire_msg *role, struct fed_secret *content)
{
    const char *name = wire_text(role, WIRE_ROLE_NAME);
    const char *prefix = c->o->prefix != NULL ? c->o->prefix : "";
    char profile[NAME_SIZE];

    if (name == NULL || !is_name(name))
        return names_add(&c->unfit, name != NULL ? name : "?");
    (void)snprintf(profile, sizeof(profile), "%s%s", prefix, name);
    if (is_taken(before, block, profile))
        return names_add(&c->taken, profile);
    c->written++;
    int r = names_add(&c->names, profile);
    return r != 0 ? r : add_profile(content, role, profile);
}

/* The file with the block that the roles make. */
static int
make_new(void *arg, const struct fed_secret *before, struct fed_secret *ret_after, char *why)
{
    struct configure *c = arg;
    struct fed_secret content = FED_SECRET_INIT(EDIT_MAX);
    struct wire_msg role;
    struct block block;
    size_t line = 0;

    c->written = 0;
    names_clear(&c->taken);
    names_clear(&c->unfit);
    names_clear(&c->names);
    int r = block_find(before->data, before->len, &block, &line);
    if (r != 0) {
        (void)snprintf(why, EDIT_WHY_MAX,
            "%s:%zu: the marks \"" BLOCK_BEGIN "\" and \"" BLOCK_END
            "\" are not there once each, in this order: repair or delete them; nothing was changed",
            c->path, line);
        return r;
    }
    for (size_t i = 0; r == 0 && wire_group_at(c->roles, WIRE_ROLE, i, &role); i++)
        r = add_role(c, before, &block, &role, &content);
    if (r == 0)
        r = block_put(before, &block, &content, ret_after);
    c->changed =
        r == 0 && (ret_after->len != before->len ||
                      (before->len > 0 && memcmp(ret_after->data, before->data, before->len) != 0));
    fed_secret_done(&content);
    return r;
}

/* A line for the person, with a list in its middle. */
static void
tell_of(const struct names *names, const char *before, const char *after, const char *path)
{
    struct fed_secret list = FED_SECRET_INIT(NAMES_MAX);

    if (names->bytes.len > 0 && names_join(names, &list) == 0)
        output_complain("%s%s: %s; %s", path, before, fed_secret_str(&list), after);
    fed_secret_done(&list);
}

static void
tell_left_out(const struct configure *c)
{
    tell_of(&c->taken, " has profiles of its own by these names, which were left alone",
        "with --prefix ours get other names", c->path);
    tell_of(&c->unfit, "the SDKs cannot take these names for a profile",
        "give the role with --role, or ask for another name", "");
}

/* With --diff also what would change. */
static enum outcome
write_json(const struct configure *c, const struct fed_secret *diff)
{
    struct stale found;
    struct json j;

    stale_find_of_profiles(c->o, c->roles, &found);
    json_init(&j, OUTPUT_MAX);
    json_open(&j, NULL, '{');
    json_text(&j, "path", c->path);
    json_bool(&j, "changed", c->changed);
    names_json(&c->names, &j, "profiles");
    names_json(&c->taken, &j, "left_alone");
    names_json(&c->unfit, &j, "unfit");
    if (diff != NULL)
        json_text(&j, "diff", fed_secret_str(diff));
    stale_json(&j, &found);
    json_close(&j, '}');
    return output_json(&j);
}

static enum outcome
say_diff(const struct configure *c, struct fed_secret *diff)
{
    if (c->o->json)
        return write_json(c, diff);
    enum outcome outcome = output_write(diff, 0);
    if (outcome == OUTCOME_DONE && diff->len == 0 && !c->o->quiet)
        output_complain("%s would not change", c->path);
    return outcome;
}

static enum outcome
show_diff(struct configure *c)
{
    struct fed_secret before = FED_SECRET_INIT(EDIT_MAX), after = FED_SECRET_INIT(EDIT_MAX);
    struct fed_secret diff = FED_SECRET_INIT(OUTPUT_MAX);
    char why[EDIT_WHY_MAX] = "";
    enum outcome outcome;

    int r = edit_read(c->path, &before, why);
    if (r == 0)
        r = make_new(c, &before, &after, why);
    if (r == 0)
        r = block_diff(c->path, &before, &after, &diff);
    if (r != 0) {
        output_complain("%s", why[0] != '\0' ? why : fed_strerror(r));
        outcome = outcome_of(r);
    } else {
        outcome = say_diff(c, &diff);
    }
    fed_secret_done(&before);
    fed_secret_done(&after);
    fed_secret_done(&diff);
    return outcome;
}

static enum outcome
say_done(const struct configure *c)
{
    struct fed_secret out = FED_SECRET_INIT(OUTPUT_MAX);
    struct stale found;
    int r;

    if (c->o->json)
        return write_json(c, NULL);
    enum outcome outcome = OUTCOME_DONE;
    if (!c->o->quiet && c->written > 0) {
        r = fed_secret_addf(&out, "%s has %zu profile%s of your roles: ", c->path, c->written,
            c->written == 1 ? "" : "s");
        if (r == 0)
            r = names_join(&c->names, &out);
        if (r == 0)
            r = fed_secret_add_str(&out, "\n");
        outcome = output_write(&out, r);
    } else if (!c->o->quiet) {
        r = fed_secret_addf(&out, "%s has no profile of ours.\n", c->path);
        outcome = output_write(&out, r);
    }
    fed_secret_done(&out);
    stale_find_of_profiles(c->o, c->roles, &found);
    stale_tell(c->o, &found);
    return outcome;
}

static enum outcome
apply(struct configure *c)
{
    char why[EDIT_WHY_MAX] = "";

    int r = edit_path(EDIT_CONFIG, c->path, why);
    if (r == 0 && c->o->diff)
        return show_diff(c);
    if (r == 0)
        r = edit_file(c->path, make_new, c, why);
    if (r == 0)
        return say_done(c);
    output_complain("%s", why);
    return outcome_of(r);
}

enum outcome
configure_run(const struct options *o)
{
    struct answer a = ANSWER_INIT;

    enum outcome outcome = obtain_roles(o, &a);
    if (outcome == OUTCOME_DONE) {
        struct configure c = {.o = o,
            .roles = &a.reply.msg,
            .taken = NAMES_INIT,
            .unfit = NAMES_INIT,
            .names = NAMES_INIT};
        outcome = apply(&c);
        if (outcome == OUTCOME_DONE && !o->json)
            tell_left_out(&c);
        names_done(&c.taken);
        names_done(&c.unfit);
        names_done(&c.names);
    }
    answer_done(&a);
    return outcome;
}
