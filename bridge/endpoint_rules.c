/*
 * Tables and JSON of the session endpoint.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/endpoint_rules.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "bridge/instant.h"

const struct endpoint_error endpoint_forbidden = {
    403, "Forbidden", "this endpoint answers the processes of its own session alone"};

static const struct endpoint_error not_get = {405, "MethodNotAllowed", "only GET is answered"};
static const struct endpoint_error not_here = {
    404, "NotFound", "the address is in AWS_CONTAINER_CREDENTIALS_FULL_URI"};
static const struct endpoint_error no_body = {413, "PayloadTooLarge", "a request has no body here"};

static bool
is_our_host(const char *host, unsigned port)
{
    char expected[32];

    (void)snprintf(expected, sizeof(expected), "127.0.0.1:%u", port);
    if (strcmp(host, expected) == 0)
        return true;
    (void)snprintf(expected, sizeof(expected), "localhost:%u", port);
    return text_equal_nocase(host, expected);
}

bool
endpoint_has_place(unsigned own, unsigned all)
{
    unsigned left = all < ENDPOINT_PLACES ? ENDPOINT_PLACES - all : 0;

    return own < ENDPOINT_PLACES_PER_UID && own < (left + 7) / 8;
}

const struct endpoint_error *
endpoint_judge(const struct endpoint_head *head, unsigned port)
{
    if (head->has_origin || head->n_host != 1 || head->host == NULL ||
        !is_our_host(head->host, port))
        return &endpoint_forbidden;
    if (strcmp(head->method, "GET") != 0)
        return &not_get;
    if (head->has_body)
        return &no_body;
    if (strcmp(head->path, ENDPOINT_PATH) != 0)
        return &not_here;
    if (head->n_authorization != 1 || head->authorization == NULL)
        return &endpoint_forbidden;
    return NULL;
}

/* 4xx is final for the SDKs, 5xx is tried again by most. */
struct endpoint_error
endpoint_error_of(int error)
{
    switch (error) {
    case FED_E_NO_TICKET:
        return (struct endpoint_error){401, "SignInNeeded", NULL};
    case FED_E_FRESH_CODE:
        return (struct endpoint_error){403, "FreshCodeNeeded", NULL};
    case FED_E_ROLE:
        return (struct endpoint_error){404, "RoleNotChosen", NULL};
    case FED_E_AWS_REFUSED:
        return (struct endpoint_error){403, "RefusedByAws", NULL};
    default:
        break;
    }
    switch (fed_error_class(error)) {
    case FED_CLASS_DENIED:
        return (struct endpoint_error){403, "Denied", NULL};
    case FED_CLASS_UNAVAILABLE:
        return (struct endpoint_error){503, "Unavailable", NULL};
    default:
        return (struct endpoint_error){500, "InternalError", NULL};
    }
}

/* RFC 8259 section 7; what is not ASCII passes as it is, for the wire has checked that it is UTF-8. */
static int
put_string(struct fed_secret *out, const char *text)
{
    int r = fed_secret_add_byte(out, '"');

    for (const char *p = text; r == 0 && *p != '\0'; p++) {
        unsigned char c = (unsigned char)*p;
        if (c == '"' || c == '\\')
            r = fed_secret_add_byte(out, '\\');
        if (r == 0)
            r = c < 0x20 ? fed_secret_addf(out, "\\u%04x", c) : fed_secret_add_byte(out, c);
    }
    return r != 0 ? r : fed_secret_add_byte(out, '"');
}

static int
put_member(struct fed_secret *out, const char *name, const char *value)
{
    int r = fed_secret_add_byte(out, out->len == 0 ? '{' : ',');

    if (r == 0)
        r = put_string(out, name);
    if (r == 0)
        r = fed_secret_add_byte(out, ':');
    return r != 0 ? r : put_string(out, value);
}

int
endpoint_put_error(struct fed_secret *out, const char *code, const char *message)
{
    int r = put_member(out, "code", code);

    if (r == 0)
        r = put_member(out, "message", message);
    return r != 0 ? r : fed_secret_add_byte(out, '}');
}

int
endpoint_put_credential(struct fed_secret *out, const struct wire_msg *reply)
{
    const char *key = wire_text(reply, WIRE_ACCESS_KEY),
               *secret = wire_text(reply, WIRE_SECRET_KEY),
               *token = wire_text(reply, WIRE_SESSION_TOKEN),
               *account = wire_text(reply, WIRE_ACCOUNT);
    int64_t expires_s = (int64_t)wire_number(reply, WIRE_EXPIRES, 0);
    char when[INSTANT_SIZE];
    int r;

    if (key == NULL || secret == NULL || token == NULL || expires_s <= 0 ||
        !instant_write(expires_s, when))
        return FED_E_PROTO;
    if ((r = put_member(out, "AccessKeyId", key)) != 0 ||
        (r = put_member(out, "SecretAccessKey", secret)) != 0 ||
        (r = put_member(out, "Token", token)) != 0 ||
        (r = put_member(out, "Expiration", when)) != 0)
        return r;
    if (account != NULL && (r = put_member(out, "AccountId", account)) != 0)
        return r;
    return fed_secret_add_byte(out, '}');
}
