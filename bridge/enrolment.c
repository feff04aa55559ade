/*
 * New tokens and new recovery codes.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/enrolment.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/wire.h"
#include "mfa/person.h"
#include "mfa/recovery.h"

enum { SEED_SHA1 = 20, SEED_SHA256 = 32, SEED_SHA512 = 64, URI_LIMIT = 1024 };

/* As long as the hash, RFC 4226 section 4 and RFC 6238 section 5.1. */
static size_t
seed_size(enum conf_algorithm algorithm)
{
    return algorithm == CONF_SHA1     ? SEED_SHA1
           : algorithm == CONF_SHA256 ? SEED_SHA256
                                      : SEED_SHA512;
}

int
enrolment_make(struct bridge *b, const struct identity *id, const struct totp_params *params,
    const char *label, struct enrolment *ret)
{
    struct fed_secret blob = FED_SECRET_INIT(SEAL_BLOB_MAX), nothing = FED_SECRET_INIT(0);
    struct fed_secret seed = FED_SECRET_INIT(TOTP_SEED_MAX);
    struct record_token *t = &ret->token;

    *ret = (struct enrolment){.uri = FED_SECRET_INIT(URI_LIMIT),
        .base32 = FED_SECRET_INIT(URI_LIMIT),
        .token = {.enrolled_s = (int64_t)time(NULL), .params = *params}};
    t->params.window = 0;
    if (label != NULL && strlen(label) >= sizeof(t->label))
        return FED_E_INVALID;
    (void)snprintf(t->label, sizeof(t->label), "%s", label != NULL ? label : "");
    int r = keeper_seal(b->keeper, id->sid, &nothing, seed_size(params->algorithm), &blob, &seed);
    if (r == 0 &&
        (r = totp_uri(&t->params, &seed, b->conf->mfa.issuer, id->name, &ret->uri)) == 0 &&
        (r = totp_base32(&seed, &ret->base32)) == 0) {
        memcpy(t->blob, blob.data, blob.len);
        t->blob_len = blob.len;
    }
    fed_secret_done(&blob);
    fed_secret_done(&seed);
    return r;
}

void
enrolment_done(struct enrolment *e)
{
    fed_secret_done(&e->uri);
    fed_secret_done(&e->base32);
}

static int
put_codes(struct record *record, void *arg)
{
    if (!record_enrolled(record))
        return FED_E_NOT_ENROLLED;
    recovery_put(record, arg);
    return 0;
}

int
enrolment_new_codes(struct bridge *b, const char *sid, struct fed_secret *ret_text)
{
    struct recovery_set set;
    int r = recovery_make(&set, ret_text);

    return r != 0 ? r : person_change(b->store, sid, NULL, 0, put_codes, &set);
}

void
enrolment_put_codes(struct wire_out *out, const struct fed_secret *text)
{
    char code[RECOVERY_TEXT_SIZE];

    for (size_t at = 0; at + sizeof(code) <= text->len; at += sizeof(code)) {
        memcpy(code, text->data + at, sizeof(code) - 1);
        code[sizeof(code) - 1] = '\0';
        wire_put_text(out, WIRE_RECOVERY_CODE, code);
    }
    explicit_bzero(code, sizeof(code));
}
