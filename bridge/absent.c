/*
 * What is missing at a first start, all of it at once, each with a command to paste.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/absent.h"

#include <errno.h>
#include <sys/stat.h>

#include "conf/key_uri.h"

bool
absent_is(const char *path)
{
    struct stat st;

    return path != NULL && !key_uri_is(path) && lstat(path, &st) != 0 && errno == ENOENT;
}

static void
tell_saml(const struct conf_saml *saml, struct conf_errors *to)
{
    bool no_key = absent_is(saml->key), no_certificate = absent_is(saml->certificate);

    if (no_key && (no_certificate || saml->certificate == NULL))
        conf_errors_add(to, NULL,
            "\"%s\": does not exist, and is \"key\" of [saml]: make it and its certificate with "
            "awsfed-admin saml init",
            saml->key);
    else if (no_certificate && (saml->key == NULL || key_uri_is(saml->key)))
        conf_errors_add(to, NULL,
            "\"%s\": does not exist, and is \"certificate\" of [saml]: make it with awsfed-admin "
            "saml init",
            saml->certificate);
    else if (no_key || no_certificate)
        conf_errors_add(to, NULL,
            "\"%s\": does not exist, and is \"%s\" of [saml]: put back what belongs to \"%s\", or "
            "move that away and make both with awsfed-admin saml init",
            no_key ? saml->key : saml->certificate, no_key ? "key" : "certificate",
            no_key ? saml->certificate : saml->key);
    if (absent_is(saml->previous_certificate))
        conf_errors_add(to, NULL,
            "\"%s\": does not exist, and is \"previous-certificate\" of [saml]: put it back, or "
            "take the line away",
            saml->previous_certificate);
}

static void
tell_authority(const char *path, const char *section, const char *name, struct conf_errors *to)
{
    if (absent_is(path))
        conf_errors_add(to, NULL,
            "\"%s\": does not exist, and is \"ca-file\" of [%s%s]: put the authorities' "
            "certificates (PEM) there, or take the line away for those of the system",
            path, section, name);
}

void
absent_tell(const struct conf *conf, struct conf_errors *to)
{
    if (absent_is(conf->mfa.seal_key))
        conf_errors_add(to, NULL,
            "\"%s\": does not exist, and is \"seal-key\" of [mfa]: (umask 077; openssl rand -hex "
            "32 > '%s'), or put back your copy if people are enrolled",
            conf->mfa.seal_key, conf->mfa.seal_key);
    tell_saml(&conf->saml, to);
    if (absent_is(conf->oidc.key))
        conf_errors_add(to, NULL,
            "\"%s\": does not exist, and is \"key\" of [oidc]: (umask 077; openssl genpkey "
            "-algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out '%s')",
            conf->oidc.key, conf->oidc.key);
    for (size_t i = 0; i < conf->n_domains; i++) {
        const struct conf_domain *domain = &conf->domains[i];
        if (absent_is(domain->service_password_file))
            conf_errors_add(to, NULL,
                "\"%s\": does not exist, and is \"service-password-file\" of [domain %s]: write "
                "the "
                "password of service-dn into it, root's, mode 600",
                domain->service_password_file, domain->name);
        tell_authority(domain->ca_file, "domain ", domain->name, to);
    }
    tell_authority(conf->aws.ca_file, "aws", "", to);
}
