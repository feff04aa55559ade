/*
 * One-time codes on liboath: check a code against every candidate step, make one, and write the
 * URI that authenticator apps scan. The seed is never compared or copied but by liboath's HMAC.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "mfa/totp.h"

#include <string.h>

#include <liboath/oath.h>

int
totp_init(void)
{
    return oath_init() == OATH_OK && oath_check_version("2.6.0") != NULL ? 0 : FED_E_SYSTEM;
}

static int
algorithm_flags(enum conf_algorithm algorithm)
{
    switch (algorithm) {
    case CONF_SHA1:
        return 0;
    case CONF_SHA256:
        return OATH_TOTP_HMAC_SHA256;
    case CONF_SHA512:
        return OATH_TOTP_HMAC_SHA512;
    }
    return -1;
}

static bool
params_valid(const struct totp_params *params, const struct fed_secret *seed)
{
    return params->digits >= 6 && params->digits <= TOTP_CODE_MAX &&
           (params->period_s == 30 || params->period_s == 60) &&
           params->window <= TOTP_WINDOW_MAX && algorithm_flags(params->algorithm) >= 0 &&
           seed->len >= TOTP_SEED_MIN && seed->len <= TOTP_SEED_MAX;
}

int
totp_code(const struct totp_params *params, const struct fed_secret *seed, uint64_t step,
    char ret_code[TOTP_CODE_MAX + 1])
{
    char code[TOTP_CODE_MAX + 1];

    if (!params_valid(params, seed) || step > INT64_MAX)
        return FED_E_INVALID;

    /* liboath takes a time and divides it by the period; a period of one second makes the step its
     * own time, so that no multiplication can overflow for a step of the far future. */
    int oath = oath_totp_generate2((const char *)seed->data, seed->len, (time_t)step, 1, 0,
        params->digits, algorithm_flags(params->algorithm), code);
    if (oath != OATH_OK || strnlen(code, sizeof(code)) != params->digits)
        return FED_E_CRYPTO;
    memcpy(ret_code, code, params->digits + 1);
    explicit_bzero(code, sizeof(code));
    return 0;
}

/*
 * Copy what was presented to a buffer of fixed length. True when it is exactly that many digits;
 * if not, the buffer still takes part in every comparison, so that both cost the same (I-29).
 */
static bool
take_digits(const void *code, size_t code_len, unsigned digits, char ret[TOTP_CODE_MAX])
{
    const char *from = code;
    bool good = code_len == digits;

    memset(ret, 0, TOTP_CODE_MAX);
    for (unsigned i = 0; i < digits; i++) {
        ret[i] = i < code_len ? from[i] : '\0';
        good &= ret[i] >= '0' && ret[i] <= '9';
    }
    return good;
}

int
totp_check(const struct totp_params *params, const struct fed_secret *seed, const void *code,
    size_t code_len, int64_t now_s, uint64_t *ret_step)
{
    char presented[TOTP_CODE_MAX], candidate[TOTP_CODE_MAX + 1];
    uint64_t found = 0, matched = 0;
    int r = FED_E_DENIED;

    if (!params_valid(params, seed) || now_s < 0)
        return FED_E_INVALID;
    uint64_t now_step = (uint64_t)now_s / params->period_s;
    if (now_step < params->window)
        return FED_E_INVALID; /* a clock in the first minutes of 1970 */

    bool well_formed = take_digits(code, code_len, params->digits, presented);
    for (uint64_t step = now_step - params->window; step <= now_step + params->window; step++) {
        int failed = totp_code(params, seed, step, candidate);
        if (failed != 0) {
            r = failed;
            goto out;
        }
        /* No branch on the result: a match early in the window takes as long as none. */
        uint64_t mask =
            -(uint64_t)fed_secret_equal(presented, params->digits, candidate, params->digits);
        matched = (matched & ~mask) | (step & mask);
        found |= mask;
    }
    if (found != 0 && well_formed) {
        *ret_step = matched;
        r = 0;
    }

out:
    explicit_bzero(presented, sizeof(presented));
    explicit_bzero(candidate, sizeof(candidate));
    return r;
}

int
totp_base32(const struct fed_secret *seed, struct fed_secret *ret)
{
    char *text = NULL;
    size_t len = 0;

    int oath = oath_base32_encode((const char *)seed->data, seed->len, &text, &len);
    if (oath != OATH_OK)
        return oath == OATH_MALLOC_ERROR ? FED_E_NOMEM : FED_E_CRYPTO;
    while (len > 0 && text[len - 1] == '=')
        len--;
    int r = fed_secret_add(ret, text, len);
    fed_wipe_str(text);
    return r;
}

/* RFC 3986 section 2.3: everything but the unreserved characters is %XX. */
static int
add_percent(struct fed_secret *to, const char *text)
{
    static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                     "0123456789-._~";
    int r = 0;

    for (; *text != '\0' && r == 0; text++) {
        if (strchr(unreserved, *text) != NULL)
            r = fed_secret_add_byte(to, (unsigned char)*text);
        else
            r = fed_secret_addf(to, "%%%02X", (unsigned)(unsigned char)*text);
    }
    return r;
}

int
totp_uri(const struct totp_params *params, const struct fed_secret *seed, const char *issuer,
    const char *name, struct fed_secret *ret)
{
    static const char *const algorithms[] = {
        [CONF_SHA1] = "SHA1", [CONF_SHA256] = "SHA256", [CONF_SHA512] = "SHA512"};
    int r;

    if (!params_valid(params, seed))
        return FED_E_INVALID;
    size_t before = ret->len;
    if ((r = fed_secret_add_str(ret, "otpauth://totp/")) != 0 ||
        (r = add_percent(ret, issuer)) != 0 || (r = fed_secret_add_byte(ret, ':')) != 0 ||
        (r = add_percent(ret, name)) != 0 || (r = fed_secret_add_str(ret, "?secret=")) != 0 ||
        (r = totp_base32(seed, ret)) != 0 || (r = fed_secret_add_str(ret, "&issuer=")) != 0 ||
        (r = add_percent(ret, issuer)) != 0 ||
        (r = fed_secret_addf(ret, "&algorithm=%s&digits=%u&period=%u",
             algorithms[params->algorithm], params->digits, params->period_s)) != 0) {
        if (ret->len > before && fed_secret_resize(ret, before) != 0)
            fed_secret_clear(ret);
        return r;
    }
    return 0;
}
