/*
 * Tickets of a real Kerberos service (MIT's), and the SASL exchange with a server that accepts them, or does not do as it
 * should. The server is here: it takes the place of the connection (ldap/conn.h).
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ldap/gssapi.h"

#include <gssapi/gssapi_ext.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "ldap/binding.h"
#include "ldap/why.h"
#include "tests/ldap/certificate.h"
#include "tests/ldap/krb5kdc.h"

enum { LIFE_S = 4 };

static char why[WHY_MAX];
static struct conf_domain conf = {.name = (char *)"corp.example.com",
    .service_bind = CONF_SERVICE_GSSAPI,
    .keytab = krb5kdc.keytab};
static unsigned char *certificate;
static size_t certificate_len;

static int
set_up(void **state)
{
    (void)state;
    if (krb5kdc_set_up(LIFE_S) != 0)
        return -1;
    /* As in the bridge; and the accepting side here keeps no record on the disk. */
    if (setenv("KRB5_CONFIG", "/dev/null", 1) != 0 || setenv("KRB5RCACHENAME", "none:", 1) != 0)
        return -1;
    certificate_len = certificate_make(EVP_EC_gen("P-256"), EVP_sha256(), &certificate);
    krb5kdc_start();
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    OPENSSL_free(certificate);
    return krb5kdc_tear_down();
}

/* ---- The server, in the place of a connection ---- */

enum manner {
    PROPER,
    OTHER_BINDING, /* it is reached by another certificate: somebody is in between */
    EARLY_SUCCESS, /* it says yes before it has proved anything */
    ONLY_SEALED,   /* it offers no way without a layer of its own */
    JUNK_LAYERS,   /* what it says of layers is not under the key */
    REFUSES,       /* result 49 at the first token */
    NEVER_ENDS,    /* one more step is wanted after the last */
    JUNK_TOKEN,
};

struct conn {
    enum manner manner;
    gss_ctx_id_t context;
    int step;
    OM_uint32 flags;
    unsigned char choice[8];
    size_t choice_len;
    char client[128];
};

int
conn_certificate(struct conn *conn, struct berval *ret, char *text)
{
    (void)conn;
    (void)text;
    ret->bv_val = ber_memalloc(certificate_len);
    assert_non_null(ret->bv_val);
    memcpy(ret->bv_val, certificate, certificate_len);
    ret->bv_len = certificate_len;
    return 0;
}

static gss_cred_id_t
acceptor(void)
{
    char path[128];
    gss_key_value_element_desc element = {"keytab", path};
    gss_key_value_set_desc store = {1, &element};
    gss_cred_id_t credential = GSS_C_NO_CREDENTIAL;
    OM_uint32 minor;

    (void)snprintf(path, sizeof(path), "FILE:%s/ldap.keytab", krb5kdc.folder);
    assert_int_equal(gss_acquire_cred_from(&minor, GSS_C_NO_NAME, 0, GSS_C_NO_OID_SET, GSS_C_ACCEPT,
                         &store, &credential, NULL, NULL),
        GSS_S_COMPLETE);
    return credential;
}

/* Take the client's token; true when it was good. */
static bool
accept_token(struct conn *conn, const struct fed_secret *token, struct fed_secret *ret_token)
{
    unsigned char binding[BINDING_MAX];
    size_t binding_len;
    assert_int_equal(
        binding_of_certificate(certificate, certificate_len, binding, &binding_len), 0);
    if (conn->manner == OTHER_BINDING)
        binding[binding_len - 1] ^= 1;
    struct gss_channel_bindings_struct bound = {.application_data = {binding_len, binding}};
    gss_buffer_desc in = {token->len, token->data}, out = GSS_C_EMPTY_BUFFER, name;
    gss_cred_id_t credential = acceptor();
    gss_name_t client = GSS_C_NO_NAME;
    OM_uint32 minor;
    OM_uint32 major = gss_accept_sec_context(&minor, &conn->context, credential, &in, &bound,
        &client, NULL, &out, &conn->flags, NULL, NULL);

    if (major == GSS_S_COMPLETE) {
        assert_int_equal(gss_display_name(&minor, client, &name, NULL), GSS_S_COMPLETE);
        (void)snprintf(
            conn->client, sizeof(conn->client), "%.*s", (int)name.length, (char *)name.value);
        (void)gss_release_buffer(&minor, &name);
        assert_int_equal(fed_secret_set(ret_token, out.value, out.length), 0);
    }
    (void)gss_release_buffer(&minor, &out);
    (void)gss_release_name(&minor, &client);
    (void)gss_release_cred(&minor, &credential);
    return major == GSS_S_COMPLETE;
}

