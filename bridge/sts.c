/*
 * AssumeRoleWithSAML: attempt after attempt, each with an assertion of its own, until one succeeds, the
 * table in bridge/sts_error.c says no, or the time is over.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/sts.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/clock.h"
#include "base/text.h"
#include "bridge/https.h"
#include "bridge/saml.h"
#include "bridge/sts_error.h"
#include "conf/arn.h"

enum {
    ASSERTION_MOST = 100000, /* base64 characters that AWS takes */
    FORM_MOST = 3 * ASSERTION_MOST + 64 * 1024,
    REGIONS_MOST = 16,
    TRIES_EACH = 3, /* in one region */
    PAUSE_FIRST_MS = 100,
    PAUSE_MOST_MS = 2000,
    LEARNED_FOR_MS =
        3600 * 1000, /* then a longer session is tried again: somebody may have allowed it */
    URL_MAX = 512,
};

/* What a role's maximum session turned out to be. */
struct learned {
    struct learned *next;
    int64_t most_s, until_ms;
    char arn[];
};

struct sts {
    const struct conf_aws *conf;
    struct https *https;
    pthread_mutex_t lock;    /* of learned */
    struct learned *learned; /* one a role at most: their number is the configuration's */
};

/* One request and how far it has come. */
struct call {
    struct sts *sts;
    const struct sts_request *request;
    int64_t deadline_ms;
    int64_t duration_s;
    const char *regions[REGIONS_MOST];
    size_t n_regions, region;
    unsigned tries; /* in this region */
    bool resigned, shortened;
    char *why, *request_id;
};

int
sts_global_init(void)
{
    return https_global_init();
}

int
sts_new(const struct conf_aws *conf, struct sts **ret, char *why)
{
    if (conf->endpoint != NULL && strncmp(conf->endpoint, "https://", 8) != 0) {
        (void)snprintf(why, STS_WHY_MAX, "\"endpoint\" in [aws] is not https://HOST: change it");
        return FED_E_CONFIG;
    }
    struct sts *sts = calloc(1, sizeof(*sts));
    if (sts == NULL)
        return FED_E_NOMEM;
    sts->conf = conf;
    (void)pthread_mutex_init(&sts->lock, NULL);
    int r = https_new(conf->ca_file, conf->proxy, &sts->https, why);
    if (r != 0) {
        sts_free(sts);
        return r;
    }
    *ret = sts;
    return 0;
}

void
sts_free(struct sts *sts)
{
    if (sts == NULL)
        return;
    while (sts->learned != NULL) {
        struct learned *next = sts->learned->next;
        free(sts->learned);
        sts->learned = next;
    }
    https_free(sts->https);
    (void)pthread_mutex_destroy(&sts->lock);
    free(sts);
}

/* ---- Durations learned ---- */

static struct learned *
find_learned(struct sts *sts, const char *arn)
{
    struct learned *l = sts->learned;

    while (l != NULL && strcmp(l->arn, arn) != 0)
        l = l->next;
    return l;
}

static int64_t
allowed_duration(struct sts *sts, const char *arn, int64_t wanted_s)
{
    (void)pthread_mutex_lock(&sts->lock);
    const struct learned *l = find_learned(sts, arn);
    if (l != NULL && clock_mono_ms() < l->until_ms && l->most_s < wanted_s)
        wanted_s = l->most_s;
    (void)pthread_mutex_unlock(&sts->lock);
    return wanted_s;
}

/* Only after it was granted. Out of memory costs a wasted call next time, nothing else. */
static void
learn_duration(struct sts *sts, const char *arn, int64_t most_s)
{
    (void)pthread_mutex_lock(&sts->lock);
    struct learned *l = find_learned(sts, arn);
    if (l == NULL && (l = calloc(1, sizeof(*l) + strlen(arn) + 1)) != NULL) {
        memcpy(l->arn, arn, strlen(arn) + 1);
        l->next = sts->learned;
        sts->learned = l;
    }
    if (l != NULL) {
        l->most_s = most_s;
        l->until_ms = clock_mono_ms() + LEARNED_FOR_MS;
    }
    (void)pthread_mutex_unlock(&sts->lock);
}

