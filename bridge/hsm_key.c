/*
 * From a library to a key.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/hsm_key.h"

#include <dlfcn.h>
#include <libp11.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ui.h>

#include "bridge/signing_key.h"

enum { LIST_SIZE = 256 };

struct search {
    const struct hsm_key_options *o;
    char *why;
    size_t why_size;
};

FED_PRINTF(3, 4)
static int
fail(const struct search *s, int error, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    (void)vsnprintf(s->why, s->why_size, format, ap);
    va_end(ap);
    return error;
}

const char *
hsm_key_complaint(void)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());

    return reason != NULL ? reason : "it does not say why";
}

/* The CKR_… code of the last failure, 0 when it was no failure of the token's. */
static unsigned long
last_code(void)
{
    unsigned long e = ERR_peek_last_error();

    return ERR_GET_LIB(e) == ERR_LIB_PKCS11 ? (unsigned long)ERR_GET_REASON(e) : 0;
}

/* "a", "b", … of what there is instead of what was wanted. */
static void
add_name(char list[LIST_SIZE], const char *name)
{
    size_t len = strlen(list);

    (void)snprintf(
        list + len, LIST_SIZE - len, "%s\"%.64s\"", len > 0 ? ", " : "", name != NULL ? name : "");
}

/* ---- The library ---- */

/*
 * A key that wants the PIN for each signature makes libp11 ask for it, on whatever terminal there is. A service has none, and an
 * empty answer would cost a try.
 */
static int
refuse_to_ask(UI *ui, UI_STRING *what)
{
    (void)ui, (void)what;
    return 0;
}

static int
forbid_questions(PKCS11_CTX *ctx)
{
    UI_METHOD *method = UI_create_method("none");

    return method != NULL && UI_method_set_reader(method, refuse_to_ask) == 0 &&
                   PKCS11_set_ui_method(ctx, method, NULL) == 0
               ? 0
               : FED_E_NOMEM;
}

static int
load(const struct search *s, PKCS11_CTX **ret)
{
    const char *module = s->o->module;

    /* libp11 loads it once more; here it is told apart what is wrong with it. It stays loaded. */
    void *library = dlopen(module, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL)
        return fail(s, FED_E_CONFIG, "\"%s\" cannot be loaded: %s", module, dlerror());
    if (dlsym(library, "C_GetFunctionList") == NULL)
        return fail(s, FED_E_CONFIG,
            "\"%s\" is not a PKCS#11 module: name the library that came with the token", module);
    PKCS11_CTX *ctx = PKCS11_CTX_new();
    if (ctx == NULL || forbid_questions(ctx) != 0)
        return FED_E_NOMEM;
    if (PKCS11_CTX_load(ctx, module) != 0)
        return fail(s, FED_E_KEEPER, "\"%s\" does not start: %s: does its service run?", module,
            hsm_key_complaint());
    *ret = ctx;
    return 0;
}

/* ---- The token ---- */

/* PKCS#11 has fixed fields, padded with blanks; libp11 has made strings of them. */
static void
pad(unsigned char *to, size_t size, const char *from)
{
    size_t len = from != NULL ? strnlen(from, size) : 0;

    memset(to, ' ', size);
    if (len > 0)
        memcpy(to, from, len);
}

static bool
is_wanted_token(const struct search *s, const PKCS11_TOKEN *token)
{
    CK_TOKEN_INFO info = {.flags = 0};

    pad(info.label, sizeof(info.label), token->label);
    pad(info.manufacturerID, sizeof(info.manufacturerID), token->manufacturer);
    pad(info.model, sizeof(info.model), token->model);
    pad(info.serialNumber, sizeof(info.serialNumber), token->serialnr);
    return p11_kit_uri_match_token_info(s->o->uri->uri, &info) == 1;
}

static int
find_token(const struct search *s, PKCS11_CTX *ctx, PKCS11_SLOT **ret)
{
    PKCS11_SLOT *slots, *found = NULL;
    unsigned n = 0;
    char others[LIST_SIZE] = "";

    if (PKCS11_enumerate_slots(ctx, &slots, &n) != 0)
        return fail(s, FED_E_KEEPER, "\"%s\" does not list its tokens: %s", s->o->module,
            hsm_key_complaint());
    for (unsigned i = 0; i < n; i++) {
        if (slots[i].token == NULL || !slots[i].token->initialized)
            continue;
        add_name(others, slots[i].token->label);
        if (!is_wanted_token(s, slots[i].token))
            continue;
        if (found != NULL)
            return fail(s, FED_E_KEEPER,
                "more than one token fits the URI: say serial in it (pkcs11-tool --module %s "
                "--list-slots tells it)",
                s->o->module);
        found = &slots[i];
    }
    if (found == NULL)
        return fail(s, FED_E_KEEPER,
            "the token is not there: \"%s\" sees %s%s (may the signer's user reach it?)",
            s->o->module, others[0] != '\0' ? "only " : "none", others);
    *ret = found;
    return 0;
}

/* ---- The PIN ---- */

/* People paste this: the token's own words, which may be anything, have no place in it. */
#define PROVE "pkcs11-tool --module %s --token-label TOKEN --login --list-objects"

/* Does this refusal say that the PIN is no good? Then it may have cost a try. */
static bool
is_about_pin(unsigned long code)
{
    return code == CKR_PIN_INCORRECT || code == CKR_PIN_INVALID || code == CKR_PIN_LEN_RANGE ||
           code == CKR_PIN_EXPIRED || code == CKR_PIN_LOCKED ||
           code == CKR_USER_PIN_NOT_INITIALIZED;
}

