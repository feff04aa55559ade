/*
 * The bridge's own Kerberos identity in a domain: keys from a keytab, a ticket-granting ticket that is renewed ahead of
 * its end, a ticket for each domain controller. All of it is in memory; nothing is asked but the domain controller that
 * is about to be talked to. Any thread may call.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LDAP_KERBEROS_H
#define LDAP_KERBEROS_H

#include <gssapi/gssapi.h>

#include "base/err.h"
#include "conf/conf.h"
#include "ldap/kdc.h"

struct kerberos;

/*
 * Reads conf's keytab, and keeps it open: the file is root's and will be rewritten when the account's password changes,
 * which adcli and sssd do every month. It is read again before each new ticket, as it is by then.
 *   conf  must outlive it
 * 0, FED_E_CONFIG, FED_E_NOMEM; why on failure, WHY_MAX bytes: "PATH": what: remedy.
 */
FED_MUST_USE int kerberos_new(const struct conf_domain *conf, struct kerberos **ret, char *why);
void kerberos_free(struct kerberos *kerberos);

/* Whose ticket it is, "JUMP$@CORP.EXAMPLE.COM". */
const char *kerberos_name(const struct kerberos *kerberos);

/* A ticket for one bind. */
struct kerberos_ticket;

/*
 * A ticket for ldap/HOST. Asks kdc for what is not there yet; one thread does while others wait. Blocks up to the
 * deadline.
 *   host  the domain controller as the configuration names it
 * 0, FED_E_DENIED (our key is wrong: no other controller is to be asked), FED_E_NOT_FOUND (this one refuses us, or none is called host;
 * why says why and what to do), FED_E_CLOCK (this one's clock is not ours), FED_E_DIRECTORY (no answer from this one), FED_E_NOMEM.
 */
FED_MUST_USE int kerberos_take(struct kerberos *kerberos, const char *host, const struct kdc *kdc,
    int64_t deadline_ms, struct kerberos_ticket **ret, char *why);
/* What GSSAPI wants of it: our credential, and the server's name. Borrowed. */
gss_cred_id_t kerberos_credential(const struct kerberos_ticket *ticket);
gss_name_t kerberos_server(const struct kerberos_ticket *ticket);
/* Wipes and frees; NULL is accepted. Never blocks, nor does kerberos_forget. */
void kerberos_give_back(struct kerberos_ticket *ticket);

/* A controller did not take a ticket: have none of what is there any more, and begin anew with the next. */
void kerberos_forget(struct kerberos *kerberos);

#endif
