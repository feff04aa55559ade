/*
 * Put one question to the bridge: write the request, wait for the reply under a total deadline (I-52),
 * log the outcome with the request's number, show the person what the bridge has to say.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PAM_AWSFED_ASK_H
#define PAM_AWSFED_ASK_H

#include "base/client.h"
#include "base/secret.h"
#include "base/wire.h"
#include "pam_awsfed/call.h"

/* Fields that are NULL, empty or 0 are left out; those that stand in every request come from the call. */
struct question {
    enum wire_type type;
    const struct fed_secret *password;
    const struct fed_secret *new_password;
    const struct fed_secret *code, *second_code;
    unsigned factors;
    bool no_dialogue; /* nothing can be shown and asked after this: nobody enrols here */
    bool
        appended; /* the code is at the end of the password, and where it begins the bridge knows */
    const struct fed_secret *receipt;
    const struct fed_secret *session;
    const char *pending; /* the enrolment that the codes are for */
    /*
     * Why the module itself refuses, NULL if it does not. The bridge is then asked without any secret:
     * it can only deny, and does so when it denies everybody else, so that the time of a denial does
     * not tell which one it was (I-35). Its success would not be believed.
     */
    const char *refused;
};

/*
 * Ask and wait.
 *   ret_reply   always initialised; without content when there was none. Free with client_reply_done
 * Blocks up to 30 s (authenticate, enrol, chauthtok), 20 s (account) or 10 s (session).
 * Returns the bridge's status or an error of client_ask or of the request's items (FED_E_INVALID).
 */
FED_MUST_USE int ask_bridge(
    const struct call *call, const struct question *question, struct client_reply *ret_reply);

#endif
