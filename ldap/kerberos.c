/*
 * Tickets from a keytab.
 *
 * libkrb5 is used by its step functions: it makes a request, we carry it (kdc.c), it reads the answer. A context of its is for
 * one thread at a time, so others wait, no longer than they have time; each bind gets a credential cache of its own with
 * the one ticket it needs, so that GSSAPI, which runs beside all that, shares nothing and finds no reason to ask anybody.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ldap/kerberos.h"

#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_krb5.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "ldap/hostkeys.h"
#include "ldap/profile.h"
#include "ldap/refusal.h"
#include "ldap/steps.h"
#include "ldap/why.h"

/* Requests in one exchange, of which two are usual; and after a failed renewal, while the old ticket is good. */
enum { STEPS_MAX = 10, RENEW_AGAIN_MS = 60 * 1000, LASTS_S = 86400 };

struct kerberos {
    char realm[PROFILE_REALM_MAX + 1];
    char name[KEYTAB_NAME_MAX + 1 + PROFILE_REALM_MAX + 1];
    atomic_bool forgotten;
    pthread_mutex_t lock; /* busy */
    pthread_cond_t freed;
    bool busy; /* a thread is in here, with all below; it may have to wait for an answer */
    struct hostkeys *keys;
    krb5_context context;
    krb5_principal client;
    krb5_ccache cache;    /* our tickets, the controllers' among them */
    int64_t ends_s;       /* the ticket-granting ticket does; 0 = there is none */
    int64_t renew_from_s; /* the last quarter of its life */
    int64_t renew_again_ms;
};

struct kerberos_ticket {
    krb5_context context; /* its own, so that giving it back waits for nobody */
    krb5_ccache cache;
    gss_cred_id_t credential;
    gss_name_t server;
};

/* ---- Making one ---- */

static int
start_library(struct kerberos *k, char *why)
{
    int r = profile_context(k->realm, &k->context);

    if (r != 0)
        return why_not(why, r, "out of memory");
    if (krb5_parse_name(k->context, k->name, &k->client) != 0 ||
        krb5_cc_new_unique(k->context, "MEMORY", NULL, &k->cache) != 0)
        return why_not(why, FED_E_NOMEM, "libkrb5 cannot be used as \"%.200s\"", k->name);
    return 0;
}

int
kerberos_new(const struct conf_domain *conf, struct kerberos **ret, char *why)
{
    struct kerberos *k = calloc(1, sizeof(*k));
    pthread_condattr_t monotonic;
    int r;

    if (k == NULL)
        return why_not(why, FED_E_NOMEM, "out of memory");
    (void)pthread_mutex_init(&k->lock, NULL);
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&k->freed, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    profile_realm(conf->name, k->realm);
    r = hostkeys_new(conf->keytab, k->realm, conf->service_dn, &k->keys, why);
    if (r == 0) {
        (void)snprintf(
            k->name, sizeof(k->name), "%s@%s", hostkeys_account(k->keys)->name, k->realm);
        r = start_library(k, why);
    }
    if (r != 0) {
        kerberos_free(k);
        return r;
    }
    *ret = k;
    return 0;
}

void
kerberos_free(struct kerberos *k)
{
    if (k == NULL)
        return;
    if (k->cache != NULL)
        (void)krb5_cc_destroy(k->context, k->cache);
    if (k->client != NULL)
        krb5_free_principal(k->context, k->client);
    if (k->context != NULL)
        krb5_free_context(k->context);
    hostkeys_free(k->keys);
    (void)pthread_cond_destroy(&k->freed);
    (void)pthread_mutex_destroy(&k->lock);
    free(k);
}

const char *
kerberos_name(const struct kerberos *k)
{
    return k->name;
}

/* ---- Exchanges ---- */

static struct steps
steps_of(const struct kerberos *k)
{
    return (struct steps){.context = k->context, .realm = k->realm, .most = STEPS_MAX};
}

/* Our own ticket has come: what we had before goes, tickets for controllers too, which do not outlive it. */
static krb5_error_code
keep_own(struct kerberos *k, const struct steps *x)
{
    krb5_creds creds = {0};
    int64_t now_s = (int64_t)time(NULL);
    krb5_error_code code = krb5_init_creds_get_creds(k->context, x->initial, &creds);

    if (code != 0)
        return code;
    k->ends_s = 0;
    code = krb5_cc_initialize(k->context, k->cache, k->client);
    if (code == 0)
        code = krb5_cc_store_cred(k->context, k->cache, &creds);
    if (code == 0) {
        k->ends_s = (int64_t)(uint32_t)creds.times.endtime;
        k->renew_from_s = k->ends_s - (k->ends_s - now_s) / 4;
        fed_log_info("a ticket of %s for %lld seconds", k->name, (long long)(k->ends_s - now_s));
    }
    krb5_free_cred_contents(k->context, &creds);
    return code;
}

