/*
 * GeneralizedTime (RFC 4517 3.3.13) as domain controllers write it: UTC, whole seconds and a fraction that is passed over.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LDAP_GENTIME_H
#define LDAP_GENTIME_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* "20261121214000.0Z" into Unix seconds. 0 or FED_E_INVALID; any bytes are safe. */
FED_MUST_USE int gentime_parse(const void *data, size_t len, int64_t *ret_time_s);

#endif
