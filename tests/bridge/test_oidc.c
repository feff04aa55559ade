/*
 * Tokens and keys of [oidc]: RFC 7638's own example, both kinds of key through the real keeper, and what is in a token.
 * tests/e2e/test_flows.py has them judged by another implementation.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/bridge/keeper_fixture.h"

#include <jansson.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>

#include "bridge/oidc.h"

/* Decode base64url; the tests' own way, so that the coder is not its own judge. */
static size_t
decode(const char *text, size_t len, unsigned char *to)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    unsigned bits = 0, held = 0;
    size_t n = 0;

    for (size_t i = 0; i < len; i++) {
        const char *at = strchr(letters, text[i]);
        assert_true(at != NULL && *at != '\0');
        bits = bits << 6 | (unsigned)(at - letters);
        held += 6;
        if (held >= 8) {
            held -= 8;
            to[n++] = (unsigned char)(bits >> held & 0xff);
        }
    }
    return n;
}

/* RFC 7638 section 3.1. */
static void
thumbprint_of_the_rfc(void **state)
{
    static const char modulus[] =
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_"
        "BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_"
        "FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4"
        "vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
    unsigned char bytes[512];
    struct jwk jwk;
    EVP_PKEY *key = NULL;
    (void)state;

    size_t len = decode(modulus, strlen(modulus), bytes);
    BIGNUM *n = BN_bin2bn(bytes, (int)len, NULL), *e = BN_new();
    assert_int_equal(BN_set_word(e, 65537), 1);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    assert_int_equal(OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n), 1);
    assert_int_equal(OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e), 1);
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
    assert_int_equal(EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params), 1);
    assert_int_equal(jwk_make(key, &jwk), 0);
    assert_string_equal(jwk.kid, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    assert_string_equal(jwk.alg, "RS256");
    assert_non_null(strstr(fed_secret_str(&jwk.json), modulus));
    jwk_done(&jwk);
    EVP_PKEY_free(key);
    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    BN_free(n);
    BN_free(e);
}

static int
sign_by_keeper(void *arg, const void *data, size_t len, struct fed_secret *ret)
{
    return keeper_token(arg, data, len, ret);
}

/* A DER signature again, for OpenSSL's own check. */
static void
wrap_ecdsa(const unsigned char raw[64], unsigned char *der, size_t *len)
{
    ECDSA_SIG *both = ECDSA_SIG_new();

    assert_int_equal(
        ECDSA_SIG_set0(both, BN_bin2bn(raw, 32, NULL), BN_bin2bn(raw + 32, 32, NULL)), 1);
    int n = i2d_ECDSA_SIG(both, &der);
    assert_true(n > 0);
    *len = (size_t)n;
    ECDSA_SIG_free(both);
}

static void
check_signature(const struct fed_secret *public, const char *token, bool is_ec)
{
    const unsigned char *p = public->data;
    const char *dot = strrchr(token, '.');
    unsigned char raw[1024], der[128], *signature = raw;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    EVP_PKEY *key = d2i_PUBKEY(NULL, &p, (long)public->len);
    assert_non_null(key);
    size_t len = decode(dot + 1, strlen(dot + 1), raw);
    if (is_ec) {
        assert_int_equal(len, 64);
        wrap_ecdsa(raw, der, &len);
        signature = der;
    }
    assert_int_equal(EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key), 1);
    assert_int_equal(
        EVP_DigestVerify(ctx, signature, len, (const unsigned char *)token, (size_t)(dot - token)),
        1);
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key);
}

static json_t *
part_of(const char *text, size_t len)
{
    unsigned char bytes[8192];
    size_t n = decode(text, len, bytes);
    json_t *value = json_loadb((const char *)bytes, n, JSON_REJECT_DUPLICATES, NULL);

    assert_non_null(value);
    return value;
}