static int
ask_for_own(struct kerberos *k, const struct kdc *kdc, int64_t deadline_ms, char *why)
{
    struct steps x = steps_of(k);
    krb5_keytab keytab = NULL;
    int64_t server_s = 0;
    int r = 0;

    if (hostkeys_refresh(k->keys, why) != 0)
        fed_log_debug("%s; what was read before is used", why);
    krb5_error_code code = hostkeys_lend(k->keys, k->context, k->client, &keytab);
    if (code == 0)
        code = krb5_init_creds_init(k->context, k->client, NULL, NULL, 0, NULL, &x.initial);
    if (code == 0)
        code = krb5_init_creds_set_keytab(k->context, x.initial, keytab);
    if (code == 0) {
        r = steps_carry(&x, kdc, deadline_ms, &code, why);
        if (r == 0 && code != 0)
            server_s = steps_server_time(&x);
    }
    if (r == 0 && code == 0)
        code = keep_own(k, &x);
    if (r == 0 && code != 0)
        r = refusal(k->context, code, k->name, NULL, k->keys, server_s, why);
    if (x.initial != NULL)
        krb5_init_creds_free(k->context, x.initial);
    if (keytab != NULL)
        (void)krb5_kt_close(k->context, keytab);
    return r;
}

/* See to it that we have a ticket of our own that is good for a while. */
static int
have_own(struct kerberos *k, const struct kdc *kdc, int64_t deadline_ms, char *why)
{
    int64_t now_s = (int64_t)time(NULL);
    int r;

    if (atomic_exchange(&k->forgotten, false))
        k->ends_s = 0;
    if (now_s < k->renew_from_s && k->ends_s != 0)
        return 0;
    if (now_s < k->ends_s && clock_mono_ms() < k->renew_again_ms)
        return 0;
    r = ask_for_own(k, kdc, deadline_ms, why);
    if (r == 0 || now_s >= k->ends_s)
        return r;
    /* That is what "ahead" is for. */
    fed_log_warning("the ticket of %s ends in %lld seconds and could not be renewed: %s", k->name,
        (long long)(k->ends_s - now_s), why);
    k->renew_again_ms = clock_mono_ms() + RENEW_AGAIN_MS;
    return 0;
}

/* A ticket for a controller: from the cache, where libkrb5 looks and puts it, else from the controller. */
static int
have_other(struct kerberos *k, krb5_principal server, const char *host, const struct kdc *kdc,
    int64_t deadline_ms, krb5_creds *ret, char *why)
{
    krb5_creds wanted = {.client = k->client, .server = server};
    struct steps x = steps_of(k);
    krb5_error_code code = krb5_tkt_creds_init(k->context, k->cache, &wanted, 0, &x.further);
    int r = 0;

    if (code == 0)
        r = steps_carry(&x, kdc, deadline_ms, &code, why);
    if (r == 0 && code == 0)
        code = krb5_tkt_creds_get_creds(k->context, x.further, ret);
    if (r == 0 && code != 0) {
        r = refusal(k->context, code, k->name, host, k->keys, 0, why);
        if (code != KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN)
            k->ends_s = 0; /* it may be our own ticket that is not taken any more */
    }
    if (x.further != NULL)
        krb5_tkt_creds_free(k->context, x.further);
    return r;
}

/* ---- For one bind ---- */

