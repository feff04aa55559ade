/*
 * Asking, and asking again.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/iam.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "bridge/https.h"
#include "bridge/iam_reply.h"
#include "bridge/sts_form.h"
#include "bridge/sts_where.h"

enum { FORM_MOST = 32 * 1024, TRIES = 3, PAUSE_MS = 200, EACH_MS = 8000 };

struct iam {
    const struct conf_aws *conf;
    struct https *https;
};

int
iam_new(const struct conf_aws *conf, struct iam **ret, char *why)
{
    struct iam *iam = calloc(1, sizeof(*iam));

    if (iam == NULL)
        return FED_E_NOMEM;
    iam->conf = conf;
    int r = https_new(conf->ca_file, conf->proxy, &iam->https, why);
    if (r != 0)
        iam_free(iam);
    else
        *ret = iam;
    return r;
}

void
iam_free(struct iam *iam)
{
    if (iam == NULL)
        return;
    https_free(iam->https);
    free(iam);
}

/* IAM is one for a partition. GovCloud's is FIPS's already, and China has none. */
int
iam_where(const struct conf_aws *conf, const char *partition, char ret_url[IAM_URL_MAX],
    char ret_region[IAM_REGION_MAX])
{
    const char *url =
        conf->use_fips ? "https://iam-fips.amazonaws.com" : "https://iam.amazonaws.com";
    const char *region = "us-east-1";

    if (strcmp(partition, "aws-cn") == 0) {
        url = "https://iam.cn-north-1.amazonaws.com.cn";
        region = "cn-north-1";
    } else if (strcmp(partition, "aws-us-gov") == 0) {
        url = "https://iam.us-gov.amazonaws.com";
        region = "us-gov-west-1";
    }
    if (conf->iam_endpoint != NULL)
        url = conf->iam_endpoint;
    size_t len = strlen(url);
    int n = snprintf(ret_url, IAM_URL_MAX, "%s%s", url, url[len - 1] == '/' ? "" : "/");
    (void)snprintf(ret_region, IAM_REGION_MAX, "%s", region);
    return n > 0 && n < IAM_URL_MAX ? 0 : FED_E_TOO_BIG;
}

/* One signed request of the Query protocol. */
struct question {
    const char *action;
    struct https_request request;
    struct https_signer signer;
};

static bool
may_pass(const struct iam_reply *reply, long status)
{
    return status >= 500 || strncmp(reply->code, "Throttling", 10) == 0 ||
           strcmp(reply->code, "RequestLimitExceeded") == 0 ||
           strcmp(reply->code, "ConcurrentModification") == 0;
}

/* *ret_again: another try may do better. */
static int
ask_once(struct iam *iam, struct question *q, int64_t deadline_ms, struct iam_reply *ret,
    bool *ret_again, char *why)
{
    struct https_reply reply = {.status = 0};
    char text[HTTPS_WHY_MAX] = "";
    int64_t left_ms = clock_left_ms(deadline_ms);

    *ret = (struct iam_reply){.account = ""};
    *ret_again = false;
    q->request.timeout_ms = left_ms < EACH_MS ? left_ms : EACH_MS;
    int r = left_ms > 0 ? https_send(iam->https, &q->request, &reply, text) : FED_E_TIMEOUT;
    if (r != 0) {
        (void)snprintf(why, STS_WHY_MAX, "%.200s: %s", q->request.url,
            text[0] != '\0' ? text : fed_strerror(r));
        *ret_again = r == FED_E_AWS_UNAVAILABLE || r == FED_E_TIMEOUT;
        return r == FED_E_TOO_BIG ? FED_E_AWS_UNAVAILABLE : r;
    }
    r = iam_reply_parse(q->action, reply.body.data, reply.body.len, ret);
    if (r == 0 && reply.status != 200)
        r = FED_E_PROTO;
    if (r == FED_E_AWS_REFUSED) {
        *ret_again = may_pass(ret, reply.status);
        (void)snprintf(why, STS_WHY_MAX, "%s: %s", ret->code, ret->message);
        r = *ret_again ? FED_E_AWS_UNAVAILABLE : r;
    } else if (r == FED_E_PROTO) {
        *ret_again = reply.status >= 500;
        (void)snprintf(why, STS_WHY_MAX, "%.200s: HTTP status %ld with an answer that is none",
            q->request.url, reply.status);
        r = FED_E_AWS_UNAVAILABLE;
    }
    https_reply_done(&reply);
    return r;
}

