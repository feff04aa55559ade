/*
 * A libldap handle on a connected socket, with every option that matters set by us: nothing comes from
 * ldap.conf, ~/.ldaprc or the environment (I-56), and the handle can never open a connection of
 * its own, so neither a referral nor a lost connection makes it send anything elsewhere (I-4, I-5).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LDAP_HANDLE_H
#define LDAP_HANDLE_H

#include <stdint.h>

#include <ldap.h>

#include "base/err.h"
#include "ldap/sock.h"

#define HANDLE_SYSTEM_CA_FILE "/etc/ssl/certs/ca-certificates.crt"

/* Once, before the first handle: library globals. Any thread. */
void handle_init(void);

/* Can handles be made with this CA file (NULL = the system's)? 0, FED_E_CONFIG with why, FED_E_NOMEM. */
FED_MUST_USE int handle_check(const char *ca_file, char *why);

/*
 * A handle over sock, which must outlive it and whose descriptor it closes. Still plain: see
 * handle_start_tls.
 *   uri      of the server; its host is what the certificate must name
 *   ca_file  NULL = the system's
 * On failure the descriptor is still the caller's. 0, FED_E_TLS (CA file), FED_E_NOMEM; why on failure.
 */
FED_MUST_USE int handle_new(
    struct sock *sock, const char *uri, const char *ca_file, LDAP **ret, char *why);

/*
 * The TLS handshake and the check of chain, dates and host name. Blocks up to the deadline.
 *   server  its name, for why
 * 0, FED_E_TLS (not verified), FED_E_DIRECTORY (no answer, connection lost). After a failure the
 * handle is good for nothing.
 */
FED_MUST_USE int handle_start_tls(LDAP *ld, struct sock *sock, const char *server,
    const char *ca_file, int64_t deadline_ms, char *why);

#endif
