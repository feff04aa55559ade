/*
 * The dance of the files.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/admin/rotate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bridge/cert.h"
#include "conf/key_uri.h"

enum { ROTATE_DONE = 0, ROTATE_FAILED = 1 };

bool
rotate_beside(const char *path, const char *ending, char to[ROTATE_PATH_MAX])
{
    int n = snprintf(to, ROTATE_PATH_MAX, "%s%s", path, ending);

    return n > 0 && n < ROTATE_PATH_MAX;
}

static int
failed(const char *what, const char *path)
{
    (void)fprintf(stderr, "awsfed-admin: \"%s\": cannot %s: %s\n", path, what, strerror(errno));
    return ROTATE_FAILED;
}

/* A token makes its keys itself, and where the next one lies is for the configuration to say: no files to move. */
static int
refuse_token(const struct conf_saml *saml)
{
    (void)fprintf(stderr,
        "awsfed-admin: [saml] key is in a token, where a key is not replaced by another: change it "
        "by "
        "hand.\n"
        "  1. Make another key in the token, as with\n"
        "     pkcs11-tool --module MODULE --token-label TOKEN --login --keypairgen \\\n"
        "         --key-type rsa:3072 --label saml-2\n"
        "  2. mv '%s' '%s-previous'\n"
        "  3. In [saml]: key = its URI, previous-certificate = %s-previous. Do not restart yet:\n"
        "     the bridge goes on signing with the key that it has.\n"
        "  4. awsfed-admin saml init, then awsfed-admin saml metadata: it has both certificates.\n"
        "     Register it in each AWS account.\n"
        "  5. systemctl restart awsfed-bridge\n",
        saml->certificate, saml->certificate, saml->certificate);
    return ROTATE_FAILED;
}

bool
rotate_next_certificate(const struct conf_saml *saml, char ret[ROTATE_PATH_MAX])
{
    return rotate_beside(saml->certificate, ".next", ret) && access(ret, F_OK) == 0;
}

int
rotate_begin(const struct conf_saml *saml)
{
    char key[ROTATE_PATH_MAX], certificate[ROTATE_PATH_MAX], why[CERT_WHY_MAX];

    if (key_uri_is(saml->key))
        return refuse_token(saml);
    if (access(saml->key, F_OK) != 0)
        return failed(
            "find the key to replace; \"awsfed-admin saml init\" makes the first", saml->key);
    if (!rotate_beside(saml->key, ".next", key) ||
        !rotate_beside(saml->certificate, ".next", certificate))
        return ROTATE_FAILED;
    int r = cert_create(key, certificate, ROTATE_COMMON_NAME, time(NULL), why);
    if (r == FED_E_EXISTS) {
        (void)fprintf(stderr,
            "awsfed-admin: %s\nawsfed-admin: a rotation has begun already: register the metadata, "
            "then awsfed-admin saml rotate --finish\n",
            why);
        return ROTATE_FAILED;
    }
    if (r != 0) {
        (void)fprintf(stderr, "awsfed-admin: %s\n", why);
        return ROTATE_FAILED;
    }
    (void)printf("Made the next signing key: %s\nand its certificate:       %s\n\n"
                 "Nothing has changed yet; the bridge signs with the old key. Next:\n"
                 "  1. awsfed-admin saml metadata --output awsfed-metadata.xml\n"
                 "     (it has both certificates)\n"
                 "  2. In each AWS account:\n"
                 "     aws iam update-saml-provider --saml-provider-arn ARN \\\n"
                 "         --saml-metadata-document file://awsfed-metadata.xml\n"
                 "  3. awsfed-admin saml rotate --finish\n",
        key, certificate);
    return ROTATE_DONE;
}

static int
sync_folder_of(const char *path)
{
    char folder[ROTATE_PATH_MAX];

    (void)snprintf(folder, sizeof(folder), "%.*s", (int)(strrchr(path, '/') - path + 1), path);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int r = fd >= 0 && fsync(fd) == 0 ? ROTATE_DONE : failed("sync", folder);
    if (fd >= 0)
        (void)close(fd);
    return r;
}

int
rotate_keep_as(const char *path, const char *name)
{
    char temporary[ROTATE_PATH_MAX];

    if (!rotate_beside(name, ".new", temporary))
        return ROTATE_FAILED;
    if ((unlink(temporary) != 0 && errno != ENOENT) || link(path, temporary) != 0 ||
        rename(temporary, name) != 0)
        return failed("keep the old file", name);
    (void)unlink(temporary); /* two names of one file: rename has left both */
    return sync_folder_of(name);
}

int
rotate_put_in_place(const char *path, const char *name)
{
    if (rename(path, name) != 0)
        return failed("put the new file in place", name);
    return sync_folder_of(name);
}

/* The next pair is whole, or its key has been put in place already and the certificate has not. */
static int
check_next(const char *key, const char *certificate, bool *ret_half_done)
{
    char why[CERT_WHY_MAX];
    struct cert cert;

    if (access(certificate, F_OK) != 0) {
        (void)fprintf(
            stderr, "awsfed-admin: no rotation has begun: awsfed-admin saml rotate begins one\n");
        return ROTATE_FAILED;
    }
    if (cert_read(certificate, &cert, why) != 0) {
        (void)fprintf(stderr, "awsfed-admin: %s\n", why);
        return ROTATE_FAILED;
    }
    cert_done(&cert);
    *ret_half_done = access(key, F_OK) != 0;
    return ROTATE_DONE;
}

int
rotate_finish(const struct conf_saml *saml)
{
    char key[ROTATE_PATH_MAX], certificate[ROTATE_PATH_MAX];
    char old_key[ROTATE_PATH_MAX], old_certificate[ROTATE_PATH_MAX];
    bool half_done = false;
    const char *previous = saml->previous_certificate;

    if (key_uri_is(saml->key))
        return refuse_token(saml);
    if (!rotate_beside(saml->key, ".next", key) ||
        !rotate_beside(saml->certificate, ".next", certificate) ||
        !rotate_beside(saml->key, ".previous", old_key) ||
        !rotate_beside(saml->certificate, ".previous", old_certificate) ||
        check_next(key, certificate, &half_done) != 0)
        return ROTATE_FAILED;
    if (previous == NULL)
        previous = old_certificate;
    if (!half_done &&
        (rotate_keep_as(saml->certificate, previous) != 0 ||
            rotate_keep_as(saml->key, old_key) != 0 || rotate_put_in_place(key, saml->key) != 0))
        return ROTATE_FAILED;
    if (rotate_put_in_place(certificate, saml->certificate) != 0)
        return ROTATE_FAILED;
    (void)printf("The new key and certificate are in place. Next:\n");
    if (saml->previous_certificate == NULL)
        (void)printf("  0. Add to [saml]:  previous-certificate = %s\n", previous);
    (void)printf("  1. systemctl restart awsfed-bridge\n"
                 "     From now on it signs with the new key. Were an account forgotten, the old\n"
                 "     pair could be put back: %s, %s.\n"
                 "  2. When all is well: delete %s, take\n"
                 "     previous-certificate out of [saml], and register the metadata once more.\n",
        old_key, previous, old_key);
    return ROTATE_DONE;
}
