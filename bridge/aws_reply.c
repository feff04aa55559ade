/*
 * The reader behind the table.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/aws_reply.h"

#include <expat.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "bridge/wipe.h"

enum { DEPTH_MOST = 16, PATH_MOST = 256 };

struct reader {
    XML_Parser parser;
    const struct aws_reply_form *form;
    const char *action;
    char path[PATH_MOST];    /* of the open element: local names, with slashes */
    size_t ends[DEPTH_MOST]; /* length of path at each depth */
    size_t depth;
    int open; /* the element whose value is being read, or -1 */
    struct aws_reply *reply;
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

/* expat gives namespace and local name with a blank between; anything outside of the form's namespaces ends it. */
static const char *
local_name(const struct aws_reply_form *form, const char *name)
{
    for (const char *const *ns = form->namespaces; *ns != NULL; ns++) {
        size_t len = strlen(*ns);
        if (strncmp(name, *ns, len) == 0 && name[len] == ' ')
            return name + len + 1;
    }
    return NULL;
}

static bool
push(struct reader *r, const char *full_name)
{
    const char *name = local_name(r->form, full_name);
    size_t at = r->depth == 0 ? 0 : r->ends[r->depth - 1], len = strlen(r->action);

    if (name == NULL || r->depth == DEPTH_MOST)
        return false;
    bool bears = r->depth < 2 && strncmp(name, r->action, len) == 0;
    int n = snprintf(r->path + at, PATH_MOST - at, "%s%s%s", at == 0 ? "" : "/", bears ? "*" : "",
        bears ? name + len : name);
    if (n < 0 || (size_t)n >= PATH_MOST - at)
        return false;
    r->ends[r->depth++] = at + (size_t)n;
    return true;
}

static int
find(const struct aws_reply_form *form, const char *path)
{
    for (size_t i = 0; i < form->n; i++) {
        if (strcmp(form->elements[i].path, path) == 0)
            return (int)i;
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
        r->reply->is_error = strcmp(r->path, AWS_REPLY_ERROR) == 0;
        if (!r->reply->is_error && strcmp(r->path, AWS_REPLY_OK) != 0)
            fail(r, FED_E_PROTO);
        return;
    }
    int i = find(r->form, r->path);
    if (i < 0)
        return;
    if (r->reply->seen[i]) {
        fail(r, FED_E_PROTO);
        return;
    }
    r->reply->seen[i] = true;
    if (r->form->elements[i].most > 0)
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
    int e = fed_secret_add(&r->reply->values[r->open], text, (size_t)len);
    if (e != 0)
        fail(r, e == FED_E_TOO_BIG ? FED_E_PROTO : e);
}

/* A document type is where entities and external files come from: AWS has none, so none is read. */
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

int
aws_reply_read(const struct aws_reply_form *form, const char *action, const void *data, size_t len,
    struct aws_reply *ret)
{
    struct reader r = {.form = form, .action = action, .open = -1, .reply = ret};

    *ret = (struct aws_reply){.is_error = false};
    for (size_t i = 0; i < form->n; i++)
        fed_secret_init(&ret->values[i], form->elements[i].most);
    /* expat tells UTF-16 by its first bytes whatever encoding it was given: such has a NUL or is not UTF-8. */
    if (len == 0 || len > form->most || !text_is_utf8(data, len) || memchr(data, '\0', len) != NULL)
        return FED_E_PROTO;
    return read_document(&r, data, len);
}

void
aws_reply_done(struct aws_reply *reply)
{
    for (size_t i = 0; i < AWS_REPLY_ELEMENTS_MAX; i++)
        fed_secret_done(&reply->values[i]);
}