static void
offer_layers(struct conn *conn, struct fed_secret *ret_token)
{
    unsigned char offer[4] = {conn->manner == ONLY_SEALED ? 4 : 7, 0, 0xff, 0xff};
    gss_buffer_desc in = {4, offer}, out = GSS_C_EMPTY_BUFFER;
    OM_uint32 minor;

    assert_int_equal(
        gss_wrap(&minor, conn->context, 0, GSS_C_QOP_DEFAULT, &in, NULL, &out), GSS_S_COMPLETE);
    assert_int_equal(fed_secret_set(ret_token, out.value, out.length), 0);
    (void)gss_release_buffer(&minor, &out);
    if (conn->manner == JUNK_LAYERS)
        ret_token->data[ret_token->len - 1] ^= 1;
}

static void
take_choice(struct conn *conn, const struct fed_secret *token)
{
    gss_buffer_desc in = {token->len, token->data}, out = GSS_C_EMPTY_BUFFER;
    OM_uint32 minor;

    assert_int_equal(gss_unwrap(&minor, conn->context, &in, &out, NULL, NULL), GSS_S_COMPLETE);
    assert_true(out.length <= sizeof(conn->choice));
    memcpy(conn->choice, out.value, out.length);
    conn->choice_len = out.length;
    (void)gss_release_buffer(&minor, &out);
}

int
conn_bind_step(struct conn *conn, const char *mechanism, const struct fed_secret *token,
    int64_t deadline_ms, struct fed_secret *ret_token, struct conn_answer *ret, char *text)
{
    (void)deadline_ms;
    (void)text;
    assert_string_equal(mechanism, "GSSAPI");
    *ret = (struct conn_answer){.code = LDAP_SASL_BIND_IN_PROGRESS};
    fed_secret_clear(ret_token);
    switch (conn->step++) {
    case 0:
        if (conn->manner == REFUSES || !accept_token(conn, token, ret_token))
            ret->code = LDAP_INVALID_CREDENTIALS;
        if (conn->manner == JUNK_TOKEN)
            assert_int_equal(fed_secret_set(ret_token, "junk", 4), 0);
        if (conn->manner == EARLY_SUCCESS)
            ret->code = LDAP_SUCCESS;
        return 0;
    case 1:
        assert_int_equal(token->len, 0);
        offer_layers(conn, ret_token);
        return 0;
    default:
        take_choice(conn, token);
        if (conn->manner != NEVER_ENDS)
            ret->code = LDAP_SUCCESS;
        return 0;
    }
}

/* ---- Binding ---- */

static struct kerberos *
identity(void)
{
    struct kerberos *k = NULL;

    if (kerberos_new(&conf, &k, why) != 0)
        fail_msg("%s", why);
    return k;
}

static int
bind_as(
    struct kerberos *k, enum manner manner, struct conn *conn, struct conn_answer *ret, char *text)
{
    struct kerberos_ticket *ticket = NULL;
    OM_uint32 minor;
    int64_t deadline = clock_mono_ms() + 5000;

    *conn = (struct conn){.manner = manner};
    text[0] = '\0';
    int r = kerberos_take(k, "dc1.corp.example.com", &krb5kdc.at, deadline, &ticket, text);
    if (r == 0)
        r = gssapi_bind(conn, ticket, deadline, ret, text);
    kerberos_give_back(ticket);
    (void)gss_delete_sec_context(&minor, &conn->context, GSS_C_NO_BUFFER);
    return r;
}

