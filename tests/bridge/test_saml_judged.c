/*
 * SAML responses and metadata before their judges: our own recomputation of digest and signature, then
 * xmlsec1, libxml2, the OASIS schemas and pysaml2 (judge_saml.py); and node-saml where it is installed (tests/js).
 * SPDX-License-Identifier: Apache-2.0
 */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "bridge/saml.h"
#include "tests/base/skip.h"

#define ROLE     "arn:aws:iam::111122223333:role/Admin"
#define PROVIDER "arn:aws:iam::111122223333:saml-provider/awsfed"
#define SID      "S-1-5-21-1004336348-1177238915-682003330-1104"
#define NASTY    "a&b<c>d\"e'f\tg\nh\ri \xc3\xa9 \xe6\xbc\xa2 \xf0\x9f\x98\x80 ]]> &amp; "

static EVP_PKEY *key;
static char certificate_b64[4096];
static char folder[] = "/tmp/awsfed-saml-XXXXXX";
static char certificate_path[64], response_path[64], metadata_path[64];

/* ---- The world the tests need: a key, a certificate, a folder ---- */

static int
sign(void *arg, const void *data, size_t len, struct fed_secret *ret)
{
    unsigned char signature[512];
    size_t n = sizeof(signature);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    (void)arg;
    int ok = EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
             EVP_DigestSign(ctx, signature, &n, data, len) == 1;
    EVP_MD_CTX_free(ctx);
    return ok ? fed_secret_add(ret, signature, n) : FED_E_CRYPTO;
}

static X509 *
make_certificate(void)
{
    X509 *x = X509_new();
    X509_NAME *name = X509_get_subject_name(x);

    X509_set_version(x, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
    X509_gmtime_adj(X509_getm_notBefore(x), -60);
    X509_gmtime_adj(X509_getm_notAfter(x), 3600);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)"test", -1, -1, 0);
    X509_set_issuer_name(x, name);
    X509_set_pubkey(x, key);
    assert_true(X509_sign(x, key, EVP_sha256()) > 0);
    return x;
}

static int
set_up(void **state)
{
    unsigned char *der = NULL;
    (void)state;

    key = EVP_RSA_gen(2048);
    X509 *x = make_certificate();
    int len = i2d_X509(x, &der);
    EVP_EncodeBlock((unsigned char *)certificate_b64, der, len);
    OPENSSL_free(der);
    if (mkdtemp(folder) == NULL)
        return -1;
    (void)snprintf(certificate_path, sizeof(certificate_path), "%s/cert.pem", folder);
    (void)snprintf(response_path, sizeof(response_path), "%s/response.xml", folder);
    (void)snprintf(metadata_path, sizeof(metadata_path), "%s/metadata.xml", folder);
    FILE *f = fopen(certificate_path, "w");
    int ok = f != NULL && PEM_write_X509(f, x) == 1;
    if (f != NULL)
        fclose(f);
    X509_free(x);
    return ok ? 0 : -1;
}

static int
tear_down(void **state)
{
    (void)state;
    EVP_PKEY_free(key);
    (void)unlink(certificate_path);
    (void)unlink(response_path);
    (void)unlink(metadata_path);
    return rmdir(folder);
}

static struct saml_request
plain_request(void)
{
    return (struct saml_request){.issuer = "https://idp.corp.example.com/awsfed",
        .name_id = SID,
        .role_arn = ROLE,
        .provider_arn = PROVIDER,
        .partition = "aws",
        .session_name = "alice",
        .duration_s = 3600,
        .authn_s = (int64_t)time(NULL) - 30,
        .now_s = (int64_t)time(NULL),
        .certificate_b64 = certificate_b64,
        .sign = sign};
}

static void
write_file(const char *path, const struct fed_secret *bytes)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    assert_int_equal(fwrite(bytes->data, 1, bytes->len, f), bytes->len);
    assert_int_equal(fclose(f), 0);
}

