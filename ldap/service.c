/*
 * The service identity.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ldap/service.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/clock.h"
#include "conf/keyfile.h"
#include "ldap/gssapi.h"
#include "ldap/kerberos.h"
#include "ldap/why.h"

enum { REFUSED_WAIT_MS = 30 * 1000, PASSWORD_MAX = 1024 };

struct service {
    const struct conf_domain *conf;
    const char *name; /* for messages */
    struct fed_secret password;
    struct kerberos *kerberos; /* NULL = by the password */
    _Atomic int64_t refused_until_ms;
};

/* An editor's newline at the end of the file is not part of the password. */
static int
trim_password(struct service *service, char *why)
{
    struct fed_secret *password = &service->password;
    size_t len = password->len;

    if (len > 0 && password->data[len - 1] == '\n')
        len--;
    if (len > 0 && password->data[len - 1] == '\r')
        len--;
    if (len == 0)
        return why_not(
            why, FED_E_CONFIG, "\"%s\": no password in it", service->conf->service_password_file);
    return len == password->len ? 0 : fed_secret_resize(password, len);
}

static int
read_password(struct service *service, char *why)
{
    const struct conf_domain *conf = service->conf;

    if (conf->service_dn == NULL || conf->service_dn[0] == '\0' ||
        conf->service_password_file == NULL)
        return why_not(why, FED_E_CONFIG,
            "domain %s: service-bind = simple needs service-dn and service-password-file",
            conf->name);
    service->name = conf->service_dn;
    int r = keyfile_read(conf->service_password_file, true, &service->password, why, WHY_MAX);
    return r == 0 ? trim_password(service, why) : r;
}

static int
read_keys(struct service *service, char *why)
{
    const struct conf_domain *conf = service->conf;

    if (conf->keytab == NULL)
        return why_not(
            why, FED_E_CONFIG, "domain %s: service-bind = gssapi needs keytab", conf->name);
    int r = kerberos_new(conf, &service->kerberos, why);
    if (r == 0)
        service->name = kerberos_name(service->kerberos);
    return r;
}

int
service_new(const struct conf_domain *conf, struct service **ret, char *why)
{
    if (conf->service_bind == CONF_SERVICE_NONE) {
        *ret = NULL;
        return 0;
    }
    struct service *service = calloc(1, sizeof(*service));
    if (service == NULL)
        return why_not(why, FED_E_NOMEM, "out of memory");
    service->conf = conf;
    fed_secret_init_locked(&service->password, PASSWORD_MAX);
    int r = conf->service_bind == CONF_SERVICE_GSSAPI ? read_keys(service, why)
                                                      : read_password(service, why);
    if (r != 0) {
        service_free(service);
        return r;
    }
    *ret = service;
    return 0;
}

void
service_free(struct service *service)
{
    if (service == NULL)
        return;
    fed_secret_done(&service->password);
    kerberos_free(service->kerberos);
    free(service);
}

int
service_may_bind(const struct service *service, char *why)
{
    if (clock_mono_ms() >= atomic_load(&service->refused_until_ms))
        return 0;
    return why_not(why, FED_E_DIRECTORY,
        "the service identity \"%.96s\" was refused lately and is not tried again for a while",
        service->name);
}

void
service_rest(struct service *service)
{
    atomic_store(&service->refused_until_ms, clock_mono_ms() + REFUSED_WAIT_MS);
}

static int
bind_by_kerberos(struct service *service, struct conn *conn, const char *host, int64_t deadline_ms,
    struct conn_answer *ret, char *why)
{
    struct kerberos_ticket *ticket = NULL;
    struct kdc kdc;
    int r = conn_address(conn, &kdc.address, &kdc.len, why);

    if (r != 0)
        return r;
    /* A domain controller is its own Kerberos service: what is asked stays between us and this one. */
    kdc_set_port(&kdc, KDC_PORT);
    r = kerberos_take(service->kerberos, host, &kdc, deadline_ms, &ticket, why);
    if (r != 0)
        return r;
    r = gssapi_bind(conn, ticket, deadline_ms, ret, why);
    kerberos_give_back(ticket);
    if (r == 0 && ret->code != LDAP_SUCCESS)
        kerberos_forget(
            service->kerberos); /* it may be the controller's key that is another by now */
    return r;
}

/* What every server would say, or this one for the moment (busy, shutting down)? */
static int
refused(const struct service *service, const struct conn_answer *answer, char *why)
{
    switch (answer->code) {
    case LDAP_INVALID_CREDENTIALS:
    case LDAP_AUTH_METHOD_NOT_SUPPORTED:
        return why_not(why, FED_E_DENIED, "the service identity \"%.96s\" was refused: %d, %s",
            service->name, answer->code, answer->text);
    case LDAP_STRONG_AUTH_REQUIRED:
        return why_not(why, FED_E_DENIED, "the service identity \"%.96s\" was refused: 8, %.80s%s",
            service->name, answer->text,
            service->kerberos == NULL
                ? ""
                : ": Samba needs \"ldap server require strong auth = allow_sasl_over_tls\"");
    default:
        return why_not(why, FED_E_DIRECTORY, "the service identity \"%.96s\" was refused: %d, %s",
            service->name, answer->code, answer->text);
    }
}

int
service_bind(
    struct service *service, struct conn *conn, const char *host, int64_t deadline_ms, char *why)
{
    struct conn_answer answer;
    bool sent;
    int r;

    if (service->kerberos != NULL)
        r = bind_by_kerberos(service, conn, host, deadline_ms, &answer, why);
    else
        r = conn_bind(conn, service->name, &service->password, deadline_ms, &sent, &answer, why);
    if (r == 0 && answer.code != LDAP_SUCCESS)
        r = refused(service, &answer, why);
    if (r == FED_E_DENIED)
        service_rest(service);
    return r;
}