/* ---- Where to ask ---- */

static void
add_region(struct call *call, const char *region)
{
    if (region == NULL || call->n_regions == REGIONS_MOST ||
        !arn_region_fits(call->request->role->partition, region))
        return;
    for (size_t i = 0; i < call->n_regions; i++) {
        if (strcmp(call->regions[i], region) == 0)
            return;
    }
    call->regions[call->n_regions++] = region;
}

/* The role's region, then [aws] region, then the fallbacks, as far as they lie in the role's partition. */
static void
choose_regions(struct call *call)
{
    static const char *const homes[] = {"us-east-1", "us-gov-west-1", "cn-north-1"};
    const struct conf_aws *conf = call->sts->conf;

    if (conf->endpoint != NULL) {
        call->regions[call->n_regions++] = NULL;
        return;
    }
    add_region(call, call->request->role->region);
    add_region(call, conf->region);
    for (size_t i = 0; i < conf->fallback_regions.n; i++)
        add_region(call, conf->fallback_regions.items[i]);
    /* A role in a partition of which no region is configured. */
    for (size_t i = 0; call->n_regions == 0 && i < sizeof(homes) / sizeof(homes[0]); i++)
        add_region(call, homes[i]);
}

static int
make_url(const struct call *call, char url[URL_MAX])
{
    const char *endpoint = call->sts->conf->endpoint;
    size_t len = endpoint != NULL ? strlen(endpoint) : 0;
    bool china = strcmp(call->request->role->partition, "aws-cn") == 0;
    int n;

    if (endpoint != NULL)
        n = snprintf(url, URL_MAX, "%s%s", endpoint, endpoint[len - 1] == '/' ? "" : "/");
    else
        n = snprintf(url, URL_MAX, "https://sts.%s.amazonaws.com%s/", call->regions[call->region],
            china ? ".cn" : "");
    return n > 0 && n < URL_MAX ? 0 : FED_E_TOO_BIG;
}

/* ---- What to ask ---- */

/* Percent-encoding of a form's value: unreserved characters of RFC 3986 stay. */
static int
add_encoded(struct fed_secret *form, const void *data, size_t len)
{
    static const char hex[] = "0123456789ABCDEF";
    const unsigned char *p = data;
    int r = 0;

    for (size_t i = 0; r == 0 && i < len; i++) {
        unsigned char c = p[i];
        const char coded[] = {'%', hex[c >> 4], hex[c & 0xf]};
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
            (c != '\0' && strchr("-._~", c) != NULL))
            r = fed_secret_add_byte(form, c);
        else
            r = fed_secret_add(form, coded, sizeof(coded));
    }
    return r;
}

static int
add_parameter(struct fed_secret *form, const char *name, const char *value)
{
    int r = fed_secret_addf(form, "&%s=", name);

    return r != 0 ? r : add_encoded(form, value, strlen(value));
}

static int
add_assertion(struct call *call, struct fed_secret *form)
{
    struct fed_secret xml = FED_SECRET_INIT(SAML_RESPONSE_MAX);
    struct fed_secret base64 = FED_SECRET_INIT(ASSERTION_MOST);

    int r = call->request->assertion(
        call->request->assertion_arg, call->duration_s, (int64_t)time(NULL), &xml);
    if (r == 0)
        r = fed_secret_resize(&base64, (xml.len + 2) / 3 * 4);
    if (r == 0) {
        (void)EVP_EncodeBlock(base64.data, xml.data, (int)xml.len);
        r = fed_secret_add_str(form, "&SAMLAssertion=");
    }
    if (r == 0)
        r = add_encoded(form, base64.data, base64.len);
    fed_secret_done(&base64);
    fed_secret_done(&xml);
    return r;
}

