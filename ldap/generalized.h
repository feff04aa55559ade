/*
 * GeneralizedTime as a domain controller writes it (RFC 4517 section 3.3.13): 20261122004500.0Z.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LDAP_GENERALIZED_H
#define LDAP_GENERALIZED_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/*
 * To Unix seconds; a fraction is cut off. Only UTC ("Z") and whole to the second: another zone, or minutes alone, no server
 * of ours writes. FED_E_PROTO, and nothing written, for anything else, February 30 too. Any bytes are safe; any thread.
 */
FED_MUST_USE int generalized_read(const void *data, size_t len, int64_t *ret_s);

#endif
