/*
 * One value of an attribute for another, in one modify: AD takes all of it or nothing.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LDAP_EXCHANGE_H
#define LDAP_EXCHANGE_H

#include "base/err.h"
#include "base/secret.h"
#include "ldap/conn.h"
#include "ldap/domain.h"

/*
 * Delete old_value and add new_value; "" = none, not both. Sent once, on conn, or on a connection of the door when conn is NULL.
 * 0 when an answer came, whatever it says; else as for domain_take and conn_modify.
 */
FED_MUST_USE int exchange_send(struct domain *domain, struct conn *conn, enum domain_door door,
    const char *dn, const char *attribute, const struct fed_secret *old_value,
    const struct fed_secret *new_value, const struct domain_budget *budget, struct conn_answer *ret,
    char *why);

#endif