static const char *
text_at(json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

/* Everything that has to survive JSON does. */
#define HARD "a\"b\\c/d\t\xc3\xa9\xe6\xbc\xa2"

static void
check_claims(const char *token, const struct jwk *jwk)
{
    const char *first = strchr(token, '.'), *second = strrchr(token, '.');
    json_t *header = part_of(token, (size_t)(first - token));
    json_t *claims = part_of(first + 1, (size_t)(second - first - 1));

    assert_string_equal(text_at(header, "alg"), jwk->alg);
    assert_string_equal(text_at(header, "kid"), jwk->kid);
    assert_string_equal(text_at(claims, "iss"), "https://id.example.com");
    assert_string_equal(text_at(claims, "sub"), "S-1-5-21-1");
    assert_string_equal(text_at(claims, "aud"), "sts.amazonaws.com");
    assert_int_equal(json_integer_value(json_object_get(claims, "iat")), 1000000);
    assert_int_equal(json_integer_value(json_object_get(claims, "nbf")), 1000000 - OIDC_BEFORE_S);
    assert_int_equal(json_integer_value(json_object_get(claims, "exp")), 1000000 + OIDC_AFTER_S);
    assert_string_equal(text_at(claims, "https://aws.amazon.com/source_identity"), "alice");
    json_t *tags = json_object_get(claims, "https://aws.amazon.com/tags");
    json_t *values = json_object_get(json_object_get(tags, "principal_tags"), "Team");
    assert_int_equal(json_array_size(values), 1);
    assert_string_equal(json_string_value(json_array_get(values, 0)), HARD);
    assert_string_equal(
        json_string_value(json_array_get(json_object_get(tags, "transitive_tag_keys"), 0)), "Team");
    json_decref(header);
    json_decref(claims);
}

/* I-62: the key is the keeper's; what leaves it is its public half and signatures. */
static void
tokens_of(EVP_PKEY *key, const char *alg)
{
    static const char *const transitive[] = {"Team"};
    static const struct saml_tag tag = {.key = "Team", .value = HARD};
    struct fed_secret public = FED_SECRET_INIT(1024), token = FED_SECRET_INIT(OIDC_TOKEN_MAX);
    char id[SAML_ID_SIZE];
    struct jwk jwk;

    assert_int_equal(fixture_make(NULL), 0);
    fixture_conf.oidc.key = fixture_path("oidc.key");
    FILE *f = fixture_file("oidc.key", 0600);
    assert_int_equal(PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL), 1);
    assert_int_equal(fclose(f), 0);
    EVP_PKEY_free(key);
    struct keeper *keeper = fixture_keeper();
    assert_int_equal(keeper_public(keeper, &public), 0);
    assert_int_equal(jwk_of_der(public.data, public.len, &jwk), 0);
    assert_string_equal(jwk.alg, alg);
    struct oidc_request request = {.issuer = "https://id.example.com",
        .audience = "sts.amazonaws.com",
        .subject = "S-1-5-21-1",
        .source_identity = "alice",
        .tags = &tag,
        .n_tags = 1,
        .transitive = transitive,
        .n_transitive = 1,
        .now_s = 1000000,
        .key = &jwk,
        .sign = sign_by_keeper,
        .sign_arg = keeper};
    /* ECDSA's numbers are shorter than 32 bytes once in 256: often enough to be met here. */
    for (int i = 0; i < 400; i++) {
        fed_secret_clear(&token);
        assert_int_equal(oidc_token(&request, &token, id), 0);
        check_signature(&public, fed_secret_str(&token), strcmp(alg, "ES256") == 0);
        if (strcmp(alg, "RS256") == 0)
            break;
    }
    check_claims(fed_secret_str(&token), &jwk);
    request.subject = "\xff"; /* not UTF-8: never half a token */
    fed_secret_clear(&token);
    assert_int_equal(oidc_token(&request, &token, id), FED_E_INVALID);
    assert_int_equal(token.len, 0);
    jwk_done(&jwk);
    fed_secret_done(&public);
    fed_secret_done(&token);
    keeper_stop(keeper);
    free(fixture_conf.oidc.key);
    assert_int_equal(fixture_remove(), 0);
}

static void
tokens_by_both_kinds_of_key_i62(void **state)
{
    (void)state;
    tokens_of(EVP_EC_gen("P-256"), "ES256");
    tokens_of(EVP_RSA_gen(2048), "RS256");
}

static void
refuses_other_keys_and_none(void **state)
{
    struct fed_secret ret = FED_SECRET_INIT(1024);
    struct keeper *keeper = NULL;
    char why[512] = "";
    (void)state;

    assert_int_equal(fixture_make(NULL), 0);
    keeper = fixture_keeper();
    assert_int_equal(keeper_token(keeper, "x", 1, &ret), FED_E_CONFIG);
    assert_int_equal(keeper_public(keeper, &ret), FED_E_CONFIG);
    assert_int_equal(ret.len, 0);
    keeper_stop(keeper);

    fixture_conf.oidc.key = fixture_path("oidc.key");
    EVP_PKEY *key = EVP_EC_gen("P-384");
    FILE *f = fixture_file("oidc.key", 0600);
    assert_int_equal(PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL), 1);
    assert_int_equal(fclose(f), 0);
    EVP_PKEY_free(key);
    assert_int_equal(
        keeper_start(&fixture_conf, fixture_uid(), fixture_gid(), &keeper, why, sizeof(why)),
        FED_E_CONFIG);
    assert_non_null(strstr(why, "nor one on P-256"));
    free(fixture_conf.oidc.key);
    assert_int_equal(fixture_remove(), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_other_keys_and_none),
        cmocka_unit_test(tokens_by_both_kinds_of_key_i62),
        cmocka_unit_test(thumbprint_of_the_rfc),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
