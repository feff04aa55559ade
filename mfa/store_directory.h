/*
 * The store without any infrastructure of its own: each person's row is a sealed value in an attribute of
 * their entry in Active Directory.
 *
 * The value is "awsfed:" and, in base64, a blob of the keeper's (mfa/seal.h: AES-256-GCM, bound to the SID) over
 *
 *   8  version    8  enrolled, Unix s    2  length of the name, then it    the record to the end
 *
 * so it fits attributes of text and of octets. The attribute must be single-valued and writable by the
 * service identity of its domain: one of an own schema extension, or an extensionAttribute (1,024
 * characters: one token and ten recovery codes fit, several tokens do not).
 *
 * The whole row is sealed, not the seeds alone: else whoever may write the attribute could make up recovery codes.
 * What such a person still can do: take a row away (the second factor is then not enrolled, and with required = yes
 * nobody gets in by that), or put an older value back, which brings back recovery codes used since, and codes
 * of the present window. So the right to write it is for the service identity, and for who may reset a second factor anyway.
 *
 * A change is an exchange of the value that was read for another, in one modify on one domain controller: the
 * first of servers. There is no moving on to another one: its replica may be older, and a code used on the one
 * would be good on the other. While it is away, the store is unavailable.
 *
 * Failures are not kept in AD, which would replicate each: they are in a SQLite file of this host, and
 * limits hold for each host.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef MFA_STORE_DIRECTORY_H
#define MFA_STORE_DIRECTORY_H

#include "base/secret.h"
#include "mfa/store.h"

enum { STORE_DIRECTORY_VALUE_MAX = 7 + (SEAL_OVERHEAD + SEAL_RECORD_MAX + 2) / 3 * 4 };

/*
 * What the store asks of others; any thread. Secrets are initialised by the store, and replaced. Errors other than those named
 * become FED_E_STORE.
 */
struct store_directory_ops {
    /* The value, "" = none. 0, FED_E_UNKNOWN_USER (nobody has the SID). */
    int (*read)(void *arg, const char *sid, struct fed_secret *ret_value);
    /* Put the new value in the place of the old; "" = none. 0, FED_E_REPLAY (the old one is not there), FED_E_UNKNOWN_USER. */
    int (*exchange)(void *arg, const char *sid, const struct fed_secret *old_value,
        const struct fed_secret *new_value);
    /* Everybody with a value, in any order, until fn returns non-zero, which is then returned. */
    int (*each)(void *arg, int (*fn)(void *fn_arg, const char *sid, const void *value, size_t len),
        void *fn_arg);
    /* Seal a row, bound to a SID; and back. */
    int (*wrap)(void *arg, const char *sid, const void *row, size_t len, struct fed_secret *ret);
    int (*unwrap)(void *arg, const char *sid, const void *blob, size_t len, struct fed_secret *ret);
};

/*
 * Open one.
 *   ops, arg   must outlive it
 *   failures   absolute path of the SQLite file for failures
 * As store_open.
 */
FED_MUST_USE int store_directory_open(const struct store_directory_ops *ops, void *arg,
    const char *failures, struct store **ret, char *why);

#endif
