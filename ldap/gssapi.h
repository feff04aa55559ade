/*
 * SASL's GSSAPI mechanism (RFC 4752) over a connection that TLS protects already: without a layer of its own, which AD
 * refuses inside TLS, and bound to the certificate of that TLS.
 *
 * Done here and not by Cyrus SASL, which takes its settings from files and from DNS, holds one lock around all of Kerberos,
 * and waits for longer than a deadline of ours.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LDAP_GSSAPI_H
#define LDAP_GSSAPI_H

#include <stdint.h>

#include "base/err.h"
#include "ldap/conn.h"
#include "ldap/kerberos.h"

/*
 * Bind as the ticket's owner; the server proves by it who it is, too. Nothing but the controller is asked. Blocks up to the deadline.
 * 0 when an answer came to the end, whatever it says; FED_E_DIRECTORY, FED_E_NOMEM; why on failure.
 */
FED_MUST_USE int gssapi_bind(struct conn *conn, const struct kerberos_ticket *ticket,
    int64_t deadline_ms, struct conn_answer *ret, char *why);

#endif
