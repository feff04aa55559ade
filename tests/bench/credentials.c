/*
 * What a cold credential costs: the time of each of its parts and of the bare things that it cannot do without, measured
 * in turns. Started by credentials.py, which has made the keys and answers as STS.
 * usage: credentials ENDPOINT CA-FILE FOLDER RUNS
 * SPDX-License-Identifier: Apache-2.0
 */
#include <curl/curl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bridge/cert.h"
#include "bridge/keeper.h"
#include "bridge/saml.h"
#include "bridge/signer.h"
#include "bridge/sts.h"

enum { RUNS_MOST = 100000, NOBODY = 65534, SIGNED_BYTES = 1000 };

static struct {
    struct conf conf;
    struct conf_role role;
    struct keeper *keeper, *signer; /* of the same key, which a token has too */
    struct sts *sts;
    struct cert cert;
    EVP_PKEY *key;
    CURL *curl;
    struct fed_secret form; /* as large as the one that sts.c sends */
} b;

static void
check(int r, const char *what)
{
    if (r == 0)
        return;
    (void)fprintf(stderr, "credentials: %s: %s\n", what, fed_strerror(r));
    exit(1);
}

/* ---- The measured things ---- */

static int
raw_sign(void *arg, const void *data, size_t len, struct fed_secret *ret)
{
    unsigned char signature[512];
    size_t size = sizeof(signature);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    (void)arg;

    int ok = EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, b.key) == 1 &&
             EVP_DigestSign(ctx, signature, &size, data, len) == 1;
    EVP_MD_CTX_free(ctx);
    return ok ? fed_secret_add(ret, signature, size) : FED_E_CRYPTO;
}

static int
keeper_signs(void *arg, const void *data, size_t len, struct fed_secret *ret)
{
    (void)arg;
    return keeper_sign(b.keeper, data, len, ret);
}

static int
respond(void *arg, int64_t duration_s, int64_t now_s, struct fed_secret *ret)
{
    char id[SAML_ID_SIZE];
    struct saml_request request = {.issuer = "https://jump.corp.example.com/awsfed",
        .name_id = "S-1-5-21-1-2-3-1104",
        .role_arn = b.role.arn,
        .provider_arn = b.role.provider,
        .partition = "aws",
        .session_name = "alice",
        .duration_s = duration_s,
        .authn_s = now_s,
        .now_s = now_s,
        .certificate_b64 = fed_secret_str(&b.cert.der_b64),
        .sign = arg != NULL ? raw_sign : keeper_signs};

    return saml_response(&request, ret, id);
}

static void
do_raw_signature(void)
{
    static const char data[SIGNED_BYTES];
    struct fed_secret ret = FED_SECRET_INIT(512);

    check(raw_sign(NULL, data, sizeof(data), &ret), "sign");
    fed_secret_done(&ret);
}

static void
do_keeper_signature(void)
{
    static const char data[SIGNED_BYTES];
    struct fed_secret ret = FED_SECRET_INIT(512);

    check(keeper_sign(b.keeper, data, sizeof(data), &ret), "keeper_sign");
    fed_secret_done(&ret);
}

static void
do_token_signature(void)
{
    unsigned char data[SIGNED_BYTES] = {0};
    struct fed_secret ret = FED_SECRET_INIT(512);

    check(keeper_sign(b.signer, data, sizeof(data), &ret), "keeper_sign of a signer");
    fed_secret_done(&ret);
}

static void
do_response(void)
{
    struct fed_secret ret = FED_SECRET_INIT(SAML_RESPONSE_MAX);

    check(respond(NULL, 3600, (int64_t)time(NULL), &ret), "saml_response");
    fed_secret_done(&ret);
}

static size_t
drop(char *data, size_t size, size_t n, void *arg)
{
    (void)data, (void)arg;
    return size * n;
}

static void
do_post(void)
{
    if (curl_easy_perform(b.curl) != CURLE_OK)
        check(FED_E_AWS_UNAVAILABLE, "POST");
}

static void
do_signed_post(void)
{
    do_raw_signature();
    do_post();
}

static void
do_credential(void)
{
    struct sts_request request = {
        .role = &b.role, .duration_s = 3600, .timeout_ms = 5000, .assertion = respond};
    struct sts_credential credential;
    char why[STS_WHY_MAX];

    int r = sts_assume_role(b.sts, &request, &credential, why, NULL);
    if (r != 0)
        check(r, why);
    sts_credential_done(&credential);
}

static const struct {
    const char *name;
    void (*run)(void);
} parts[] = {
    {"raw-signature", do_raw_signature},
    {"keeper-signature", do_keeper_signature},
    {"token-signature", do_token_signature},
    {"signed-response", do_response},
    {"bare-post", do_post},
    {"signature-and-post", do_signed_post},
    {"cold-credential", do_credential},
};

enum { PARTS = sizeof(parts) / sizeof(parts[0]) };

/* ---- Around them ---- */

static char *
path_in(const char *folder, const char *name)
{
    char *path = NULL;

    if (asprintf(&path, "%s/%s", folder, name) < 0)
        exit(1);
    return path;
}

