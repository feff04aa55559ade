/*
 * libldap handles, hardened.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ldap/handle.h"

#include <openldap.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "ldap/why.h"

/* The largest message we read: an entry with thousands of groups is a tenth of it. */
enum { MESSAGE_MAX = 1024 * 1024 };

static void
init_once(void)
{
    static const int none = 0;

    /* A debug level prints packets, passwords included; no variable may turn it on. */
    (void)ldap_set_option(NULL, LDAP_OPT_DEBUG_LEVEL, &none);
    (void)ber_set_option(NULL, LBER_OPT_DEBUG_LEVEL, &none);
}

void
handle_init(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    (void)pthread_once(&once, init_once);
}

/*
 * libldap connects anew when a request finds the connection gone: in the clear after StartTLS, and
 * to wherever a referral says. This callback sees every such socket first, and refuses it.
 */
static int
refuse_connection(
    LDAP *ld, Sockbuf *sb, LDAPURLDesc *server, struct sockaddr *address, struct ldap_conncb *self)
{
    (void)ld;
    (void)sb;
    (void)server;
    (void)address;
    (void)self;
    return -1;
}

static void
ignore_close(LDAP *ld, Sockbuf *sb, struct ldap_conncb *self)
{
    (void)ld;
    (void)sb;
    (void)self;
}

static struct ldap_conncb no_connections = {refuse_connection, ignore_close, NULL};

/* Time limits of libldap's own are not used: connecting and waiting are ours (sock.c, conn.c). */
static bool
set_options(LDAP *ld)
{
    static const int version = LDAP_VERSION3, never = LDAP_DEREF_NEVER, none = 0;
    static const struct timeval second = {1, 0}, for_ever = {-1, 0};

    return ldap_set_option(ld, LDAP_OPT_PROTOCOL_VERSION, &version) == LDAP_OPT_SUCCESS &&
           ldap_set_option(ld, LDAP_OPT_REFERRALS, LDAP_OPT_OFF) == LDAP_OPT_SUCCESS &&
           ldap_set_option(ld, LDAP_OPT_DEREF, &never) == LDAP_OPT_SUCCESS &&
           ldap_set_option(ld, LDAP_OPT_RESTART, LDAP_OPT_ON) == LDAP_OPT_SUCCESS &&
           ldap_set_option(ld, LDAP_OPT_KEEPCONN, LDAP_OPT_ON) == LDAP_OPT_SUCCESS &&
           ldap_set_option(ld, LDAP_OPT_CONNECT_ASYNC, LDAP_OPT_OFF) == LDAP_OPT_SUCCESS &&
           ldap_set_option(ld, LDAP_OPT_CONNECT_CB, &no_connections) == LDAP_OPT_SUCCESS &&
           ldap_set_option(ld, LDAP_OPT_SIZELIMIT, &none) == LDAP_OPT_SUCCESS &&
           ldap_set_option(ld, LDAP_OPT_TIMELIMIT, &none) == LDAP_OPT_SUCCESS &&
           ldap_set_option(ld, LDAP_OPT_TIMEOUT, &second) == LDAP_OPT_SUCCESS &&
           ldap_set_option(ld, LDAP_OPT_NETWORK_TIMEOUT, &for_ever) == LDAP_OPT_SUCCESS &&
           ldap_set_option(ld, LDAP_OPT_SERVER_CONTROLS, NULL) == LDAP_OPT_SUCCESS &&
           ldap_set_option(ld, LDAP_OPT_CLIENT_CONTROLS, NULL) == LDAP_OPT_SUCCESS;
}

/* Every TLS option, also those we want empty: a variable such as LDAPTLS_CACERTDIR sets them otherwise. */
static bool
set_tls_options(LDAP *ld, const char *ca_file)
{
    static const int demand = LDAP_OPT_X_TLS_HARD, client = 0, san_or_cn = LDAP_OPT_X_TLS_ALLOW,
                     tls12 = LDAP_OPT_X_TLS_PROTOCOL_TLS1_2, no_limit = 0;
    static const int empty[] = {LDAP_OPT_X_TLS_CIPHER_SUITE, LDAP_OPT_X_TLS_CACERTDIR,
        LDAP_OPT_X_TLS_CERTFILE, LDAP_OPT_X_TLS_KEYFILE, LDAP_OPT_X_TLS_CRLFILE,
        LDAP_OPT_X_TLS_DHFILE, LDAP_OPT_X_TLS_ECNAME, LDAP_OPT_X_TLS_CACERT, LDAP_OPT_X_TLS_CERT,
        LDAP_OPT_X_TLS_KEY, LDAP_OPT_X_TLS_PEERKEY_HASH};

    /* An option that this TLS library does not have refuses, and is not set then. */
    for (size_t i = 0; i < sizeof(empty) / sizeof(empty[0]); i++)
        (void)ldap_set_option(ld, empty[i], NULL);
    if (ca_file == NULL)
        ca_file = HANDLE_SYSTEM_CA_FILE;
    return ldap_set_option(ld, LDAP_OPT_X_TLS_REQUIRE_CERT, &demand) == LDAP_OPT_SUCCESS &&
           ldap_set_option(ld, LDAP_OPT_X_TLS_REQUIRE_SAN, &san_or_cn) == LDAP_OPT_SUCCESS &&
           ldap_set_option(ld, LDAP_OPT_X_TLS_PROTOCOL_MIN, &tls12) == LDAP_OPT_SUCCESS &&
           ldap_set_option(ld, LDAP_OPT_X_TLS_PROTOCOL_MAX, &no_limit) == LDAP_OPT_SUCCESS &&
           ldap_set_option(ld, LDAP_OPT_X_TLS_CACERTFILE, ca_file) == LDAP_OPT_SUCCESS &&
           ldap_set_option(ld, LDAP_OPT_X_TLS_NEWCTX, &client) == LDAP_OPT_SUCCESS;
}

