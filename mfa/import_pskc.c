/*
 * What a PSKC file says of each token, by libpskc; its secret from there when it is plain, else from mfa/pskc_cipher.h. A token of
 * which anything is asked that awsfed does not do is refused: it would give other codes than are expected, or none.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>
#include <time.h>

#include <pskc/pskc.h>

#include "base/text.h"
#include "mfa/import_owners.h"
#include "mfa/pskc_cipher.h"

/* ---- What is asked of a token ---- */

static const char *
take_algorithm(pskc_key_t *key, enum conf_algorithm *ret)
{
    static const struct {
        const char *suite;
        enum conf_algorithm algorithm;
    } suites[] = {{"HMAC-SHA1", CONF_SHA1}, {"HMAC-SHA-1", CONF_SHA1}, {"SHA1", CONF_SHA1},
        {"HMAC-SHA256", CONF_SHA256}, {"HMAC-SHA-256", CONF_SHA256}, {"SHA256", CONF_SHA256},
        {"HMAC-SHA512", CONF_SHA512}, {"HMAC-SHA-512", CONF_SHA512}, {"SHA512", CONF_SHA512}};
    const char *algorithm = pskc_get_key_algorithm(key), *suite = pskc_get_key_algparm_suite(key);
    size_t len = algorithm != NULL ? strlen(algorithm) : 0;

    if (len >= 4 && strcasecmp(algorithm + len - 4, "hotp") == 0)
        return "counter-based codes (HOTP): awsfed takes time-based ones alone";
    if (len < 4 || strcasecmp(algorithm + len - 4, "totp") != 0)
        return "not a key for time-based codes (TOTP)";
    *ret = CONF_SHA1;
    if (suite == NULL)
        return NULL;
    for (size_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++) {
        if (strcasecmp(suite, suites[i].suite) == 0) {
            *ret = suites[i].algorithm;
            return NULL;
        }
    }
    return "a Suite that is none of HMAC-SHA1, HMAC-SHA256 and HMAC-SHA512";
}

static const char *
take_response(pskc_key_t *key, struct totp_params *ret)
{
    int has_encoding = 0, has_length = 0, has_check = 0, has_period = 0;
    pskc_valueformat encoding = pskc_get_key_algparm_resp_encoding(key, &has_encoding);
    uint32_t length = pskc_get_key_algparm_resp_length(key, &has_length);
    int check = pskc_get_key_algparm_resp_checkdigits(key, &has_check);
    uint32_t period = pskc_get_key_data_timeinterval(key, &has_period);

    if (has_encoding && encoding != PSKC_VALUEFORMAT_DECIMAL)
        return "codes that are not decimal";
    if (has_length && (length < 6 || length > TOTP_CODE_MAX))
        return "the digits are not 6, 7 or 8";
    if (has_check && check)
        return "codes with a check digit";
    if (has_period && period != 30 && period != 60)
        return "the period is neither 30 nor 60";
    ret->digits = has_length ? length : 6;
    ret->period_s = has_period ? period : 30;
    return NULL;
}

static const char *
check_policy(pskc_key_t *key)
{
    int has_usage = 0, has_mode = 0;
    int usage = pskc_get_key_policy_keyusages(key, &has_usage);
    pskc_pinusagemode mode = pskc_get_key_policy_pinusagemode(key, &has_mode);
    const struct tm *expiry = pskc_get_key_policy_expirydate(key);

    if (has_usage && (usage & PSKC_KEYUSAGE_OTP) == 0)
        return "a key that is not for one-time codes";
    if (has_mode && mode != PSKC_PINUSAGEMODE_LOCAL)
        return "a PIN beside the code, which awsfed has not: the directory's password takes its "
               "place";
    if (expiry != NULL) {
        struct tm tm = *expiry;
        if (timegm(&tm) < time(NULL))
            return "the key has expired";
    }
    return NULL;
}

/* ---- One token ---- */

