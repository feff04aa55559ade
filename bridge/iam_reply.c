/*
 * What IAM says of a change, STS of who asks, or why they refuse.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/iam_reply.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "bridge/aws_reply.h"

/*
 *     <PutRolePolicyResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/">
 *       <ResponseMetadata><RequestId>7a62c49f-347e-4fc4-9331-6e8eEXAMPLE</RequestId></ResponseMetadata>
 *     </PutRolePolicyResponse>
 *
 *     <GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
 *       <GetCallerIdentityResult><Arn>…</Arn><UserId>…</UserId><Account>111122223333</Account></GetCallerIdentityResult>
 *       …
 *
 *     <ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/">
 *       <Error><Type>Sender</Type><Code>NoSuchEntity</Code><Message>…</Message></Error>
 *       …
 */
static const char *const namespaces[] = {
    "https://iam.amazonaws.com/doc/2010-05-08/", "https://sts.amazonaws.com/doc/2011-06-15/", NULL};

enum { ACCOUNT, CODE, MESSAGE, N_ELEMENTS };

static const struct aws_reply_form form = {
    .namespaces = namespaces,
    .elements =
        {
            [ACCOUNT] = {AWS_REPLY_RESULT "/Account", 12},
            [CODE] = {AWS_REPLY_ERROR "/Error/Code", 63},
            [MESSAGE] = {AWS_REPLY_ERROR "/Error/Message", 16384},
        },
    .n = N_ELEMENTS,
    .most = IAM_REPLY_MAX,
};

static int
take(const struct aws_reply *r, struct iam_reply *ret)
{
    const char *account = fed_secret_str(&r->values[ACCOUNT]);

    *ret = (struct iam_reply){.account = ""};
    if (r->is_error) {
        if (r->values[CODE].len == 0)
            return FED_E_PROTO;
        (void)text_clean(ret->code, sizeof(ret->code), fed_secret_str(&r->values[CODE]));
        (void)text_clean(ret->message, sizeof(ret->message), fed_secret_str(&r->values[MESSAGE]));
        return FED_E_AWS_REFUSED;
    }
    if (r->seen[ACCOUNT] && (strlen(account) != 12 || strspn(account, "0123456789") != 12))
        return FED_E_PROTO;
    (void)snprintf(ret->account, sizeof(ret->account), "%s", account);
    return 0;
}

int
iam_reply_parse(const char *action, const void *data, size_t len, struct iam_reply *ret)
{
    struct aws_reply r;
    int e = aws_reply_read(&form, action, data, len, &r);

    if (e == 0)
        e = take(&r, ret);
    aws_reply_done(&r);
    return e;
}
