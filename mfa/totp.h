/*
 * One-time codes: RFC 6238 over RFC 4226, computed by liboath.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef MFA_TOTP_H
#define MFA_TOTP_H

#include <stdint.h>

#include "base/err.h"
#include "base/secret.h"
#include "conf/conf.h"

enum { TOTP_SEED_MIN = 16, TOTP_SEED_MAX = 128, TOTP_WINDOW_MAX = 2, TOTP_CODE_MAX = 8 };

struct totp_params {
    unsigned digits;   /* 6 to 8 */
    unsigned period_s; /* 30 or 60 */
    enum conf_algorithm algorithm;
    unsigned window; /* steps either side, at most TOTP_WINDOW_MAX (I-28) */
};

/* liboath's own initialisation; once, before threads. 0 or FED_E_SYSTEM. */
FED_MUST_USE int totp_init(void);

/*
 * Which time step is this code of? RFC 6238 section 5.2. Every candidate step (2 * window + 1) is computed
 * and compared in constant time, whether or not one matched already (I-28). If the code is that of
 * more than one step, the latest is returned. Replay is the caller's matter: see store_consume.
 *   seed      raw bytes, TOTP_SEED_MIN to TOTP_SEED_MAX
 *   code      of code_len bytes; anything but exactly params->digits ASCII digits is FED_E_DENIED, at the
 *             same cost (I-29)
 *   now_s     Unix time in seconds, passed in so that tests own the clock
 *   ret_step  on success, the accepted time step
 * Returns 0, FED_E_DENIED, FED_E_INVALID (parameters), FED_E_CRYPTO. Never blocks; any thread.
 */
FED_MUST_USE int totp_check(const struct totp_params *params, const struct fed_secret *seed,
    const void *code, size_t code_len, int64_t now_s, uint64_t *ret_step);

/* The code of a step, for enrolment's confirmation and tests; digits and NUL. Errors as above. */
FED_MUST_USE int totp_code(const struct totp_params *params, const struct fed_secret *seed,
    uint64_t step, char ret_code[TOTP_CODE_MAX + 1]);

/*
 * "otpauth://totp/ISSUER:NAME?secret=…&issuer=…&algorithm=…&digits=…&period=…", the key URI convention of
 * authenticator apps; everything percent-encoded (RFC 3986), the seed in base32 without padding.
 * Appends to ret, which the caller initialised. 0, FED_E_TOO_BIG, FED_E_NOMEM.
 */
FED_MUST_USE int totp_uri(const struct totp_params *params, const struct fed_secret *seed,
    const char *issuer, const char *name, struct fed_secret *ret);

/* The seed in base32 without padding (RFC 4648 section 6); appended to ret. */
FED_MUST_USE int totp_base32(const struct fed_secret *seed, struct fed_secret *ret);

#endif
