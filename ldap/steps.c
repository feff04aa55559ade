/*
 * Carrying Kerberos's requests and answers.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ldap/steps.h"

#include <stdbool.h>
#include <string.h>

#include "ldap/why.h"

static krb5_error_code
step(const struct steps *x, krb5_data *in, krb5_data *out, krb5_data *realm, bool *ret_more)
{
    unsigned flags = 0;
    krb5_error_code code =
        x->initial != NULL ? krb5_init_creds_step(x->context, x->initial, in, out, realm, &flags)
                           : krb5_tkt_creds_step(x->context, x->further, in, out, realm, &flags);

    *ret_more = (flags & KRB5_INIT_CREDS_STEP_FLAG_CONTINUE) != 0;
    return code;
}

/* The last answer to an initial request, where it was a refusal. */
static krb5_error *
last_refusal(const struct steps *x)
{
    krb5_error *error = NULL;

    if (x->initial == NULL || krb5_init_creds_get_error(x->context, x->initial, &error) != 0)
        return NULL;
    return error;
}

/* libkrb5 would go on, and may not: what it was told last is how it ended. */
static int
stop(const struct steps *x, krb5_error_code *ret_code, char *why)
{
    krb5_error *error = last_refusal(x);

    if (error == NULL)
        return why_not(why, FED_E_DIRECTORY, "Kerberos: the answers come to no end");
    *ret_code = (krb5_error_code)error->error + ERROR_TABLE_BASE_krb5;
    krb5_free_error(x->context, error);
    return 0;
}

/* Another realm's controllers are not ours to ask (I-5). */
static bool
is_ours(const struct steps *x, const krb5_data *realm)
{
    return realm->length == strlen(x->realm) && memcmp(realm->data, x->realm, realm->length) == 0;
}

static int
ask(const struct steps *x, const krb5_data *request, const struct kdc *kdc, int64_t deadline_ms,
    struct fed_secret *ret, char *why)
{
    int r = kdc_ask(kdc, request->data, request->length, deadline_ms, ret, why);

    return r == 0 && x->look != NULL ? x->look(ret->data, ret->len, why) : r;
}

int
steps_carry(const struct steps *x, const struct kdc *kdc, int64_t deadline_ms,
    krb5_error_code *ret_code, char *why)
{
    struct fed_secret reply = FED_SECRET_INIT(KDC_REPLY_MAX);
    bool more = true;
    int r = 0;

    *ret_code = 0;
    for (int i = 0; more && r == 0 && *ret_code == 0; i++) {
        krb5_data in = {.length = (unsigned)reply.len, .data = (char *)reply.data};
        krb5_data out = {0}, realm = {0};
        *ret_code = step(x, &in, &out, &realm, &more);
        if (*ret_code == 0 && more && !is_ours(x, &realm))
            r = why_not(why, FED_E_DIRECTORY, "Kerberos: the answer leads to another realm");
        else if (*ret_code == 0 && more && i == x->most)
            r = stop(x, ret_code, why);
        else if (*ret_code == 0 && more)
            r = ask(x, &out, kdc, deadline_ms, &reply, why);
        krb5_free_data_contents(x->context, &out);
        krb5_free_data_contents(x->context, &realm);
    }
    fed_secret_done(&reply);
    return r;
}

int64_t
steps_server_time(const struct steps *x)
{
    krb5_error *error = last_refusal(x);
    int64_t at = error != NULL ? (int64_t)(uint32_t)error->stime : 0;

    krb5_free_error(x->context, error);
    return at;
}