/* Either question may be asked twice with the same effect. */
static int
ask(struct iam *iam, struct question *q, int64_t deadline_ms, struct iam_reply *ret, char *why)
{
    bool again = true;
    int r = FED_E_TIMEOUT;

    for (int i = 0; i < TRIES && again; i++) {
        struct timespec pause = {.tv_nsec = (long)PAUSE_MS * 1000000L * i};
        if (i > 0 && clock_left_ms(deadline_ms) <= PAUSE_MS * i)
            break;
        (void)nanosleep(&pause, NULL);
        r = ask_once(iam, q, deadline_ms, ret, &again, why);
    }
    return r;
}

static void
sign_with(
    struct question *q, const struct sts_credential *keys, const char *region, const char *service)
{
    q->signer = (struct https_signer){.region = region,
        .service = service,
        .access_key = &keys->access_key,
        .secret_key = &keys->secret_key,
        .session_token = &keys->session_token};
    q->request.signer = &q->signer;
}

int
iam_whose(struct iam *iam, const struct sts_credential *keys, const char *partition,
    int64_t deadline_ms, char ret_account[13], char *why)
{
    struct fed_secret form = FED_SECRET_INIT(FORM_MOST);
    struct conf_role anywhere = {.partition = (char *)(uintptr_t)partition};
    char url[STS_URL_MAX];
    struct question q = {.action = "GetCallerIdentity", .request = {.url = url, .form = &form}};
    struct iam_reply reply;
    struct sts_where where;

    sts_where_list(iam->conf, &anywhere, &where);
    int r = sts_where_url(iam->conf, partition, where.regions[0], url);
    if (r == 0)
        r = fed_secret_add_str(&form, "Action=GetCallerIdentity&Version=2011-06-15");
    sign_with(&q, keys, where.regions[0], "sts");
    if (r == 0)
        r = ask(iam, &q, deadline_ms, &reply, why);
    if (r == 0 && reply.account[0] == '\0') {
        (void)snprintf(why, STS_WHY_MAX, "%.200s: the answer names no account", url);
        r = FED_E_AWS_UNAVAILABLE;
    }
    if (r == 0)
        memcpy(ret_account, reply.account, sizeof(reply.account));
    fed_secret_done(&form);
    return r;
}

int
iam_put_role_policy(struct iam *iam, const struct sts_credential *keys,
    const struct iam_policy *policy, int64_t deadline_ms, char *why)
{
    struct fed_secret form = FED_SECRET_INIT(FORM_MOST);
    char url[IAM_URL_MAX], region[IAM_REGION_MAX];
    struct question q = {.action = "PutRolePolicy", .request = {.url = url, .form = &form}};
    struct iam_reply reply;

    int r = iam_where(iam->conf, policy->partition, url, region);
    if (r == 0)
        r = fed_secret_add_str(&form, "Action=PutRolePolicy&Version=2010-05-08");
    if (r == 0)
        r = sts_form_add(&form, "RoleName", policy->role_name);
    if (r == 0)
        r = sts_form_add(&form, "PolicyName", policy->name);
    if (r == 0)
        r = sts_form_add(&form, "PolicyDocument", policy->document);
    sign_with(&q, keys, region, "iam");
    if (r == 0)
        r = ask(iam, &q, deadline_ms, &reply, why);
    fed_secret_done(&form);
    return r;
}
