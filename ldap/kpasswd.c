/*
 * A ticket for kadmin/changepw by the old password, then one request with the new one. libkrb5 makes and reads what is
 * encrypted; we carry it and put the frame around it.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ldap/kpasswd.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ldap/kpasswd_reply.h"
#include "ldap/preauth.h"
#include "ldap/profile.h"
#include "ldap/refusal.h"
#include "ldap/steps.h"
#include "ldap/why.h"

/* One question what is wanted, one request that proves the password: a third would be a second try (I-6). */
enum { REQUESTS_MOST = 2, TICKET_S = 300, REPLY_MAX = 65535, REQUEST_MAX = 65535 };

struct exchange {
    const struct kpasswd *asked;
    int64_t deadline_ms;
    char realm[PROFILE_REALM_MAX + 1];
    krb5_context context;
    krb5_principal client;
    krb5_get_init_creds_opt *options; /* libkrb5 borrows them */
    krb5_creds creds;
    krb5_auth_context auth;
    char *text, *why;
};

/* ---- Failures ---- */

/* Nothing was changed, and trying again here is of no use before somebody has seen to it. */
static int
not_here(struct exchange *x, int error)
{
    (void)snprintf(x->text, WHY_MAX,
        "Your password has expired or must be changed, and this host could not do "
        "that: " WORDING_ELSEWHERE ", and log in again.");
    return error;
}

/* The request went out, and what came back proves nothing. */
static int
not_known(struct exchange *x, int error)
{
    (void)snprintf(x->text, WHY_MAX,
        "The domain controller did not say whether your password was changed. Log in with the new "
        "one; if that is refused, the old one holds: " WORDING_ELSEWHERE ".");
    return error;
}

static int
library(struct exchange *x, krb5_error_code code, const char *what)
{
    const char *said = krb5_get_error_message(x->context, code);
    int r = why_not(
        x->why, code == ENOMEM ? FED_E_NOMEM : FED_E_DIRECTORY, "Kerberos: %s: %s", what, said);

    krb5_free_error_message(x->context, said);
    return r;
}

/* ---- The ticket ---- */

/* Why there is no ticket. These answers come in the clear: none of them is a success, and one alone counts as a wrong password. */
static int
no_ticket(struct exchange *x, krb5_error_code code, int64_t server_s)
{
    switch (code) {
    case KRB5KDC_ERR_PREAUTH_FAILED:
        return not_here(
            x, why_not(x->why, FED_E_DENIED, "Kerberos: the old password is not that of \"%.96s\"",
                   x->asked->name));
    case KRB5KRB_AP_ERR_SKEW:
    case KRB5KRB_AP_ERR_TKT_NYV:
    case KRB5_KDCREP_SKEW:
        return not_here(x, refusal_clock(server_s, x->why));
    case KRB5KDC_ERR_ETYPE_NOSUPP:
    case KRB5_CONFIG_ETYPE_NOSUPP:
    case KRB5_PROG_ETYPE_NOSUPP:
    case KRB5_PREAUTH_FAILED: /* libkrb5's own: no proof is wanted that we would give */
        return not_here(x,
            why_not(x->why, FED_E_DIRECTORY,
                "Kerberos: \"%.96s\" has no AES key: it comes with the next password that is set",
                x->asked->name));
    default:
        return not_here(x, library(x, code, "no ticket for changing the password"));
    }
}

static krb5_error_code
begin(struct exchange *x, krb5_init_creds_context *ret)
{
    krb5_error_code code = krb5_get_init_creds_opt_alloc(x->context, &x->options);

    if (code != 0)
        return code;
    krb5_get_init_creds_opt_set_tkt_life(x->options, TICKET_S);
    krb5_get_init_creds_opt_set_renew_life(x->options, 0);
    krb5_get_init_creds_opt_set_forwardable(x->options, 0);
    krb5_get_init_creds_opt_set_proxiable(x->options, 0);
    return krb5_init_creds_init(x->context, x->client, NULL, NULL, 0, x->options, ret);
}

static int
take_ticket(struct exchange *x)
{
    struct steps steps = {
        .context = x->context, .realm = x->realm, .most = REQUESTS_MOST, .look = preauth_look};
    int64_t server_s = 0;
    int r = 0;
    krb5_error_code code = begin(x, &steps.initial);

    if (code == 0)
        code = krb5_init_creds_set_password(
            x->context, steps.initial, fed_secret_str(x->asked->old_password));
    if (code == 0)
        code = krb5_init_creds_set_service(x->context, steps.initial, "kadmin/changepw");
    if (code == 0) {
        r = steps_carry(&steps, &x->asked->tickets, x->deadline_ms, &code, x->why);
        if (r != 0)
            r = not_here(x, r);
        else if (code != 0)
            server_s = steps_server_time(&steps);
    }
    if (r == 0 && code == 0)
        code = krb5_init_creds_get_creds(x->context, steps.initial, &x->creds);
    if (r == 0 && code != 0)
        r = no_ticket(x, code, server_s);
    if (steps.initial != NULL)
        krb5_init_creds_free(x->context, steps.initial);
    return r;
}

