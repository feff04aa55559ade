/*
 * bridge/expand.c: session policies with a person's values in them.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "bridge/expand.h"

static struct conf_domain domain = {.name = (char *)"corp.example.com"};
static struct conf conf = {.domains = &domain, .n_domains = 1};

/* Expand with one attribute, "dep"; what came of it in ret. */
static int
expand(const char *template, const char *value, size_t used, struct fed_secret *ret, char *why)
{
    char attribute[512], *attributes[] = {attribute};
    struct ticket ticket = {.proof = {.person = {.sam = "alice"}}};
    struct expand_values values = {.ticket = &ticket, .conf = &conf, .host = "jump"};

    (void)snprintf(attribute, sizeof(attribute), "Dep=%s", value != NULL ? value : "");
    ticket.proof.attributes = attributes;
    ticket.proof.n_attributes = value != NULL ? 1 : 0;
    fed_secret_init(ret, 16384);
    return expand_policy(&values, template, used, ret, why);
}

/* I-61: what would mean more than itself in a policy is refused, not changed. */
static void
test_refused(void **state)
{
    static const char *const values[] = {
        "*", "a*", "a?b", "${aws:username}", "$", "", NULL, "\xff"};
    char why[TEMPLATE_WHY_MAX];
    struct fed_secret text;

    (void)state;
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        if (expand("{\"Resource\":\"h/%{ad:dep}\"}", values[i], 0, &text, why) != FED_E_INVALID)
            fail_msg("\"%s\" was taken", values[i] != NULL ? values[i] : "(none)");
        assert_non_null(strstr(why, "%{ad:dep}"));
        fed_secret_done(&text);
    }
}

/* Whatever the value, JSON gives it back as it was, and nothing beside it. */
static void
test_escaped(void **state)
{
    static const char *const values[] = {"plain", "\"", "\\", "\"},{\"Effect\":\"Allow\"",
        "a\nb\tc", "\x01\x7f", "\xc3\xbc", "\xe2\x82\xac", "\xf0\x9f\x94\x91", "</script>",
        "%{user}"};
    char why[TEMPLATE_WHY_MAX];
    struct fed_secret text;

    (void)state;
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        assert_int_equal(expand("{\"R\":\"x-%{ad:dep}\"}", values[i], 0, &text, why), 0);
        for (size_t j = 0; j < text.len; j++)
            assert_in_range(text.data[j], 0x20, 0x7e);
        json_t *json = json_loadb((const char *)text.data, text.len, 0, NULL);
        assert_non_null(json);
        assert_int_equal(json_object_size(json), 1);
        assert_string_equal(json_string_value(json_object_get(json, "R")) + 2, values[i]);
        json_decref(json);
        fed_secret_done(&text);
    }
}

static void
test_too_long(void **state)
{
    char why[TEMPLATE_WHY_MAX], value[256];
    struct fed_secret text;

    (void)state;
    memset(value, 'v', sizeof(value) - 1);
    value[sizeof(value) - 1] = '\0';
    assert_int_equal(expand("%{ad:dep}", value, 2048 - 255, &text, why), 0);
    fed_secret_done(&text);
    assert_int_equal(expand("%{ad:dep}", value, 2048 - 254, &text, why), FED_E_INVALID);
    assert_non_null(strstr(why, "2049 characters, 1794 of them in policy-arns"));
    fed_secret_done(&text);
}

static void
check_like(const char *template, const char *wanted)
{
    struct ticket ticket = {
        .proof = {.person = {.sam = "alice", .upn = "al@x.example"}, .rhost = "1.2.3.4"}};
    struct expand_values values = {.ticket = &ticket, .conf = &conf, .host = "jump"};
    struct fed_secret text = FED_SECRET_INIT(1024);
    int r = expand_like(&values, template, &text);

    if (r != (wanted != NULL ? 0 : FED_E_INVALID))
        fail_msg("%s: %d", template, r);
    if (wanted != NULL)
        assert_string_equal(fed_secret_str(&text), wanted);
    fed_secret_done(&text);
}

/* What differs from one sign-in to the next is "*"; what would then mean everybody is refused. */
static void
test_like(void **state)
{
    (void)state;
    check_like("%{user}", "alice");
    check_like("%{upn}-%{rhost}", "al@x.example-*");
    check_like("%{domain}.%{user}.%{session}%{mfa-time}", "corp.example.com.alice.**");
    check_like("%{host}", NULL);
    check_like("ops", NULL);
    check_like("%{domain}-%{tty}", NULL);
    check_like("%{ad:dep}", NULL); /* they have none */
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_escaped),
        cmocka_unit_test(test_too_long),
        cmocka_unit_test(test_like),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
