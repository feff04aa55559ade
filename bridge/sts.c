/*
 * Asking for a role: attempt after attempt, each with an assertion of its own, until one succeeds, the
 * table in bridge/sts_error.c says no, or the time is over.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/sts.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/clock.h"
#include "base/clocks.h"
#include "base/text.h"
#include "bridge/https.h"
#include "bridge/saml.h"
#include "bridge/sts_error.h"
#include "bridge/sts_form.h"
#include "bridge/sts_where.h"

enum {
    TRIES_EACH = 3, /* in one region */
    PAUSE_FIRST_MS = 100,
    PAUSE_MOST_MS = 2000,
    LEARNED_FOR_MS =
        3600 * 1000,    /* then a longer session is tried again: somebody may have allowed it */
    SIGNED_FOR_S = 300, /* how far from AWS's clock a SigV4 signature may be */
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
    struct clocks *clock;    /* AWS's, as each reply tells it */
    pthread_mutex_t lock;    /* of learned */
    struct learned *learned; /* one a role at most: their number is the configuration's */
};

/* One request and how far it has come. */
struct call {
    struct sts *sts;
    const struct sts_request *request;
    int64_t deadline_ms;
    int64_t duration_s;
    struct sts_where where;
    size_t region;  /* index in where */
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
    int r = clocks_new(1, &sts->clock);
    if (r == 0)
        r = https_new(conf->ca_file, conf->proxy, &sts->https, why);
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
    clocks_free(sts->clock);
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

/* ---- One attempt ---- */

static void
say(struct call *call, const char *url, const char *what)
{
    (void)snprintf(call->why, STS_WHY_MAX, "%.200s: %s", url, what);
    text_clean_in_place(call->why, false);
}

/* Is our clock so wrong that an assertion made now is not valid at AWS now? */
static bool
is_clock_wrong(const struct call *call, const struct https_reply *reply)
{
    int64_t ahead_s = call->request->how == STS_WITH_KEYS ? SIGNED_FOR_S : SAML_BEFORE_S;

    return reply->has_date && (reply->skew_s > ahead_s || reply->skew_s < -SAML_AFTER_S);
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
    const struct sts_error_row *row = sts_error_row(call->request->how, error, reply->status);
    int r = row->error;

    sts_error_explain(row, error, reply->status, call->request->role->name, call->why);
    *ret_action = row->action;
    if (row->of_clock) {
        say_skew(call, reply);
        if (is_clock_wrong(call, reply)) {
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
    return is_clock_wrong(call, reply) ? FED_E_CLOCK : FED_E_AWS_UNAVAILABLE;
}

static int
judge(struct call *call, const char *url, const struct https_reply *reply,
    struct sts_credential *ret, enum sts_action *ret_action)
{
    struct sts_credential credential = {.expires_s = 0};
    struct sts_error error = {{0}, {0}, {0}};

    int r = sts_reply_parse(sts_form_action(call->request->how), reply->body.data, reply->body.len,
        (int64_t)time(NULL), &credential, &error);
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

    return call->region + 1 < call->where.n ? (left + 1) / 2 : left;
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
post(const struct call *call, const char *url, const char *region, const struct fed_secret *form,
    int64_t timeout_ms, struct https_reply *ret, char *why)
{
    const struct sts_credential *keys = call->request->keys;
    struct https_request request = {.url = url, .form = form, .timeout_ms = timeout_ms};
    struct https_signer signer = {.region = region};

    if (call->request->how == STS_WITH_KEYS) {
        signer.access_key = &keys->access_key;
        signer.secret_key = &keys->secret_key;
        signer.session_token = &keys->session_token;
        request.signer = &signer;
    }
    return https_send(call->sts->https, &request, ret, why);
}

static void
hear_clock(struct sts *sts, const struct https_reply *reply)
{
    struct clocks_now now = clocks_now();

    if (reply->has_date)
        clocks_tell(sts->clock, 0, now.wall_s - reply->skew_s, &now);
}

bool
sts_clock_off(struct sts *sts, int64_t *ret_off_s)
{
    struct clocks_now now = clocks_now();

    return clocks_off(sts->clock, &now, ret_off_s) > 0;
}

static int
attempt(struct call *call, struct sts_credential *ret, enum sts_action *ret_action)
{
    struct fed_secret form = FED_SECRET_INIT(STS_FORM_MOST);
    struct https_reply reply = {.status = 0};
    char url[STS_URL_MAX], text[HTTPS_WHY_MAX] = "";

    *ret_action = STS_FAIL;
    const char *region = call->where.regions[call->region];
    int r = sts_where_url(call->sts->conf, call->request->role->partition, region, url);
    if (r == 0)
        r = sts_form_write(call->request, call->duration_s, &form);
    if (r != 0) {
        (void)snprintf(call->why, STS_WHY_MAX, "the assertion: %s", fed_strerror(r));
        goto out;
    }
    int64_t timeout_ms = attempt_timeout_ms(call);
    if (timeout_ms <= 0) {
        say(call, url, fed_strerror(r = FED_E_TIMEOUT));
        goto out;
    }
    r = post(call, url, region, &form, timeout_ms, &reply, text);
    if (r == 0) {
        hear_clock(call->sts, &reply);
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
    return ++call->region < call->where.n;
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
sts_assume_role(struct sts *sts, const struct sts_request *request, struct sts_credential *ret,
    char *why, char *request_id)
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
    sts_where_list(sts->conf, request->role, &call.where);
    do {
        r = attempt(&call, ret, &action);
    } while (r != 0 && goes_on(&call, action));
    if (r == 0 && call.shortened)
        learn_duration(sts, request->role->arn, call.duration_s);
    return r;
}
