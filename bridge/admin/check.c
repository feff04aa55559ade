/*
 * awsfed-admin check: the configuration and the files that it names, offline.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/admin/words.h"

#include <stdio.h>
#include <time.h>

#include "bridge/cert.h"
#include "conf/conf.h"
#include "conf/keyfile.h"

enum { KEY_FILE_MAX = 64 * 1024, WARN_DAYS = 30 };

static int
check_secret(const char *path)
{
    struct fed_secret content = FED_SECRET_INIT(KEY_FILE_MAX);
    char why[CERT_WHY_MAX];

    if (path == NULL)
        return 0;
    int r = keyfile_read(path, true, &content, why, sizeof(why));
    fed_secret_done(&content);
    if (r != 0)
        (void)fprintf(stderr, "%s\n", why);
    return r;
}

static int
check_certificate(const char *path)
{
    char why[CERT_WHY_MAX];
    struct cert cert;

    if (path == NULL)
        return 0;
    int r = cert_read(path, &cert, why);
    if (r != 0) {
        (void)fprintf(stderr, "%s\n", why);
        return r;
    }
    long days = (long)cert_days_left(&cert, (int64_t)time(NULL));
    if (days < WARN_DAYS)
        (void)printf("note: \"%s\" ends in %ld day(s)\n", path, days);
    cert_done(&cert);
    return 0;
}

static int
check_files(const struct conf *conf)
{
    int bad = 0;

    bad += check_secret(conf->mfa.seal_key) != 0;
    bad += check_secret(conf->saml.key) != 0;
    bad += check_certificate(conf->saml.certificate) != 0;
    bad += check_certificate(conf->saml.previous_certificate) != 0;
    for (size_t i = 0; i < conf->n_domains; i++)
        bad += check_secret(conf->domains[i].service_password_file) != 0;
    return bad;
}

int
word_check(const struct admin *admin, int argc, char **argv)
{
    struct conf_errors errors;
    struct conf *conf = NULL;

    if (argc > 1)
        return admin_usage(argv[1]);
    int r = conf_read(admin->conf_dir, &conf, &errors);
    for (size_t i = 0; i < errors.n; i++)
        (void)fprintf(stderr, "%s\n", errors.lines[i]);
    conf_errors_done(&errors);
    if (r != 0)
        return ADMIN_FAILED;
    int bad = check_files(conf);
    if (bad == 0)
        (void)printf("%s: in order: %zu domain(s), %zu role(s)\n", admin->conf_dir, conf->n_domains,
            conf->n_roles);
    conf_free(conf);
    return bad == 0 ? ADMIN_DONE : ADMIN_FAILED;
}
