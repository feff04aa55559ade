/*
 * The answer of a domain controller to the LDAP ping (MS-ADTS 6.3.3): which AD site is this host in?
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LDAP_NETLOGON_H
#define LDAP_NETLOGON_H

#include <stddef.h>

#include "base/err.h"

enum { NETLOGON_SITE_SIZE = 64 };

/* The version asked for: NETLOGON_NT_VERSION_5 and 5EX, as 4 little-endian bytes, escaped for a filter. */
#define NETLOGON_NT_VERSION "\\06\\00\\00\\00"

/*
 * A NETLOGON_SAM_LOGON_RESPONSE_EX (MS-ADTS 6.3.1.9).
 *   ret_site  the client's site: one DNS label of letters, digits, "-_"; "" when AD knows none for this address
 * 0 or FED_E_DIRECTORY (malformed, another kind of answer, a name that is no label). Any bytes are safe.
 */
FED_MUST_USE int netlogon_parse(const void *data, size_t len, char ret_site[NETLOGON_SITE_SIZE]);

#endif
