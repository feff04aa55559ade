/*
 * The reader of STS replies: expat in streaming mode over a table of the elements that matter. Each is
 * known by its whole path, may stand once, and what has a value has no children.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/sts.h"

#include <expat.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "bridge/instant.h"
#include "bridge/wipe.h"

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
#define NAMESPACE "https://sts.amazonaws.com/doc/2011-06-15/"
/* In paths "*" stands for the action's name, which the first two elements bear; no XML name has one. */
#define OK_ROOT   "*Response"
#define OK_RESULT OK_ROOT "/*Result"
#define BAD_ROOT  "ErrorResponse"

enum { DEPTH_MOST = 16, PATH_MOST = 256, EXPIRY_MOST_S = 12 * 3600 + 300 };

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
    N_FIELDS,
    /* Elements with children: their order is free, their number is not. */
    RESULT = N_FIELDS,
    CREDENTIALS,
    ROLE_USER,
    METADATA,
    ERROR,
    N_ELEMENTS,
};

static const struct {
    const char *path;
    size_t most; /* bytes of the value; 0 = children instead */
} elements[N_ELEMENTS] = {
    [ACCESS_KEY] = {OK_RESULT "/Credentials/AccessKeyId", 128},
    [SECRET_KEY] = {OK_RESULT "/Credentials/SecretAccessKey", 256},
    [SESSION_TOKEN] = {OK_RESULT "/Credentials/SessionToken", 65535},
    [EXPIRATION] = {OK_RESULT "/Credentials/Expiration", 40},
    [ARN] = {OK_RESULT "/AssumedRoleUser/Arn", 2048},
    [PACKED_SIZE] = {OK_RESULT "/PackedPolicySize", 10},
    [REQUEST_ID] = {OK_ROOT "/ResponseMetadata/RequestId", STS_REQUEST_ID_MAX - 1},
    [ERROR_CODE] = {BAD_ROOT "/Error/Code", 63},
    [ERROR_MESSAGE] = {BAD_ROOT "/Error/Message", 16384},
    [ERROR_REQUEST_ID] = {BAD_ROOT "/RequestId", STS_REQUEST_ID_MAX - 1},
    [RESULT] = {OK_RESULT, 0},
    [CREDENTIALS] = {OK_RESULT "/Credentials", 0},
    [ROLE_USER] = {OK_RESULT "/AssumedRoleUser", 0},
    [METADATA] = {OK_ROOT "/ResponseMetadata", 0},
    [ERROR] = {BAD_ROOT "/Error", 0},
};

struct reader {
    XML_Parser parser;
    const char *action;
    char path[PATH_MOST];    /* of the open element: local names, with slashes */
    size_t ends[DEPTH_MOST]; /* length of path at each depth */
    size_t depth;
    int open; /* the field whose value is being read, or -1 */
    bool seen[N_ELEMENTS];
    bool is_error; /* the root is ErrorResponse */
    struct fed_secret values[N_FIELDS];
    int error;
};

/* expat still calls the handlers of what it has begun (the end of <a/>, say): each looks at error first. */
static void
fail(struct reader *r, int error)
{
    if (r->error == 0)
        r->error = error;
    (void)XML_StopParser(r->parser, XML_FALSE);
}

/* expat gives NAMESPACE and local name with a blank between; anything outside STS's namespace ends it. */
static bool
push(struct reader *r, const char *name)
{
    static const char prefix[] = NAMESPACE " ";
    size_t at = r->depth == 0 ? 0 : r->ends[r->depth - 1], len = strlen(r->action);

    if (strncmp(name, prefix, sizeof(prefix) - 1) != 0 || r->depth == DEPTH_MOST)
        return false;
    name += sizeof(prefix) - 1;
    bool bears = r->depth < 2 && strncmp(name, r->action, len) == 0;
    int n = snprintf(r->path + at, PATH_MOST - at, "%s%s%s", at == 0 ? "" : "/", bears ? "*" : "",
        bears ? name + len : name);
    if (n < 0 || (size_t)n >= PATH_MOST - at)
        return false;
    r->ends[r->depth++] = at + (size_t)n;
    return true;
}

