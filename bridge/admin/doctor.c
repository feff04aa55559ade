/*
 * awsfed-admin doctor: one table of all that a login needs, and what it is like at this moment.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/admin/doctor.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "bridge/admin/words.h"

enum { WIDTH_MOST = 56 };

static void
look_at_configuration(const char *dir, struct findings *to, struct conf **ret)
{
    struct conf_errors errors;
    int r = conf_read(dir, ret, &errors);

    for (size_t i = 0; i < errors.n; i++)
        findings_add(to, FINDING_FAIL, "configuration", NULL, "%s", errors.lines[i]);
    if (r != 0 && errors.n == 0)
        findings_add(to, FINDING_FAIL, "configuration", NULL, "%s: %s", dir, fed_strerror(r));
    conf_errors_done(&errors);
    if (r != 0)
        return;
    findings_add(to, FINDING_OK, "configuration", NULL,
        "%s: %zu domain(s), %zu role(s), %zu pattern(s)", dir, (*ret)->n_domains, (*ret)->n_roles,
        (*ret)->n_patterns);
}

static void
print_table(const struct findings *findings)
{
    int width = 0;

    for (size_t i = 0; i < findings->n; i++) {
        int len = (int)strlen(findings->items[i].where);
        width = len > width && len <= WIDTH_MOST ? len : width;
    }
    for (size_t i = 0; i < findings->n; i++) {
        const struct finding *one = &findings->items[i];
        (void)printf(
            "%-4s  %-*s  %s\n", finding_state_name(one->state), width, one->where, one->what);
        if (one->remedy != NULL)
            (void)printf("%*s-> %s\n", width + 8, "", one->remedy);
    }
}

static void
print_json(const struct findings *findings)
{
    json_t *list = json_array();

    for (size_t i = 0; i < findings->n; i++) {
        const struct finding *one = &findings->items[i];
        (void)json_array_append_new(
            list, json_pack("{s:s, s:s, s:s, s:s?}", "state", finding_state_name(one->state),
                      "check", one->where, "detail", one->what, "remedy", one->remedy));
    }
    (void)json_dumpf(list, stdout, JSON_INDENT(1) | JSON_ENSURE_ASCII);
    (void)putchar('\n');
    json_decref(list);
}

static int
examine(const struct admin *admin, bool as_json)
{
    struct findings findings = {0};
    struct conf *conf = NULL;

    (void)signal(SIGPIPE, SIG_IGN);
    look_at_configuration(admin->conf_dir, &findings, &conf);
    if (conf != NULL) {
        doctor_host(admin, conf, &findings);
        doctor_directory(conf, &findings);
        doctor_aws(conf, &findings);
    }
    doctor_pam(&findings);
    if (as_json)
        print_json(&findings);
    else
        print_table(&findings);
    int status = findings_worst(&findings) == FINDING_OK ? ADMIN_DONE : ADMIN_FAILED;
    findings_done(&findings);
    conf_free(conf);
    return status;
}

int
word_doctor(const struct admin *admin, int argc, char **argv)
{
    bool as_json = argc == 2 && strcmp(argv[1], "--json") == 0;

    if (argc > 2 || (argc == 2 && !as_json))
        return admin_usage("doctor takes --json and nothing else");
    if (geteuid() != 0) {
        (void)fputs("awsfed-admin: doctor reads keys: run it as root\n", stderr);
        return ADMIN_DENIED;
    }
    return examine(admin, as_json);
}