static int
write_form(struct call *call, struct fed_secret *form)
{
    const struct conf_role *role = call->request->role;
    char name[48];

    int r = fed_secret_addf(form,
        "Action=AssumeRoleWithSAML&Version=2011-06-15&DurationSeconds=%" PRId64, call->duration_s);
    if (r == 0)
        r = add_parameter(form, "RoleArn", role->arn);
    if (r == 0)
        r = add_parameter(form, "PrincipalArn", role->provider);
    for (size_t i = 0; r == 0 && i < role->policy_arns.n; i++) {
        (void)snprintf(name, sizeof(name), "PolicyArns.member.%zu.arn", i + 1);
        r = add_parameter(form, name, role->policy_arns.items[i]);
    }
    if (r == 0 && call->request->policy != NULL)
        r = add_parameter(form, "Policy", call->request->policy);
    return r != 0 ? r : add_assertion(call, form);
}

/* ---- One attempt ---- */

static void
say(struct call *call, const char *url, const char *what)
{
    (void)snprintf(call->why, STS_WHY_MAX, "%.200s: %s", url, what);
    text_clean_in_place(call->why, false);
}

/* Is our clock so wrong that an assertion made now is not valid at AWS now? */
static bool
is_clock_wrong(const struct https_reply *reply)
{
    return reply->has_date && (reply->skew_s > SAML_BEFORE_S || reply->skew_s < -SAML_AFTER_S);
}

static void
say_skew(struct call *call, const struct https_reply *reply)
{
    size_t used = strlen(call->why);

    if (!reply->has_date || (reply->skew_s < 5 && reply->skew_s > -5))
        return;
    (void)snprintf(call->why + used, STS_WHY_MAX - used,
        "; this host's clock is %" PRId64 " seconds %s AWS's",
        reply->skew_s > 0 ? reply->skew_s : -reply->skew_s,
        reply->skew_s > 0 ? "ahead of" : "behind");
}

/* The reply is no success: what AWS says decides what comes next. */
static int
judge_refusal(struct call *call, const struct https_reply *reply, const struct sts_error *error,
    enum sts_action *ret_action)
{
    const struct sts_error_row *row = sts_error_row(error, reply->status);
    int r = row->error;

    sts_error_explain(row, error, reply->status, call->request->role->name, call->why);
    *ret_action = row->action;
    if (row->of_clock) {
        say_skew(call, reply);
        if (is_clock_wrong(reply)) {
            r = FED_E_CLOCK;
            *ret_action = STS_FAIL;
        }
    }
    if (row->action == STS_LEARN_DURATION) {
        int64_t shorter_s = sts_error_duration(error, call->duration_s);
        if (shorter_s == 0 || call->shortened)
            *ret_action = STS_FAIL;
        else
            call->duration_s = shorter_s;
    }
    return r;
}

/* A reply with status 200 that cannot be used, most often for the date in it. */
static int
judge_unreadable(struct call *call, const char *url, const struct https_reply *reply)
{
    say(call, url,
        "the reply is incomplete, expired or none of STS's: look for a proxy or a portal in "
        "between");
    say_skew(call, reply);
    return is_clock_wrong(reply) ? FED_E_CLOCK : FED_E_AWS_UNAVAILABLE;
}

static int
judge(struct call *call, const char *url, const struct https_reply *reply,
    struct sts_credential *ret, enum sts_action *ret_action)
{
    struct sts_credential credential = {.expires_s = 0};
    struct sts_error error = {{0}, {0}, {0}};

    int r = sts_reply_parse(
        reply->body.data, reply->body.len, (int64_t)time(NULL), &credential, &error);
    const char *id = r == 0 ? credential.request_id : error.request_id;
    (void)snprintf(
        call->request_id, STS_REQUEST_ID_MAX, "%s", *id != '\0' ? id : reply->request_id);
    if (r == 0 && reply->status == 200) {
        credential.duration_s = call->duration_s;
        (void)snprintf(credential.request_id, STS_REQUEST_ID_MAX, "%s", call->request_id);
        *ret = credential;
        return 0;
    }
    sts_credential_done(&credential);
    *ret_action = STS_FAIL;
    if (r == FED_E_NOMEM)
        return r;
    if (r != FED_E_AWS_REFUSED && reply->status == 200)
        return judge_unreadable(call, url, reply);
    return judge_refusal(call, reply, &error, ret_action);
}