static int
find(const char *path)
{
    for (int i = 0; i < N_ELEMENTS; i++) {
        if (strcmp(elements[i].path, path) == 0)
            return i;
    }
    return -1;
}

static void XMLCALL
on_start(void *arg, const XML_Char *name, const XML_Char **attributes)
{
    struct reader *r = arg;
    (void)attributes;

    if (r->error != 0)
        return;
    if (r->open >= 0 || !push(r, name)) {
        fail(r, FED_E_PROTO);
        return;
    }
    if (r->depth == 1) {
        r->is_error = strcmp(r->path, BAD_ROOT) == 0;
        if (!r->is_error && strcmp(r->path, OK_ROOT) != 0)
            fail(r, FED_E_PROTO);
        return;
    }
    int i = find(r->path);
    if (i < 0)
        return;
    if (r->seen[i]) {
        fail(r, FED_E_PROTO);
        return;
    }
    r->seen[i] = true;
    if (i < N_FIELDS)
        r->open = i;
}

static void XMLCALL
on_end(void *arg, const XML_Char *name)
{
    struct reader *r = arg;
    (void)name;

    if (r->error != 0)
        return;
    r->open = -1;
    r->depth--;
    r->path[r->depth == 0 ? 0 : r->ends[r->depth - 1]] = '\0';
}

static void XMLCALL
on_text(void *arg, const XML_Char *text, int len)
{
    struct reader *r = arg;

    if (r->error != 0 || r->open < 0)
        return;
    int e = fed_secret_add(&r->values[r->open], text, (size_t)len);
    if (e != 0)
        fail(r, e == FED_E_TOO_BIG ? FED_E_PROTO : e);
}

/* A document type is where entities and external files come from: STS has none, so none is read. */
static void XMLCALL
on_doctype(void *arg, const XML_Char *name, const XML_Char *system, const XML_Char *public, int own)
{
    (void)name;
    (void)system;
    (void)public;
    (void)own;
    fail(arg, FED_E_PROTO);
}

static void XMLCALL
on_instruction(void *arg, const XML_Char *target, const XML_Char *data)
{
    (void)target;
    (void)data;
    fail(arg, FED_E_PROTO);
}

static int
read_document(struct reader *r, const void *data, size_t len)
{
    /* The parser's buffers hold the same secrets as ours. */
    static const XML_Memory_Handling_Suite memory = {wipe_malloc, wipe_realloc, wipe_free};

    /* Naming the encoding overrides what the document says of itself. */
    r->parser = XML_ParserCreate_MM("UTF-8", &memory, " ");
    if (r->parser == NULL)
        return FED_E_NOMEM;
    XML_SetUserData(r->parser, r);
    XML_SetElementHandler(r->parser, on_start, on_end);
    XML_SetCharacterDataHandler(r->parser, on_text);
    XML_SetStartDoctypeDeclHandler(r->parser, on_doctype);
    XML_SetProcessingInstructionHandler(r->parser, on_instruction);
    enum XML_Status status = XML_Parse(r->parser, data, (int)len, XML_TRUE);
    enum XML_Error code = XML_GetErrorCode(r->parser);
    XML_ParserFree(r->parser);
    if (r->error != 0)
        return r->error;
    if (status == XML_STATUS_OK)
        return 0;
    return code == XML_ERROR_NO_MEMORY ? FED_E_NOMEM : FED_E_PROTO;
}

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
take_error(struct reader *r, struct sts_error *ret)
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
take_credential(struct reader *r, int64_t now_s, struct sts_credential *ret)
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
    struct reader r = {.open = -1, .action = action};
    int e = FED_E_PROTO;

    for (int i = 0; i < N_FIELDS; i++)
        fed_secret_init(&r.values[i], elements[i].most);
    /* expat tells UTF-16 by its first bytes whatever encoding it was given: such has a NUL or is not UTF-8. */
    if (len > 0 && len <= STS_REPLY_MAX && text_is_utf8(data, len) &&
        memchr(data, '\0', len) == NULL)
        e = read_document(&r, data, len);
    if (e == 0)
        e = r.is_error ? take_error(&r, ret_error) : take_credential(&r, now_s, ret);
    for (int i = 0; i < N_FIELDS; i++)
        fed_secret_done(&r.values[i]);
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