static int
run(const char *const argv[])
{
    int status = -1;
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        execvp(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int
xmlsec_verdict(void)
{
    static char verify[] = "xmlsec1 --verify --enabled-reference-uris same-doc --id-attr:ID "
                           "urn:oasis:names:tc:SAML:2.0:assertion:Assertion --pubkey-cert-pem "
                           "\"$0\" \"$1\" >/dev/null 2>&1";

    return run((const char *[]){"sh", "-c", verify, certificate_path, response_path, NULL});
}

/* ---- What is written is signed ---- */

/* The bytes from one mark to the end of another; the marks stand once each. */
static const char *
between(const char *in, const char *from, const char *to, size_t *ret_len)
{
    const char *start = strstr(in, from), *end = strstr(in, to);

    assert_non_null(start);
    assert_non_null(end);
    assert_null(strstr(end + 1, to));
    *ret_len = (size_t)(end - start) + strlen(to);
    return start;
}

static void
verify_by_hand(const char *xml)
{
    unsigned char sum[32], signature[512];
    char b64[64];
    size_t whole_len, sig_len, info_len, value_len;
    const char *whole = between(xml, "<saml:Assertion ", "</saml:Assertion>", &whole_len);
    const char *sig = between(xml, "<ds:Signature ", "</ds:Signature>", &sig_len);
    const char *info = between(xml, "<ds:SignedInfo ", "</ds:SignedInfo>", &info_len);
    const char *value = between(xml, "<ds:SignatureValue>", "</ds:SignatureValue>", &value_len);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    assert_true(EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1);
    EVP_DigestUpdate(ctx, whole, (size_t)(sig - whole));
    EVP_DigestUpdate(ctx, sig + sig_len, whole_len - (size_t)(sig - whole) - sig_len);
    EVP_DigestFinal_ex(ctx, sum, NULL);
    EVP_EncodeBlock((unsigned char *)b64, sum, sizeof(sum));
    size_t digest_len;
    const char *digest = between(xml, "<ds:DigestValue>", "</ds:DigestValue>", &digest_len);
    assert_int_equal(digest_len, 16 + strlen(b64) + 17);
    assert_memory_equal(digest + 16, b64, strlen(b64));

    assert_int_equal(value_len, 19 + 344 + 20); /* 256 bytes without a line break */
    int n = EVP_DecodeBlock(signature, (const unsigned char *)value + 19, 344);
    assert_int_equal(n, 258); /* 256 and the padding */
    EVP_MD_CTX_reset(ctx);
    assert_true(EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key) == 1);
    assert_int_equal(
        EVP_DigestVerify(ctx, signature, 256, (const unsigned char *)info, info_len), 1);
    EVP_MD_CTX_free(ctx);
}

struct expectation {
    const char *name, *value;
};

/* Write response and metadata and let judge_saml.py decide. */
static void
judge(const struct saml_request *request, const char *audience, const char *recipient,
    const struct expectation *expected, size_t n)
{
    struct fed_secret response = FED_SECRET_INIT(SAML_RESPONSE_MAX);
    struct fed_secret metadata = FED_SECRET_INIT(65536);
    const char *certificates[] = {certificate_b64};
    const char *argv[64] = {"/usr/bin/python3", "tests/bridge/judge_saml.py", response_path,
        metadata_path, certificate_path, audience, recipient};
    char id[SAML_ID_SIZE];
    size_t argc = 7;

    assert_int_equal(saml_response(request, &response, id), 0);
    verify_by_hand(fed_secret_str(&response));
    write_file(response_path, &response);
    assert_int_equal(
        saml_metadata(request->issuer, certificates, 1, request->now_s + 3600, &metadata), 0);
    write_file(metadata_path, &metadata);
    for (size_t i = 0; i < n; i++) {
        size_t size = strlen(expected[i].name) + 2 * strlen(expected[i].value) + 2;
        char *pair = malloc(size);
        size_t at = (size_t)snprintf(pair, size, "%s=", expected[i].name);
        for (const char *p = expected[i].value; *p != '\0'; p++)
            at += (size_t)snprintf(pair + at, size - at, "%02x", (unsigned char)*p);
        argv[argc++] = pair;
    }
    argv[argc] = NULL;
    assert_int_equal(run(argv), 0);
    while (argc > 7)
        free((char *)(uintptr_t)argv[--argc]);
    fed_secret_done(&metadata);
    fed_secret_done(&response);
}

#define AWS_ATTRIBUTE "https://aws.amazon.com/SAML/Attributes/"

static void
a_plain_response_is_accepted(void **state)
{
    struct saml_request request = plain_request();
    static const struct expectation expected[] = {{"NameID", SID},
        {AWS_ATTRIBUTE "Role", ROLE "," PROVIDER}, {AWS_ATTRIBUTE "RoleSessionName", "alice"},
        {AWS_ATTRIBUTE "SessionDuration", "3600"}};
    (void)state;

    judge(&request, "urn:amazon:webservices", "https://signin.aws.amazon.com/saml", expected, 4);
    request.certificate_b64 = NULL; /* and without KeyInfo */
    judge(&request, "urn:amazon:webservices", "https://signin.aws.amazon.com/saml", expected, 4);
}

static void
every_character_survives(void **state)
{
    static const struct saml_tag tags[] = {{"Nasty", NASTY}, {"K&<>\"'\t\n\r\xe6\xbc\xa2", "v"},
        {"Empty", ""}, {"Blank", "  "}, {"Lines", "\n\r\n\t"}};
    static const char *const transitive[] = {"Nasty", "K&<>\"'\t\n\r\xe6\xbc\xa2"};
    static const struct expectation expected[] = {{"NameID", SID},
        {AWS_ATTRIBUTE "Role", ROLE "," PROVIDER}, {AWS_ATTRIBUTE "RoleSessionName", NASTY},
        {AWS_ATTRIBUTE "SessionDuration", "43200"}, {AWS_ATTRIBUTE "SourceIdentity", NASTY},
        {AWS_ATTRIBUTE "PrincipalTag:Nasty", NASTY},
        {AWS_ATTRIBUTE "PrincipalTag:K&<>\"'\t\n\r\xe6\xbc\xa2", "v"},
        {AWS_ATTRIBUTE "PrincipalTag:Empty", ""}, {AWS_ATTRIBUTE "PrincipalTag:Blank", "  "},
        {AWS_ATTRIBUTE "PrincipalTag:Lines", "\n\r\n\t"},
        {AWS_ATTRIBUTE "TransitiveTagKeys", "Nasty"},
        {AWS_ATTRIBUTE "TransitiveTagKeys", "K&<>\"'\t\n\r\xe6\xbc\xa2"}};
    struct saml_request request = plain_request();
    (void)state;

    request.session_name = NASTY;
    request.source_identity = NASTY;
    request.duration_s = 43200;
    request.tags = tags;
    request.n_tags = 5;
    request.transitive = transitive;
    request.n_transitive = 2;
    judge(&request, "urn:amazon:webservices", "https://signin.aws.amazon.com/saml", expected, 12);
}

static void
each_partition_has_its_audience(void **state)
{
    static const struct {
        const char *partition, *audience, *recipient;
    } cases[] = {
        {"aws-us-gov", "urn:amazon:webservices:govcloud",
            "https://signin.amazonaws-us-gov.com/saml"},
        {"aws-cn", "urn:amazon:webservices:cn-north-1", "https://signin.amazonaws.cn/saml"},
    };
    static const struct expectation expected[] = {{"NameID", SID},
        {AWS_ATTRIBUTE "Role", ROLE "," PROVIDER}, {AWS_ATTRIBUTE "RoleSessionName", "alice"},
        {AWS_ATTRIBUTE "SessionDuration", "900"}};
    (void)state;

    for (size_t i = 0; i < 2; i++) {
        struct saml_request request = plain_request();
        request.partition = cases[i].partition;
        request.duration_s = 900;
        request.issuer = "urn:corp:awsfed & <sons>";
        judge(&request, cases[i].audience, cases[i].recipient, expected, 4);
    }
}

/* The judges can say no: one bit anywhere in what is signed, and the signature is void. */
static void
a_changed_response_is_not_verified(void **state)
{
    static const char *const marks[] = {"alice", "role/Admin", "IssueInstant", "S-1-5-21",
        "urn:amazon:webservices<", "2001/04/xmlenc#sha256"};
    struct saml_request request = plain_request();
    struct fed_secret response = FED_SECRET_INIT(SAML_RESPONSE_MAX);
    char id[SAML_ID_SIZE];
    (void)state;

    assert_int_equal(saml_response(&request, &response, id), 0);
    write_file(response_path, &response);
    assert_int_equal(xmlsec_verdict(), 0);
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        char *assertion = strstr((char *)response.data, "<saml:Assertion");
        char *at = strstr(assertion, marks[i]);
        assert_non_null(at);
        at[2] ^= 1;
        write_file(response_path, &response);
        assert_int_not_equal(xmlsec_verdict(), 0);
        at[2] ^= 1;
    }
    write_file(response_path, &response);
    assert_int_equal(xmlsec_verdict(), 0);
    fed_secret_done(&response);
}

