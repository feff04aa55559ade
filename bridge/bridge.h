/*
 * What the parts of the daemon share: made once by main.c, then read by all threads. Each pointer leads to
 * something that has its own lock or never changes.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_BRIDGE_H
#define BRIDGE_BRIDGE_H

#include <pthread.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/secret.h"
#include "bridge/arrivals.h"
#include "bridge/audit.h"
#include "bridge/base_credential.h"
#include "bridge/cache.h"
#include "bridge/endpoint.h"
#include "bridge/federation.h"
#include "bridge/iam.h"
#include "bridge/keeper.h"
#include "bridge/keyring.h"
#include "bridge/listener.h"
#include "bridge/mapping.h"
#include "bridge/pending.h"
#include "bridge/receipts.h"
#include "bridge/saver.h"
#include "bridge/signers.h"
#include "bridge/sts.h"
#include "bridge/tickets.h"
#include "bridge/workers.h"
#include "conf/conf.h"
#include "ldap/addir.h"
#include "mfa/limits.h"
#include "mfa/store.h"

enum { BRIDGE_STRIPES = 64, BRIDGE_WHY_MAX = 512, BRIDGE_HOST_MAX = 256 };

struct bridge {
    struct conf
        *conf; /* of the start; roles are in the mapper's book, which another reading replaces */
    char *conf_dir;      /* where it was read; absolute */
    struct addir **dirs; /* one a domain, in the configuration's order */
    /* One a domain: see mfa/limits.h; max-failures until the housekeeper knows better; atomic. */
    unsigned *password_caps;
    struct mapper *mapper;
    struct store *store;
    struct limits *limits;
    struct clockwatch *clockwatch;
    struct keeper *keeper;
    struct signers *signers;       /* who has the keys that AWS trusts */
    struct sts *sts;               /* NULL without roles */
    struct federation *federation; /* NULL without roles */
    struct base_credential *base;  /* NULL without [aws] base-credential */
    struct iam *iam;               /* likewise */
    struct keyring *keyring;
    struct arrivals *arrivals;
    struct audit *audit;
    struct receipts *receipts;
    struct pending *pending;
    struct tickets *tickets;
    struct saver *saver;
    struct cache *cache;
    struct listener *listener;
    struct workers *workers;
    struct endpoint *endpoint; /* NULL = session-endpoint is off */
    unsigned endpoint_port;
    struct fed_secret certificate; /* base64 of its DER, for KeyInfo */
    bool has_admin_group;
    gid_t admin_gid;
    char host[BRIDGE_HOST_MAX]; /* this host's name, for %{host} */
    pthread_mutex_t
        recheck[BRIDGE_STRIPES]; /* one re-check of a uid at a time: uid % BRIDGE_STRIPES */
    pthread_mutex_t last_tries
        [BRIDGE_STRIPES]; /* one password at a time of an account near AD's limit, by SID */
    int64_t recheck_failed_ms
        [BRIDGE_STRIPES]; /* the last one that the directory did not answer; by that lock */
};

#endif
