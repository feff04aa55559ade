/*
 * awsfed-admin: the administrator's command.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/log.h"
#include "bridge/admin/saml.h"
#include "bridge/admin/words.h"
#include "conf/conf.h"

static int
word_saml(const struct admin *admin, int argc, char **argv)
{
    return admin_saml(argc, argv, admin->conf_dir);
}

static const struct {
    const char *name;
    admin_word *run;
} words[] = {
    {"check", word_check},
    {"doctor", word_doctor},
    {"pam-lint", word_pam_lint},
    {"mfa", word_mfa},
    {"saml", word_saml},
    {"oidc", word_oidc},
    {"aws-setup", word_aws_setup},
    {"sessions", word_sessions},
    {"revoke", word_revoke},
    {"whois", word_whois},
    {"report", word_report},
    {"explain", word_explain},
};

static void
print_help(void)
{
    (void)fputs(
        "usage: awsfed-admin [-c DIR] [--socket PATH] WORD …\n"
        "\n"
        "Offline:\n"
        "  check                    check the configuration and the files that it names\n"
        "  doctor                   look at all that a login needs: bridge, store, keys, domain\n"
        "                           controllers, STS, clocks, PAM (root)\n"
        "      --json               the same for a machine\n"
        "  pam-lint SERVICE         the PAM stack of a service, and what is wrong with it\n"
        "      --json               the same for a machine\n"
        "      --dir DIR, --sshd-config FILE\n"
        "                           elsewhere than /etc/pam.d and /etc/ssh/sshd_config\n"
        "  saml init                make the signing key and certificate of [saml]\n"
        "  saml metadata            print the metadata for IAM's SAML provider\n"
        "  saml rotate              make the next key, to be published beside this one\n"
        "  saml rotate --finish     put it in this one's place\n"
        "  oidc metadata            print discovery document and key set of [oidc]\n"
        "      --output-dir DIR     write them as files, as they have to lie at the issuer\n"
        "  oidc rotate              make the next key, to be published beside this one\n"
        "  oidc rotate --finish     put it in this one's place\n"
        "  aws-setup                what AWS needs for this: providers, roles and their trust\n"
        "      --format cloudformation|terraform\n"
        "      --account ID         of this account alone\n"
        "      --output-dir DIR     a file for each account, in a folder of its number\n"
        "\n"
        "With the bridge running (root, or the group [bridge] admin-group):\n"
        "  mfa enrol USER           enrol a second factor: QR code, secret, otpauth URI\n"
        "      --replace            where there is one already\n"
        "      --label TEXT         such as \"phone\"\n"
        "      --qr, --no-qr        the picture (default: on a terminal)\n"
        "      --add                another token beside those there are\n"
        "      --digits, --period, --algorithm\n"
        "                           other than [mfa] says: 6 to 8; 30 or 60; sha1, sha256, sha512\n"
        "      --ticket             a ticket instead, for awsfed-login enrol\n"
        "      --sid SID            whose name that is, where service-bind = none\n"
        "  mfa recovery-codes USER  ten new recovery codes, in the place of the old\n"
        "  mfa import --format google-authenticator|users.oath|csv|pskc|sealed [--dry-run] PATH\n"
        "                           the tokens people have; all of a file or folder, or nothing\n"
        "      --owners FILE        pskc, hardware (RFC 6030): a CSV of serial,user\n"
        "      --key-file FILE      pskc: the key or passphrase (default: asked for)\n"
        "      --replace            sealed: who has other tokens here gets those of the file\n"
        "                           (who was reset here since the export is enrolled again: "
        "--dry-run\n"
        "                           names who would be)\n"
        "      --skip-unknown       sealed: leave out whom the directory does not know\n"
        "  mfa export FILE|-        everybody, sealed, to be imported into another store\n"
        "  mfa reseal               after a new first line in the seal-key file: seal all seeds "
        "with it\n"
        "  mfa resync USER          follow a token that is off, by two codes in a row (stdin)\n"
        "  mfa reset USER           forget the second factor\n"
        "      --token N            one token of it, by its number in mfa list\n"
        "  mfa unlock USER          forget failed attempts\n"
        "  mfa list                 who is enrolled\n"
        "  explain USER [--role R]  what they may do here, and why; of one role every rule\n"
        "  sessions                 who is signed in\n"
        "  revoke USER              end their sign-in now, and say what ends their credentials\n"
        "      --apply              put that on the roles, where base-credential may\n"
        "  whois ACCESS-KEY-ID      who got the credential with that access key id\n"
        "      --json               for programs\n"
        "  report                   who signed in and took what, and what nobody uses\n"
        "      --since 30d          how far back\n"
        "      --unused 90d         when a second factor counts as unused\n"
        "      --format text|csv|json\n"
        "\n"
        "  -c, --config DIR         the configuration folder (" CONF_DIR ")\n"
        "      --socket PATH        the bridge's socket (" CLIENT_SOCKET ")\n"
        "  -h, --help               this text\n"
        "      --version            the version\n"
        "\n"
        "Exit status: 0 done, 1 failed, 2 wrong usage, 3 denied, 6 unavailable.\n",
        stdout);
}

int
admin_usage(const char *what)
{
    (void)fprintf(stderr, "awsfed-admin: %s; try: awsfed-admin --help\n", what);
    return ADMIN_USAGE;
}

int
main(int argc, char **argv)
{
    static const struct option longs[] = {{"config", required_argument, NULL, 'c'},
        {"socket", required_argument, NULL, 's'}, {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'v'}, {NULL, 0, NULL, 0}};
    struct admin admin = {.conf_dir = CONF_DIR, .socket = CLIENT_SOCKET};
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
            print_help();
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
            return words[i].run(&admin, argc - optind, argv + optind);
    }
    (void)fprintf(
        stderr, "awsfed-admin: there is no word \"%s\"; try: awsfed-admin --help\n", argv[optind]);
    return ADMIN_USAGE;
}
