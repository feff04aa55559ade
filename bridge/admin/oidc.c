/*
 * awsfed-admin oidc metadata and rotate: what has to be found at the issuer's address (OpenID Connect Discovery 1.0).
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/admin/words.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/admin/files.h"
#include "bridge/admin/oidc_rotate.h"
#include "bridge/jwk.h"
#include "bridge/signer.h"
#include "bridge/signing_key.h"
#include "conf/conf.h"

#define FOLDER    "/.well-known"
#define DISCOVERY FOLDER "/openid-configuration"
#define KEY_SET   FOLDER "/jwks.json"

enum { DOCUMENT_MAX = 8192, DER_MAX = 1024 };

static struct conf *
read_conf(const struct admin *admin)
{
    struct conf *conf = files_conf(admin->conf_dir);

    if (conf == NULL || conf->oidc.key != NULL)
        return conf;
    (void)fprintf(stderr, "awsfed-admin: there is no [oidc] in the configuration: add it with "
                          "issuer and key\n");
    conf_free(conf);
    return NULL;
}

/* What IAM reads of it: issuer and jwks_uri; the rest is what the specification requires. */
static int
make_discovery(const struct conf_oidc *oidc, json_t *algorithms, struct fed_secret *ret)
{
    char keys[512];
    int r = FED_E_NOMEM;

    (void)snprintf(keys, sizeof(keys), "%s" KEY_SET, oidc->issuer);
    json_t *root = json_pack("{ss ss s[s] s[s] sO s[sssssss]}", "issuer", oidc->issuer, "jwks_uri",
        keys, "response_types_supported", "id_token", "subject_types_supported", "public",
        "id_token_signing_alg_values_supported", algorithms, "claims_supported", "iss", "sub",
        "aud", "iat", "nbf", "exp", "jti");
    char *text = root != NULL ? json_dumps(root, JSON_COMPACT) : NULL;
    if (text != NULL)
        r = fed_secret_addf(ret, "%s\n", text);
    free(text);
    json_decref(root);
    return r;
}

/* From the key's file, or from the token. Says why on standard error where the reason is not the error itself. */
static int
read_key(const struct conf *conf, struct jwk *ret)
{
    struct fed_secret der = FED_SECRET_INIT(DER_MAX);
    struct keeper *signer = NULL;
    EVP_PKEY *key = NULL;
    char why[512] = "";
    int r;

    if (!signer_wanted(conf, SIGNER_OIDC)) {
        r = signing_key_read(conf->oidc.key, true, &key, why, sizeof(why));
        if (r == 0)
            r = jwk_make(key, ret);
    } else {
        r = signer_start(conf, SIGNER_OIDC, NULL, &signer, why, sizeof(why));
        if (r == 0 && why[0] != '\0')
            r = FED_E_CONFIG;
        if (r == 0 && (r = keeper_public(signer, &der)) == 0)
            r = jwk_of_der(der.data, der.len, ret);
    }
    if (r == FED_E_CONFIG)
        (void)fprintf(stderr, "awsfed-admin: %s\n", why);
    keeper_stop(signer);
    EVP_PKEY_free(key);
    fed_secret_done(&der);
    return r;
}

static int
add_key(const struct jwk *jwk, const char *separator, json_t *algorithms, struct fed_secret *keys)
{
    bool known = false;

    for (size_t i = 0; i < json_array_size(algorithms); i++)
        known = known || strcmp(json_string_value(json_array_get(algorithms, i)), jwk->alg) == 0;
    if (!known && json_array_append_new(algorithms, json_string(jwk->alg)) != 0)
        return FED_E_NOMEM;
    return fed_secret_addf(keys, "%s%s", separator, fed_secret_str(&jwk->json));
}

/* The key set: the key that tokens are signed with, the next one, and the one before, while there are these. */
static int
add_keys(const struct conf_oidc *oidc, const struct jwk *current, json_t *algorithms,
    struct fed_secret *keys)
{
    static const char *const endings[] = {OIDC_NEXT, OIDC_PREVIOUS};
    int r = fed_secret_add_str(keys, "{\"keys\":[");

    if (r == 0)
        r = add_key(current, "", algorithms, keys);
    for (size_t i = 0; r == 0 && i < sizeof(endings) / sizeof(endings[0]); i++) {
        struct jwk other = {.json = FED_SECRET_INIT(0)};
        int found = oidc_rotate_read(oidc, endings[i], &other);
        if (found == FED_E_NOT_FOUND)
            continue;
        r = found;
        if (r == 0 && strcmp(other.kid, current->kid) != 0)
            r = add_key(&other, ",", algorithms, keys);
        jwk_done(&other);
    }
    return r == 0 ? fed_secret_add_str(keys, "]}\n") : r;
}

static int
make_documents(const struct conf *conf, struct fed_secret *discovery, struct fed_secret *keys)
{
    struct jwk jwk = {.json = FED_SECRET_INIT(0)};
    json_t *algorithms = json_array();

    int r = read_key(conf, &jwk);
    if (r == 0)
        r = add_keys(&conf->oidc, &jwk, algorithms, keys);
    if (r == 0)
        r = make_discovery(&conf->oidc, algorithms, discovery);
    if (r != 0 && r != FED_E_CONFIG)
        (void)fprintf(stderr, "awsfed-admin: %s\n", fed_strerror(r));
    json_decref(algorithms);
    jwk_done(&jwk);
    return r;
}

static int
write_documents(const char *dir, const struct fed_secret *discovery, const struct fed_secret *keys)
{
    char folder[FILES_PATH_MAX];

    if (snprintf(folder, sizeof(folder), "%s" FOLDER, dir) >= (int)sizeof(folder))
        return ADMIN_FAILED;
    int status = files_make_folder(dir);
    if (status == ADMIN_DONE)
        status = files_make_folder(folder);
    if (status == ADMIN_DONE)
        status = files_write(dir, &KEY_SET[1], keys->data, keys->len);
    return status != ADMIN_DONE ? status
                                : files_write(dir, &DISCOVERY[1], discovery->data, discovery->len);
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

    bool finish = argc == 3 && strcmp(argv[2], "--finish") == 0;
    bool is_rotate = argc >= 2 && strcmp(argv[1], "rotate") == 0 && (argc == 2 || finish);

    if (!is_rotate && !read_arguments(argc, argv, &dir))
        return admin_usage("say: oidc metadata [--output-dir DIR], or oidc rotate [--finish]");
    struct conf *conf = read_conf(admin);
    if (conf == NULL)
        return ADMIN_FAILED;
    if (is_rotate) {
        int done = finish ? oidc_rotate_finish(&conf->oidc) : oidc_rotate_begin(&conf->oidc);
        conf_free(conf);
        return done;
    }
    int status = make_documents(conf, &discovery, &keys) == 0 ? ADMIN_DONE : ADMIN_FAILED;
    if (status == ADMIN_DONE && dir != NULL)
        status = write_documents(dir, &discovery, &keys);
    else if (status == ADMIN_DONE && (status = files_print(discovery.data, discovery.len)) == 0)
        status = files_print(keys.data, keys.len);
    conf_free(conf);
    fed_secret_done(&discovery);
    fed_secret_done(&keys);
    return status;
}