/* Where there is another region to go to, this one gets half of the time that is left. */
static int64_t
attempt_timeout_ms(const struct call *call)
{
    int64_t left = clock_left_ms(call->deadline_ms);

    return call->region + 1 < call->n_regions ? (left + 1) / 2 : left;
}

static enum sts_action
action_of(int transport_error)
{
    switch (transport_error) {
    case FED_E_TIMEOUT:
        return STS_NEXT_REGION;
    case FED_E_AWS_UNAVAILABLE:
        return STS_RETRY;
    default:
        return STS_FAIL;
    }
}

static int
attempt(struct call *call, struct sts_credential *ret, enum sts_action *ret_action)
{
    struct fed_secret form = FED_SECRET_INIT(FORM_MOST);
    struct https_reply reply = {.status = 0};
    char url[URL_MAX], text[HTTPS_WHY_MAX] = "";

    *ret_action = STS_FAIL;
    int r = make_url(call, url);
    if (r == 0)
        r = write_form(call, &form);
    if (r != 0) {
        (void)snprintf(call->why, STS_WHY_MAX, "the assertion: %s", fed_strerror(r));
        goto out;
    }
    int64_t timeout_ms = attempt_timeout_ms(call);
    if (timeout_ms <= 0) {
        say(call, url, fed_strerror(r = FED_E_TIMEOUT));
        goto out;
    }
    r = https_post(call->sts->https, url, &form, timeout_ms, &reply, text);
    if (r == 0) {
        r = judge(call, url, &reply, ret, ret_action);
        goto out;
    }
    say(call, url, text[0] != '\0' ? text : fed_strerror(r));
    *ret_action = action_of(r);
    if (r == FED_E_TOO_BIG)
        r = FED_E_AWS_UNAVAILABLE;
out:
    https_reply_done(&reply);
    fed_secret_done(&form);
    return r;
}

/* ---- All attempts ---- */

/* Full jitter: anything from nothing to a bound that doubles. False when the time is not there. */
static bool
pause_before_retry(const struct call *call)
{
    int64_t most = (int64_t)PAUSE_FIRST_MS << call->tries;
    uint32_t random;

    if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
        random = (uint32_t)clock_mono_ms(); /* jitter is no secret */
    int64_t ms = (int64_t)(random % (uint32_t)((most < PAUSE_MOST_MS ? most : PAUSE_MOST_MS) + 1));
    if (ms >= clock_left_ms(call->deadline_ms))
        return false;
    struct timespec left = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    while (nanosleep(&left, &left) != 0)
        continue;
    return true;
}

static bool
to_next_region(struct call *call)
{
    call->tries = 0;
    return ++call->region < call->n_regions;
}

static bool
goes_on(struct call *call, enum sts_action action)
{
    bool first;

    switch (action) {
    case STS_RESIGN:
        first = !call->resigned;
        call->resigned = true;
        return first;
    case STS_LEARN_DURATION:
        call->shortened = true;
        return true;
    case STS_RETRY:
        return ++call->tries < TRIES_EACH ? pause_before_retry(call) : to_next_region(call);
    case STS_NEXT_REGION:
        return to_next_region(call);
    case STS_FAIL:
        break;
    }
    return false;
}

int
sts_assume_role_with_saml(struct sts *sts, const struct sts_request *request,
    struct sts_credential *ret, char *why, char *request_id)
{
    char id[STS_REQUEST_ID_MAX] = "";
    struct call call = {.sts = sts,
        .request = request,
        .deadline_ms = clock_mono_ms() + request->timeout_ms,
        .duration_s = allowed_duration(sts, request->role->arn, request->duration_s),
        .why = why,
        .request_id = request_id != NULL ? request_id : id};
    enum sts_action action;
    int r;

    *why = *call.request_id = '\0';
    choose_regions(&call);
    do {
        r = attempt(&call, ret, &action);
    } while (r != 0 && goes_on(&call, action));
    if (r == 0 && call.shortened)
        learn_duration(sts, request->role->arn, call.duration_s);
    return r;
}
