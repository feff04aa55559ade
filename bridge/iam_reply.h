/*
 * Replies of IAM, and of STS to GetCallerIdentity: that it was done, or why not. Apart from its asker so that it can be tested and fuzzed.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_IAM_REPLY_H
#define BRIDGE_IAM_REPLY_H

#include <stddef.h>

#include "base/err.h"

enum { IAM_REPLY_MAX = 64 * 1024, IAM_MESSAGE_SIZE = 256 };

struct iam_reply {
    char account[13];               /* of GetCallerIdentity; "" in others */
    char code[64];                  /* of a refusal, cleaned, as the next */
    char message[IAM_MESSAGE_SIZE]; /* cut */
};

/*
 * Read a reply to an action. What has no root of that name, a DTD, an element twice that matters, another namespace or trailing bytes is
 * none. Any bytes are safe; never blocks; any thread.
 *   ret   written for 0 and FED_E_AWS_REFUSED
 * Returns 0 (it was done), FED_E_AWS_REFUSED (an ErrorResponse), FED_E_PROTO, FED_E_NOMEM.
 */
FED_MUST_USE int iam_reply_parse(
    const char *action, const void *data, size_t len, struct iam_reply *ret);

#endif
