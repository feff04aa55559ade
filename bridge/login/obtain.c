/*
 * A request, and at most one choice and one sign-in before it is made again.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/login/obtain.h"

#include <string.h>

#include "bridge/login/output.h"
#include "bridge/login/picker.h"
#include "bridge/login/recent.h"
#include "bridge/login/signin.h"

/* A list without roles is an error where a sign-in with a code would fill it. */
static int
error_of_list(const struct answer *roles)
{
    bool wants_code = wire_number(&roles->reply.msg, WIRE_CODE_NEEDED, 0) != 0;

    return roles->error == 0 && wants_code ? FED_E_FRESH_CODE : roles->error;
}

/*
 * Choose among the roles that there are. FED_E_NOT_FOUND when that is no choice; where there are none and the list says why, the list
 * takes the answer's place with its error: FED_E_FRESH_CODE, or FED_E_ROLE.
 */
static int
choose(const struct options *o, struct answer *a, char *ret_role, enum outcome *ret_outcome)
{
    struct answer roles = ANSWER_INIT;
    struct wire_msg role;
    int r = FED_E_NOT_FOUND;

    ask_plain(o->socket, ASK_ROLES, ASK_SOON_MS, &roles);
    if (roles.error == 0 && wire_group_at(&roles.reply.msg, WIRE_ROLE, 1, &role)) {
        *ret_outcome = picker_run(&roles.reply.msg, ret_role);
        r = 0;
    } else if (roles.error == 0 && wire_has(&roles.reply.msg, WIRE_NOTICE)) {
        roles.error = error_of_list(&roles) != 0 ? FED_E_FRESH_CODE : FED_E_ROLE;
        answer_done(a);
        *a = roles;
        return a->error;
    }
    answer_done(&roles);
    return r;
}

static enum outcome
complain(const struct options *o, const struct answer *a)
{
    const char *why = wire_text(&a->reply.msg, WIRE_NOTICE);

    if (why == NULL)
        return credentials_complain(o, a);
    output_complain("you have no AWS role: %s", why);
    return outcome_of(a->error);
}

enum outcome
obtain(const struct options *o, obtain_fn *request, struct answer *a)
{
    struct options asked = *o;
    char role[PICKER_ROLE_SIZE];
    bool signed_in = false;
    enum outcome outcome;

    request(&asked, a);
    while (a->error != 0 && signin_possible()) {
        if (a->error == FED_E_ROLE && asked.role == NULL) {
            int r = choose(o, a, role, &outcome);
            if (r == FED_E_FRESH_CODE && !signed_in)
                continue;
            if (r != 0)
                break;
            if (outcome != OUTCOME_DONE)
                return outcome;
            asked.role = role;
        } else if (signin_helps(a->error) && !signed_in) {
            signed_in = true;
            if ((outcome = signin(&asked, a)) != OUTCOME_DONE)
                return outcome;
        } else {
            break;
        }
        request(&asked, a);
    }
    if (a->error != 0)
        return complain(&asked, a);
    answer_pass_on(o->quiet, a);
    const char *used = wire_text(&a->reply.msg, WIRE_ROLE_NAME);
    if (used != NULL && asked.role != NULL)
        recent_note(used);
    return OUTCOME_DONE;
}

enum outcome
obtain_credentials(const struct options *o, struct answer *a, struct credentials *ret_credentials)
{
    enum outcome outcome = obtain(o, credentials_ask, a);

    if (outcome == OUTCOME_DONE && (a->error = credentials_read(a, ret_credentials)) != 0)
        outcome = answer_complain(a);
    return outcome;
}

static void
ask_roles(const struct options *o, struct answer *a)
{
    ask_plain(o->socket, ASK_ROLES, ASK_SOON_MS, a);
    a->error = error_of_list(a);
}

enum outcome
obtain_roles(const struct options *o, struct answer *a)
{
    struct options asked = *o;

    asked.role = NULL;
    return obtain(&asked, ask_roles, a);
}
