/*
 * What the directory store asks of others: the domains' service identities, and the keeper.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/attribute_store.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "mfa/store_directory.h"

#define PREFIX "directory:"

static const char *
attribute(const struct bridge *b)
{
    return b->conf->mfa.store + sizeof(PREFIX) - 1;
}

static int
note(int r, const char *why)
{
    if (r != 0 && r != FED_E_REPLAY && r != FED_E_UNKNOWN_USER)
        fed_log_warning("the second-factor store in the directory: %s", why);
    return r;
}

/*
 * Ask the domains one after the other, since a SID does not tell whose it is. "Nobody" is only believed when all
 * of them said so: one that is away is an error (I-29).
 */
static int
read_value(void *arg, const char *sid_text, struct fed_secret *ret)
{
    const struct bridge *b = arg;
    char why[ADDIR_WHY_MAX] = "";
    struct sid sid;
    int r = sid_from_text(sid_text, &sid);

    if (r != 0)
        return r;
    r = FED_E_UNKNOWN_USER;
    for (size_t i = 0; i < b->conf->n_domains && r == FED_E_UNKNOWN_USER; i++)
        r = addir_attribute_read(b->dirs[i], &sid, attribute(b), ret, why);
    return note(r, why);
}

static int
exchange_value(void *arg, const char *sid_text, const struct fed_secret *old_value,
    const struct fed_secret *new_value)
{
    const struct bridge *b = arg;
    char why[ADDIR_WHY_MAX] = "";
    struct sid sid;
    int r = sid_from_text(sid_text, &sid);

    if (r != 0)
        return r;
    r = FED_E_UNKNOWN_USER;
    for (size_t i = 0; i < b->conf->n_domains && r == FED_E_UNKNOWN_USER; i++)
        r = addir_attribute_exchange(b->dirs[i], &sid, attribute(b), old_value, new_value, why);
    return note(r, why);
}

struct call {
    int (*fn)(void *fn_arg, const char *sid, const void *value, size_t len);
    void *fn_arg;
};

static int
call_with_text(void *arg, const struct sid *sid, const void *value, size_t len)
{
    const struct call *call = arg;
    char text[SID_TEXT_MAX];

    return call->fn(call->fn_arg, sid_to_text(sid, text), value, len);
}

static int
each_value(void *arg, int (*fn)(void *fn_arg, const char *sid, const void *value, size_t len),
    void *fn_arg)
{
    const struct bridge *b = arg;
    struct call call = {fn, fn_arg};
    char why[ADDIR_WHY_MAX] = "";
    int r = 0;

    for (size_t i = 0; i < b->conf->n_domains && r == 0; i++)
        r = addir_attribute_each(b->dirs[i], attribute(b), call_with_text, &call, why);
    return note(r, why);
}

static int
wrap(void *arg, const char *sid, const void *row, size_t len, struct fed_secret *ret)
{
    const struct bridge *b = arg;

    return keeper_wrap(b->keeper, sid, row, len, ret);
}

static int
unwrap(void *arg, const char *sid, const void *blob, size_t len, struct fed_secret *ret)
{
    const struct bridge *b = arg;

    return keeper_unwrap(b->keeper, sid, blob, len, ret);
}

bool
attribute_store_wanted(const struct conf *conf)
{
    return strncmp(conf->mfa.store, PREFIX, sizeof(PREFIX) - 1) == 0;
}

int
attribute_store_open(struct bridge *b, struct store **ret, char *why)
{
    static const struct store_directory_ops ops = {.read = read_value,
        .exchange = exchange_value,
        .each = each_value,
        .wrap = wrap,
        .unwrap = unwrap};
    char failures[PATH_MAX];

    if (snprintf(failures, sizeof(failures), "%s/failures.db", b->conf->bridge.state_dir) >=
        (int)sizeof(failures)) {
        (void)snprintf(why, STORE_WHY_MAX, "[bridge] state-dir is too long");
        return FED_E_CONFIG;
    }
    return store_directory_open(&ops, b, failures, ret, why);
}
