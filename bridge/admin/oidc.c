/*
 * awsfed-admin oidc metadata: what has to be found at the issuer's address (OpenID Connect Discovery 1.0).
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/admin/words.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bridge/jwk.h"
#include "bridge/keeper_keys.h"
#include "conf/conf.h"

#define FOLDER    "/.well-known"
#define DISCOVERY FOLDER "/openid-configuration"
#define KEY_SET   FOLDER "/jwks.json"

enum { DOCUMENT_MAX = 8192, OIDC_PATH_MAX = 4096 };

static struct conf *
read_conf(const char *dir)
{
    struct conf *conf = NULL;
    struct conf_errors errors;

    if (conf_read(dir, &conf, &errors) != 0)
        conf = NULL;
    for (size_t i = 0; i < errors.n; i++)
        (void)fprintf(stderr, "%s\n", errors.lines[i]);
    if (conf != NULL && conf->oidc.key == NULL) {
        (void)fprintf(stderr, "awsfed-admin: there is no [oidc] in the configuration: add it with "
                              "issuer and key\n");
        conf_free(conf);
        conf = NULL;
    }
    conf_errors_done(&errors);
    return conf;
}

/* What IAM reads of it: issuer and jwks_uri; the rest is what the specification requires. */
static int
make_discovery(const struct conf_oidc *oidc, const struct jwk *jwk, struct fed_secret *ret)
{
    char keys[512];
    int r = FED_E_NOMEM;

    (void)snprintf(keys, sizeof(keys), "%s" KEY_SET, oidc->issuer);
    json_t *root = json_pack("{ss ss s[s] s[s] s[s] s[sssssss]}", "issuer", oidc->issuer,
        "jwks_uri", keys, "response_types_supported", "id_token", "subject_types_supported",
        "public", "id_token_signing_alg_values_supported", jwk->alg, "claims_supported", "iss",
        "sub", "aud", "iat", "nbf", "exp", "jti");
    char *text = root != NULL ? json_dumps(root, JSON_COMPACT) : NULL;
    if (text != NULL)
        r = fed_secret_addf(ret, "%s\n", text);
    free(text);
    json_decref(root);
    return r;
}

static int
make_documents(const struct conf_oidc *oidc, struct fed_secret *discovery, struct fed_secret *keys)
{
    struct jwk jwk = {.json = FED_SECRET_INIT(0)};
    char why[512];
    EVP_PKEY *key = NULL;

    int r = keeper_keys_read(oidc->key, true, &key, why, sizeof(why));
    if (r == FED_E_CONFIG)
        (void)fprintf(stderr, "awsfed-admin: %s\n", why);
    if (r == 0)
        r = jwk_make(key, &jwk);
    if (r == 0)
        r = make_discovery(oidc, &jwk, discovery);
    if (r == 0)
        r = fed_secret_addf(keys, "{\"keys\":[%s]}\n", fed_secret_str(&jwk.json));
    if (r != 0 && r != FED_E_CONFIG)
        (void)fprintf(stderr, "awsfed-admin: %s\n", fed_strerror(r));
    EVP_PKEY_free(key);
    jwk_done(&jwk);
    return r;
}

static int
failed(const char *what, const char *path)
{
    (void)fprintf(stderr, "awsfed-admin: cannot %s \"%s\": %s\n", what, path, strerror(errno));
    return ADMIN_FAILED;
}

/* Whole or not at all: a web server may be reading. */
static int
write_file(const char *dir, const char *name, const struct fed_secret *text)
{
    char path[OIDC_PATH_MAX], temporary[OIDC_PATH_MAX];

    if (snprintf(temporary, sizeof(temporary), "%s%s.new", dir, name) >= (int)sizeof(temporary))
        return ADMIN_FAILED;
    (void)snprintf(path, sizeof(path), "%.*s", (int)(strlen(temporary) - 4), temporary);
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0)
        return failed("create", temporary);
    bool written = write(fd, text->data, text->len) == (ssize_t)text->len &&
                   fchmod(fd, 0644) == 0 && fsync(fd) == 0;
    if (close(fd) != 0 || !written)
        return failed("write", temporary);
    return rename(temporary, path) == 0 ? ADMIN_DONE : failed("write", path);
}

static int
write_documents(const char *dir, const struct fed_secret *discovery, const struct fed_secret *keys)
{
    char folder[OIDC_PATH_MAX];

    if (snprintf(folder, sizeof(folder), "%s" FOLDER, dir) >= (int)sizeof(folder))
        return ADMIN_FAILED;
    if ((mkdir(dir, 0755) != 0 && errno != EEXIST) || (mkdir(folder, 0755) != 0 && errno != EEXIST))
        return failed("create", folder);
    int status = write_file(dir, KEY_SET, keys);
    return status != ADMIN_DONE ? status : write_file(dir, DISCOVERY, discovery);
}

/* "metadata", then nothing, "--output-dir DIR" or "--output-dir=DIR". */
static bool
read_arguments(int argc, char **argv, const char **ret_dir)
{
    static const char option[] = "--output-dir";
    size_t len = sizeof(option) - 1;

    if (argc < 2 || strcmp(argv[1], "metadata") != 0 || argc > 4)
        return false;
    if (argc == 4 && strcmp(argv[2], option) == 0)
        *ret_dir = argv[3];
    else if (argc == 3 && strncmp(argv[2], option, len) == 0 && argv[2][len] == '=')
        *ret_dir = argv[2] + len + 1;
    else if (argc != 2)
        return false;
    return *ret_dir == NULL || **ret_dir != '\0';
}

int
word_oidc(const struct admin *admin, int argc, char **argv)
{
    struct fed_secret discovery = FED_SECRET_INIT(DOCUMENT_MAX),
                      keys = FED_SECRET_INIT(DOCUMENT_MAX);
    const char *dir = NULL;

    if (!read_arguments(argc, argv, &dir))
        return admin_usage("say: oidc metadata [--output-dir DIR]");
    struct conf *conf = read_conf(admin->conf_dir);
    if (conf == NULL)
        return ADMIN_FAILED;
    int status = make_documents(&conf->oidc, &discovery, &keys) == 0 ? ADMIN_DONE : ADMIN_FAILED;
    if (status == ADMIN_DONE && dir != NULL)
        status = write_documents(dir, &discovery, &keys);
    else if (status == ADMIN_DONE &&
             (fputs(fed_secret_str(&discovery), stdout) < 0 ||
                 fputs(fed_secret_str(&keys), stdout) < 0 || fflush(stdout) != 0))
        status = failed("write to", "standard output");
    conf_free(conf);
    fed_secret_done(&discovery);
    fed_secret_done(&keys);
    return status;
}