/* ---- node-saml: another canonicalisation, and somebody who looks at names and times too ---- */

#define ISSUER    "https://idp.corp.example.com/awsfed"
#define AUDIENCE  "urn:amazon:webservices"
#define RECIPIENT "https://signin.aws.amazon.com/saml"

enum { ACCEPTED = 0, REFUSED = 3 };

/* The build folder has its packages: ours is BUILD/tests/bridge/PROGRAM. Skips the test where they are not. */
static void
need_node(void)
{
    char path[PATH_MAX], judges[PATH_MAX + 4], installed[PATH_MAX + 16];
    ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

    assert_true(n > 0);
    path[n] = '\0';
    for (int i = 0; i < 3; i++)
        *strrchr(path, '/') = '\0';
    (void)snprintf(judges, sizeof(judges), "%s/js", path);
    (void)snprintf(installed, sizeof(installed), "%s/installed", judges);
    if (access(installed, F_OK) != 0)
        SKIP("there is no judge in JavaScript: make deps installs them where node and npm are");
    assert_int_equal(setenv("JUDGES", judges, 1), 0);
}

static int
node_verdict(const char *issuer, const char *audience, const char *later)
{
    static char quiet[] = "exec node tests/js/judge_saml.mjs \"$@\" >/dev/null";

    return run((const char *[]){"sh", "-c", quiet, "node", response_path, certificate_path, issuer,
        audience, RECIPIENT, later, NULL});
}

