/*
 * A directory of one server for tests, as AD behaves: an exchange whose old value is not there is refused whole.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_MFA_DIRECTORY_H
#define TESTS_MFA_DIRECTORY_H

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "mfa/seal.h"
#include "mfa/store_directory.h"

enum { AD_MAX = 16, AD_VALUE = STORE_DIRECTORY_VALUE_MAX + 1 };

static struct {
    pthread_mutex_t lock;
    struct {
        char sid[STORE_SID_MAX];
        char value[AD_VALUE];
    } people[AD_MAX];
    size_t n;
    int away;            /* an error for every call */
    const char *unknown; /* the SID of somebody who has no entry */
    const char *hidden;  /* and of somebody whose value may be written, and not read */
    struct fed_secret key;
} ad = {.lock = PTHREAD_MUTEX_INITIALIZER};

static char *
ad_value(const char *sid)
{
    for (size_t i = 0; i < ad.n; i++)
        if (strcmp(ad.people[i].sid, sid) == 0)
            return ad.people[i].value;
    if (ad.n == AD_MAX)
        return NULL;
    (void)snprintf(ad.people[ad.n].sid, STORE_SID_MAX, "%s", sid);
    return ad.people[ad.n++].value;
}

static int
ad_read(void *arg, const char *sid, struct fed_secret *ret)
{
    (void)arg;
    (void)pthread_mutex_lock(&ad.lock);
    const char *value = ad_value(sid);
    int r = ad.away != 0 ? ad.away : fed_secret_set(ret, value, strlen(value));
    if (r == 0 && ad.unknown != NULL && strcmp(ad.unknown, sid) == 0)
        r = FED_E_UNKNOWN_USER;
    if (r == 0 && ad.hidden != NULL && strcmp(ad.hidden, sid) == 0)
        fed_secret_clear(ret);
    (void)pthread_mutex_unlock(&ad.lock);
    return r;
}

static int
ad_exchange(void *arg, const char *sid, const struct fed_secret *old_value,
    const struct fed_secret *new_value)
{
    (void)arg;
    (void)pthread_mutex_lock(&ad.lock);
    char *value = ad_value(sid);
    int r = ad.away;
    if (r == 0 && strcmp(value, fed_secret_str(old_value)) != 0)
        r = FED_E_REPLAY;
    if (r == 0)
        (void)snprintf(value, AD_VALUE, "%s", fed_secret_str(new_value));
    (void)pthread_mutex_unlock(&ad.lock);
    return r;
}

static int
ad_each(void *arg, int (*fn)(void *fn_arg, const char *sid, const void *value, size_t len),
    void *fn_arg)
{
    int r = ad.away;

    (void)arg;
    for (size_t i = 0; i < ad.n && r == 0; i++)
        if (ad.people[i].value[0] != '\0')
            r = fn(fn_arg, ad.people[i].sid, ad.people[i].value, strlen(ad.people[i].value));
    return r;
}

static int
ad_wrap(void *arg, const char *sid, const void *row, size_t len, struct fed_secret *ret)
{
    struct fed_secret plain = FED_SECRET_INIT(SEAL_RECORD_MAX);

    (void)arg;
    int r = fed_secret_set(&plain, row, len);
    if (r == 0)
        r = seal_close_record(&ad.key, sid, &plain, ret);
    fed_secret_done(&plain);
    return r;
}

static int
ad_unwrap(void *arg, const char *sid, const void *blob, size_t len, struct fed_secret *ret)
{
    (void)arg;
    return seal_open_record(&ad.key, sid, blob, len, ret);
}

static const struct store_directory_ops ad_ops = {.read = ad_read,
    .exchange = ad_exchange,
    .each = ad_each,
    .wrap = ad_wrap,
    .unwrap = ad_unwrap};

/* Nobody has a value any more. 0 or an error. */
static int
ad_empty(void)
{
    memset(ad.people, 0, sizeof(ad.people));
    ad.n = 0;
    ad.away = 0;
    ad.unknown = ad.hidden = NULL;
    if (ad.key.len != 0)
        return 0;
    ad.key = FED_SECRET_INIT(SEAL_KEY_SIZE);
    int r = fed_secret_resize(&ad.key, SEAL_KEY_SIZE);
    if (r == 0)
        memset(ad.key.data, 'k', SEAL_KEY_SIZE);
    return r;
}

#endif
