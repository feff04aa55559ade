/*
 * A look at the domain controllers, one by one, for a person who asks what is wrong. No login is served by it, and nobody's
 * password but the service identity's is used.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LDAP_PROBE_H
#define LDAP_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "conf/conf.h"
#include "ldap/discover.h"
#include "ldap/why.h"

/*
 * The servers of a domain: those of the configuration, or what DNS says, in no order of sites. HOST or HOST:PORT each.
 * 0, FED_E_DIRECTORY with why. Blocks as srv_ask does.
 */
FED_MUST_USE int probe_list(
    const struct conf_domain *conf, struct discovery *ret, char why[WHY_MAX]);

struct probe {
    int64_t took_ms; /* to connect and to verify TLS */
    bool has_time;
    int64_t skew_s; /* our clock less the server's */
    char kerberos
        [WHY_MAX]; /* which of its Kerberos services for expired passwords is out of reach, and why; "" = none is */
};

/*
 * Connect to one server, verify TLS as for a login, ask for its time, and, in a domain without a service identity, connect to its
 * Kerberos services. Blocks for connect-timeout and timeout at most, and for connect-timeout again.
 * 0, FED_E_CONFIG, FED_E_TLS, FED_E_DIRECTORY, FED_E_NOMEM; why on failure.
 */
FED_MUST_USE int probe_server(
    const struct conf_domain *conf, const char *server, struct probe *ret, char why[WHY_MAX]);

/*
 * One bind of the service identity at one server. Blocks as probe_server. 0, FED_E_CONFIG, FED_E_TLS, FED_E_DIRECTORY (refused,
 * too), FED_E_NOMEM; why on failure.
 */
FED_MUST_USE int probe_service(
    const struct conf_domain *conf, const char *server, char why[WHY_MAX]);

#endif
