/*
 * One POST, one JSON object, one URL.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/federation.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/https.h"
#include "bridge/sts_form.h"

enum { FORM_MAX = 3 * 64 * 1024 + 4096, SESSION_MAX = 64 * 1024 + 2048, URL_MAX = 512 };

/* What AWS calls its services in the console's addresses, where that is not the name that everybody uses. */
static const struct {
    const char *name, *page;
} pages[] = {
    {"apigateway", "apigateway/main/apis"},
    {"billing", "costmanagement/home"},
    {"cost", "costmanagement/home"},
    {"codebuild", "codesuite/codebuild/projects"},
    {"codecommit", "codesuite/codecommit/repositories"},
    {"codepipeline", "codesuite/codepipeline/pipelines"},
    {"dynamodb", "dynamodbv2/home"},
    {"ecr", "ecr/repositories"},
    {"ecs", "ecs/v2/clusters"},
    {"elb", "ec2/v2/home"},
    {"events", "events/home"},
    {"route53", "route53/v2/home"},
    {"secrets", "secretsmanager/listsecrets"},
    {"secretsmanager", "secretsmanager/listsecrets"},
    {"sfn", "states/home"},
    {"sns", "sns/v3/home"},
    {"sqs", "sqs/v2/home"},
    {"ssm", "systems-manager/home"},
    {"vpc", "vpcconsole/home"},
};

struct federation {
    const struct conf_aws *conf;
    struct https *https;
};

int
federation_new(const struct conf_aws *conf, struct federation **ret, char *why)
{
    struct federation *f = calloc(1, sizeof(*f));

    if (f == NULL)
        return FED_E_NOMEM;
    f->conf = conf;
    int r = https_new(conf->ca_file, conf->proxy, &f->https, why);
    if (r != 0) {
        federation_free(f);
        return r;
    }
    *ret = f;
    return 0;
}

void
federation_free(struct federation *federation)
{
    if (federation == NULL)
        return;
    https_free(federation->https);
    free(federation);
}

/* ---- Addresses ---- */

/* The partition's names: of the sign-in service and of the console. */
static const char *
host_of(const char *partition, bool console)
{
    static const struct {
        const char *partition, *signin, *console;
    } hosts[] = {{"aws-us-gov", "signin.amazonaws-us-gov.com", "console.amazonaws-us-gov.com"},
        {"aws-cn", "signin.amazonaws.cn", "console.amazonaws.cn"}};

    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        if (strcmp(hosts[i].partition, partition) == 0)
            return console ? hosts[i].console : hosts[i].signin;
    }
    return console ? "console.aws.amazon.com" : "signin.aws.amazon.com";
}

static int
make_endpoint(const struct federation *f, const char *partition, char url[URL_MAX])
{
    const char *own = f->conf->signin_endpoint;
    size_t len = own != NULL ? strlen(own) : 0;
    int n = own != NULL
                ? snprintf(url, URL_MAX, "%.*s/federation",
                      (int)(own[len - 1] == '/' ? len - 1 : len), own)
                : snprintf(url, URL_MAX, "https://%s/federation", host_of(partition, false));

    return n > 0 && n < URL_MAX ? 0 : FED_E_TOO_BIG;
}

int
federation_add_destination(struct fed_secret *ret, const struct federation_request *request)
{
    const char *service = request->service, *page = NULL;
    int r = fed_secret_addf(ret, "https://%s/", host_of(request->partition, true));

    for (size_t i = 0; service != NULL && i < sizeof(pages) / sizeof(pages[0]); i++) {
        if (strcmp(pages[i].name, service) == 0)
            page = pages[i].page;
    }
    if (r == 0 && page != NULL)
        r = fed_secret_add_str(ret, page);
    else if (r == 0)
        r = fed_secret_addf(ret, "%s/home", service != NULL ? service : "console");
    if (r == 0 && request->region != NULL)
        r = fed_secret_addf(ret, "?region=%s", request->region);
    return r;
}

/* ---- The token ---- */

/* The session as getSigninToken wants it. The values are AWS's own: base64 and the like. */
static int
add_session(struct fed_secret *to, const struct sts_credential *c)
{
    const char *values[] = {fed_secret_str(&c->access_key), fed_secret_str(&c->secret_key),
        fed_secret_str(&c->session_token)};

    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        for (const char *p = values[i]; *p != '\0'; p++) {
            if (*p < 0x21 || *p > 0x7e || *p == '"' || *p == '\\')
                return FED_E_PROTO;
        }
    }
    return fed_secret_addf(to,
        "{\"sessionId\":\"%s\",\"sessionKey\":\"%s\",\"sessionToken\":\"%s\"}", values[0],
        values[1], values[2]);
}

