/*
 * SASL GSSAPI: tokens to and fro until each side knows the other, then one message about layers.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ldap/gssapi.h"

#include <gssapi/gssapi_krb5.h>
#include <string.h>

#include "ldap/binding.h"
#include "ldap/why.h"

enum { TOKEN_MAX = 256 * 1024, STEPS_MAX = 8, NO_LAYER = 1 };

static const char mechanism[] = "GSSAPI";

struct exchange {
    struct conn *conn;
    const struct kerberos_ticket *ticket;
    gss_ctx_id_t context;
    unsigned char binding[BINDING_MAX];
    size_t binding_len;
    struct fed_secret in, out; /* the server's last token, our next */
    int64_t deadline_ms;
};

/* GSSAPI's account of what went wrong. */
static int
failed(OM_uint32 major, OM_uint32 minor, char *why)
{
    OM_uint32 ignored, more = 0;
    gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
    bool of_mechanism = GSS_ROUTINE_ERROR(major) == GSS_S_FAILURE && minor != 0;

    if (gss_display_status(&ignored, of_mechanism ? minor : major,
            of_mechanism ? GSS_C_MECH_CODE : GSS_C_GSS_CODE, GSS_C_NO_OID, &more,
            &text) != GSS_S_COMPLETE)
        return why_not(why, FED_E_DIRECTORY, "GSSAPI: error %u, %u", major, minor);
    int r =
        why_not(why, FED_E_DIRECTORY, "GSSAPI: %.*s", (int)text.length, (const char *)text.value);
    (void)gss_release_buffer(&ignored, &text);
    return r;
}

/* Keep a token of GSSAPI's as our next one, and release it. */
static int
keep(struct exchange *x, gss_buffer_t token, char *why)
{
    OM_uint32 ignored;
    int r = fed_secret_set(&x->out, token->value, token->length);

    (void)gss_release_buffer(&ignored, token);
    return r == 0 ? 0 : why_not(why, r, "GSSAPI: a token of no usable size");
}

/* Make our next token of the server's last. */
static int
advance(struct exchange *x, bool *ret_done, char *why)
{
    struct gss_channel_bindings_struct binding = {.application_data = {x->binding_len, x->binding}};
    gss_buffer_desc in = {x->in.len, x->in.data}, out = GSS_C_EMPTY_BUFFER;
    OM_uint32 minor, flags = 0;
    /* No GSS_C_INTEG_FLAG or GSS_C_CONF_FLAG: AD takes them for a wish to sign and seal. */
    OM_uint32 major = gss_init_sec_context(&minor, kerberos_credential(x->ticket), &x->context,
        kerberos_server(x->ticket), (gss_OID)gss_mech_krb5, GSS_C_MUTUAL_FLAG | GSS_C_SEQUENCE_FLAG,
        0, x->binding_len > 0 ? &binding : GSS_C_NO_CHANNEL_BINDINGS, &in, NULL, &out, &flags,
        NULL);

    if (GSS_ERROR(major)) {
        OM_uint32 ignored;
        (void)gss_release_buffer(&ignored, &out);
        return failed(major, minor, why);
    }
    *ret_done = major == GSS_S_COMPLETE;
    if (*ret_done && (flags & GSS_C_MUTUAL_FLAG) == 0)
        return why_not(why, FED_E_DIRECTORY, "GSSAPI: the server did not prove who it is");
    return keep(x, &out, why);
}

/*
 * The server offers layers, one bit each, and says how long its messages may be; we take none, and name nobody else to
 * act for.
 */
static int
choose_layer(struct exchange *x, char *why)
{
    unsigned char choice[4] = {NO_LAYER, 0, 0, 0};
    gss_buffer_desc in = {x->in.len, x->in.data}, clear = GSS_C_EMPTY_BUFFER;
    gss_buffer_desc chosen = {sizeof(choice), choice}, out = GSS_C_EMPTY_BUFFER;
    OM_uint32 minor, ignored;
    OM_uint32 major = gss_unwrap(&minor, x->context, &in, &clear, NULL, NULL);

    if (GSS_ERROR(major))
        return failed(major, minor, why);
    bool offered = clear.length == 4 && (((unsigned char *)clear.value)[0] & NO_LAYER) != 0;
    (void)gss_release_buffer(&ignored, &clear);
    if (!offered)
        return why_not(
            why, FED_E_DIRECTORY, "GSSAPI: the server wants to sign and seal inside TLS");
    major = gss_wrap(&minor, x->context, 0, GSS_C_QOP_DEFAULT, &chosen, NULL, &out);
    return GSS_ERROR(major) ? failed(major, minor, why) : keep(x, &out, why);
}

static int
send_token(struct exchange *x, struct conn_answer *ret, char *why)
{
    return conn_bind_step(x->conn, mechanism, &x->out, x->deadline_ms, &x->in, ret, why);
}

/* Until the server is done, or has an objection. A success before the layers were spoken of is none (RFC 4752 3.1). */
static int
talk(struct exchange *x, struct conn_answer *ret, char *why)
{
    bool done = false;
    int r = 0;

    for (int i = 0; !done; i++) {
        if (i == STEPS_MAX)
            return why_not(why, FED_E_DIRECTORY, "GSSAPI: no end of tokens");
        r = advance(x, &done, why);
        if (r == 0)
            r = send_token(x, ret, why);
        if (r != 0)
            return r;
        if (ret->code == LDAP_SUCCESS)
            return why_not(why, FED_E_DIRECTORY, "GSSAPI: the server was done too early");
        if (ret->code != LDAP_SASL_BIND_IN_PROGRESS)
            return 0;
    }
    r = choose_layer(x, why);
    if (r == 0)
        r = send_token(x, ret, why);
    if (r == 0 && ret->code == LDAP_SASL_BIND_IN_PROGRESS)
        r = why_not(why, FED_E_DIRECTORY, "GSSAPI: the server does not come to an end");
    return r;
}

int
gssapi_bind(struct conn *conn, const struct kerberos_ticket *ticket, int64_t deadline_ms,
    struct conn_answer *ret, char *why)
{
    struct exchange x = {.conn = conn,
        .ticket = ticket,
        .context = GSS_C_NO_CONTEXT,
        .in = FED_SECRET_INIT(TOKEN_MAX),
        .out = FED_SECRET_INIT(TOKEN_MAX),
        .deadline_ms = deadline_ms};
    struct berval certificate = {0};
    OM_uint32 ignored;
    int r = conn_certificate(conn, &certificate, why);

    if (r != 0)
        return r;
    r = binding_of_certificate(certificate.bv_val, certificate.bv_len, x.binding, &x.binding_len);
    ldap_memfree(certificate.bv_val);
    if (r != 0)
        return why_not(why, FED_E_DIRECTORY, "the server's certificate cannot be bound to");
    r = talk(&x, ret, why);
    (void)gss_delete_sec_context(&ignored, &x.context, GSS_C_NO_BUFFER);
    fed_secret_done(&x.in);
    fed_secret_done(&x.out);
    return r;
}
