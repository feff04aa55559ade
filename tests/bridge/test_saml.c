/*
 * SAML responses and metadata: what is refused, and the bytes of what is not. Whether others accept the
 * result is in test_saml_judged.c.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "bridge/saml.h"

static const char certificate_b64[] = "Q3VycmVudA==";

static int
sign(void *arg, const void *data, size_t len, struct fed_secret *ret)
{
    (void)arg;
    (void)data;
    (void)len;
    return fed_secret_add_str(ret, "signature");
}

static int
sign_nothing(void *arg, const void *data, size_t len, struct fed_secret *ret)
{
    (void)arg;
    (void)data;
    (void)len;
    (void)ret;
    return FED_E_KEEPER;
}

static struct saml_request
plain_request(void)
{
    return (struct saml_request){.issuer = "https://idp.corp.example.com/awsfed",
        .name_id = "S-1-5-21-1004336348-1177238915-682003330-1104",
        .role_arn = "arn:aws:iam::111122223333:role/Admin",
        .provider_arn = "arn:aws:iam::111122223333:saml-provider/awsfed",
        .partition = "aws",
        .session_name = "alice",
        .duration_s = 3600,
        .authn_s = (int64_t)time(NULL) - 30,
        .now_s = (int64_t)time(NULL),
        .certificate_b64 = certificate_b64,
        .sign = sign};
}

/* ---- Refusals ---- */

static void
assert_refused(const struct saml_request *request, int error)
{
    struct fed_secret to = FED_SECRET_INIT(SAML_RESPONSE_MAX);
    char id[SAML_ID_SIZE] = "untouched";

    assert_int_equal(saml_response(request, &to, id), error);
    assert_int_equal(to.len, 0);
    assert_string_equal(id, "untouched");
    fed_secret_done(&to);
}

static void
refuses_bad_numbers_and_partitions(void **state)
{
    static const int64_t durations[] = {-1, 0, 1, 899, 43201, INT64_MAX};
    static const int64_t times[] = {-1, INT64_MIN + 60, INT64_MAX - 300, INT64_C(253402300800)};
    struct saml_request request = plain_request();
    (void)state;

    for (size_t i = 0; i < sizeof(durations) / sizeof(durations[0]); i++) {
        request.duration_s = durations[i];
        assert_refused(&request, FED_E_INVALID);
    }
    request = plain_request();
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        request.now_s = times[i];
        assert_refused(&request, FED_E_INVALID);
    }
    request = plain_request();
    request.authn_s = -1;
    assert_refused(&request, FED_E_INVALID);
    request = plain_request();
    request.partition = "aws-iso";
    assert_refused(&request, FED_E_INVALID);
    request.partition = "";
    assert_refused(&request, FED_E_INVALID);
}

static void
refuses_text_that_xml_cannot_carry(void **state)
{
    static const char *const bad[] = {"a\x01z", "a\xffz", "a\xef\xbf\xbfz"};
    (void)state;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct saml_tag tag = {"Team", bad[i]}, key_tag = {bad[i], "v"};
        struct saml_request requests[9];

        for (size_t j = 0; j < 9; j++)
            requests[j] = plain_request();
        requests[0].issuer = requests[1].name_id = requests[2].role_arn = bad[i];
        requests[3].provider_arn = requests[4].session_name = requests[5].source_identity = bad[i];
        requests[6].tags = &tag;
        requests[7].tags = &key_tag;
        requests[6].n_tags = requests[7].n_tags = 1;
        requests[8].transitive = &bad[i];
        requests[8].n_transitive = 1;
        for (size_t j = 0; j < 9; j++)
            assert_refused(&requests[j], FED_E_INVALID);
    }
}

static void
refuses_what_is_too_big(void **state)
{
    struct saml_request request = plain_request();
    struct fed_secret small = FED_SECRET_INIT(1000);
    char id[SAML_ID_SIZE];
    char *huge = malloc(80000);
    (void)state;

    memset(huge, '&', 79999); /* five bytes each, written */
    huge[79999] = '\0';
    struct saml_tag tag = {"Team", huge};
    request.tags = &tag;
    request.n_tags = 1;
    assert_refused(&request, FED_E_TOO_BIG);
    huge[14850] = '\0'; /* fits alone, not with the rest */
    struct saml_tag two[] = {{"A", huge}, {"B", "b"}};
    request.tags = two;
    request.n_tags = 2;
    assert_refused(&request, FED_E_TOO_BIG);
    free(huge);

    request = plain_request();
    assert_int_equal(saml_response(&request, &small, id), FED_E_TOO_BIG);
    assert_int_equal(small.len, 0);
    fed_secret_done(&small);
}

static void
passes_on_the_error_of_sign(void **state)
{
    struct saml_request request = plain_request();
    (void)state;

    request.sign = sign_nothing;
    assert_refused(&request, FED_E_KEEPER);
}

