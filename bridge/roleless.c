/*
 * Reasons for no role.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/roleless.h"

#include "mfa/person.h"

/* Looked up when it is asked: who has enrolled since the sign-in needs no ticket from anybody. */
static bool
is_enrolled(struct bridge *b, const char *sid)
{
    struct person p;
    int r = person_load(b->store, sid, &p);

    if (r != 0)
        return r != FED_E_NOT_ENROLLED;
    for (size_t i = 0; i < p.record.n_tokens; i++) {
        if (p.record.tokens[i].confirmed)
            return true;
    }
    return false;
}

int
roleless_why(struct bridge *b, const struct ticket *t, const char **ret_why)
{
    switch (t->proof.bar) {
    case PROOF_OPEN:
        break;
    case PROOF_EXEMPT:
        *ret_why =
            "the administrator's rules spare you the one-time code, and who is spared it gets "
            "none; awsfed-admin explain tells the administrator which rule it is";
        return FED_E_ROLE;
    case PROOF_WANTS_CODE:
        if (!is_enrolled(b, t->proof.sid)) {
            *ret_why =
                "roles take a one-time code, and you have no second factor; ask the administrator "
                "for an enrolment ticket, then run awsfed-login enrol";
            return FED_E_ROLE;
        }
        *ret_why =
            "this sign-in took no one-time code, and roles take one; run awsfed-login, which "
            "asks for password and code";
        return FED_E_FRESH_CODE;
    }
    *ret_why = "none of your groups is mapped to one";
    return FED_E_ROLE;
}
