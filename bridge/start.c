/*
 * The order of start-up is the point of this file: what needs root, the fork of the keeper before any
 * thread, then no root any more.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/start.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "bridge/absent.h"
#include "bridge/attribute_store.h"
#include "bridge/cert.h"
#include "bridge/clockwatch.h"
#include "bridge/dispatch.h"
#include "bridge/endpoint_port.h"
#include "bridge/flow.h"
#include "bridge/privileges.h"
#include "bridge/socket.h"

static int
complain(int error, const char *why)
{
    fed_log_error("%s", why != NULL && why[0] != '\0' ? why : fed_strerror(error));
    return error;
}

/* A first start most often fails for files that are not made yet: all of them are told, and then what stopped it. */
static int
complain_of_files(const struct conf *conf, int error, const char *why)
{
    struct conf_errors absent = {0};

    absent_tell(conf, &absent);
    for (size_t i = 0; i < absent.n; i++)
        fed_log_error("%s", absent.lines[i]);
    conf_errors_done(&absent);
    return complain(error, why);
}

/* ---- As root ---- */

static int
make_state_dir(const char *path, const struct identity_ids *ids)
{
    char why[BRIDGE_WHY_MAX];
    struct stat st;

    if (mkdir(path, 0700) != 0 && errno != EEXIST) {
        (void)snprintf(why, sizeof(why), "cannot create \"%s\": %s", path, strerror(errno));
        return complain(FED_E_SYSTEM, why);
    }
    if (lstat(path, &st) != 0 || !S_ISDIR(st.st_mode)) {
        (void)snprintf(why, sizeof(why), "\"%s\" is no folder", path);
        return complain(FED_E_CONFIG, why);
    }
    if (geteuid() == 0 && st.st_uid == 0 && lchown(path, ids->uid, ids->gid) != 0) {
        (void)snprintf(why, sizeof(why), "cannot give \"%s\" to the bridge's user", path);
        return complain(FED_E_SYSTEM, why);
    }
    if (geteuid() == 0 && st.st_uid != 0 && st.st_uid != ids->uid) {
        (void)snprintf(why, sizeof(why), "\"%s\" belongs to uid %u: it must be the bridge's user's",
            path, (unsigned)st.st_uid);
        return complain(FED_E_CONFIG, why);
    }
    return 0;
}

static int
find_admin_group(struct bridge *b)
{
    const char *name = b->conf->bridge.admin_group;

    if (name == NULL)
        return 0;
    const struct group *group = getgrnam(name);
    if (group == NULL) {
        fed_log_error("[bridge] admin-group: there is no group \"%s\"", name);
        return FED_E_CONFIG;
    }
    b->has_admin_group = true;
    b->admin_gid = group->gr_gid;
    return 0;
}

static int
open_directories(struct bridge *b)
{
    char why[ADDIR_WHY_MAX] = "";

    b->dirs = calloc(b->conf->n_domains, sizeof(*b->dirs));
    b->password_caps = calloc(b->conf->n_domains, sizeof(*b->password_caps));
    if (b->dirs == NULL || b->password_caps == NULL)
        return FED_E_NOMEM;
    for (size_t i = 0; i < b->conf->n_domains; i++) {
        /* Until the directory has said what it allows: max-failures is to be below that, so it counts for all sources together (I-39). */
        b->password_caps[i] = b->conf->mfa.max_failures;
        int r = addir_new(&b->conf->domains[i], &b->conf->ad_attributes, &b->dirs[i], why);
        if (r != 0)
            return complain_of_files(b->conf, r, why);
    }
    return 0;
}

static int
read_certificate(struct bridge *b)
{
    char why[CERT_WHY_MAX];
    struct cert cert;

    if (b->conf->saml.certificate == NULL)
        return 0;
    int r = cert_read(b->conf->saml.certificate, &cert, why);
    if (r != 0)
        return complain(r, why);
    fed_secret_init(&b->certificate, CERT_B64_MAX);
    fed_secret_move(&b->certificate, &cert.der_b64);
    cert_done(&cert);
    return 0;
}

/* The sockets that only root can open. -1 where there is none. */
struct sockets {
    int listener, endpoint;
};

static int
open_endpoint(struct bridge *b, const struct identity_ids *ids, int *ret_fd)
{
    const struct conf_bridge *conf = &b->conf->bridge;
    char why[ENDPOINT_PORT_WHY_MAX] = "";

    if (!conf->session_endpoint)
        return 0;
    int r = endpoint_port_open(
        conf->endpoint_port, conf->state_dir, ids->uid, ret_fd, &b->endpoint_port, why);
    return r != 0 ? complain(r, why) : 0;
}

