/*
 * Replies of AWS's query services (STS, IAM): expat in streaming mode over a table of the elements that matter. Each is
 * known by its whole path, may stand once, and what has a value has no children.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_AWS_REPLY_H
#define BRIDGE_AWS_REPLY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/secret.h"

/* In paths "*" stands for the action's name, which the first two elements bear; no XML name has one. */
#define AWS_REPLY_OK     "*Response"
#define AWS_REPLY_RESULT AWS_REPLY_OK "/*Result"
#define AWS_REPLY_ERROR  "ErrorResponse"

enum { AWS_REPLY_ELEMENTS_MAX = 16 };

struct aws_reply_form {
    const char *const *namespaces; /* of all elements; NULL behind the last */
    struct aws_reply_element {
        const char *path;
        size_t
            most; /* bytes of the value; 0 = children instead: their order is free, their number is not */
    } elements[AWS_REPLY_ELEMENTS_MAX];
    size_t n;
    size_t most; /* bytes of a reply */
};

struct aws_reply {
    bool is_error; /* the root is ErrorResponse */
    bool seen[AWS_REPLY_ELEMENTS_MAX];
    struct fed_secret values[AWS_REPLY_ELEMENTS_MAX];
};

/*
 * Read the reply to an action. What has another root, a DTD, an instruction, an element of the table twice, another
 * namespace or trailing bytes is none. Any bytes are safe; never blocks; any thread.
 *   ret   always initialised; end with aws_reply_done
 * 0, FED_E_PROTO, FED_E_NOMEM.
 */
FED_MUST_USE int aws_reply_read(const struct aws_reply_form *form, const char *action,
    const void *data, size_t len, struct aws_reply *ret);
void aws_reply_done(struct aws_reply *reply);

#endif
