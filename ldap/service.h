/*
 * The bridge's own identity in a domain and how it binds: with a password, or with a key of Kerberos's. It never
 * stands for a person (I-7). Any thread may call.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LDAP_SERVICE_H
#define LDAP_SERVICE_H

#include <stdint.h>

#include "base/err.h"
#include "conf/conf.h"
#include "ldap/conn.h"

struct service;

/*
 * Reads the password or the keytab. *ret is NULL where the configuration has no identity.
 *   conf  must outlive it
 * 0, FED_E_CONFIG, FED_E_NOMEM; why on failure.
 */
FED_MUST_USE int service_new(const struct conf_domain *conf, struct service **ret, char *why);
void service_free(struct service *service);

/* May it be tried? After a refusal not for a while, since our retries must not lock it out. 0 or FED_E_DIRECTORY with why. */
FED_MUST_USE int service_may_bind(const struct service *service, char *why);

/* It was refused: it is not tried for a while. */
void service_rest(struct service *service);

/*
 * Bind on a new connection. Blocks up to the deadline.
 *   host  the server's, as the configuration names it
 * 0; FED_E_DENIED: refused, as by any other server; FED_E_NOT_FOUND: this one's Kerberos refuses us, or knows no server of that
 * name, which is no fault of the server, and another may not; FED_E_CLOCK: its clock is not ours; FED_E_DIRECTORY: this server
 * could not, another may; FED_E_NOMEM. why on failure.
 */
FED_MUST_USE int service_bind(
    struct service *service, struct conn *conn, const char *host, int64_t deadline_ms, char *why);

#endif
