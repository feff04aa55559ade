/*
 * One request; the bridge keeps the choice, no shell has to be told.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/login/use.h"

#include "base/text.h"
#include "bridge/login/json.h"
#include "bridge/login/obtain.h"
#include "bridge/login/output.h"
#include "bridge/login/signin.h"
#include "bridge/login/stale.h"

enum { TEXT_SIZE = 320 };

/* Without a role: as if none fitted, which is when a person is asked. */
static void
ask_use(const struct options *o, struct answer *a)
{
    struct wire_out out;

    if (o->role == NULL) {
        answer_done(a);
        a->error = FED_E_ROLE;
        return;
    }
    ask_begin(&out, ASK_USE);
    wire_put_text(&out, WIRE_ROLE_NAME, o->role);
    ask(o->socket, &out, ASK_SOON_MS, a);
}

static enum outcome
say_done(const struct options *o, const struct wire_msg *msg)
{
    struct fed_secret out = FED_SECRET_INIT(OUTPUT_MAX);
    const char *role = wire_text(msg, WIRE_ROLE_NAME), *account = wire_text(msg, WIRE_ACCOUNT);
    const char *alias = wire_text(msg, WIRE_ALIAS);
    char role_text[TEXT_SIZE], account_text[TEXT_SIZE], alias_text[TEXT_SIZE];

    if (o->quiet)
        return OUTCOME_DONE;
    int r = fed_secret_addf(&out, "Every shell of this session is now %s in account %s%s%s%s.\n",
        text_clean(role_text, TEXT_SIZE, role != NULL ? role : "?"),
        text_clean(account_text, TEXT_SIZE, account != NULL ? account : "?"),
        alias != NULL ? " (" : "", text_clean(alias_text, TEXT_SIZE, alias != NULL ? alias : ""),
        alias != NULL ? ")" : "");
    enum outcome outcome = output_write(&out, r);
    fed_secret_done(&out);
    return outcome;
}

static enum outcome
write_json(const struct options *o, const struct wire_msg *msg)
{
    struct stale found;
    struct json j;

    stale_find_of_shell(o, &found);
    json_init(&j, OUTPUT_MAX);
    json_open(&j, NULL, '{');
    json_text(&j, "role", wire_text(msg, WIRE_ROLE_NAME));
    json_text(&j, "arn", wire_text(msg, WIRE_ROLE_ARN));
    json_text(&j, "account", wire_text(msg, WIRE_ACCOUNT));
    json_text(&j, "alias", wire_text(msg, WIRE_ALIAS));
    json_text(&j, "region", wire_text(msg, WIRE_REGION));
    json_time(&j, "expires", wire_number(msg, WIRE_EXPIRES, 0));
    stale_json(&j, &found);
    json_close(&j, '}');
    return output_json(&j);
}

enum outcome
use_run(const struct options *o)
{
    struct answer a = ANSWER_INIT;
    struct stale found;

    if (o->role == NULL && !signin_possible()) {
        output_complain("which role? awsfed-login use ROLE; awsfed-login roles lists them");
        return OUTCOME_USAGE;
    }
    enum outcome outcome = obtain(o, ask_use, &a);
    if (outcome == OUTCOME_DONE)
        outcome = o->json ? write_json(o, &a.reply.msg) : say_done(o, &a.reply.msg);
    if (outcome == OUTCOME_DONE && !o->json) {
        stale_find_of_shell(o, &found);
        stale_tell(o, &found);
    }
    answer_done(&a);
    return outcome;
}
