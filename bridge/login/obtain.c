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

/* Choose among the roles that there are. FED_E_NOT_FOUND when that is no choice, FED_E_FRESH_CODE when there are none for want of a
 * code. */
static int
choose(const struct options *o, char *ret_role, enum outcome *ret_outcome)
{
    struct answer roles = ANSWER_INIT;
    struct wire_msg second;
    int r = FED_E_NOT_FOUND;

    ask_plain(o->socket, ASK_ROLES, ASK_SOON_MS, &roles);
    if (roles.error == 0 && wire_group_at(&roles.reply.msg, WIRE_ROLE, 1, &second)) {
        *ret_outcome = picker_run(&roles.reply.msg, ret_role);
        r = 0;
    } else if (roles.error == 0 && wire_number(&roles.reply.msg, WIRE_CODE_NEEDED, 0) != 0) {
        r = FED_E_FRESH_CODE;
    }
    answer_done(&roles);
    return r;
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
            int r = choose(o, role, &outcome);
            if (r == FED_E_FRESH_CODE && !signed_in) {
                a->error = r;
                continue;
            }
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
        return credentials_complain(&asked, a);
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
}

enum outcome
obtain_roles(const struct options *o, struct answer *a)
{
    struct options asked = *o;

    asked.role = NULL;
    return obtain(&asked, ask_roles, a);
}
