/*
 * An exchange of libkrb5's in steps: it makes a request, we carry it (ldap/kdc.h), it reads the answer. So nobody is asked but
 * whom we name, and for no longer than we say.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LDAP_STEPS_H
#define LDAP_STEPS_H

#include <stddef.h>
#include <stdint.h>

#include <krb5/krb5.h>

#include "base/err.h"
#include "ldap/kdc.h"

struct steps {
    krb5_context context;
    const char *realm;               /* the only one that may be asked (I-5) */
    krb5_init_creds_context initial; /* one of these two; the caller's, who frees it */
    krb5_tkt_creds_context further;
    int most; /* requests; one more is not sent */
    /* An answer before libkrb5 reads it, NULL = all are taken: 0, or why it is not to be read. */
    int (*look)(const uint8_t *answer, size_t len, char *why);
};

/*
 * Carry until libkrb5 has what it wants. Blocks up to the deadline.
 *   ret_code  on 0: what libkrb5 says in the end, 0 = it has it
 * 0, or what carrying or looking gave: FED_E_DIRECTORY, FED_E_NOMEM…; why on failure.
 */
FED_MUST_USE int steps_carry(const struct steps *steps, const struct kdc *kdc, int64_t deadline_ms,
    krb5_error_code *ret_code, char *why);

/* What the clock showed of who refused the initial exchange; 0 = it did not say. */
int64_t steps_server_time(const struct steps *steps);

#endif
