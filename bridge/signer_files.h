/*
 * What the signer of a token reads while it is root: the PIN, the certificate, and whether the library may be trusted.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_SIGNER_FILES_H
#define BRIDGE_SIGNER_FILES_H

#include <stddef.h>

#include <openssl/x509.h>

#include "base/err.h"
#include "base/secret.h"
#include "conf/key_uri.h"

struct signer_files {
    struct key_uri uri;
    char *module;          /* the library with all links resolved */
    struct fed_secret pin; /* empty where the URI names none */
    X509 *certificate;     /* NULL where none is asked for */
};

/*
 * The PIN's file is checked as conf/keyfile.h says for a secret; one line end after the PIN is not part of it. The library is
 * code that we load: a regular file of root (or of the effective user) that nobody else may write, in folders of which
 * the same holds up to the root, save that anybody may write to one with the sticky bit.
 *   certificate  a path, or NULL
 *   why          a line on failure that names the file and the remedy
 * Returns 0, FED_E_CONFIG, FED_E_NOMEM.
 */
FED_MUST_USE int signer_files_read(
    const char *uri, const char *certificate, struct signer_files *ret, char *why, size_t why_size);
void signer_files_done(struct signer_files *files);

#endif
