/*
 * awsfed-admin oidc rotate: a new key for tokens without a moment in which AWS refuses one, in two steps.
 *
 *   oidc rotate            makes KEY.next. The key set now has both, and is to be published at the issuer; the bridge goes on
 *                          signing with the old key. Each token says by its kid which one it was.
 *   oidc rotate --finish   keeps the old key as KEY.previous, which stays in the key set as long as it is there, and puts the new
 *                          one in its place. The bridge signs with it from its next start.
 *
 * Neither step overwrites a file before what replaces it is whole and on disk, and either may be repeated after a crash.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_ADMIN_OIDC_ROTATE_H
#define BRIDGE_ADMIN_OIDC_ROTATE_H

#include "bridge/jwk.h"
#include "conf/conf.h"

#define OIDC_NEXT     ".next"
#define OIDC_PREVIOUS ".previous"

/* Returns an exit status: 0 or 1; says what was done and what to do next, or why not. */
int oidc_rotate_begin(const struct conf_oidc *oidc);
int oidc_rotate_finish(const struct conf_oidc *oidc);

/*
 * The public half of the key with that ending. 0 (ret freed with jwk_done), FED_E_NOT_FOUND (there is no such file), or another error, which
 * has been printed when it is FED_E_CONFIG.
 */
int oidc_rotate_read(const struct conf_oidc *oidc, const char *ending, struct jwk *ret);

#endif