static void
fails(enum manner manner, const char *text)
{
    struct kerberos *k = identity();
    struct conn_answer answer;
    struct conn conn;

    assert_int_equal(bind_as(k, manner, &conn, &answer, why), FED_E_DIRECTORY);
    if (strstr(why, text) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", text, why);
    kerberos_free(k);
}

static void
test_servers_that_do_not_do_as_they_should(void **state)
{
    (void)state;
    fails(EARLY_SUCCESS, "done too early");
    fails(ONLY_SEALED, "wants to sign and seal");
    fails(JUNK_LAYERS, "GSSAPI: ");
    fails(JUNK_TOKEN, "GSSAPI: ");
    fails(NEVER_ENDS, "come to an end");
}

/* A refusal is an answer; one in between with another certificate gets one as well, from a server that checks. */
static void
test_refusals(void **state)
{
    struct kerberos *k = identity();
    struct conn_answer answer;
    struct conn conn;
    (void)state;

    assert_int_equal(bind_as(k, REFUSES, &conn, &answer, why), 0);
    assert_int_equal(answer.code, LDAP_INVALID_CREDENTIALS);
    assert_int_equal(bind_as(k, OTHER_BINDING, &conn, &answer, why), 0);
    assert_int_equal(answer.code, LDAP_INVALID_CREDENTIALS);
    kerberos_free(k);
}

/* No wish to sign or seal, for AD refuses that inside TLS, and a proof of the server's. One ticket serves many binds. */
static void
test_a_bind(void **state)
{
    struct kerberos *k = identity();
    struct conn_answer answer;
    struct conn conn;
    unsigned own = krb5kdc_issued("AS_REQ"), other = krb5kdc_issued("TGS_REQ");
    (void)state;

    for (int i = 0; i < 3; i++) {
        if (bind_as(k, PROPER, &conn, &answer, why) != 0)
            fail_msg("%s", why);
        assert_int_equal(answer.code, LDAP_SUCCESS);
        assert_string_equal(conn.client, "JUMP$@CORP.EXAMPLE.COM");
        assert_int_equal(conn.flags & (GSS_C_INTEG_FLAG | GSS_C_CONF_FLAG), 0);
        assert_int_not_equal(conn.flags & GSS_C_MUTUAL_FLAG, 0);
        assert_int_equal(conn.choice_len, 4);
        assert_memory_equal(conn.choice, "\1\0\0\0", 4);
    }
    assert_int_equal(krb5kdc_issued("AS_REQ"), own + 1);
    assert_int_equal(krb5kdc_issued("TGS_REQ"), other + 1);
    kerberos_forget(k);
    assert_int_equal(bind_as(k, PROPER, &conn, &answer, why), 0);
    assert_int_equal(krb5kdc_issued("AS_REQ"), own + 2);
    kerberos_free(k);
}

static void
test_a_server_that_is_none(void **state)
{
    struct kerberos *k = identity();
    struct kerberos_ticket *ticket = NULL;
    (void)state;

    assert_int_equal(
        kerberos_take(k, "dc9.corp.example.com", &krb5kdc.at, clock_mono_ms() + 5000, &ticket, why),
        FED_E_NOT_FOUND);
    assert_non_null(strstr(why, "no domain controller is called \"dc9.corp.example.com\""));
    kerberos_free(k);
}

/* Ahead of its end a ticket is exchanged for another; where that cannot be, the old one is good to its end. */
static void
test_renewal(void **state)
{
    struct kerberos *k = identity();
    struct conn_answer answer;
    struct conn conn;
    unsigned own = krb5kdc_issued("AS_REQ");
    time_t got = time(NULL);
    (void)state;

    while (krb5kdc_issued("AS_REQ") < own + 2) {
        if (bind_as(k, PROPER, &conn, &answer, why) != 0)
            fail_msg("%s", why);
        assert_int_equal(answer.code, LDAP_SUCCESS);
        assert_true(time(NULL) <= got + LIFE_S);
        (void)usleep(50000);
    }
    got = time(NULL);
    krb5kdc_stop();
    int r, good = 0;
    while ((r = bind_as(k, PROPER, &conn, &answer, why)) == 0) {
        good++;
        assert_true(time(NULL) <= got + LIFE_S + 1);
        (void)usleep(50000);
    }
    assert_int_equal(r, FED_E_DIRECTORY);
    assert_true(good > 0 && time(NULL) >= got + LIFE_S - 1);
    krb5kdc_start();
    assert_int_equal(bind_as(k, PROPER, &conn, &answer, why), 0);
    kerberos_free(k);
}

static void *
bind_often(void *arg)
{
    struct conn_answer answer;
    char text[WHY_MAX];
    struct conn conn;

    for (int i = 0; i < 10; i++)
        if (bind_as(arg, PROPER, &conn, &answer, text) != 0 || answer.code != LDAP_SUCCESS)
            return (void *)"failed";
    return NULL;
}

static void
test_many_at_once(void **state)
{
    struct kerberos *k = identity();
    pthread_t threads[8];
    void *result;
    (void)state;

    for (size_t i = 0; i < 8; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, bind_often, k), 0);
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(pthread_join(threads[i], &result), 0);
        assert_null(result);
    }
    kerberos_free(k);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_servers_that_do_not_do_as_they_should),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_a_bind),
        cmocka_unit_test(test_a_server_that_is_none),
        cmocka_unit_test(test_many_at_once),
        cmocka_unit_test(test_renewal),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