static int
check_tries(const struct search *s, const PKCS11_TOKEN *token)
{
    if (token->userPinLocked)
        return fail(s, FED_E_KEEPER,
            "token \"%s\" has locked its PIN: its security officer can set a new one",
            token->label);
    if (token->userPinFinalTry)
        return fail(s, FED_E_KEEPER,
            "token \"%s\" has one try left for its PIN, which is not spent here: prove it "
            "with " PROVE,
            token->label, s->o->module);
    if (token->userPinCountLow && !s->o->pin_proven)
        return fail(s, FED_E_KEEPER,
            "token \"%s\" was given a wrong PIN last, so it is not given \"%s\" now: put the right "
            "PIN there, prove it with " PROVE ", then restart",
            token->label, s->o->uri->pin, s->o->module);
    return 0;
}

static int
log_in(const struct search *s, PKCS11_SLOT *slot)
{
    const PKCS11_TOKEN *token = slot->token;

    if (!token->loginRequired)
        return 0;
    if (s->o->pin->len == 0)
        return fail(s, FED_E_KEEPER,
            "token \"%s\" wants a PIN: write it to a file of root's with mode 600 and add "
            "pin-source=file:/PATH to the URI",
            token->label);
    int r = check_tries(s, token);
    if (r != 0)
        return r;
    ERR_clear_error();
    if (PKCS11_login(slot, 0, fed_secret_str(s->o->pin)) == 0)
        return 0;
    if (!is_about_pin(last_code()))
        return fail(s, FED_E_KEEPER, "token \"%s\" does not let the signer log in: %s",
            token->label, hsm_key_complaint());
    return fail(s, FED_E_DENIED,
        "token \"%s\" refuses the PIN of \"%s\": %s; it is not tried again: correct the file, "
        "prove "
        "the PIN with " PROVE ", then restart",
        token->label, s->o->uri->pin, hsm_key_complaint(), s->o->module);
}

/* ---- The key ---- */

static bool
is_wanted_key(const struct search *s, const PKCS11_KEY *key)
{
    CK_OBJECT_CLASS kind = CKO_PRIVATE_KEY;
    CK_ATTRIBUTE has[] = {
        {CKA_CLASS, &kind, sizeof(kind)},
        {CKA_LABEL, key->label, key->label != NULL ? strlen(key->label) : 0},
        {CKA_ID, key->id, key->id_len},
    };

    return p11_kit_uri_match_attributes(s->o->uri->uri, has, sizeof(has) / sizeof(has[0])) == 1;
}

static int
find_key(const struct search *s, PKCS11_TOKEN *token, EVP_PKEY **ret)
{
    PKCS11_KEY *keys = NULL, *found = NULL;
    unsigned n = 0;
    char others[LIST_SIZE] = "";

    if (PKCS11_enumerate_keys(token, &keys, &n) != 0)
        return fail(s, FED_E_KEEPER, "token \"%s\" does not list its keys: %s", token->label,
            hsm_key_complaint());
    for (unsigned i = 0; i < n; i++) {
        add_name(others, keys[i].label);
        if (!is_wanted_key(s, &keys[i]))
            continue;
        if (found != NULL)
            return fail(s, FED_E_KEEPER,
                "more than one private key in token \"%s\" fits the URI: say id in it",
                token->label);
        found = &keys[i];
    }
    if (found == NULL)
        return fail(s, FED_E_KEEPER,
            "the key is not in token \"%s\", which has %s%s: make one with pkcs11-tool "
            "--keypairgen",
            token->label, others[0] != '\0' ? "only " : "none", others);
    EVP_PKEY *key = PKCS11_get_private_key(found);
    if (key == NULL)
        return fail(s, FED_E_KEEPER, "the key in token \"%s\" cannot be used: %s", token->label,
            hsm_key_complaint());
    *ret = key;
    return 0;
}

/* By the public halves as bytes: OpenSSL does not compare a key of its own with one of another's methods. */
static bool
is_of_certificate(const EVP_PKEY *key, X509 *certificate)
{
    unsigned char *a = NULL, *b = NULL;
    int a_len = i2d_PUBKEY(key, &a), b_len = i2d_PUBKEY(X509_get0_pubkey(certificate), &b);
    bool same = a_len > 0 && a_len == b_len && memcmp(a, b, (size_t)a_len) == 0;

    OPENSSL_free(a);
    OPENSSL_free(b);
    return same;
}

int
hsm_key_open(const struct hsm_key_options *o, EVP_PKEY **ret, char *why, size_t why_size)
{
    const struct search s = {o, why, why_size};
    PKCS11_CTX *ctx = NULL;
    PKCS11_SLOT *slot = NULL;
    EVP_PKEY *key = NULL;
    int r;

    ERR_clear_error();
    if ((r = load(&s, &ctx)) != 0 || (r = find_token(&s, ctx, &slot)) != 0 ||
        (r = log_in(&s, slot)) != 0 || (r = find_key(&s, slot->token, &key)) != 0)
        return r;
    if (!signing_key_fits(key, o->may_be_ec))
        return fail(&s, FED_E_KEEPER,
            "the key in token \"%s\" is not RSA of %d to %d bits%s: make a new one",
            slot->token->label, SIGNING_KEY_BITS_MIN, SIGNING_KEY_BITS_MAX,
            o->may_be_ec ? " nor on P-256" : "");
    if (o->certificate != NULL && !is_of_certificate(key, o->certificate))
        return fail(&s, FED_E_KEEPER,
            "the key in token \"%s\" is not the key of the certificate: name the pair that belongs "
            "together",
            slot->token->label);
    *ret = key;
    return 0;
}
