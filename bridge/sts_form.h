/*
 * The body of a request to STS: Query protocol, Version 2011-06-15.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_STS_FORM_H
#define BRIDGE_STS_FORM_H

#include "bridge/sts.h"

enum {
    STS_ASSERTION_MOST = 100000, /* base64 characters of an assertion that AWS takes */
    STS_FORM_MOST = 3 * STS_ASSERTION_MOST + 128 * 1024,
};

/* The action's name in the Query protocol; static. */
const char *sts_form_action(enum sts_how how);

/*
 * Append the form of a request, with an assertion of now where it has one.
 *   ret   initialised, with a limit of STS_FORM_MOST
 * Returns 0, FED_E_TOO_BIG, FED_E_NOMEM, or the assertion's error. Blocks as long as that.
 */
FED_MUST_USE int sts_form_write(
    const struct sts_request *request, int64_t duration_s, struct fed_secret *ret);

/* Append "&NAME=value" to a form, the value percent-encoded. 0, FED_E_TOO_BIG, FED_E_NOMEM. */
FED_MUST_USE int sts_form_add(struct fed_secret *form, const char *name, const char *value);

#endif
