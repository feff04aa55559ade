/*
 * awsfed-admin pam-lint: the stack of a service as libpam sees it, and what is wrong with it.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/admin/pam_lint.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "base/module_options.h"
#include "base/text.h"
#include "bridge/admin/words.h"
#include "conf/pamlint.h"
#include "conf/sshdconf.h"

enum { CONTROL_SIZE = 160, TEXT_SIZE = 768 };

/* Does it ask for both in one answer? Then sshd's method "password" works. */
static bool
takes_one_answer(const struct pamstack *stack)
{
    struct module_options options;
    const char *bad;

    for (size_t i = 0; i < stack->n; i++) {
        const struct pamfile_line *line = &stack->modules[i]->line;
        if (line->phase == PAMFILE_AUTH && pamstack_is(stack->modules[i], "pam_awsfed.so"))
            return module_options_parse(
                       (int)line->n_args, (const char **)line->args, &options, &bad) == 0 &&
                   options.append;
    }
    return false;
}

int
pam_lint_service(const char *dir, const char *sshd_config, const char *service,
    struct pamstack **ret_stack, struct findings *findings)
{
    int r = pamstack_load(dir, service, NULL, NULL, ret_stack, findings);

    if (r != 0)
        return r;
    pamlint(*ret_stack, service, findings);
    if (strcmp(service, "sshd") == 0)
        sshdconf_lint(sshd_config, takes_one_answer(*ret_stack), findings);
    return 0;
}

/* ---- For people ---- */

static const char *
control_of(const struct pamfile_line *line, char *to)
{
    char text[CONTROL_SIZE];

    (void)snprintf(text, sizeof(text), "%s%s%s", line->bracketed ? "[" : "", line->control,
        line->bracketed ? "]" : "");
    return text_clean(to, CONTROL_SIZE, text);
}

static void
print_module(const struct pamstack_module *module)
{
    const struct pamfile_line *line = &module->line;
    char where[TEXT_SIZE], control[CONTROL_SIZE], text[TEXT_SIZE];

    (void)snprintf(where, sizeof(where), "%s:%u", module->file, line->number);
    (void)printf("  %-28s  ", text_clean(text, sizeof(text), where));
    (void)printf("%*s%-10s  ", (int)(2 * module->level), "", control_of(line, control));
    (void)printf("%s", text_clean(text, sizeof(text), line->name));
    for (size_t i = 0; i < line->n_args; i++)
        (void)printf(" %s", text_clean(text, sizeof(text), line->args[i]));
    (void)putchar('\n');
}

static void
print_stack(const struct pamstack *stack)
{
    for (int phase = 0; phase < PAMFILE_PHASES; phase++) {
        bool any = false;
        (void)printf("%s\n", pamfile_phase_name((enum pamfile_phase)phase));
        for (size_t i = 0; i < stack->n; i++) {
            if (stack->modules[i]->line.phase == (enum pamfile_phase)phase) {
                print_module(stack->modules[i]);
                any = true;
            }
        }
        if (!any)
            (void)puts("  nothing: libpam takes the service \"other\" for it");
    }
    (void)putchar('\n');
}

static void
print_findings(const struct findings *findings)
{
    for (size_t i = 0; i < findings->n; i++) {
        const struct finding *one = &findings->items[i];
        (void)printf("%-4s  %s: %s%s%s\n", finding_state_name(one->state), one->where, one->what,
            one->remedy != NULL ? "\n      -> " : "", one->remedy != NULL ? one->remedy : "");
    }
    if (findings->n == 0 && !findings->lost)
        (void)puts("ok    nothing is wrong with it");
}

/* ---- For machines ---- */

static json_t *
json_module(const struct pamstack_module *module)
{
    const struct pamfile_line *line = &module->line;
    char control[CONTROL_SIZE], text[TEXT_SIZE], file[TEXT_SIZE];
    json_t *arguments = json_array();

    for (size_t i = 0; i < line->n_args; i++)
        (void)json_array_append_new(
            arguments, json_string(text_clean(text, sizeof(text), line->args[i])));
    return json_pack("{s:s, s:s, s:s, s:o, s:s, s:i, s:i}", "phase",
        pamfile_phase_name(line->phase), "control", control_of(line, control), "module",
        text_clean(text, sizeof(text), line->name), "arguments", arguments, "file",
        text_clean(file, sizeof(file), module->file), "line", (int)line->number, "level",
        (int)module->level);
}

static json_t *
json_findings(const struct findings *findings)
{
    json_t *list = json_array();

    for (size_t i = 0; i < findings->n; i++) {
        const struct finding *one = &findings->items[i];
        (void)json_array_append_new(
            list, json_pack("{s:s, s:s, s:s, s:s?}", "state", finding_state_name(one->state),
                      "where", one->where, "what", one->what, "remedy", one->remedy));
    }
    return list;
}

static void
print_json(const struct pamstack *stack, const struct findings *findings)
{
    json_t *modules = json_array();

    for (size_t i = 0; stack != NULL && i < stack->n; i++)
        (void)json_array_append_new(modules, json_module(stack->modules[i]));
    json_t *all = json_pack("{s:o, s:o}", "stack", modules, "findings", json_findings(findings));
    (void)json_dumpf(all, stdout, JSON_INDENT(1) | JSON_ENSURE_ASCII);
    (void)putchar('\n');
    json_decref(all);
}

static int
lint(const char *dir, const char *sshd_config, const char *service, bool as_json)
{
    struct findings findings = {0};
    struct pamstack *stack = NULL;
    int r = pam_lint_service(dir, sshd_config, service, &stack, &findings);

    if (r == FED_E_NOT_FOUND)
        (void)fprintf(stderr, "awsfed-admin: there is no \"%s\" in %s\n", service, dir);
    else if (r != 0 && findings.n == 0)
        (void)fprintf(stderr, "awsfed-admin: %s/%s: %s\n", dir, service, fed_strerror(r));
    else if (as_json)
        print_json(stack, &findings);
    else if (r != 0)
        print_findings(&findings);
    else {
        print_stack(stack);
        print_findings(&findings);
    }
    int status = r == 0 && findings_worst(&findings) == FINDING_OK ? ADMIN_DONE : ADMIN_FAILED;
    findings_done(&findings);
    pamstack_free(stack);
    return status;
}

int
word_pam_lint(const struct admin *admin, int argc, char **argv)
{
    static const struct option longs[] = {{"dir", required_argument, NULL, 'd'},
        {"sshd-config", required_argument, NULL, 's'}, {"json", no_argument, NULL, 'j'},
        {NULL, 0, NULL, 0}};
    const char *dir = PAM_LINT_DIR, *sshd_config = PAM_LINT_SSHD_CONFIG;
    bool as_json = false;
    int c;

    (void)admin;
    optind = 0;
    while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
        switch (c) {
        case 'd':
            dir = optarg;
            break;
        case 's':
            sshd_config = optarg;
            break;
        case 'j':
            as_json = true;
            break;
        default:
            return admin_usage("wrong option");
        }
    }
    if (optind + 1 != argc || strchr(argv[optind], '/') != NULL || argv[optind][0] == '\0')
        return admin_usage("pam-lint needs the name of one service, such as sshd");
    return lint(dir, sshd_config, argv[optind], as_json);
}
