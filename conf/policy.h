/*
 * Session policies: the file that a role's "policy" names. It is a policy of IAM in JSON, in whose texts templates may stand:
 *
 *     {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*",
 *       "Resource": "arn:aws:s3:::homes/%{user}-*"}]}
 *
 * Read and checked once, when the configuration loads; kept without blanks, as AWS gets it. Any thread.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CONF_POLICY_H
#define CONF_POLICY_H

#include <stddef.h>

#include "base/err.h"

enum {
    POLICY_MAX =
        2048, /* characters that AWS takes, together with the ARNs of policy-arns (STS API reference) */
    POLICY_FILE_MAX = 64 * 1024,
    POLICY_WHY_MAX = 512
};

/*
 * A file of root's that nobody else may write, see conf/keyfile.h. Checked: JSON without a key twice; an object with Version
 * and Statement; statements with an Effect, actions and resources and no more than IAM knows; templates.
 *   ret_text   ASCII without blanks between tokens, freed by the caller; templates in it
 *   why        on FED_E_CONFIG (POLICY_WHY_MAX bytes) "what: remedy"
 * Returns 0, FED_E_CONFIG, FED_E_NOMEM.
 */
FED_MUST_USE int policy_load(const char *path, char **ret_text, char *why);

/* The same of text. */
FED_MUST_USE int policy_parse(const void *data, size_t len, char **ret_text, char *why);

#endif