/* ---- The request ---- */

/* KRB-PRIV tells whence it comes, and Samba compares. */
static int
set_own_address(struct exchange *x, int fd)
{
    struct sockaddr_storage own = {0};
    socklen_t len = sizeof(own);
    krb5_address address = {.magic = KV5M_ADDRESS};

    if (getsockname(fd, (struct sockaddr *)&own, &len) != 0)
        return why_not(x->why, FED_E_SYSTEM, "Kerberos: no address of our own");
    if (own.ss_family == AF_INET6) {
        address.addrtype = ADDRTYPE_INET6;
        address.length = sizeof(struct in6_addr);
        address.contents = ((struct sockaddr_in6 *)&own)->sin6_addr.s6_addr;
    } else {
        address.addrtype = ADDRTYPE_INET;
        address.length = sizeof(struct in_addr);
        address.contents = (krb5_octet *)&((struct sockaddr_in *)&own)->sin_addr;
    }
    krb5_error_code code = krb5_auth_con_setaddrs(x->context, x->auth, &address, NULL);
    return code == 0 ? 0 : library(x, code, "address");
}

static krb5_error_code
encrypt(struct exchange *x, krb5_data *ret_ap_req, krb5_data *ret_priv)
{
    const struct fed_secret *password = x->asked->new_password;
    krb5_data clear = {.length = (unsigned)password->len, .data = (char *)password->data};
    krb5_replay_data replay = {0};
    krb5_error_code code = krb5_mk_req_extended(x->context, &x->auth,
        AP_OPTS_USE_SUBKEY | AP_OPTS_MUTUAL_REQUIRED, NULL, &x->creds, ret_ap_req);

    return code != 0 ? code : krb5_mk_priv(x->context, x->auth, &clear, ret_priv, &replay);
}

static int
add_number(struct fed_secret *to, size_t n)
{
    const unsigned char bytes[] = {(unsigned char)(n >> 8 & 0xff), (unsigned char)(n & 0xff)};

    return n > 0xffff ? FED_E_TOO_BIG : fed_secret_add(to, bytes, sizeof(bytes));
}

static int
write_request(struct exchange *x, struct fed_secret *ret)
{
    krb5_data ap_req = {0}, priv = {0};
    krb5_error_code code = encrypt(x, &ap_req, &priv);
    int r = code == 0 ? 0 : library(x, code, "the request");

    if (r == 0 && ((r = add_number(ret, (size_t)KPASSWD_HEAD + ap_req.length + priv.length)) != 0 ||
                      (r = add_number(ret, KPASSWD_VERSION)) != 0 ||
                      (r = add_number(ret, ap_req.length)) != 0 ||
                      (r = fed_secret_add(ret, ap_req.data, ap_req.length)) != 0 ||
                      (r = fed_secret_add(ret, priv.data, priv.length)) != 0))
        r = why_not(x->why, r == FED_E_NOMEM ? r : FED_E_DIRECTORY,
            "Kerberos: a ticket too long for a change of password");
    krb5_free_data_contents(x->context, &ap_req);
    krb5_free_data_contents(x->context, &priv);
    return r;
}

/* ---- The answer ---- */

/*
 * AP-REP proves that it answers our request; KRB-PRIV is then by the key that we chose, and not by one that AP-REP may bring
 * (RFC 3244 section 2).
 */
static krb5_error_code
decrypt(struct exchange *x, const struct kpasswd_frame *frame, krb5_data *ret)
{
    krb5_data ap_rep = {.length = (unsigned)frame->ap_rep_len, .data = (char *)frame->ap_rep};
    krb5_data priv = {.length = (unsigned)frame->body_len, .data = (char *)frame->body};
    krb5_ap_rep_enc_part *proof = NULL;
    krb5_replay_data replay = {0};
    krb5_key ours = NULL;
    krb5_error_code code = krb5_auth_con_getsendsubkey_k(x->context, x->auth, &ours);

    if (code == 0)
        code = krb5_rd_rep(x->context, x->auth, &ap_rep, &proof);
    if (code == 0)
        code = krb5_auth_con_setrecvsubkey_k(x->context, x->auth, ours);
    if (code == 0)
        code = krb5_rd_priv(x->context, x->auth, &priv, ret, &replay);
    krb5_free_ap_rep_enc_part(x->context, proof);
    krb5_k_free_key(x->context, ours);
    return code;
}

