/*
 * The words of awsfed-login, and the two that are too short for a file of their own: none, and logout.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/login/ask.h"
#include "bridge/login/configure.h"
#include "bridge/login/console.h"
#include "bridge/login/credentials.h"
#include "bridge/login/enrol.h"
#include "bridge/login/env.h"
#include "bridge/login/exec.h"
#include "bridge/login/options.h"
#include "bridge/login/output.h"
#include "bridge/login/recovery.h"
#include "bridge/login/roles.h"
#include "bridge/login/signin.h"
#include "bridge/login/stale.h"
#include "bridge/login/status.h"
#include "bridge/login/use.h"
#include "bridge/login/when.h"
#include "bridge/login/write.h"

static enum outcome
write_overview(const struct answer *who, const struct answer *roles)
{
    struct fed_secret out = FED_SECRET_INIT(OUTPUT_MAX);
    uint64_t now_s = when_now();

    int r = status_add_line(&out, &who->reply.msg, now_s);
    if (r == 0)
        r = fed_secret_add_str(&out, "\n");
    if (r == 0)
        r = roles_add_table(&out, &roles->reply.msg, now_s);
    enum outcome outcome = output_write(&out, r);
    fed_secret_done(&out);
    return outcome;
}

/* Is the ticket good, but not for what it was asked for: the role that was named, or any at all? */
static bool
wants_code(const struct options *o, const struct wire_msg *roles)
{
    if (wire_number(roles, WIRE_CODE_NEEDED, 0) != 0)
        return signin_possible(); /* else the overview says it */
    return o->role != NULL && roles_want_code(roles, o->role);
}

/* The ticket, by signing in if there is none, and the roles it gives. */
static enum outcome
enter(const struct options *o, struct answer *who, struct answer *roles)
{
    bool fresh = false;
    enum outcome outcome;

    ask_plain(o->socket, ASK_STATUS_OF, ASK_SOON_MS, who);
    if (who->error == FED_E_NO_TICKET) {
        if ((outcome = signin(o, who)) != OUTCOME_DONE)
            return outcome;
        fresh = true;
    }
    if (who->error != 0)
        return answer_complain(who);
    ask_plain(o->socket, ASK_ROLES, ASK_SOON_MS, roles);
    if (roles->error != 0)
        return answer_complain(roles);
    if (fresh || !wants_code(o, &roles->reply.msg))
        return OUTCOME_DONE;
    if ((outcome = signin(o, who)) != OUTCOME_DONE)
        return outcome;
    ask_plain(o->socket, ASK_ROLES, ASK_SOON_MS, roles);
    return roles->error != 0 ? answer_complain(roles) : OUTCOME_DONE;
}

static enum outcome
none_run(const struct options *o)
{
    struct answer who = ANSWER_INIT, roles = ANSWER_INIT;

    enum outcome outcome = enter(o, &who, &roles);
    if (outcome == OUTCOME_DONE && !o->quiet) {
        outcome = write_overview(&who, &roles);
        answer_pass_on(false, &roles);
        stale_warn(o);
    }
    answer_done(&who);
    answer_done(&roles);
    return outcome;
}

/* Being signed out already is what was asked for. */
static enum outcome
logout_run(const struct options *o)
{
    struct fed_secret out = FED_SECRET_INIT(OUTPUT_MAX);
    struct answer a = ANSWER_INIT;
    enum outcome outcome = OUTCOME_DONE;

    ask_plain(o->socket, ASK_LOGOUT, ASK_SOON_MS, &a);
    if (a.error != 0 && a.error != FED_E_NO_TICKET) {
        outcome = answer_complain(&a);
    } else if (!o->quiet) {
        int r =
            fed_secret_add_str(&out, a.error == 0 ? "Signed out.\n" : "You were not signed in.\n");
        outcome = output_write(&out, r);
    }
    fed_secret_done(&out);
    answer_done(&a);
    return outcome;
}

const struct word words[] = {
    {"", 0, true, none_run},
    {"roles", OPTION_JSON, true, roles_run},
    {"use", OPTION_JSON | TAKES_ROLE, true, use_run},
    {"credential-process", 0, false, credentials_process},
    {"env", OPTION_SHELL | OPTION_UNSET, true, env_run},
    {"exec", OPTION_NEED | TAKES_COMMAND, true, exec_run},
    {"console", OPTION_SERVICE | OPTION_OPEN | OPTION_JSON, true, console_run},
    {"configure", OPTION_PREFIX | OPTION_DIFF | OPTION_JSON, true, configure_run},
    {"write", OPTION_PROFILE | OPTION_JSON, true, write_run},
    {"enrol", 0, true, enrol_run},
    {"recovery-codes", 0, true, recovery_run},
    {"status", OPTION_JSON | OPTION_PROMPT, true, status_run},
    {"logout", 0, true, logout_run},
};

const size_t word_count = sizeof(words) / sizeof(words[0]);
