/*
 * KEY, KEY.next and KEY.previous.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/admin/oidc_rotate.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bridge/admin/ask.h"
#include "bridge/admin/rotate.h"
#include "bridge/cert.h"
#include "bridge/signing_key.h"
#include "conf/key_uri.h"

/* A failure is printed. */
static int
read_key(const char *path, EVP_PKEY **ret)
{
    char why[CERT_WHY_MAX];
    int r = signing_key_read(path, true, ret, why, sizeof(why));

    if (r == FED_E_CONFIG)
        (void)fprintf(stderr, "awsfed-admin: %s\n", why);
    else if (r != 0)
        (void)fprintf(stderr, "awsfed-admin: %s\n", fed_strerror(r));
    return r;
}

int
oidc_rotate_read(const struct conf_oidc *oidc, const char *ending, struct jwk *ret)
{
    char path[ROTATE_PATH_MAX];
    EVP_PKEY *key = NULL;

    if (key_uri_is(oidc->key) || !rotate_beside(oidc->key, ending, path) || access(path, F_OK) != 0)
        return FED_E_NOT_FOUND;
    int r = read_key(path, &key);
    if (r == 0)
        r = jwk_make(key, ret);
    EVP_PKEY_free(key);
    return r;
}

/* Where the next key of a token lies is for the configuration to say: there are no files to move. */
static int
refuse_token(const struct conf_oidc *oidc)
{
    (void)fprintf(stderr,
        "awsfed-admin: [oidc] key is in a token, where a key is not replaced by another: change it "
        "by hand.\n"
        "  1. Make another key in the token.\n"
        "  2. In [oidc]: key = its URI. Do not restart yet: the bridge goes on signing with the "
        "key\n"
        "     that it has.\n"
        "  3. Publish at %s one key set that has the keys of both: the one that\n"
        "     lies there, and the one that awsfed-admin oidc metadata prints now.\n"
        "  4. An hour later: systemctl restart awsfed-bridge\n",
        oidc->issuer);
    return ADMIN_FAILED;
}

int
oidc_rotate_begin(const struct conf_oidc *oidc)
{
    char next[ROTATE_PATH_MAX], why[CERT_WHY_MAX];
    EVP_PKEY *key = NULL;

    if (key_uri_is(oidc->key))
        return refuse_token(oidc);
    if (!rotate_beside(oidc->key, OIDC_NEXT, next) || read_key(oidc->key, &key) != 0)
        return ADMIN_FAILED;
    int r = cert_create_key(next, key, why);
    EVP_PKEY_free(key);
    if (r != 0) {
        (void)fprintf(stderr, "awsfed-admin: %s\n", why);
        if (r == FED_E_EXISTS)
            (void)fprintf(stderr, "awsfed-admin: a rotation has begun already: publish the key "
                                  "set, then awsfed-admin oidc rotate --finish\n");
        return ADMIN_FAILED;
    }
    (void)printf("Made the next key: %s\n\n"
                 "Nothing has changed yet; the bridge signs with the old key. Next:\n"
                 "  1. awsfed-admin oidc metadata --output-dir DIR\n"
                 "     (the key set has both keys), and publish it at %s\n"
                 "  2. Give AWS an hour to fetch it anew.\n"
                 "  3. awsfed-admin oidc rotate --finish\n",
        next, oidc->issuer);
    return ADMIN_DONE;
}

/*
 * The old key gets its second name first. After a crash between the two steps the next one is still there, and so the step is done
 * again; then the key in its place is kept as the previous one once more, which changes nothing.
 */
int
oidc_rotate_finish(const struct conf_oidc *oidc)
{
    char next[ROTATE_PATH_MAX], previous[ROTATE_PATH_MAX];
    EVP_PKEY *key = NULL;

    if (key_uri_is(oidc->key))
        return refuse_token(oidc);
    if (!rotate_beside(oidc->key, OIDC_NEXT, next) ||
        !rotate_beside(oidc->key, OIDC_PREVIOUS, previous))
        return ADMIN_FAILED;
    if (access(next, F_OK) != 0) {
        (void)fprintf(
            stderr, "awsfed-admin: no rotation has begun: awsfed-admin oidc rotate begins one\n");
        return ADMIN_FAILED;
    }
    if (read_key(next, &key) != 0)
        return ADMIN_FAILED;
    EVP_PKEY_free(key);
    if (rotate_keep_as(oidc->key, previous) != 0 || rotate_put_in_place(next, oidc->key) != 0)
        return ADMIN_FAILED;
    (void)printf(
        "The new key is in place. Next:\n"
        "  1. systemctl restart awsfed-bridge\n"
        "     From now on it signs with the new key. The old one is in the key set still.\n"
        "  2. When all is well, and ten minutes later at the soonest: delete %s,\n"
        "     and publish what awsfed-admin oidc metadata writes then.\n",
        previous);
    return ADMIN_DONE;
}