/* What the domain controller says of the change, verified. */
static int
judge(struct exchange *x, const struct kpasswd_result *result)
{
    switch (result->code) {
    case KPASSWD_SUCCESS:
        return 0;
    case KPASSWD_SOFT_ERROR:
        (void)wording_refused(result->text, result->has_rules ? &result->rules : NULL,
            x->asked->new_password, x->text);
        return why_not(x->why, FED_E_PASSWORD_REFUSED, "password change: %s", x->text);
    case KPASSWD_ACCESS_DENIED:
        (void)wording_forbidden(x->text);
        return why_not(x->why, FED_E_PASSWORD_REFUSED, "password change: code 5: %s", result->text);
    default:
        return not_here(x, why_not(x->why, FED_E_DIRECTORY, "password change: code %u: %s",
                               result->code, result->text));
    }
}

static int
read_answer(struct exchange *x, const struct fed_secret *answer)
{
    struct kpasswd_result result;
    struct kpasswd_frame frame;
    krb5_data clear = {0};

    if (kpasswd_read_frame(answer->data, answer->len, &frame) != 0)
        return not_known(x, why_not(x->why, FED_E_DIRECTORY, "password change: no such answer"));
    /* A KRB-ERROR is written by whoever likes. */
    if (frame.ap_rep_len == 0)
        return not_known(
            x, why_not(x->why, FED_E_DIRECTORY, "password change: an error that proves nothing"));
    krb5_error_code code = decrypt(x, &frame, &clear);
    if (code != 0)
        return not_known(x, library(x, code, "the answer to a change of password"));
    int r = kpasswd_read_result((const uint8_t *)clear.data, clear.length, &result);
    krb5_free_data_contents(x->context, &clear);
    if (r != 0)
        return not_known(x, why_not(x->why, FED_E_DIRECTORY, "password change: no result"));
    return judge(x, &result);
}

/* ---- All of it ---- */

static int
send_change(struct exchange *x)
{
    struct fed_secret request = FED_SECRET_INIT(REQUEST_MAX), answer = FED_SECRET_INIT(REPLY_MAX);
    bool sent = false;
    int fd = -1, r = kdc_connect(&x->asked->passwords, x->deadline_ms, &fd, x->why);

    if (r != 0)
        return not_here(x, r);
    if ((r = set_own_address(x, fd)) == 0 && (r = write_request(x, &request)) == 0)
        r = kdc_talk(fd, &x->asked->passwords, request.data, request.len, x->deadline_ms, &answer,
            &sent, x->why);
    (void)close(fd);
    if (r != 0 && sent)
        r = not_known(x, r);
    else if (r != 0)
        r = not_here(x, r);
    else
        r = read_answer(x, &answer);
    fed_secret_done(&request);
    fed_secret_done(&answer);
    return r;
}

static int
start(struct exchange *x)
{
    krb5_error_code code;

    profile_realm(x->asked->domain, x->realm);
    if (profile_context(x->realm, &x->context) != 0)
        return why_not(x->why, FED_E_NOMEM, "out of memory");
    code = krb5_build_principal(
        x->context, &x->client, (unsigned)strlen(x->realm), x->realm, x->asked->name, (char *)NULL);
    /* Numbers in order instead of times: no cache of what was seen is kept on the disk for those. */
    if (code == 0)
        code = krb5_auth_con_init(x->context, &x->auth);
    if (code == 0)
        code = krb5_auth_con_setflags(x->context, x->auth, KRB5_AUTH_CONTEXT_DO_SEQUENCE);
    return code == 0 ? 0 : library(x, code, "start");
}

int
kpasswd_change(const struct kpasswd *asked, int64_t deadline_ms, char *text, char *why)
{
    struct exchange x = {.asked = asked, .deadline_ms = deadline_ms, .text = text, .why = why};

    text[0] = '\0';
    int r = start(&x);
    if (r == 0)
        r = take_ticket(&x);
    if (r == 0)
        r = send_change(&x);
    if (x.context != NULL) {
        krb5_free_cred_contents(x.context, &x.creds);
        if (x.auth != NULL)
            (void)krb5_auth_con_free(x.context, x.auth);
        if (x.options != NULL)
            krb5_get_init_creds_opt_free(x.context, x.options);
        krb5_free_principal(x.context, x.client);
        krb5_free_context(x.context);
    }
    return r;
}