static int
start_as_root(struct bridge *b, struct sockets *s)
{
    const struct conf_bridge *conf = &b->conf->bridge;
    struct identity_ids ids;
    char why[BRIDGE_WHY_MAX] = "";
    int r;

    if ((r = privileges_find(conf->user, &ids, why, sizeof(why))) != 0 ||
        (r = socket_open(conf->socket, &s->listener, why, sizeof(why))) != 0 ||
        (r = socket_publish_local_users(conf->socket, &conf->local_users, why, sizeof(why))) != 0 ||
        (r = audit_open(conf->audit, ids.uid, ids.gid, &b->audit, why, sizeof(why))) != 0)
        return complain(r, why);
    if ((r = make_state_dir(conf->state_dir, &ids)) != 0 ||
        (r = open_endpoint(b, &ids, &s->endpoint)) != 0 || (r = find_admin_group(b)) != 0)
        return r;
    /* Before any secret is read: a token's library would find in its memory whatever we have in ours at the fork. */
    if ((r = keeper_start(b->conf, ids.uid, ids.gid, &b->keeper, why, sizeof(why))) != 0 ||
        (r = signers_start(b->conf, b->keeper, &b->signers, why, sizeof(why))) != 0)
        return complain_of_files(b->conf, r, why);
    if ((r = open_directories(b)) != 0 || (r = read_certificate(b)) != 0)
        return r;
    if ((r = privileges_drop(&ids)) != 0)
        return complain(r, "cannot give up root's privileges");
    return 0;
}

/* ---- As the bridge's user ---- */

static void
purge_ended(void *arg, const char *ticket_id)
{
    struct bridge *b = arg;

    if (b->cache != NULL) /* when the bridge ends, the cache ends first */
        cache_purge(b->cache, ticket_id);
    if (b->keyring != NULL)
        flow_purge(b, ticket_id);
}

static void
save_change(void *arg)
{
    struct bridge *b = arg;

    saver_changed(b->saver);
}

/* A request comes to the workers; and comes again when the flight has landed that it waited for. */
static void
take_request(void *arg, struct job *job)
{
    struct bridge *b = arg;

    workers_add(b->workers, job);
}

static int
open_store(struct bridge *b)
{
    char why[STORE_WHY_MAX] = "";
    struct limits_options options = {
        .max_failures = b->conf->mfa.max_failures, .lock_time_s = b->conf->mfa.lock_time_s};
    int r = attribute_store_wanted(b->conf) ? attribute_store_open(b, &b->store, why)
                                            : store_open(b->conf->mfa.store, &b->store, why);

    if (r != 0)
        return complain(r, why);
    options.store = b->store;
    return limits_new(&options, &b->limits);
}

static int
open_sts(struct bridge *b)
{
    char why[STS_WHY_MAX] = "";
    int r;

    if (b->conf->aws.region == NULL)
        return 0; /* and no role: the configuration sees to that */
    if ((r = sts_global_init()) != 0 || (r = sts_new(&b->conf->aws, &b->sts, why)) != 0 ||
        (r = federation_new(&b->conf->aws, &b->federation, why)) != 0 ||
        (b->conf->aws.base != CONF_BASE_NONE &&
            ((r = base_credential_new(&b->conf->aws, b->sts, &b->base, why)) != 0 ||
                (r = iam_new(&b->conf->aws, &b->iam, why)) != 0)))
        return complain(r, why);
    return 0;
}

static int
start_tables(struct bridge *b)
{
    struct tickets_options options = {.lifetime_s = b->conf->bridge.ticket_lifetime_s,
        .linger = b->conf->bridge.linger_sessions == CONF_LINGER_KEEP,
        .listener = b->listener,
        .ended = purge_ended,
        .changed = save_change,
        .arg = b};
    int r;

    if ((r = cache_new(take_request, b, &b->cache)) != 0 || (r = keyring_new(&b->keyring)) != 0 ||
        (r = receipts_new(&b->receipts)) != 0 || (r = arrivals_new(b->keeper, &b->arrivals)) != 0 ||
        (r = pending_new(&b->pending)) != 0 || (r = tickets_new(&options, &b->tickets)) != 0)
        return r;
    saver_restore(b->conf, b->tickets);
    if ((r = saver_new(b->conf, b->tickets, &b->saver)) != 0)
        return r;
    if ((r = clockwatch_new(b->conf, &b->clockwatch)) != 0)
        return r;
    return mapper_new(b->conf, b->dirs, &b->mapper);
}

