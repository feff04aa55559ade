/*
 * awsfed-admin saml rotate: a new signing key without a moment in which AWS refuses us, in two steps.
 *
 *   saml rotate            makes KEY.next and CERTIFICATE.next. The metadata now has both certificates, and is
 *                          to be registered in every account; the bridge goes on signing with the old key.
 *   saml rotate --finish   keeps the old pair as KEY.previous and the previous certificate, and puts the new one in its
 *                          place. The metadata has both still; the bridge signs with the new key from its next start.
 *
 * Neither step overwrites a file before what replaces it is whole and on disk, and either may be repeated after a crash.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_ADMIN_ROTATE_H
#define BRIDGE_ADMIN_ROTATE_H

#include <stdbool.h>

#include "conf/conf.h"

enum { ROTATE_PATH_MAX = 4096 + 16 };

/* Whom a certificate of [saml] names, the first and each next one. */
#define ROTATE_COMMON_NAME "awsfed SAML signing"

/* Returns an exit status: 0 or 1; says what was done and what to do next, or why not. */
int rotate_begin(const struct conf_saml *saml);
int rotate_finish(const struct conf_saml *saml);

/* CERTIFICATE.next, when it is there: then it belongs into the metadata. */
bool rotate_next_certificate(const struct conf_saml *saml, char ret[ROTATE_PATH_MAX]);

/* ---- The steps, for other keys (bridge/admin/oidc_rotate.c); each is on disk when it returns ---- */

/* PATH with an ending; false when that is too long for a path. */
bool rotate_beside(const char *path, const char *ending, char to[ROTATE_PATH_MAX]);

/* Give a file a second name, replacing in one step what had that name. */
int rotate_keep_as(const char *path, const char *name);

/* Put a file in another's place. */
int rotate_put_in_place(const char *path, const char *name);

#endif
