/*
 * awsfed-admin: the administrator's command.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/log.h"
#include "bridge/admin/help.h"
#include "bridge/admin/saml.h"
#include "bridge/admin/words.h"
#include "conf/conf.h"

static int
word_saml(const struct admin *admin, int argc, char **argv)
{
    return admin_saml(argc, argv, admin->conf_dir);
}

static const struct word {
    const char *name;
    admin_word *run;
    bool asks; /* the bridge, at its socket */
} words[] = {
    {"check", word_check, false},
    {"doctor", word_doctor, false},
    {"pam-lint", word_pam_lint, false},
    {"mfa", word_mfa, true},
    {"saml", word_saml, false},
    {"oidc", word_oidc, false},
    {"aws-setup", word_aws_setup, false},
    {"sessions", word_sessions, true},
    {"revoke", word_revoke, true},
    {"whois", word_whois, true},
    {"report", word_report, true},
    {"explain", word_explain, true},
};

int
admin_usage(const char *what)
{
    (void)fprintf(stderr, "awsfed-admin: %s; try: awsfed-admin --help\n", what);
    return ADMIN_USAGE;
}

/* Is there a --help among a word's arguments? */
static bool
wants_help(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    }
    return false;
}

/*
 * The socket of the configuration's own bridge; the usual one where the configuration cannot be read, as by members of
 * admin-group: unless it was named, for then another host's or another bridge's people would be meant.
 */
static int
find_socket(struct admin *admin, struct conf **ret_conf)
{
    const char *dir = admin->conf_dir != NULL ? admin->conf_dir : CONF_DIR;
    struct conf_errors errors;
    int r = conf_read(dir, ret_conf, &errors);

    if (r == 0)
        admin->socket = (*ret_conf)->bridge.socket;
    else if (admin->conf_dir == NULL)
        admin->socket = CLIENT_SOCKET;
    for (size_t i = 0; admin->socket == NULL && i < errors.n; i++)
        (void)fprintf(stderr, "%s\n", errors.lines[i]);
    conf_errors_done(&errors);
    if (admin->socket != NULL)
        return ADMIN_DONE;
    (void)fprintf(
        stderr, "awsfed-admin: %s does not say where its bridge is: --socket does\n", dir);
    return ADMIN_FAILED;
}

static int
run(const struct word *word, struct admin *admin, int argc, char **argv)
{
    struct conf *conf = NULL;

    if (wants_help(argc, argv) &&
        help_print_of(word->name, argc > 1 && argv[1][0] != '-' ? argv[1] : NULL))
        return ADMIN_DONE;
    int status = word->asks && admin->socket == NULL ? find_socket(admin, &conf) : ADMIN_DONE;
    if (admin->conf_dir == NULL)
        admin->conf_dir = CONF_DIR;
    if (status == ADMIN_DONE)
        status = word->run(admin, argc, argv);
    conf_free(conf);
    return status;
}

int
main(int argc, char **argv)
{
    static const struct option longs[] = {{"config", required_argument, NULL, 'c'},
        {"socket", required_argument, NULL, 's'}, {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'v'}, {NULL, 0, NULL, 0}};
    struct admin admin = {.conf_dir = NULL};
    int c;

    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    fed_log_init("awsfed-admin", false, LOG_LEVEL_WARNING);
    /* '+': options after the word are the word's own */
    while ((c = getopt_long(argc, argv, "+c:h", longs, NULL)) != -1) {
        switch (c) {
        case 'c':
            admin.conf_dir = optarg;
            break;
        case 's':
            admin.socket = optarg;
            break;
        case 'h':
            help_print();
            return ADMIN_DONE;
        case 'v':
            (void)puts("awsfed-admin " AWSFED_VERSION);
            return ADMIN_DONE;
        default:
            return admin_usage("wrong option");
        }
    }
    if (optind == argc)
        return admin_usage("a word is missing");
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(words[i].name, argv[optind]) == 0)
            return run(&words[i], &admin, argc - optind, argv + optind);
    }
    (void)fprintf(
        stderr, "awsfed-admin: there is no word \"%s\"; try: awsfed-admin --help\n", argv[optind]);
    return ADMIN_USAGE;
}
