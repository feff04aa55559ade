/*
 * Reads every file once, as the bridge would at its start, and keeps nothing.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/check.h"

#include <string.h>
#include <time.h>

#include "bridge/absent.h"
#include "bridge/cert.h"
#include "bridge/keeper_keys.h"
#include "bridge/signer.h"
#include "conf/keyfile.h"
#include "ldap/kerberos.h"
#include "ldap/why.h"

enum { FILE_LIMIT = 1024 * 1024, WARN_DAYS = 30 };

static void
check_file(const char *path, bool secret, struct conf_errors *faults)
{
    struct fed_secret content = FED_SECRET_INIT(FILE_LIMIT);
    char why[CERT_WHY_MAX];

    if (path != NULL && !absent_is(path) &&
        keyfile_read(path, secret, &content, why, sizeof(why)) != 0)
        conf_errors_add(faults, NULL, "%s", why);
    fed_secret_done(&content);
}

static void
check_certificate(const char *path, struct conf_errors *faults, struct conf_errors *notes)
{
    char why[CERT_WHY_MAX];
    struct cert cert;

    if (path == NULL || absent_is(path))
        return;
    if (cert_read(path, &cert, why) != 0) {
        conf_errors_add(faults, NULL, "%s", why);
        return;
    }
    long days = (long)cert_days_left(&cert, (int64_t)time(NULL));
    if (days < WARN_DAYS)
        conf_errors_add(notes, NULL,
            "\"%s\" ends in %ld day(s): renew it and give IAM the new metadata", path, days);
    cert_done(&cert);
}

/* A library with the bridge's own rights can read and change what the bridge remembers. */
static void
check_signer_user(const struct conf *conf, struct conf_errors *notes)
{
    const struct conf_bridge *b = &conf->bridge;

    if ((signer_wanted(conf, SIGNER_SAML) || signer_wanted(conf, SIGNER_OIDC)) &&
        (b->signer_user == NULL || strcmp(b->signer_user, b->user) == 0))
        conf_errors_add(notes, NULL,
            "the token's library runs as \"%s\", the bridge's own user, and may change its state: "
            "name another user in [bridge] signer-user",
            b->user);
}

/* A key in a token: a signer is started as the bridge would, and says what it finds. */
static void
check_token(const struct conf *conf, enum signer_key which, struct conf_errors *faults)
{
    const char *certificate = which == SIGNER_SAML ? conf->saml.certificate : NULL;
    struct keeper *signer = NULL;
    char why[CERT_WHY_MAX] = "";

    if (!signer_wanted(conf, which))
        return;
    int r = signer_start(conf, which, certificate, &signer, why, sizeof(why));
    if (r != 0 || why[0] != '\0')
        conf_errors_add(faults, NULL, "%s", why);
    keeper_stop(signer);
}

/* The file of a domain's Kerberos keys, and whether it has one that will do. */
static void
check_keytab(const struct conf_domain *domain, struct conf_errors *faults)
{
    struct kerberos *kerberos = NULL;
    char why[WHY_MAX] = "";

    if (domain->keytab == NULL)
        return;
    if (kerberos_new(domain, &kerberos, why) != 0)
        conf_errors_add(faults, &domain->where, "%s", why);
    kerberos_free(kerberos);
}

/* The keys as the keeper would load them. Of those that are not there more was told. */
static void
check_keys(const struct conf *conf, struct conf_errors *faults)
{
    struct keeper_keys keys;
    char why[CERT_WHY_MAX];

    if (absent_is(conf->mfa.seal_key) || absent_is(conf->saml.key) ||
        absent_is(conf->saml.certificate) || absent_is(conf->oidc.key))
        return;
    if (keeper_keys_load(conf, &keys, why, sizeof(why)) == 0)
        keeper_keys_done(&keys);
    else
        conf_errors_add(faults, NULL, "%s", why);
}

void
check_files(const struct conf *conf, struct conf_errors *faults, struct conf_errors *notes)
{
    absent_tell(conf, faults);
    /* Before the keys: a token's library would find in its memory what is left of them in ours. */
    check_token(conf, SIGNER_SAML, faults);
    check_token(conf, SIGNER_OIDC, faults);
    check_signer_user(conf, notes);
    check_keys(conf, faults);
    check_certificate(conf->saml.certificate, faults, notes);
    check_certificate(conf->saml.previous_certificate, faults, notes);
    for (size_t i = 0; i < conf->n_domains; i++) {
        check_file(conf->domains[i].service_password_file, true, faults);
        check_keytab(&conf->domains[i], faults);
        check_file(conf->domains[i].ca_file, false, faults);
    }
    check_file(conf->aws.ca_file, false, faults);
}
