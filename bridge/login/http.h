/*
 * One request of HTTP/1.1, as an SDK sends it to a container credentials endpoint: a GET without a body. The
 * reader takes that and nothing more.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_LOGIN_HTTP_H
#define BRIDGE_LOGIN_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum { HTTP_REQUEST_MAX = 8 * 1024 };

/* Views on the request's bytes, not NUL-terminated; len 0 when absent. */
struct http_text {
    const char *text;
    size_t len;
};

struct http_request {
    struct http_text method, target, host, authorization;
    bool from_page; /* a browser sent it on behalf of some page: it has Origin or Referer */
};

/* More bytes are needed: not an error of base/err.h. */
enum { HTTP_MORE = 1 };

/*
 * Read a request's head (RFC 9112 sections 2 to 5) from what has come so far; any bytes are safe. Refused: anything but
 * HTTP/1.1 or 1.0, a line that does not end with CR LF, folded lines, blanks before a colon, control bytes, a Host,
 * Authorization or Content-Length that is there twice, no Host, a body, bytes after the head.
 * Returns 0, HTTP_MORE, or FED_E_INVALID.
 */
FED_MUST_USE int http_parse(const char *data, size_t len, struct http_request *ret);

/* Is the text exactly this one? Not for secrets. */
bool http_is(const struct http_text *text, const char *wanted);

#endif
