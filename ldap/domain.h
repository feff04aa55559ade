/*
 * The ways into a domain: its servers and two pools of connections that never mix, one bound as the
 * service identity and one for people's binds (I-7). Any thread may call.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LDAP_DOMAIN_H
#define LDAP_DOMAIN_H

#include <stdint.h>

#include "base/err.h"
#include "conf/conf.h"
#include "ldap/conn.h"

struct domain;

enum domain_door {
    DOMAIN_PEOPLE,
    DOMAIN_SERVICE,
    DOMAIN_PINNED, /* the service identity too, on the first of the configured servers and no other */
    DOMAIN_DOORS
};

/* How long one call may take: a connection must be there by connect_by_ms, all be done by end_ms. */
struct domain_budget {
    int64_t connect_by_ms;
    int64_t end_ms;
    int64_t timeout_ms;
};

/* conf must outlive it. Reads the service identity's password or keytab. 0, FED_E_CONFIG, FED_E_NOMEM; why on failure. */
FED_MUST_USE int domain_new(const struct conf_domain *conf, struct domain **ret, char *why);
void domain_free(struct domain *domain);

/* A budget that starts now. */
struct domain_budget domain_budget(const struct domain *domain);
/* When an answer to a request sent now must be there. */
int64_t domain_answer_by(const struct domain_budget *budget);

/*
 * Borrow a connection: of DOMAIN_SERVICE and DOMAIN_PINNED bound as the service identity, of DOMAIN_PEOPLE bound as nobody or
 * as whoever came last, which is why only a bind may come first on it. One that has rested was asked whether
 * its server is still there, so that the loss of a server is noticed before a bind is spent on it. Servers are
 * tried in their order until connect_by_ms. Give back with domain_put, which notes a failure of its
 * server and then closes all that rests of connections to it.
 * 0, FED_E_TLS, FED_E_DIRECTORY, FED_E_BUSY, FED_E_CONFIG (no service identity), FED_E_NOMEM.
 */
FED_MUST_USE int domain_take(struct domain *domain, enum domain_door door,
    const struct domain_budget *budget, struct conn **ret, char *why);
void domain_put(struct domain *domain, enum domain_door door, struct conn *conn);

/*
 * Ask every server what time it is there, on connections of their own: for a thread that logs nobody in. Those that do not
 * answer within connect-timeout, all together, are left out. Whoever is asked whether it is still there tells too.
 */
void domain_ask_clocks(struct domain *domain);

/* How far this host's clock is off theirs, as clocks_off (base/clocks.h). Never blocks. */
unsigned domain_clock_off(struct domain *domain, int64_t *ret_off_s);

/* Something that changes nothing in the directory, on one connection. 0 or an error with why. */
typedef int domain_fn(void *arg, struct conn *conn, const struct domain_budget *budget, char *why);

/*
 * Do it as the service identity; when the connection dies it is done again on another, while there is time.
 * Errors as for domain_take, and of fn; why on failure.
 */
FED_MUST_USE int domain_ask(
    struct domain *domain, domain_fn *fn, void *arg, const struct domain_budget *budget, char *why);

/*
 * A search by the service identity. A search changes nothing, so when its connection dies it is sent
 * again on another, while there is time. Errors as for domain_take and of the sink; why on failure.
 */
FED_MUST_USE int domain_search(struct domain *domain, const struct conn_query *query,
    const struct conn_sink *sink, const struct domain_budget *budget, struct conn_answer *ret,
    char *why);

#endif