static const char *
take_secret(pskc_key_t *key, const struct pskc_cipher *secrets, size_t i, struct fed_secret *ret)
{
    size_t len = 0;
    int r = pskc_cipher_open(secrets, i, ret);

    if (r == FED_E_CRYPTO)
        return "the secret's MAC is wrong: another key or passphrase, or it was changed";
    if (r == FED_E_NOT_FOUND) {
        const char *plain = pskc_get_key_data_secret(key, &len);
        if (plain == NULL || len == 0)
            return "no secret";
        r = fed_secret_set(ret, plain, len);
    }
    return r == 0 && ret->len >= TOTP_SEED_MIN
               ? NULL
               : "the secret has fewer than 128 bits, or more than 1024";
}

static const char *
take_owner(pskc_key_t *key, struct import_owners *owners, struct import_item *item)
{
    const char *serial = pskc_get_device_serialno(key);
    struct import_owner *owner = serial != NULL ? import_owners_find(owners, serial) : NULL;

    if (serial == NULL)
        return "no serial number, so nobody's";
    if (owner == NULL)
        return "nobody has this serial number in the file of owners";
    if (owner->taken)
        return "a serial number that an earlier token of this file has";
    owner->taken = true;
    memcpy(item->name, owner->user, sizeof(item->name));
    memcpy(item->label, owner->serial, sizeof(item->label));
    return NULL;
}

static int
take_token(struct import_list *list, const char *file, pskc_key_t *key,
    const struct pskc_cipher *secrets, size_t i, struct import_owners *owners)
{
    struct import_item *item;
    int r = import_add(list, &item);

    if (r != 0)
        return r;
    item->line = pskc_cipher_line(secrets, i);
    const char *why = take_owner(key, owners, item);
    if (why == NULL)
        why = take_algorithm(key, &item->params.algorithm);
    if (why == NULL)
        why = take_response(key, &item->params);
    if (why == NULL)
        why = check_policy(key);
    if (why == NULL)
        why = take_secret(key, secrets, i, &item->seed);
    return why == NULL ? 0 : import_fail(list, file, item->line, why);
}

/* ---- All of them ---- */

/* libpskc's own copies of a plain secret. */
static void
wipe(pskc_key_t *key)
{
    size_t len = 0;
    const char *plain = pskc_get_key_data_secret(key, &len);
    const char *text = pskc_get_key_data_b64secret(key);

    if (plain != NULL)
        explicit_bzero((void *)(uintptr_t)plain, len);
    if (text != NULL)
        explicit_bzero((void *)(uintptr_t)text, strlen(text));
}

static int
take_tokens(struct import_list *list, const char *file, pskc_t *container,
    const struct pskc_cipher *secrets, struct import_owners *owners)
{
    size_t n = pskc_cipher_count(secrets);
    pskc_key_t *key;
    int r = 0;

    for (size_t i = 0; i < n && r == 0; i++) {
        if ((key = pskc_get_keypackage(container, i)) == NULL)
            return import_fail(
                list, file, pskc_cipher_line(secrets, i), "not a key package that libpskc knows");
        r = take_token(list, file, key, secrets, i, owners);
        wipe(key);
    }
    if (r == 0 && (n == 0 || pskc_get_keypackage(container, n) != NULL))
        r = import_fail(list, file, 0, "no tokens, or not as they are counted");
    return r;
}

int
import_pskc(struct import_list *list, const char *file, const void *data, size_t len,
    const struct pskc_cipher *secrets, struct import_owners *owners)
{
    struct fed_secret rest = FED_SECRET_INIT(IMPORT_FILE_MAX);
    pskc_t *container = NULL;

    int r = pskc_cipher_rest(secrets, data, len, &rest);
    if (r == FED_E_INVALID)
        r = import_fail(list, file, 0, "its keys stand behind its packages");
    if (r != 0 || list->n_errors != 0)
        goto out;
    if (pskc_global_init() != PSKC_OK || pskc_init(&container) != PSKC_OK)
        r = FED_E_NOMEM;
    else if (pskc_parse_from_memory(container, rest.len, fed_secret_str(&rest)) == PSKC_OK)
        r = take_tokens(list, file, container, secrets, owners);
    else
        r = import_fail(list, file, 0, "not a PSKC file (RFC 6030) that libpskc reads");
    pskc_done(container);

out:
    fed_secret_done(&rest);
    return r;
}