static int
write_form(const struct federation_request *request, struct fed_secret *form)
{
    struct fed_secret session = FED_SECRET_INIT(SESSION_MAX);
    int r = add_session(&session, request->credential);

    if (r == 0)
        r = fed_secret_add_str(form, "Action=getSigninToken");
    if (r == 0 && request->duration_s != 0)
        r = fed_secret_addf(form, "&SessionDuration=%" PRId64, request->duration_s);
    if (r == 0)
        r = sts_form_add(form, "Session", fed_secret_str(&session));
    fed_secret_done(&session);
    return r;
}

/* {"SigninToken":"VCQgs5qZ…"} */
int
federation_read_token(const void *data, size_t len, struct fed_secret *ret_token)
{
    json_t *root = json_loadb(data != NULL ? data : "", len, JSON_REJECT_DUPLICATES, NULL);
    const char *token = json_string_value(json_object_get(root, "SigninToken"));
    int r = FED_E_PROTO;

    if (token != NULL && *token != '\0' && strlen(token) <= FEDERATION_TOKEN_MAX) {
        r = 0;
        for (const char *p = token; *p != '\0'; p++) {
            if (*p < 0x21 || *p > 0x7e)
                r = FED_E_PROTO;
        }
    }
    if (r == 0)
        r = fed_secret_set(ret_token, token, strlen(token));
    /* jansson frees without wiping; the value is ours to change until then. */
    if (token != NULL)
        explicit_bzero((char *)(uintptr_t)token, strlen(token));
    json_decref(root);
    return r;
}

static int
judge(const char *url, const struct https_reply *reply, struct fed_secret *ret_token, char *why)
{
    if (reply->status != 200) {
        bool later = reply->status >= 500 || reply->status == 429;
        (void)snprintf(why, FEDERATION_WHY_MAX,
            later ? "AWS's sign-in service (%.200s) cannot answer now (HTTP %ld); try again later"
                  : "AWS's sign-in service (%.200s) refused the credentials (HTTP %ld)",
            url, reply->status);
        return later ? FED_E_AWS_UNAVAILABLE : FED_E_AWS_REFUSED;
    }
    int r = federation_read_token(reply->body.data, reply->body.len, ret_token);
    if (r == FED_E_PROTO) {
        (void)snprintf(why, FEDERATION_WHY_MAX,
            "%.200s: the answer is none of AWS's sign-in service: look for a proxy or a portal in "
            "between",
            url);
        r = FED_E_AWS_UNAVAILABLE;
    }
    return r;
}

static int
ask(struct federation *f, const struct federation_request *request, const char *url,
    struct fed_secret *ret_token, char *why)
{
    struct fed_secret form = FED_SECRET_INIT(FORM_MAX);
    struct https_reply reply = {.status = 0};
    char text[HTTPS_WHY_MAX] = "";
    int r = write_form(request, &form);

    if (r == 0) {
        r = https_send(f->https,
            &(struct https_request){
                .url = url, .form = &form, .timeout_ms = f->conf->timeout_s * 1000},
            &reply, text);
        if (r == 0)
            r = judge(url, &reply, ret_token, why);
        else
            (void)snprintf(why, FEDERATION_WHY_MAX, "%.200s: %s", url, text);
    }
    https_reply_done(&reply);
    fed_secret_done(&form);
    return r == FED_E_TOO_BIG || r == FED_E_PROTO ? FED_E_AWS_UNAVAILABLE : r;
}

int
federation_url(struct federation *federation, const struct federation_request *request,
    struct fed_secret *ret_url, char *why)
{
    struct fed_secret token = FED_SECRET_INIT(FEDERATION_TOKEN_MAX);
    struct fed_secret page = FED_SECRET_INIT(URL_MAX);
    char url[URL_MAX];
    int r = make_endpoint(federation, request->partition, url);

    if (r == 0)
        r = ask(federation, request, url, &token, why);
    if (r == 0)
        r = federation_add_destination(&page, request);
    if (r == 0)
        r = fed_secret_addf(ret_url, "%s?Action=login", url);
    if (r == 0 && request->issuer != NULL)
        r = sts_form_add(ret_url, "Issuer", request->issuer);
    if (r == 0)
        r = sts_form_add(ret_url, "Destination", fed_secret_str(&page));
    if (r == 0)
        r = sts_form_add(ret_url, "SigninToken", fed_secret_str(&token));
    fed_secret_done(&token);
    fed_secret_done(&page);
    return r;
}