static int
start_endpoint(struct bridge *b, struct sockets *s)
{
    struct endpoint_options options = {.fd = s->endpoint,
        .port = b->endpoint_port,
        .tickets = b->tickets,
        .audit = b->audit,
        .request = take_request,
        .arg = b};

    if (s->endpoint < 0)
        return 0;
    if (b->conf->bridge.endpoint_port == 0)
        endpoint_port_keep(b->conf->bridge.state_dir, b->endpoint_port);
    s->endpoint = -1; /* it is the endpoint's now, come what may */
    return endpoint_new(&options, &b->endpoint);
}

static int
start_serving(struct bridge *b, struct sockets *s)
{
    struct listener_options options = {.fd = s->listener,
        .max_per_uid = b->conf->bridge.max_connections_per_uid,
        .has_admin_group = b->has_admin_group,
        .admin_gid = b->admin_gid,
        .request = take_request,
        .arg = b};
    struct workers_options pool = {
        .n = b->conf->bridge.workers, .work = dispatch_work, .work_arg = b};
    s->listener = -1; /* the listener's now, come what may */
    int r = listener_new(&options, &b->listener);

    if (r != 0 || (r = open_store(b)) != 0 || (r = open_sts(b)) != 0 || (r = start_tables(b)) != 0)
        return r;
    if ((r = workers_new(&pool, &b->workers)) != 0)
        return r;
    if ((r = start_endpoint(b, s)) != 0)
        return r;
    return socket_listen(options.fd);
}

int
bridge_start(struct conf *conf, struct bridge **ret)
{
    struct bridge *b = calloc(1, sizeof(*b));
    struct sockets s = {-1, -1};
    int r;

    if (b == NULL) {
        conf_free(conf);
        return FED_E_NOMEM;
    }
    b->conf = conf;
    for (size_t i = 0; i < BRIDGE_STRIPES; i++) {
        (void)pthread_mutex_init(&b->recheck[i], NULL);
        (void)pthread_mutex_init(&b->last_tries[i], NULL);
    }
    if (gethostname(b->host, sizeof(b->host) - 1) != 0)
        b->host[0] = '\0';
    r = start_as_root(b, &s);
    if (r == 0) {
        r = start_serving(b, &s);
        if (r != 0)
            fed_log_error("cannot start: %s", fed_strerror(r));
    }
    if (r != 0) {
        if (s.listener >= 0)
            (void)close(s.listener);
        if (s.endpoint >= 0)
            (void)close(s.endpoint);
        bridge_free(b);
        return r;
    }
    *ret = b;
    return 0;
}

void
bridge_free(struct bridge *b)
{
    if (b == NULL)
        return;
    endpoint_close(b->endpoint);
    workers_stop(b->workers);
    cache_free(b->cache); /* what waited in it goes to the workers, who only give it back now */
    b->cache = NULL;
    workers_free(b->workers);
    endpoint_free(b->endpoint); /* every request of it has been answered by now */
    saver_free(b->saver);
    tickets_free(b->tickets);
    receipts_free(b->receipts);
    pending_free(b->pending);
    mapper_free(b->mapper);
    clockwatch_free(b->clockwatch);
    listener_free(b->listener);
    federation_free(b->federation);
    keyring_free(b->keyring);
    base_credential_free(b->base);
    iam_free(b->iam);
    sts_free(b->sts);
    limits_free(b->limits);
    arrivals_free(b->arrivals);
    store_close(b->store);
    signers_stop(b->signers);
    keeper_stop(b->keeper);
    if (b->dirs != NULL) {
        for (size_t i = 0; i < b->conf->n_domains; i++)
            addir_free(b->dirs[i]);
    }
    free(b->dirs);
    free(b->password_caps);
    audit_close(b->audit);
    fed_secret_done(&b->certificate);
    for (size_t i = 0; i < BRIDGE_STRIPES; i++) {
        (void)pthread_mutex_destroy(&b->recheck[i]);
        (void)pthread_mutex_destroy(&b->last_tries[i]);
    }
    free(b->conf_dir);
    conf_free(b->conf);
    free(b);
}
