/*
 * The requests that the endpoint of exec takes: what SDKs send, and nothing that could mean two things.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bridge/login/http.c"

#define GET  "GET /credentials HTTP/1.1\r\n"
#define HOST "Host: 127.0.0.1:1\r\n"

static int
parse(const char *text, struct http_request *r)
{
    return http_parse(text, strlen(text), r);
}

static void
ambiguous_requests_are_refused(void **state)
{
    static const char *const bad[] = {"\r\n", "GET\r\n\r\n", "GET /\r\n\r\n", GET "\r\n",
        "GET / HTTP/2\r\n" HOST "\r\n", "GET / HTTP/1.1 \r\n" HOST "\r\n",
        "GET  / HTTP/1.1\r\n" HOST "\r\n", "GET http://x/ HTTP/1.1\r\n" HOST "\r\n",
        "GET * HTTP/1.1\r\n" HOST "\r\n", "GET /\t HTTP/1.1\r\n" HOST "\r\n",
        "G\x01T / HTTP/1.1\r\n" HOST "\r\n", "GET /\nHost: x\n HTTP/1.1\r\n" HOST "\r\n",
        GET HOST HOST "\r\n", GET "Host:\r\n\r\n", GET "Host : x\r\n\r\n", GET "NoColon\r\n\r\n",
        GET HOST " folded\r\n\r\n", GET HOST "X: a\nb\r\n\r\n", GET HOST "X: a\rb\r\n\r\n",
        GET HOST "X: \x80\r\n\r\n", GET HOST ": x\r\n\r\n",
        GET HOST "Authorization: a\r\nauthorization: a\r\n\r\n",
        GET HOST "Content-Length: 1\r\n\r\nx", GET HOST "Content-Length: 00\r\n\r\n",
        GET HOST "Content-Length: 0\r\nContent-Length: 0\r\n\r\n",
        GET HOST "Transfer-Encoding: chunked\r\n\r\n", GET HOST "\r\nGET / HTTP/1.1\r\n",
        GET HOST "\r\n "};
    struct http_request r;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (parse(bad[i], &r) != FED_E_INVALID)
            fail_msg("taken: %s", bad[i]);
    }
}

static void
what_sdks_send_is_read(void **state)
{
    static const char text[] = GET HOST "accept-encoding: identity\r\nAuthorization:  t0k en \r\n"
                                        "User-Agent: Boto3/1.26\r\nContent-Length: 0\r\n\r\n";
    struct http_request r;

    (void)state;
    for (size_t len = 0; len < sizeof(text) - 1; len++)
        assert_int_equal(http_parse(text, len, &r), HTTP_MORE);
    assert_int_equal(http_parse(text, sizeof(text) - 1, &r), 0);
    assert_true(http_is(&r.method, "GET"));
    assert_true(http_is(&r.target, "/credentials"));
    assert_true(http_is(&r.host, "127.0.0.1:1"));
    assert_true(http_is(&r.authorization, "t0k en"));
    assert_false(r.from_page);
    assert_int_equal(parse(GET "HOST:x\r\nOrigin: null\r\n\r\n", &r), 0);
    assert_true(r.from_page);
    assert_int_equal(r.authorization.len, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ambiguous_requests_are_refused),
        cmocka_unit_test(what_sdks_send_is_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