static void
metadata_refuses(void **state)
{
    const char *certificates[] = {certificate_b64, certificate_b64, certificate_b64};
    struct fed_secret to = FED_SECRET_INIT(65536), small = FED_SECRET_INIT(100);
    (void)state;

    assert_int_equal(saml_metadata("urn:x", certificates, 0, 1, &to), FED_E_INVALID);
    assert_int_equal(saml_metadata("urn:x", certificates, 3, 1, &to), FED_E_INVALID);
    assert_int_equal(saml_metadata("", certificates, 1, 1, &to), FED_E_INVALID);
    assert_int_equal(saml_metadata("urn:\x01", certificates, 1, 1, &to), FED_E_INVALID);
    assert_int_equal(saml_metadata("urn:x", certificates, 1, -1, &to), FED_E_INVALID);
    assert_int_equal(saml_metadata("urn:x", certificates, 1, 1, &small), FED_E_TOO_BIG);
    assert_int_equal(to.len, 0);
    assert_int_equal(small.len, 0);
    fed_secret_done(&small);
    fed_secret_done(&to);
}

/* ---- What is written ---- */

static void
ids_are_fresh_and_reported(void **state)
{
    struct saml_request request = plain_request();
    char ids[2][SAML_ID_SIZE], mark[128];
    (void)state;

    for (size_t i = 0; i < 2; i++) {
        struct fed_secret response = FED_SECRET_INIT(SAML_RESPONSE_MAX);
        assert_int_equal(saml_response(&request, &response, ids[i]), 0);
        (void)snprintf(mark, sizeof(mark), " ID=\"%s\"", ids[i]);
        char *assertion = strstr((char *)response.data, "<saml:Assertion");
        assert_non_null(assertion);
        assert_non_null(strstr(assertion, mark));
        assert_int_equal(strlen(ids[i]), 33);
        fed_secret_done(&response);
    }
    assert_string_not_equal(ids[0], ids[1]);
}

/* A minute before, five minutes after: bytes, so that a change is a decision. */
static void
times_are_those_of_the_contract(void **state)
{
    struct saml_request request = plain_request();
    struct fed_secret response = FED_SECRET_INIT(SAML_RESPONSE_MAX);
    char id[SAML_ID_SIZE];
    (void)state;

    request.now_s = 1709251199; /* 2024-02-29T23:59:59Z */
    request.authn_s = 0;
    assert_int_equal(saml_response(&request, &response, id), 0);
    const char *xml = fed_secret_str(&response);
    assert_non_null(strstr(xml, "<saml:Conditions NotBefore=\"2024-02-29T23:58:59Z\" "
                                "NotOnOrAfter=\"2024-03-01T00:04:59Z\">"));
    assert_non_null(
        strstr(xml, "<saml:SubjectConfirmationData NotOnOrAfter=\"2024-03-01T00:04:59Z\" "
                    "Recipient=\"https://signin.aws.amazon.com/saml\">"));
    assert_non_null(strstr(xml, " IssueInstant=\"2024-02-29T23:59:59Z\" Version=\"2.0\">"));
    assert_non_null(strstr(xml, "AuthnInstant=\"1970-01-01T00:00:00Z\""));
    fed_secret_clear(&response);
    request.authn_s = request.now_s + 100; /* the clock was set back since */
    assert_int_equal(saml_response(&request, &response, id), 0);
    assert_non_null(strstr(fed_secret_str(&response), "AuthnInstant=\"2024-02-29T23:59:59Z\""));
    fed_secret_done(&response);
}

static void
metadata_names_both_certificates_in_order(void **state)
{
    const char *certificates[] = {certificate_b64, "UHJldmlvdXM="};
    struct fed_secret to = FED_SECRET_INIT(65536);
    (void)state;

    assert_int_equal(
        saml_metadata("https://idp.example.com/a?b&c", certificates, 2, 86400, &to), 0);
    const char *xml = fed_secret_str(&to);
    const char *first = strstr(xml, certificate_b64), *second = strstr(xml, "UHJldmlvdXM=");
    assert_true(first != NULL && second > first);
    assert_non_null(strstr(xml, "entityID=\"https://idp.example.com/a?b&amp;c\""));
    assert_non_null(strstr(xml, " validUntil=\"1970-01-02T00:00:00Z\""));
    assert_int_equal(xml[0], '<'); /* no BOM */
    fed_secret_done(&to);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_bad_numbers_and_partitions),
        cmocka_unit_test(refuses_text_that_xml_cannot_carry),
        cmocka_unit_test(refuses_what_is_too_big),
        cmocka_unit_test(passes_on_the_error_of_sign),
        cmocka_unit_test(metadata_refuses),
        cmocka_unit_test(ids_are_fresh_and_reported),
        cmocka_unit_test(times_are_those_of_the_contract),
        cmocka_unit_test(metadata_names_both_certificates_in_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
