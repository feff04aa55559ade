/*
 * expat over a table of four elements.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/iam_reply.h"

#include <expat.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/secret.h"
#include "base/text.h"

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
enum { DEPTH_MOST = 8, PATH_MOST = 256 };
enum field { ACCOUNT, CODE, MESSAGE, FIELDS };

static const struct {
    const char *path;
    size_t most;
} fields[FIELDS] = {
    [ACCOUNT] = {"GetCallerIdentityResponse/GetCallerIdentityResult/Account", 12},
    [CODE] = {"ErrorResponse/Error/Code", 63},
    [MESSAGE] = {"ErrorResponse/Error/Message", 16384},
};

struct reader {
    XML_Parser parser;
    const char *action;
    char path[PATH_MOST];
    size_t ends[DEPTH_MOST], depth;
    int open;
    bool seen[FIELDS], is_error;
    struct fed_secret values[FIELDS];
    int error;
};

static void
fail(struct reader *r, int error)
{
    if (r->error == 0)
        r->error = error;
    (void)XML_StopParser(r->parser, XML_FALSE);
}

/* The local name of an element of one of the two namespaces; NULL of any other. */
static const char *
local_name(const char *name)
{
    static const char *const prefixes[] = {
        "https://iam.amazonaws.com/doc/2010-05-08/ ", "https://sts.amazonaws.com/doc/2011-06-15/ "};

    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        size_t len = strlen(prefixes[i]);
        if (strncmp(name, prefixes[i], len) == 0)
            return name + len;
    }
    return NULL;
}

static bool
check_root(struct reader *r, const char *name)
{
    size_t len = strlen(r->action);

    r->is_error = strcmp(name, "ErrorResponse") == 0;
    return r->is_error ||
           (strncmp(name, r->action, len) == 0 && strcmp(name + len, "Response") == 0);
}

static void XMLCALL
on_start(void *arg, const XML_Char *name, const XML_Char **attributes)
{
    struct reader *r = arg;
    const char *local = local_name(name);
    size_t at = r->depth == 0 ? 0 : r->ends[r->depth - 1];
    (void)attributes;

    if (r->error != 0)
        return;
    if (local == NULL || r->open >= 0 || r->depth == DEPTH_MOST ||
        (r->depth == 0 && !check_root(r, local))) {
        fail(r, FED_E_PROTO);
        return;
    }
    int n = snprintf(r->path + at, PATH_MOST - at, "%s%s", at == 0 ? "" : "/", local);
    if (n < 0 || (size_t)n >= PATH_MOST - at) {
        fail(r, FED_E_PROTO);
        return;
    }
    r->ends[r->depth++] = at + (size_t)n;
    for (int i = 0; i < FIELDS; i++) {
        if (strcmp(fields[i].path, r->path) != 0)
            continue;
        if (r->seen[i])
            fail(r, FED_E_PROTO);
        r->seen[i] = true;
        r->open = i;
    }
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

static void XMLCALL
on_doctype(void *arg, const XML_Char *name, const XML_Char *system, const XML_Char *public, int own)
{
    (void)name, (void)system, (void)public, (void)own;
    fail(arg, FED_E_PROTO);
}

static int
read_document(struct reader *r, const void *data, size_t len)
{
    r->parser = XML_ParserCreateNS("UTF-8", ' ');
    if (r->parser == NULL)
        return FED_E_NOMEM;
    XML_SetUserData(r->parser, r);
    XML_SetElementHandler(r->parser, on_start, on_end);
    XML_SetCharacterDataHandler(r->parser, on_text);
    XML_SetStartDoctypeDeclHandler(r->parser, on_doctype);
    enum XML_Status status = XML_Parse(r->parser, data, (int)len, XML_TRUE);
    enum XML_Error code = XML_GetErrorCode(r->parser);
    XML_ParserFree(r->parser);
    if (r->error != 0)
        return r->error;
    if (status == XML_STATUS_OK)
        return 0;
    return code == XML_ERROR_NO_MEMORY ? FED_E_NOMEM : FED_E_PROTO;
}

static int
take(const struct reader *r, struct iam_reply *ret)
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
    struct reader r = {.open = -1, .action = action};
    int e = FED_E_PROTO;

    for (int i = 0; i < FIELDS; i++)
        fed_secret_init(&r.values[i], fields[i].most);
    /* UTF-16, which expat tells by its first bytes, has a NUL or is not UTF-8. */
    if (len > 0 && len <= IAM_REPLY_MAX && text_is_utf8(data, len) &&
        memchr(data, '\0', len) == NULL)
        e = read_document(&r, data, len);
    if (e == 0)
        e = take(&r, ret);
    for (int i = 0; i < FIELDS; i++)
        fed_secret_done(&r.values[i]);
    return e;
}
