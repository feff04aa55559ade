/*
 * A JSON writer (RFC 8259): compact, pure ASCII, so that whatever a value holds, the text is good
 * for any locale, terminal and parser. It writes into a secret buffer and nowhere else.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_LOGIN_JSON_H
#define BRIDGE_LOGIN_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/secret.h"

/*
 * A text being written. Errors stick, as in wire_out: a writer is a straight list of calls, and
 * json_finish tells the first error. Any thread; never blocks.
 */
struct json {
    struct fed_secret bytes;
    bool comma; /* a member or element stands before the next one */
    int error;
};

void json_init(struct json *j, size_t limit);
void json_done(struct json *j);

/* Open '{' or '[', close '}' or ']'. A key is NULL in an array and at the top. */
void json_open(struct json *j, const char *key, char bracket);
void json_close(struct json *j, char bracket);

/* A NULL value is written as null. A byte that is not UTF-8 becomes U+FFFD. */
void json_text(struct json *j, const char *key, const char *value);
void json_number(struct json *j, const char *key, uint64_t value);
void json_bool(struct json *j, const char *key, bool value);

/* Unix seconds as RFC 3339 has them; 0, which is no time, as null. */
void json_time(struct json *j, const char *key, uint64_t time_s);

/* End with a newline. 0, FED_E_TOO_BIG or FED_E_NOMEM; j->bytes is then the text. */
FED_MUST_USE int json_finish(struct json *j);

#endif
