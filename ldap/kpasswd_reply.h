/*
 * The bytes of an answer to a change of password (RFC 3244 section 2): its frame, which anybody may have written, and the
 * result inside, which is read only after libkrb5 has verified and decrypted it. Nothing allocates or blocks; any thread.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LDAP_KPASSWD_REPLY_H
#define LDAP_KPASSWD_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "ldap/wording.h"

enum { KPASSWD_HEAD = 6, KPASSWD_VERSION = 1, KPASSWD_TEXT_MAX = 200 };

/* Where things lie in the answer; borrowed. */
struct kpasswd_frame {
    const uint8_t *ap_rep; /* AP-REP; empty where the body is a KRB-ERROR, which proves nothing */
    size_t ap_rep_len;
    const uint8_t *body; /* KRB-PRIV or KRB-ERROR */
    size_t body_len;
};

/* 0 or FED_E_PROTO. */
FED_MUST_USE int kpasswd_read_frame(const uint8_t *data, size_t len, struct kpasswd_frame *ret);

/* RFC 3244 section 2: what became of the request. */
enum kpasswd_code {
    KPASSWD_SUCCESS = 0,
    KPASSWD_MALFORMED = 1,
    KPASSWD_HARD_ERROR = 2,
    KPASSWD_AUTH_ERROR = 3,
    KPASSWD_SOFT_ERROR = 4, /* the rules for passwords say no */
    KPASSWD_ACCESS_DENIED = 5,
    KPASSWD_BAD_VERSION = 6,
    KPASSWD_INITIAL_NEEDED = 7,
};

struct kpasswd_result {
    unsigned code;
    char text[KPASSWD_TEXT_MAX]; /* for people, cleaned; "" = none */
    bool has_rules;              /* AD says its rules instead of a text */
    struct wording_rules rules;
};

/* 0 or FED_E_PROTO. */
FED_MUST_USE int kpasswd_read_result(const uint8_t *data, size_t len, struct kpasswd_result *ret);

#endif
