/*
 * Tickets to enrol.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "mfa/ticket.h"

#include <string.h>

#include <openssl/sha.h>

#include "mfa/handcode.h"

enum { TICKET_LEN = 20 };
_Static_assert((int)TICKET_LEN <= (int)HANDCODE_MAX, "a ticket is a handcode");
_Static_assert(SHA256_DIGEST_LENGTH == (int)RECORD_HASH_SIZE, "a hash fits");

int
ticket_make(struct fed_secret *ret_text, unsigned char ret_hash[RECORD_HASH_SIZE])
{
    char code[TICKET_LEN];
    int r = handcode_make(code, sizeof(code));

    fed_secret_clear(ret_text);
    if (r == 0)
        r = handcode_show(code, sizeof(code), ret_text);
    /* A hundred random bits need no slow hash. */
    if (r == 0 && SHA256((const unsigned char *)code, sizeof(code), ret_hash) == NULL)
        r = FED_E_CRYPTO;
    explicit_bzero(code, sizeof(code));
    return r;
}

bool
ticket_is(const struct record *record, const void *typed, size_t len, int64_t now_s)
{
    unsigned char hash[SHA256_DIGEST_LENGTH];
    char code[TICKET_LEN];

    if (record->ticket_expires_s <= now_s || !handcode_read(typed, len, code, sizeof(code)) ||
        SHA256((const unsigned char *)code, sizeof(code), hash) == NULL)
        return false;
    explicit_bzero(code, sizeof(code));
    return fed_secret_equal(hash, sizeof(hash), record->ticket, RECORD_HASH_SIZE);
}

void
ticket_end(struct record *record)
{
    record->ticket_expires_s = 0;
    memset(record->ticket, 0, sizeof(record->ticket));
}
