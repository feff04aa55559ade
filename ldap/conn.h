/*
 * One TLS connection to a domain controller: opened, bound and asked under deadlines. Any trouble but
 * a proper answer breaks it for good. One thread at a time.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LDAP_CONN_H
#define LDAP_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ldap.h>

#include "base/err.h"
#include "base/secret.h"
#include "conf/conf.h"
#include "ldap/account.h"
#include "ldap/servers.h"

struct conn;

/* The result of a completed request: an LDAP result code, AD's sub-code, and the server's text, cleaned. */
struct conn_answer {
    int code;
    enum addata data;
    char text[256];
};

/*
 * What a search hands its entries to, as they come. Values are (pointer, length) and lent for the call.
 * A negative result stops the handing over and is what the search returns; the connection stays good.
 */
struct conn_sink {
    void (*start)(void *arg); /* forget what came before: a search may be sent again elsewhere */
    int (*entry)(void *arg, const struct berval *dn);
    int (*attribute)(
        void *arg, const struct berval *name, const struct berval *values, size_t n_values);
    void *arg;
};

struct conn_query {
    const char *base;
    int scope;          /* LDAP_SCOPE_BASE or LDAP_SCOPE_SUBTREE */
    const char *filter; /* every foreign value in it went through escape_filter */
    char *const *attributes;
    size_t most; /* entries; one more is an error */
    unsigned
        page; /* ask for this many at a time (RFC 2696): AD gives no more than 1,000 without; 0 = at once */
};

/*
 * Connect to a server and secure the connection: nothing but StartTLS is written before TLS is verified
 * (I-4). Blocks up to the deadline. why on failure.
 *   index    of the server, kept for conn_server
 * 0, FED_E_TLS, FED_E_DIRECTORY, FED_E_NOMEM.
 */
FED_MUST_USE int conn_open(const struct conf_domain *conf, const struct server *server,
    size_t index, int64_t deadline_ms, struct conn **ret, char *why);
void conn_close(struct conn *conn);

size_t conn_server(const struct conn *conn);
bool conn_is_broken(const struct conn *conn);

/* May a request still be sent? False when the peer closed it, said anything, or it is old. Never blocks. */
bool conn_is_live(struct conn *conn);
/* Note that it goes idle now. */
void conn_rest(struct conn *conn);
bool conn_is_stale(const struct conn *conn);

/*
 * Has it rested so long that its server may have gone meanwhile without a word? A request that must not be sent
 * twice is then worth a question before it (ldap/root.h). Under load nothing rests that long.
 */
bool conn_is_rested(const struct conn *conn);

/*
 * One simple bind. 0 when an answer came, whatever it says; else the connection is broken.
 *   dn, password  neither may be empty (RFC 4513 5.1: either would "succeed" as nobody)
 *   ret_sent      always written: the request may have left this host, so it must not be repeated (I-6)
 * 0, FED_E_DIRECTORY, FED_E_INVALID, FED_E_NOMEM.
 */
FED_MUST_USE int conn_bind(struct conn *conn, const char *dn, const struct fed_secret *password,
    int64_t deadline_ms, bool *ret_sent, struct conn_answer *ret, char *why);

/*
 * One step of a bind by SASL: a token there, an answer back, LDAP_SASL_BIND_IN_PROGRESS when it wants another.
 *   ret_token  the server's token, empty when there is none; initialised by the caller with its limit; replaced
 * As for conn_bind.
 */
FED_MUST_USE int conn_bind_step(struct conn *conn, const char *mechanism,
    const struct fed_secret *token, int64_t deadline_ms, struct fed_secret *ret_token,
    struct conn_answer *ret, char *why);

/* The server's certificate, in DER; the caller frees bv_val with ldap_memfree. 0 or FED_E_TLS. */
FED_MUST_USE int conn_certificate(struct conn *conn, struct berval *ret, char *why);

/* The address at the other end. 0 or FED_E_DIRECTORY. */
FED_MUST_USE int conn_address(
    struct conn *conn, struct sockaddr_storage *ret, socklen_t *ret_len, char *why);

/* One search, all its pages. As for conn_bind; references to other servers are passed over (I-5). */
FED_MUST_USE int conn_search(struct conn *conn, const struct conn_query *query,
    const struct conn_sink *sink, int64_t deadline_ms, struct conn_answer *ret, char *why);

/* One modify. As for conn_bind. */
FED_MUST_USE int conn_modify(struct conn *conn, const char *dn, LDAPMod **changes,
    int64_t deadline_ms, struct conn_answer *ret, char *why);

#endif