static int
bad_ca_file(const char *ca_file, int error, char *why)
{
    return why_not(why, error, "TLS cannot be set up with the CA file \"%s\": is it readable PEM?",
        ca_file != NULL ? ca_file : HANDLE_SYSTEM_CA_FILE);
}

int
handle_check(const char *ca_file, char *why)
{
    LDAP *ld = NULL;
    int r = 0;

    handle_init();
    if (ldap_initialize(&ld, NULL) != LDAP_SUCCESS)
        return FED_E_NOMEM;
    if (!set_tls_options(ld, ca_file))
        r = bad_ca_file(ca_file, FED_E_CONFIG, why);
    (void)ldap_unbind_ext(ld, NULL, NULL);
    return r;
}

int
handle_new(struct sock *sock, const char *uri, const char *ca_file, LDAP **ret, char *why)
{
    static const ber_len_t most = MESSAGE_MAX;
    int fd = sock->fd, r = FED_E_NOMEM;
    Sockbuf *sb = NULL;
    LDAP *ld = NULL;

    (void)why_not(why, r, "out of memory");
    /* With LDAP_PROTO_EXT, closing is our layer's business alone, once it is in. */
    if (ldap_init_fd(fd, LDAP_PROTO_EXT, uri, &ld) != LDAP_SUCCESS)
        return r;
    if (ldap_get_option(ld, LDAP_OPT_SOCKBUF, &sb) != LDAP_OPT_SUCCESS || sb == NULL ||
        ber_sockbuf_add_io(sb, &sock_io, LBER_SBIOD_LEVEL_PROVIDER, sock) != 0 ||
        ber_sockbuf_add_io(sb, &sock_wiping_io, LBER_SBIOD_LEVEL_APPLICATION, NULL) != 0 ||
        ber_sockbuf_ctrl(sb, LBER_SB_OPT_SET_MAX_INCOMING, (void *)&most) != 1 || !set_options(ld))
        goto out;
    if (!set_tls_options(ld, ca_file)) {
        r = bad_ca_file(ca_file, FED_E_TLS, why);
        goto out;
    }
    why[0] = '\0';
    *ret = ld;
    return 0;
out:
    sock->fd = -1; /* so that unbinding does not close it: it stays the caller's */
    (void)ldap_unbind_ext(ld, NULL, NULL);
    sock->fd = fd;
    return r;
}

/* libldap's text, unless it is GnuTLS's for "I was not given a reason". */
static const char *
tls_reason(const char *text)
{
    if (text == NULL || text[0] == '\0' || strstr(text, "unknown error code") != NULL)
        return "not signed by a trusted authority, not valid today, or made out for another name";
    return text;
}

/*
 * libldap has no effective lower limit with GnuTLS (PROTOCOL_MIN is ignored, and a priority string leaks
 * the default one at every connection), so the version is looked at before anything is sent.
 */
static bool
tls_is_recent(LDAP *ld)
{
    char *version = NULL; /* "TLS1.2" with GnuTLS, "TLSv1.2" with OpenSSL */
    const char *number;
    bool recent;

    if (ldap_get_option(ld, LDAP_OPT_X_TLS_VERSION, &version) != LDAP_OPT_SUCCESS ||
        version == NULL)
        return false;
    number = strpbrk(version, "0123456789");
    recent = number != NULL && (strcmp(number, "1.2") == 0 || strcmp(number, "1.3") == 0);
    ldap_memfree(version);
    return recent;
}

int
handle_start_tls(LDAP *ld, struct sock *sock, const char *server, const char *ca_file,
    int64_t deadline_ms, char *why)
{
    char *text = NULL;
    int code, r;

    sock->wait_until_ms = deadline_ms;
    code = ldap_install_tls(ld);
    sock->wait_until_ms = 0;
    if (code == LDAP_SUCCESS && ldap_tls_inplace(ld)) {
        if (tls_is_recent(ld))
            return 0;
        return why_not(why, FED_E_TLS, "%s: offers nothing newer than TLS 1.1", server);
    }
    (void)ldap_get_option(ld, LDAP_OPT_DIAGNOSTIC_MESSAGE, &text);
    if (sock->late || code == LDAP_TIMEOUT)
        r = why_not(why, FED_E_DIRECTORY, "%s: the TLS handshake was not finished in time", server);
    else if (sock->ended)
        r = why_not(why, FED_E_DIRECTORY, "%s: ended the connection in the TLS handshake", server);
    else
        r = why_not(why, FED_E_TLS, "%s: TLS certificate not verified against %s: %s", server,
            ca_file != NULL ? ca_file : HANDLE_SYSTEM_CA_FILE, tls_reason(text));
    ldap_memfree(text);
    return r;
}
