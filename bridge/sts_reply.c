/*
 * What STS says of an assumed role, or why it refuses.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/sts.h"

#include <stdbool.h>

#include "base/text.h"
#include "bridge/aws_reply.h"
#include "bridge/instant.h"

/*
 * A reply, trimmed (https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithSAML.html):
 *
 *     <AssumeRoleWithSAMLResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
 *       <AssumeRoleWithSAMLResult>
 *         <AssumedRoleUser>
 *           <Arn>arn:aws:sts::111122223333:assumed-role/Admin/alice</Arn>
 *           <AssumedRoleId>AROA...:alice</AssumedRoleId>
 *         </AssumedRoleUser>
 *         <Credentials>
 *           <AccessKeyId>ASIA...</AccessKeyId>
 *           <SecretAccessKey>...</SecretAccessKey>
 *           <SessionToken>...</SessionToken>
 *           <Expiration>2026-11-21T22:00:00Z</Expiration>
 *         </Credentials>
 *         <PackedPolicySize>6</PackedPolicySize>
 *         <Audience>...</Audience> and others of no interest here
 *       </AssumeRoleWithSAMLResult>
 *       <ResponseMetadata><RequestId>c6104cbe-...</RequestId></ResponseMetadata>
 *     </AssumeRoleWithSAMLResponse>
 *
 * the same of AssumeRole and AssumeRoleWithWebIdentity, with their names; and a refusal:
 *
 *     <ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
 *       <Error><Type>Sender</Type><Code>ExpiredToken</Code><Message>...</Message></Error>
 *       <RequestId>c6104cbe-...</RequestId>
 *     </ErrorResponse>
 */
static const char *const namespaces[] = {"https://sts.amazonaws.com/doc/2011-06-15/", NULL};

enum { EXPIRY_MOST_S = 12 * 3600 + 300 };

enum field {
    ACCESS_KEY,
    SECRET_KEY,
    SESSION_TOKEN,
    EXPIRATION,
    ARN,
    PACKED_SIZE,
    REQUEST_ID,
    ERROR_CODE,
    ERROR_MESSAGE,
    ERROR_REQUEST_ID,
    RESULT,
    CREDENTIALS,
    ROLE_USER,
    METADATA,
    ERROR,
    N_ELEMENTS,
};

static const struct aws_reply_form form = {
    .namespaces = namespaces,
    .elements =
        {
            [ACCESS_KEY] = {AWS_REPLY_RESULT "/Credentials/AccessKeyId", 128},
            [SECRET_KEY] = {AWS_REPLY_RESULT "/Credentials/SecretAccessKey", 256},
            [SESSION_TOKEN] = {AWS_REPLY_RESULT "/Credentials/SessionToken", 65535},
            [EXPIRATION] = {AWS_REPLY_RESULT "/Credentials/Expiration", 40},
            [ARN] = {AWS_REPLY_RESULT "/AssumedRoleUser/Arn", 2048},
            [PACKED_SIZE] = {AWS_REPLY_RESULT "/PackedPolicySize", 10},
            [REQUEST_ID] = {AWS_REPLY_OK "/ResponseMetadata/RequestId", STS_REQUEST_ID_MAX - 1},
            [ERROR_CODE] = {AWS_REPLY_ERROR "/Error/Code", 63},
            [ERROR_MESSAGE] = {AWS_REPLY_ERROR "/Error/Message", 16384},
            [ERROR_REQUEST_ID] = {AWS_REPLY_ERROR "/RequestId", STS_REQUEST_ID_MAX - 1},
            [RESULT] = {AWS_REPLY_RESULT, 0},
            [CREDENTIALS] = {AWS_REPLY_RESULT "/Credentials", 0},
            [ROLE_USER] = {AWS_REPLY_RESULT "/AssumedRoleUser", 0},
            [METADATA] = {AWS_REPLY_OK "/ResponseMetadata", 0},
            [ERROR] = {AWS_REPLY_ERROR "/Error", 0},
        },
    .n = N_ELEMENTS,
    .most = STS_REPLY_MAX,
};

/* Printable ASCII without a blank, as keys, tokens and ARNs are. */
static bool
is_token(const struct fed_secret *value, size_t least)
{
    if (value->len < least)
        return false;
    for (size_t i = 0; i < value->len; i++) {
        if (value->data[i] <= ' ' || value->data[i] >= 0x7f)
            return false;
    }
    return true;
}

static int
take_error(const struct aws_reply *r, struct sts_error *ret)
{
    if (!is_token(&r->values[ERROR_CODE], 1))
        return FED_E_PROTO;
    (void)text_clean(ret->code, sizeof(ret->code), fed_secret_str(&r->values[ERROR_CODE]));
    (void)text_clean(ret->message, sizeof(ret->message), fed_secret_str(&r->values[ERROR_MESSAGE]));
    (void)text_clean(
        ret->request_id, sizeof(ret->request_id), fed_secret_str(&r->values[ERROR_REQUEST_ID]));
    return FED_E_AWS_REFUSED;
}

static int
take_credential(struct aws_reply *r, int64_t now_s, struct sts_credential *ret)
{
    struct fed_secret *values = r->values;
    struct sts_credential c = {.packed_policy_percent = -1};
    uint64_t percent;

    /* accessKeyIdType of the STS model has 16 to 128 characters; the other two have no lower bound there. */
    if (!is_token(&values[ACCESS_KEY], 16) || !is_token(&values[SECRET_KEY], 1) ||
        !is_token(&values[SESSION_TOKEN], 1) || !is_token(&values[ARN], 20))
        return FED_E_PROTO;
    if (!instant_read(fed_secret_str(&values[EXPIRATION]), &c.expires_s) || c.expires_s <= now_s ||
        c.expires_s - now_s > EXPIRY_MOST_S)
        return FED_E_PROTO;
    if (r->seen[PACKED_SIZE]) {
        if (text_to_u64(fed_secret_str(&values[PACKED_SIZE]), &percent) != 0 || percent > 1000)
            return FED_E_PROTO;
        c.packed_policy_percent = (int)percent;
    }
    (void)text_clean(c.arn, sizeof(c.arn), fed_secret_str(&values[ARN]));
    (void)text_clean(c.request_id, sizeof(c.request_id), fed_secret_str(&values[REQUEST_ID]));
    fed_secret_move(&c.access_key, &values[ACCESS_KEY]);
    fed_secret_move(&c.secret_key, &values[SECRET_KEY]);
    fed_secret_move(&c.session_token, &values[SESSION_TOKEN]);
    *ret = c;
    return 0;
}

int
sts_reply_parse(const char *action, const void *data, size_t len, int64_t now_s,
    struct sts_credential *ret, struct sts_error *ret_error)
{
    struct aws_reply r;
    int e = aws_reply_read(&form, action, data, len, &r);

    if (e == 0)
        e = r.is_error ? take_error(&r, ret_error) : take_credential(&r, now_s, ret);
    aws_reply_done(&r);
    return e;
}

void
sts_credential_done(struct sts_credential *credential)
{
    if (credential == NULL)
        return;
    fed_secret_done(&credential->access_key);
    fed_secret_done(&credential->secret_key);
    fed_secret_done(&credential->session_token);
}
