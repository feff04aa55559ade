/*
 * Every text about the person that goes to AWS with one request, expanded from the role's templates and checked
 * before anything is signed. The same whatever the flow: an assertion, a token and a signed request carry them.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_TEXTS_H
#define BRIDGE_TEXTS_H

#include "base/err.h"
#include "base/secret.h"
#include "bridge/saml.h"
#include "bridge/tickets.h"
#include "conf/conf.h"

enum { TEXTS_WHY_MAX = 512 };

struct texts {
    struct fed_secret session_name, source_identity; /* C strings; the second empty without one */
    struct fed_secret *values;                       /* of the tags */
    struct saml_tag *tags;
    size_t n_tags;
    struct fed_secret policy; /* a C string; empty without one */
};

/*
 *   ret   on success; freed with texts_done
 *   why   on failure (TEXTS_WHY_MAX bytes), one line for the person
 * Returns 0, FED_E_AWS_REFUSED (AWS would not take a text), FED_E_NOMEM. Any thread.
 */
FED_MUST_USE int texts_expand(const struct conf *conf, const char *host, const struct ticket *t,
    const struct conf_role *role, struct texts *ret, char *why);
void texts_done(struct texts *texts);

#endif