static void
set_up_curl(const char *endpoint, const char *ca_file)
{
    char *url = path_in(endpoint, "");
    struct fed_secret xml = FED_SECRET_INIT(SAML_RESPONSE_MAX);

    check(respond(NULL, 3600, (int64_t)time(NULL), &xml), "saml_response");
    fed_secret_init(&b.form, 4 * SAML_RESPONSE_MAX);
    check(fed_secret_resize(&b.form, (xml.len + 2) / 3 * 4 + 400), "form");
    memset(b.form.data, 'a', b.form.len);
    fed_secret_done(&xml);
    b.curl = curl_easy_init();
    (void)curl_easy_setopt(b.curl, CURLOPT_URL, url);
    (void)curl_easy_setopt(b.curl, CURLOPT_CAINFO, ca_file);
    (void)curl_easy_setopt(b.curl, CURLOPT_POSTFIELDSIZE, (long)b.form.len);
    (void)curl_easy_setopt(b.curl, CURLOPT_POSTFIELDS, (char *)b.form.data);
    (void)curl_easy_setopt(b.curl, CURLOPT_WRITEFUNCTION, drop);
    free(url);
}

/* credentials.py has put the key into a token of SoftHSM's in the folder. */
static void
set_up_token(const char *folder)
{
    static char nobody[] = "nobody";
    struct conf conf = {.bridge.user = nobody};
    char why[CERT_WHY_MAX] = "";

    if (asprintf(&conf.saml.key,
            "pkcs11:token=bench;object=saml?module-path=%s/hsm.so&pin-source=file:%s/token.pin",
            folder, folder) < 0)
        exit(1);
    int r = signer_start(&conf, SIGNER_SAML, b.conf.saml.certificate, &b.signer, why, sizeof(why));
    if (r != 0 || why[0] != '\0')
        check(r != 0 ? r : FED_E_KEEPER, why);
    free(conf.saml.key);
}

static void
set_up(char *endpoint, char *ca_file, const char *folder)
{
    static char arn[] = "arn:aws:iam::111122223333:role/Admin", name[] = "admin", aws[] = "aws",
                provider[] = "arn:aws:iam::111122223333:saml-provider/awsfed",
                region[] = "eu-central-1";
    char why[CERT_WHY_MAX] = "";
    uid_t uid = geteuid() == 0 ? NOBODY : geteuid();
    gid_t gid = geteuid() == 0 ? NOBODY : getegid();

    b.conf.mfa.seal_key = path_in(folder, "seal.key");
    b.conf.saml.key = path_in(folder, "saml.key");
    b.conf.saml.certificate = path_in(folder, "saml.crt");
    b.conf.aws = (struct conf_aws){
        .region = region, .endpoint = endpoint, .ca_file = ca_file, .timeout_s = 5};
    b.role = (struct conf_role){.name = name, .arn = arn, .provider = provider, .partition = aws};
    if (keeper_start(&b.conf, uid, gid, &b.keeper, why, sizeof(why)) != 0 ||
        cert_read(b.conf.saml.certificate, &b.cert, why) != 0)
        check(FED_E_CONFIG, why);
    set_up_token(folder);
    check(sts_global_init(), "libcurl");
    check(sts_new(&b.conf.aws, &b.sts, why), why);
    FILE *f = fopen(b.conf.saml.key, "r");
    b.key = f != NULL ? PEM_read_PrivateKey(f, NULL, NULL, NULL) : NULL;
    if (b.key == NULL || fclose(f) != 0)
        check(FED_E_CONFIG, b.conf.saml.key);
    set_up_curl(endpoint, ca_file);
}

static double
microseconds(void (*run)(void))
{
    struct timespec from, to;

    (void)clock_gettime(CLOCK_MONOTONIC, &from);
    run();
    (void)clock_gettime(CLOCK_MONOTONIC, &to);
    return (double)(to.tv_sec - from.tv_sec) * 1e6 + (double)(to.tv_nsec - from.tv_nsec) / 1e3;
}

/* One line a part: its name and its times. In turns, so that whatever else the machine does hits all alike. */
int
main(int argc, char **argv)
{
    long runs = argc == 5 ? strtol(argv[4], NULL, 10) : 0;

    if (runs < 1 || runs > RUNS_MOST)
        return 2;
    set_up(argv[1], argv[2], argv[3]);
    double *times = calloc((size_t)runs * PARTS, sizeof(*times));
    if (times == NULL)
        return 1;
    for (size_t p = 0; p < PARTS; p++)
        parts[p].run(); /* connections, and OpenSSL's first use */
    for (size_t i = 0; i < (size_t)runs; i++)
        for (size_t p = 0; p < PARTS; p++)
            times[p * (size_t)runs + i] = microseconds(parts[p].run);
    for (size_t p = 0; p < PARTS; p++) {
        (void)printf("%s", parts[p].name);
        for (size_t i = 0; i < (size_t)runs; i++)
            (void)printf(" %.1f", times[p * (size_t)runs + i]);
        (void)printf("\n");
    }
    free(times);
    keeper_stop(b.keeper);
    return 0;
}