static int
import(struct kerberos *k, krb5_creds *creds, struct kerberos_ticket *ticket)
{
    OM_uint32 minor;
    char *name = NULL;

    /*
     * For a ticket near its end GSSAPI goes and looks for better ones, in files and in the network. That is our
     * business, so it is told that this one lasts; the server goes by what is inside the ticket.
     */
    creds->times.endtime = (krb5_timestamp)(uint32_t)(time(NULL) + LASTS_S);
    if (profile_context(k->realm, &ticket->context) != 0 ||
        krb5_cc_new_unique(ticket->context, "MEMORY", NULL, &ticket->cache) != 0 ||
        krb5_cc_initialize(ticket->context, ticket->cache, k->client) != 0 ||
        krb5_cc_store_cred(ticket->context, ticket->cache, creds) != 0 ||
        krb5_unparse_name(ticket->context, creds->server, &name) != 0)
        return FED_E_NOMEM;
    gss_buffer_desc text = {strlen(name), name};
    gss_buffer_desc nothing = GSS_C_EMPTY_BUFFER;
    bool done =
        gss_krb5_import_cred(&minor, ticket->cache, NULL, NULL, &ticket->credential) ==
            GSS_S_COMPLETE &&
        /* Else every sign-in says that it may sign and seal, which AD refuses inside TLS. */
        gss_set_cred_option(&minor, &ticket->credential, (gss_OID)GSS_KRB5_CRED_NO_CI_FLAGS_X,
            &nothing) == GSS_S_COMPLETE &&
        gss_import_name(&minor, &text, GSS_KRB5_NT_PRINCIPAL_NAME, &ticket->server) ==
            GSS_S_COMPLETE;
    krb5_free_unparsed_name(ticket->context, name);
    return done ? 0 : FED_E_NOMEM;
}

static int
take(struct kerberos *k, const char *host, const struct kdc *kdc, int64_t deadline_ms,
    struct kerberos_ticket *ticket, char *why)
{
    krb5_principal server = NULL;
    krb5_creds creds = {0};
    int r = have_own(k, kdc, deadline_ms, why);

    if (r != 0)
        return r;
    if (krb5_build_principal(k->context, &server, (unsigned)strlen(k->realm), k->realm, "ldap",
            host, (char *)NULL) != 0)
        return why_not(why, FED_E_NOMEM, "out of memory");
    r = have_other(k, server, host, kdc, deadline_ms, &creds, why);
    if (r == 0) {
        r = import(k, &creds, ticket);
        if (r != 0)
            (void)why_not(why, r, "GSSAPI cannot use the ticket for \"%.96s\"", host);
    }
    krb5_free_cred_contents(k->context, &creds);
    krb5_free_principal(k->context, server);
    return r;
}

/* Only one is in here at a time; false when that was so up to the deadline. */
static bool
enter(struct kerberos *k, int64_t deadline_ms)
{
    struct timespec until = {.tv_sec = deadline_ms / 1000, .tv_nsec = deadline_ms % 1000 * 1000000};
    int error = 0;

    (void)pthread_mutex_lock(&k->lock);
    while (k->busy && error == 0)
        error = pthread_cond_timedwait(&k->freed, &k->lock, &until);
    bool entered = !k->busy;
    k->busy = true;
    (void)pthread_mutex_unlock(&k->lock);
    return entered;
}

static void
leave(struct kerberos *k)
{
    (void)pthread_mutex_lock(&k->lock);
    k->busy = false;
    (void)pthread_cond_signal(&k->freed);
    (void)pthread_mutex_unlock(&k->lock);
}

int
kerberos_take(struct kerberos *k, const char *host, const struct kdc *kdc, int64_t deadline_ms,
    struct kerberos_ticket **ret, char *why)
{
    struct kerberos_ticket *ticket = calloc(1, sizeof(*ticket));

    if (ticket == NULL)
        return why_not(why, FED_E_NOMEM, "out of memory");
    if (!enter(k, deadline_ms)) {
        free(ticket);
        return why_not(why, FED_E_DIRECTORY, "Kerberos: no answer in time to another request");
    }
    int r = take(k, host, kdc, deadline_ms, ticket, why);
    leave(k);
    if (r != 0) {
        kerberos_give_back(ticket);
        return r;
    }
    *ret = ticket;
    return 0;
}

gss_cred_id_t
kerberos_credential(const struct kerberos_ticket *ticket)
{
    return ticket->credential;
}

gss_name_t
kerberos_server(const struct kerberos_ticket *ticket)
{
    return ticket->server;
}

void
kerberos_give_back(struct kerberos_ticket *ticket)
{
    OM_uint32 minor;

    if (ticket == NULL)
        return;
    (void)gss_release_name(&minor, &ticket->server);
    (void)gss_release_cred(&minor, &ticket->credential);
    if (ticket->cache != NULL)
        (void)krb5_cc_destroy(ticket->context, ticket->cache);
    if (ticket->context != NULL)
        krb5_free_context(ticket->context);
    free(ticket);
}

void
kerberos_forget(struct kerberos *k)
{
    atomic_store(&k->forgotten, true);
}
