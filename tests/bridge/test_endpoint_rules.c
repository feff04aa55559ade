/*
 * The HTTP rules of the session endpoint: who is turned away, and what the bodies look like.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <string.h>

#include "bridge/endpoint_rules.h"

enum { PORT = 911 };

static struct endpoint_head
good_head(void)
{
    return (struct endpoint_head){.method = "GET",
        .path = ENDPOINT_PATH,
        .host = "127.0.0.1:911",
        .authorization = "token",
        .n_host = 1,
        .n_authorization = 1};
}

static void
expect(const struct endpoint_head *head, unsigned status)
{
    const struct endpoint_error *e = endpoint_judge(head, PORT);

    assert_int_equal(e != NULL ? e->status : 0, status);
}

static void
test_an_sdk_s_request_is_let_in(void **state)
{
    struct endpoint_head head = good_head();

    (void)state;
    expect(&head, 0);
    head.host = "LocalHost:911";
    expect(&head, 0);
}

/* A page in a browser on this host can send a GET, under a name of its own that leads to 127.0.0.1. */
static void
test_browsers_are_turned_away(void **state)
{
    static const char *const hosts[] = {"evil.example.com:911", "127.0.0.1", "localhost",
        "127.0.0.1:912", "127.0.0.1:9110", "127.0.0.1:911.evil.example.com", "127.0.0.2:911",
        "[::1]:911", "127.0.0.1:911 ", ""};
    struct endpoint_head head;

    (void)state;
    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        head = good_head();
        head.host = hosts[i];
        expect(&head, 403);
    }
    head = good_head();
    head.has_origin = true;
    expect(&head, 403);
    head = good_head();
    head.n_host = 2;
    expect(&head, 403);
    head = good_head();
    head.host = NULL;
    head.n_host = 0;
    expect(&head, 403);
}

static void
test_other_requests_are_refused(void **state)
{
    static const char *const methods[] = {"POST", "PUT", "HEAD", "OPTIONS", "get", ""};
    static const char *const paths[] = {"/", "", "/credentials/", "/credentials/x", "/Credentials"};
    struct endpoint_head head;

    (void)state;
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        head = good_head();
        head.method = methods[i];
        expect(&head, 405);
    }
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        head = good_head();
        head.path = paths[i];
        expect(&head, 404);
    }
    head = good_head();
    head.has_body = true;
    expect(&head, 413);
    head = good_head();
    head.n_authorization = 0;
    head.authorization = NULL;
    expect(&head, 403);
    head = good_head();
    head.n_authorization = 2;
    expect(&head, 403);
}

/* 4xx ends an SDK's tries, 5xx does not. */
static void
test_errors_have_a_status_and_a_code(void **state)
{
    (void)state;
    assert_int_equal(endpoint_error_of(FED_E_NO_TICKET).status, 401);
    assert_int_equal(endpoint_error_of(FED_E_ROLE).status, 404);
    assert_int_equal(endpoint_error_of(FED_E_AWS_UNAVAILABLE).status, 503);
    assert_int_equal(endpoint_error_of(FED_E_DIRECTORY).status, 503);
    assert_int_equal(endpoint_error_of(FED_E_DISABLED).status, 403);
    assert_int_equal(endpoint_error_of(FED_E_NOMEM).status, 500);
    assert_int_equal(endpoint_error_of(-9999).status, 500);
}

static void
test_bodies_are_json(void **state)
{
    struct fed_secret out = FED_SECRET_INIT(ENDPOINT_JSON_MAX);

    (void)state;
    assert_int_equal(endpoint_put_error(&out, "Code", "a \"quoted\" \\ role\n\x01 caf\xc3\xa9"), 0);
    json_t *json = json_loadb((const char *)out.data, out.len, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(json);
    assert_string_equal(json_string_value(json_object_get(json, "message")),
        "a \"quoted\" \\ role\n\x01 caf\xc3\xa9");
    json_decref(json);
    fed_secret_done(&out);
}

static void
put_reply(struct wire_out *out, bool whole)
{
    struct wire_msg request = {.type = ASK_CREDENTIALS, .request = 7};

    wire_reply_init(out, &request, 0);
    wire_put_text(out, WIRE_ACCOUNT, "111122223333");
    wire_put_text(out, WIRE_ACCESS_KEY, "ASIAIOSFODNN7EXAMPLE");
    if (whole)
        wire_put_text(out, WIRE_SECRET_KEY, "secret/+");
    wire_put_text(out, WIRE_SESSION_TOKEN, "token==");
    wire_put_number(out, WIRE_EXPIRES, 1795300800);
    assert_int_equal(wire_finish(out), 0);
}

static void
test_a_credential_is_what_sdks_read(void **state)
{
    struct fed_secret out = FED_SECRET_INIT(ENDPOINT_JSON_MAX);
    struct wire_out reply;
    struct wire_msg msg;

    (void)state;
    put_reply(&reply, true);
    assert_int_equal(wire_parse(reply.bytes.data, reply.bytes.len, &msg), 0);
    assert_int_equal(endpoint_put_credential(&out, &msg), 0);
    assert_string_equal(fed_secret_str(&out),
        "{\"AccessKeyId\":\"ASIAIOSFODNN7EXAMPLE\",\"SecretAccessKey\":\"secret/+\","
        "\"Token\":\"token==\",\"Expiration\":\"2026-11-21T22:40:00Z\","
        "\"AccountId\":\"111122223333\"}");
    wire_out_done(&reply);
    fed_secret_clear(&out);

    put_reply(&reply, false);
    assert_int_equal(wire_parse(reply.bytes.data, reply.bytes.len, &msg), 0);
    assert_int_equal(endpoint_put_credential(&out, &msg), FED_E_PROTO);
    wire_out_done(&reply);
    fed_secret_done(&out);
}

/* Take all that one can have; how much that was. */
static unsigned
take_all(unsigned *all)
{
    unsigned own = 0;

    while (endpoint_has_place(own, *all)) {
        own++;
        (*all)++;
    }
    return own;
}

static void
test_a_few_uids_cannot_take_all_places_i55(void **state)
{
    unsigned all = 0, uids = 0;

    (void)state;
    assert_int_equal(
        take_all(&all), ENDPOINT_PLACES_PER_UID); /* alone, or nearly: as many as ever */
    for (uids = 1; uids < 20; uids++) {
        (void)take_all(&all);
        assert_true(endpoint_has_place(0, all) && endpoint_has_place(3, all));
    }
    while (take_all(&all) > 0)
        uids++;
    assert_true(uids >= 50);
    assert_int_equal(all, ENDPOINT_PLACES);
    assert_false(endpoint_has_place(0, ENDPOINT_PLACES));
    assert_false(endpoint_has_place(0, ENDPOINT_PLACES + 1));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_sdk_s_request_is_let_in),
        cmocka_unit_test(test_browsers_are_turned_away),
        cmocka_unit_test(test_other_requests_are_refused),
        cmocka_unit_test(test_errors_have_a_status_and_a_code),
        cmocka_unit_test(test_bodies_are_json),
        cmocka_unit_test(test_a_credential_is_what_sdks_read),
        cmocka_unit_test(test_a_few_uids_cannot_take_all_places_i55),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
