/*
 * ldap/service.c, domain.c: which refusals of Kerberos's end the search for a controller. Kerberos itself is here, and says
 * what it is told to.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/ldap/peer.h"

#include <ldap.h>

#include "ldap/gssapi.h"
#include "ldap/why.h"

struct kerberos {
    int errors[4]; /* of one take after the other */
    unsigned taken;
};

static struct kerberos only;

int
kerberos_new(const struct conf_domain *conf, struct kerberos **ret, char *why)
{
    (void)conf;
    (void)why;
    *ret = &only;
    return 0;
}

void
kerberos_free(struct kerberos *k)
{
    (void)k;
}

const char *
kerberos_name(const struct kerberos *k)
{
    (void)k;
    return "JUMP$@CORP.EXAMPLE.COM";
}

int
kerberos_take(struct kerberos *k, const char *host, const struct kdc *kdc, int64_t deadline_ms,
    struct kerberos_ticket **ret, char *why)
{
    int r = k->errors[k->taken++];

    (void)deadline_ms;
    assert_string_equal(host, "127.0.0.1");
    assert_true(kdc->len > 0);
    *ret = NULL;
    return r == 0 ? 0 : why_not(why, r, "refusal %u", k->taken);
}

void
kerberos_give_back(struct kerberos_ticket *ticket)
{
    assert_null(ticket);
}

void
kerberos_forget(struct kerberos *k)
{
    (void)k;
}

int
gssapi_bind(struct conn *conn, const struct kerberos_ticket *ticket, int64_t deadline_ms,
    struct conn_answer *ret, char *why)
{
    (void)conn;
    (void)ticket;
    (void)deadline_ms;
    (void)why;
    *ret = (struct conn_answer){.code = LDAP_SUCCESS};
    return 0;
}

/* Two controllers; what signing in says, and how often it was tried; after a failure a second time. */
static void
try(int first, int second, int result, const char *text, unsigned tries)
{
    struct peer *one = peer_start("x=x"), *two = peer_start("x=x");
    struct peer_domain *d = domain_start_as(CONF_LDAPS, (unsigned[4]){one->port, two->port}, false);

    addir_free(d->dir);
    d->conf.service_bind = CONF_SERVICE_GSSAPI;
    d->conf.keytab = (char *)"/nonexistent";
    only = (struct kerberos){.errors = {first, second, FED_E_NOMEM, FED_E_NOMEM}};
    assert_int_equal(addir_new(&d->conf, NULL, &d->dir, d->why), 0);
    assert_int_equal(addir_answers(d->dir, d->why), result);
    if (strstr(d->why, text) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", text, d->why);
    if (result != 0) {
        assert_int_equal(addir_answers(d->dir, d->why), result);
        assert_non_null(strstr(d->why, "was refused lately"));
    }
    assert_int_equal(only.taken, tries);
    domain_stop(d);
    peer_free(one);
    peer_free(two);
}

/* A controller that refuses what costs no try, or somebody on the way to it, does not keep us from the others. */
static void
test_another_is_asked(void **state)
{
    (void)state;
    try(FED_E_NOT_FOUND, 0, 0, "", 2);
    try(FED_E_DIRECTORY, 0, 0, "", 2);
}

/* Where all refuse, it rests; nobody's login was refused by that (I-40). */
static void
test_all_refuse(void **state)
{
    (void)state;
    try(FED_E_NOT_FOUND, FED_E_NOT_FOUND, FED_E_DIRECTORY, "refusal 1", 2);
}

/* I-6: a wrong key is tried once. */
static void
test_a_wrong_key(void **state)
{
    (void)state;
    try(FED_E_DENIED, 0, FED_E_DIRECTORY, "refusal 1", 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_another_is_asked),
        cmocka_unit_test(test_all_refuse),
        cmocka_unit_test(test_a_wrong_key),
    };

    return cmocka_run_group_tests(tests, peer_set_up, peer_tear_down);
}
