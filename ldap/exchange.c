/*
 * Exchanging a value.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ldap/exchange.h"

int
exchange_send(struct domain *domain, struct conn *conn, enum domain_door door, const char *dn,
    const char *attribute, const struct fed_secret *old_value, const struct fed_secret *new_value,
    const struct domain_budget *budget, struct conn_answer *ret, char *why)
{
    struct berval old_bv = {old_value->len, (char *)old_value->data};
    struct berval new_bv = {new_value->len, (char *)new_value->data};
    struct berval *old_values[] = {&old_bv, NULL}, *new_values[] = {&new_bv, NULL};
    LDAPMod delete_old = {.mod_op = LDAP_MOD_DELETE | LDAP_MOD_BVALUES,
        .mod_type = (char *)attribute,
        .mod_bvalues = old_values};
    LDAPMod add_new = {.mod_op = LDAP_MOD_ADD | LDAP_MOD_BVALUES,
        .mod_type = (char *)attribute,
        .mod_bvalues = new_values};
    LDAPMod *changes[3] = {NULL};
    struct conn *own = conn;
    size_t n = 0;

    if (old_value->len > 0)
        changes[n++] = &delete_old;
    if (new_value->len > 0)
        changes[n++] = &add_new;
    int r = own != NULL ? 0 : domain_take(domain, door, budget, &conn, why);
    if (r != 0)
        return r;
    r = conn_modify(conn, dn, changes, domain_answer_by(budget), ret, why);
    if (own == NULL)
        domain_put(domain, door, conn);
    return r;
}
