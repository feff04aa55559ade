/*
 * awsfed-admin saml init, metadata and rotate.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/admin/saml.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/secret.h"
#include "base/write.h"
#include "bridge/admin/files.h"
#include "bridge/admin/rotate.h"
#include "bridge/cert.h"
#include "bridge/saml.h"
#include "bridge/signer.h"
#include "conf/conf.h"

enum { DONE = 0, FAILED = 1, USAGE = 2 };

static int
usage(void)
{
    (void)fputs("usage: awsfed-admin saml init\n"
                "       awsfed-admin saml metadata [--output FILE]\n"
                "       awsfed-admin saml rotate [--finish]\n",
        stderr);
    return USAGE;
}

static int
sign_by_token(void *signer, const void *data, size_t len, struct fed_secret *ret)
{
    return keeper_sign(signer, data, len, ret);
}

/* The key is there already, made with the token's own tools: whether it may leave, and who may use it, is said there. */
static int
create_for_token(const struct conf *conf, char *why)
{
    struct fed_secret der = FED_SECRET_INIT(CERT_SIGNATURE_MAX * 2);
    struct keeper *signer = NULL;

    int r = signer_start(conf, SIGNER_SAML, NULL, &signer, why, CERT_WHY_MAX);
    if (r == 0 && why[0] != '\0')
        r = FED_E_KEEPER;
    if (r == 0 && (r = keeper_public(signer, &der)) == 0) {
        struct cert_key key = {der.data, der.len, sign_by_token, signer};
        r = cert_create_for(&key, conf->saml.certificate, ROTATE_COMMON_NAME, time(NULL), why);
    }
    keeper_stop(signer);
    fed_secret_done(&der);
    return r;
}

static int
init(const struct conf *conf)
{
    const struct conf_saml *saml = &conf->saml;
    bool token = signer_wanted(conf, SIGNER_SAML);
    char why[CERT_WHY_MAX] = "";

    int r = token ? create_for_token(conf, why)
                  : cert_create(saml->key, saml->certificate, ROTATE_COMMON_NAME, time(NULL), why);
    if (r != 0) {
        (void)fprintf(stderr, "awsfed-admin: %s\n", why[0] != '\0' ? why : fed_strerror(r));
        return FAILED;
    }
    if (token)
        (void)printf("Made a certificate for the key in the token: %s\n", saml->certificate);
    else
        (void)printf("Made the signing key (RSA, %d bits): %s\n"
                     "and its certificate:                 %s\n",
            CERT_KEY_BITS, saml->key, saml->certificate);
    (void)printf(
        "\n"
        "Next, once for each AWS account: the provider and the roles with their trust, as\n"
        "  awsfed-admin aws-setup --format cloudformation --output-dir DIR    (or terraform)\n"
        "writes them; or by hand:\n"
        "  1. awsfed-admin saml metadata --output awsfed-metadata.xml\n"
        "  2. aws iam create-saml-provider --name awsfed \\\n"
        "         --saml-metadata-document file://awsfed-metadata.xml\n"
        "  3. Put the ARN that it prints into \"provider\" of the account's [role] "
        "sections, and let\n"
        "     each role's trust policy allow sts:AssumeRoleWithSAML to that provider.\n");
    return DONE;
}

/* The signing certificate first; its end is the metadata's too. Then the next one, or the one before. */
int
admin_saml_metadata(const struct conf_saml *saml, struct fed_secret *ret)
{
    struct cert current = {0}, previous = {0};
    char why[CERT_WHY_MAX], next[ROTATE_PATH_MAX];
    const char *texts[2];
    const char *other = rotate_next_certificate(saml, next) ? next : saml->previous_certificate;
    size_t n = other != NULL ? 2 : 1;

    int r = cert_read(saml->certificate, &current, why);
    if (r == 0 && other != NULL)
        r = cert_read(other, &previous, why);
    if (r != 0) {
        (void)fprintf(stderr, "awsfed-admin: %s\n", why);
        if (access(saml->certificate, F_OK) != 0 && errno == ENOENT)
            (void)fputs("awsfed-admin: \"awsfed-admin saml init\" makes it\n", stderr);
        goto out;
    }
    if (cert_days_left(&current, time(NULL)) < 30)
        (void)fprintf(stderr, "awsfed-admin: warning: \"%s\": %s: make a new key soon\n",
            saml->certificate,
            cert_days_left(&current, time(NULL)) < 0 ? "has expired" : "expires within 30 days");
    texts[0] = fed_secret_str(&current.der_b64);
    texts[1] = fed_secret_str(&previous.der_b64);
    r = saml_metadata(saml->entity_id, texts, n, current.not_after_s, ret);
    if (r != 0)
        (void)fprintf(stderr, "awsfed-admin: metadata: %s\n", fed_strerror(r));
out:
    cert_done(&previous);
    cert_done(&current);
    return r;
}

static int
write_out(const struct fed_secret *text, const char *file)
{
    int fd = file == NULL ? STDOUT_FILENO
                          : open(file, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
    int status = fd >= 0 && write_all(fd, text->data, text->len) == 0 ? DONE : FAILED;

    if (fd >= 0 && file != NULL && close(fd) != 0)
        status = FAILED;
    if (status != DONE)
        (void)fprintf(stderr, "awsfed-admin: cannot write \"%s\": %s\n",
            file != NULL ? file : "standard output", strerror(errno));
    return status;
}

static int
metadata(const struct conf_saml *saml, const char *file)
{
    struct fed_secret text = FED_SECRET_INIT(ADMIN_SAML_METADATA_MAX);

    int status = admin_saml_metadata(saml, &text) == 0 ? write_out(&text, file) : FAILED;
    fed_secret_done(&text);
    return status;
}

static int
run(const struct conf *conf, bool is_init, bool is_rotate, bool finish, const char *file)
{
    const struct conf_saml *saml = &conf->saml;

    if (saml->key == NULL) {
        (void)fputs(
            "awsfed-admin: there is no [saml] in the configuration: add it with entity-id, key "
            "and certificate\n",
            stderr);
        return FAILED;
    }
    if (is_rotate)
        return finish ? rotate_finish(saml) : rotate_begin(saml);
    return is_init ? init(conf) : metadata(saml, file);
}

int
admin_saml(int argc, char **argv, const char *conf_dir)
{
    const char *file = NULL;
    bool is_init = argc == 2 && strcmp(argv[1], "init") == 0;
    bool is_metadata = argc >= 2 && strcmp(argv[1], "metadata") == 0;
    bool finish = argc == 3 && strcmp(argv[2], "--finish") == 0;
    bool is_rotate = argc >= 2 && strcmp(argv[1], "rotate") == 0 && (argc == 2 || finish);

    if (is_metadata && argc == 4 && strcmp(argv[2], "--output") == 0 && argv[3][0] != '\0')
        file = argv[3];
    else if (is_metadata && argc == 3 && strncmp(argv[2], "--output=", 9) == 0 &&
             argv[2][9] != '\0')
        file = argv[2] + 9;
    else if (!is_init && !is_rotate && !(is_metadata && argc == 2))
        return usage();

    struct conf *conf = files_conf(conf_dir);
    if (conf == NULL)
        return FAILED;
    int status = run(conf, is_init, is_rotate, finish, file);
    conf_free(conf);
    return status;
}
