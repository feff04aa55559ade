/*
 * The variables that the SDKs read, and those that would get in the way of them.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/login/env.h"

#include <unistd.h>

#include "bridge/login/credentials.h"
#include "bridge/login/json.h"
#include "bridge/login/obtain.h"
#include "bridge/login/output.h"

/* A profile in the environment beats the keys in it, in some SDKs; the last is their old name. */
static const char *const in_the_way[] = {
    "AWS_SECURITY_TOKEN", "AWS_PROFILE", "AWS_DEFAULT_PROFILE"};

enum { IN_THE_WAY = sizeof(in_the_way) / sizeof(in_the_way[0]) };

/* All that this word ever sets. */
static const char *const variables[] = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN", "AWS_CREDENTIAL_EXPIRATION", "AWS_REGION", "AWS_DEFAULT_REGION"};

enum { VARIABLES = sizeof(variables) / sizeof(variables[0]) };

/* The values, in the order of the variables; NULL is left alone. */
struct values {
    const char *value[VARIABLES];
};

static int
unset_all(struct fed_secret *to, enum shell shell, const char *const *names, size_t count)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < count; i++)
        r = shell_unset(to, shell, names[i]);
    return r;
}

static int
set_all(struct fed_secret *to, enum shell shell, const struct values *v)
{
    int r = unset_all(to, shell, in_the_way, IN_THE_WAY);

    for (size_t i = 0; r == 0 && i < VARIABLES; i++) {
        if (v->value[i] != NULL)
            r = shell_set(to, shell, variables[i], v->value[i]);
    }
    return r;
}

static int
write_json(struct fed_secret *to, const struct values *v)
{
    struct json j;

    json_init(&j, OUTPUT_MAX);
    json_open(&j, NULL, '{');
    for (size_t i = 0; i < VARIABLES; i++) {
        if (v->value[i] != NULL)
            json_text(&j, variables[i], v->value[i]);
    }
    json_close(&j, '}');
    int r = json_finish(&j);
    if (r == 0)
        fed_secret_move(to, &j.bytes);
    json_done(&j);
    return r;
}

/* Keys on a screen help nobody, and they were meant for the shell. */
static void
hint(const struct options *o)
{
    const char *how = shell_how_to_eval(o->shell);

    if (!o->quiet && how != NULL && isatty(STDOUT_FILENO))
        output_complain("to take these over into the shell, type: %s", how);
}

static enum outcome
write_out(const struct options *o, const struct credentials *c)
{
    const struct values v = {
        {c->access_key, c->secret_key, c->session_token, c->expiration, c->region, c->region}};
    struct fed_secret out = FED_SECRET_INIT(OUTPUT_MAX);
    enum outcome outcome;

    int r = o->shell == SHELL_JSON ? write_json(&out, &v) : set_all(&out, o->shell, &v);
    if (r == FED_E_INVALID) {
        output_complain("a value has characters that a dotenv file cannot hold; use --shell json");
        outcome = OUTCOME_OTHER;
    } else {
        outcome = output_write(&out, r);
    }
    fed_secret_done(&out);
    if (outcome == OUTCOME_DONE)
        hint(o);
    return outcome;
}

static enum outcome
unset(const struct options *o)
{
    struct fed_secret out = FED_SECRET_INIT(OUTPUT_MAX);

    int r = unset_all(&out, o->shell, variables, VARIABLES);
    if (r == 0)
        r = unset_all(&out, o->shell, in_the_way, IN_THE_WAY);
    enum outcome outcome = output_write(&out, r);
    fed_secret_done(&out);
    return outcome;
}

enum outcome
env_run(const struct options *o)
{
    struct answer a = ANSWER_INIT;
    struct credentials c;

    if (o->unset)
        return unset(o);
    enum outcome outcome = obtain_credentials(o, &a, &c);
    if (outcome == OUTCOME_DONE)
        outcome = write_out(o, &c);
    answer_done(&a);
    return outcome;
}
