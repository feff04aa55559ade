/*
 * Binds on a connection, by name and password or by SASL's tokens, and what those want to know of its other end.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ldap/conn.h"

#include <sys/socket.h>

#include "ldap/conn_inside.h"
#include "ldap/why.h"

int
conn_bind(struct conn *conn, const char *dn, const struct fed_secret *password, int64_t deadline_ms,
    bool *ret_sent, struct conn_answer *ret, char *why)
{
    struct berval credential = {password->len, (char *)password->data};
    int id = -1, code;

    *ret_sent = false;
    if (dn[0] == '\0' || password->len == 0)
        return why_not(why, FED_E_INVALID, "a bind needs a name and a password");
    if (conn->broken || !ldap_tls_inplace(conn->ld))
        return conn_broke(conn, why, "not connected by TLS");
    code = ldap_sasl_bind(conn->ld, dn, LDAP_SASL_SIMPLE, &credential, NULL, NULL, &id);
    if (code == LDAP_NO_MEMORY)
        return why_not(why, FED_E_NOMEM, "out of memory");
    /* The write itself failed: a server gets no request whose last byte was not taken. */
    if (code != LDAP_SUCCESS)
        return conn_broke(conn, why, "the connection was lost before the bind");
    *ret_sent = true;
    return conn_finish(conn, id, LDAP_RES_BIND, deadline_ms, ret, why);
}

/* The server's token in an answer. */
static int
read_token(struct conn *conn, LDAPMessage *message, struct fed_secret *ret, char *why)
{
    struct berval *token = NULL;
    int r;

    if (ldap_parse_sasl_bind_result(conn->ld, message, &token, 0) != LDAP_SUCCESS)
        return conn_broke(conn, why, "the answer is malformed");
    r = token != NULL ? fed_secret_set(ret, token->bv_val, token->bv_len) : 0;
    if (token == NULL)
        fed_secret_clear(ret);
    ber_bvfree(token);
    return r == 0 ? 0 : conn_broke(conn, why, "the answer's token is too long");
}

int
conn_bind_step(struct conn *conn, const char *mechanism, const struct fed_secret *token,
    int64_t deadline_ms, struct fed_secret *ret_token, struct conn_answer *ret, char *why)
{
    /* An empty token is a token, and not the same as none. */
    struct berval credential = {token->len, (char *)(uintptr_t)fed_secret_str(token)};
    LDAPMessage *message = NULL;
    int id = -1, r;

    if (conn->broken || !ldap_tls_inplace(conn->ld))
        return conn_broke(conn, why, "not connected by TLS");
    if (ldap_sasl_bind(conn->ld, NULL, mechanism, &credential, NULL, NULL, &id) != LDAP_SUCCESS)
        return conn_broke(conn, why, "the connection was lost before the bind");
    r = conn_next(conn, id, deadline_ms, &message, why);
    if (r != 0)
        return r;
    r = conn_read_answer(conn, message, LDAP_RES_BIND, ret, why);
    if (r == 0)
        r = read_token(conn, message, ret_token, why);
    ldap_msgfree(message);
    return r;
}

int
conn_certificate(struct conn *conn, struct berval *ret, char *why)
{
    if (ldap_get_option(conn->ld, LDAP_OPT_X_TLS_PEERCERT, ret) == LDAP_OPT_SUCCESS &&
        ret->bv_val != NULL)
        return 0;
    return why_not(why, FED_E_TLS, "%s: no certificate to bind to", conn->server->name);
}

int
conn_address(struct conn *conn, struct sockaddr_storage *ret, socklen_t *ret_len, char *why)
{
    socklen_t len = sizeof(*ret);

    if (getpeername(conn->sock.fd, (struct sockaddr *)ret, &len) != 0)
        return conn_broke(conn, why, "the connection was lost");
    *ret_len = len;
    return 0;
}
