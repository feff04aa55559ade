/*
 * Credentials from the bridge: the request that `credential-process` and `env` share, and the first of
 * the two.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_LOGIN_CREDENTIALS_H
#define BRIDGE_LOGIN_CREDENTIALS_H

#include "bridge/login/ask.h"
#include "bridge/login/options.h"
#include "bridge/login/when.h"

/* Borrowed from the answer; region and account are NULL when the reply has none. */
struct credentials {
    const char *access_key, *secret_key, *session_token, *account, *region;
    char expiration[WHEN_SIZE];
};

/* Ask for credentials of o->role, or of the role the bridge chooses. */
void credentials_ask(const struct options *o, struct answer *a);

/* A good answer's credentials. 0, or FED_E_PROTO for a reply that lacks a part of them. */
FED_MUST_USE int credentials_read(const struct answer *a, struct credentials *ret_credentials);

/*
 * Tell, in one line, why there are no credentials; where a sign-in for one role would help, with
 * the command for it. Returns the exit status.
 */
enum outcome credentials_complain(const struct options *o, const struct answer *a);

/*
 * The word credential-process, the SDKs' contract: standard output gets the JSON in one write and
 * nothing else; nobody is asked anything (I-67).
 */
enum outcome credentials_process(const struct options *o);

#endif