/* Write what the request makes; the text, for the caller to free. */
static char *
respond(const struct saml_request *request)
{
    struct fed_secret response = FED_SECRET_INIT(SAML_RESPONSE_MAX);
    char id[SAML_ID_SIZE];

    assert_int_equal(saml_response(request, &response, id), 0);
    write_file(response_path, &response);
    char *text = strdup(fed_secret_str(&response));
    fed_secret_done(&response);
    return text;
}

static void
node_saml_accepts_it(void **state)
{
    static const struct saml_tag tags[] = {{"Nasty", NASTY}, {"Empty", ""}};
    struct saml_request request = plain_request();
    (void)state;

    need_node();
    free(respond(&request));
    assert_int_equal(node_verdict(ISSUER, AUDIENCE, "0"), ACCEPTED);
    request.session_name = request.source_identity = NASTY;
    request.tags = tags;
    request.n_tags = 2;
    free(respond(&request));
    assert_int_equal(node_verdict(ISSUER, AUDIENCE, "0"), ACCEPTED);
}

static void
node_saml_refuses_names_and_times_that_are_not_its(void **state)
{
    struct saml_request request = plain_request();
    (void)state;

    need_node();
    free(respond(&request));
    assert_int_equal(node_verdict(ISSUER, AUDIENCE ":govcloud", "0"), REFUSED);
    assert_int_equal(node_verdict("https://idp.corp.example.com/other", AUDIENCE, "0"), REFUSED);
    assert_int_equal(node_verdict(ISSUER, AUDIENCE, "310"), REFUSED); /* five minutes on */
    assert_int_equal(node_verdict(ISSUER, AUDIENCE, "-310"), REFUSED);
    assert_int_equal(node_verdict(ISSUER, AUDIENCE, "0"), ACCEPTED);
}

static void
node_saml_refuses_what_was_changed(void **state)
{
    static const char *const marks[] = {"alice", "role/Admin", "S-1-5-21", AUDIENCE "<"};
    struct saml_request request = plain_request();
    (void)state;

    need_node();
    char *text = respond(&request);
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        struct fed_secret changed = FED_SECRET_INIT(SAML_RESPONSE_MAX);
        char *at = strstr(strstr(text, "<saml:Assertion"), marks[i]);
        assert_non_null(at);
        at[2] ^= 1;
        assert_int_equal(fed_secret_add_str(&changed, text), 0);
        at[2] ^= 1;
        write_file(response_path, &changed);
        fed_secret_done(&changed);
        assert_int_equal(node_verdict(ISSUER, AUDIENCE, "0"), REFUSED);
    }
    free(text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_changed_response_is_not_verified),
        cmocka_unit_test(a_plain_response_is_accepted),
        cmocka_unit_test(every_character_survives),
        cmocka_unit_test(each_partition_has_its_audience),
        cmocka_unit_test(node_saml_accepts_it),
        cmocka_unit_test(node_saml_refuses_names_and_times_that_are_not_its),
        cmocka_unit_test(node_saml_refuses_what_was_changed),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
