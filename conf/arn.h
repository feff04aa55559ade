/*
 * ARNs of IAM: roles, SAML providers and managed policies. Nothing allocates or blocks; any thread.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CONF_ARN_H
#define CONF_ARN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* arn:PARTITION:iam::ACCOUNT:TYPE/NAME */
struct arn {
    char partition[16]; /* aws, aws-us-gov, aws-cn */
    char account[13];   /* 12 digits, or "aws" where AWS itself owns it (managed policies) */
    char type[16];      /* role, saml-provider, policy */
    const char *name;   /* a view on the text: path and name, [\w+=,.@/-], not empty */
};

/* 20 to 2048 characters of the form above, the name as IAM allows it for its type. 0 or FED_E_INVALID. */
FED_MUST_USE int arn_parse(const char *text, struct arn *ret);

/* Does a region lie in a partition, by its name: cn-… in aws-cn, us-gov-… in aws-us-gov? */
bool arn_region_fits(const char *partition, const char *region);

#endif
