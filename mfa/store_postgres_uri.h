/*
 * The address of a PostgreSQL server, as [mfa] store has it: checked, and made into parameters of
 * libpq that leave nothing for the environment, the home folder or a service file to decide (I-56).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef MFA_STORE_POSTGRES_URI_H
#define MFA_STORE_POSTGRES_URI_H

#include <libpq-fe.h>

#include "base/err.h"

enum { STORE_POSTGRES_PARAMS_MAX = 64 };

/* For PQconnectdbParams: both lists end with NULL. The texts are lent by options, or static. */
struct store_postgres_uri {
    PQconninfoOption *options;
    const char *keywords[STORE_POSTGRES_PARAMS_MAX];
    const char *values[STORE_POSTGRES_PARAMS_MAX];
};

/*
 * Read "postgresql://[USER@][HOST[:PORT]][,…]/DATABASE[?KEY=VALUE&…]". Refused: a password (the configuration
 * may be read by others; passfile= names a file of our own, mode 0600), keys that are not about
 * finding and trusting the server, and, but for a local socket or loopback, any sslmode other than
 * verify-full, which is the default. Roots are sslrootcert=, or the system's.
 *   rest  what follows "postgresql://"
 *   why   STORE_WHY_MAX bytes; a line on failure that never has the URI in it
 * 0, FED_E_CONFIG, FED_E_NOMEM. ret is to be freed on success.
 */
FED_MUST_USE int store_postgres_uri_read(
    const char *rest, struct store_postgres_uri *ret, char *why);
void store_postgres_uri_done(struct store_postgres_uri *uri);

#endif
