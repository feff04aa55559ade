/*
 * Templates to text, for session names, source identities and tags: every value comes from the directory or from the
 * bridge, none from the person (I-61).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_EXPAND_H
#define BRIDGE_EXPAND_H

#include "base/err.h"
#include "bridge/tickets.h"
#include "conf/conf.h"
#include "conf/template.h"

struct expand_values {
    const struct ticket *ticket;
    const struct conf *conf;
    const char *host;
};

/*
 * Expand a template and check that AWS would take the result.
 *   ret   initialised by the caller; appended to
 *   why   on FED_E_INVALID, what is wrong and the remedy (at least TEMPLATE_WHY_MAX)
 * Returns 0, FED_E_INVALID, FED_E_TOO_BIG, FED_E_NOMEM. Any thread.
 */
FED_MUST_USE int expand_template(const struct expand_values *values, enum template_kind kind,
    const char *template, struct fed_secret *ret, char *why);

/*
 * Expand a session policy (conf/policy.h): values are escaped for JSON, as ASCII. An empty one is refused, and one with "*", "?" or "$" since IAM would
 * read more into it than the person's name for something.
 *   used   characters of the policy-arns, which count too
 * Returns 0, FED_E_INVALID (also: longer than AWS takes) with why, FED_E_TOO_BIG, FED_E_NOMEM.
 */
FED_MUST_USE int expand_policy(const struct expand_values *values, const char *template,
    size_t used, struct fed_secret *ret, char *why);

/*
 * What all texts of a template have in common for one person: "*" stands for what differs from sign-in to sign-in. For IAM's StringLike.
 * FED_E_INVALID when nothing is the person's own: it would mean everybody.
 */
FED_MUST_USE int expand_like(
    const struct expand_values *values, const char *template, struct fed_secret *ret);

#endif
