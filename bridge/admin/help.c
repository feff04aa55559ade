/*
 * The help of awsfed-admin, and the part of it that is about one word. The completions read it too: a word's line begins with
 * two blanks, what belongs to it with more.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/admin/help.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "conf/conf.h"

static const char text[] =
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
    "  mfa list [USER]          who is enrolled, with which tokens\n"
    "      --json               the same for a machine\n"
    "  explain USER [--role R]  what they may do here, and why; of one role every rule\n"
    "  sessions                 who is signed in\n"
    "      --json               the same for a machine\n"
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
    "      --socket PATH        the bridge's socket (that of the configuration)\n"
    "  -h, --help               this text; after a word, what is about that word\n"
    "      --version            the version\n"
    "\n"
    "Exit status: 0 done, 1 failed, 2 wrong usage, 3 denied, 6 unavailable.\n";

void
help_print(void)
{
    (void)fputs(text, stdout);
}

/* Does a line begin with this word? What follows it, or NULL. */
static const char *
after(const char *line, const char *word)
{
    size_t len = strlen(word);

    if (len == 0 || strncmp(line, word, len) != 0 || (line[len] != ' ' && line[len] != '\n'))
        return NULL;
    return line + len + (line[len] == ' ');
}

static bool
is_about(const char *line, const char *word, const char *second)
{
    const char *rest = strncmp(line, "  ", 2) == 0 ? after(line + 2, word) : NULL;

    return rest != NULL && (second == NULL || after(rest, second) != NULL);
}

/* Print the entries of a word; false when there is none. */
static bool
print_entries(const char *word, const char *second, bool print)
{
    bool found = false, inside = false;

    for (const char *line = text; *line != '\0';) {
        size_t len = strcspn(line, "\n") + 1;
        inside = is_about(line, word, second) || (inside && strncmp(line, "   ", 3) == 0);
        found = found || inside;
        if (inside && print)
            (void)fwrite(line, 1, len, stdout);
        line += len;
    }
    return found;
}

bool
help_print_of(const char *word, const char *second)
{
    if (!print_entries(word, second, false))
        second = NULL;
    if (!print_entries(word, second, false))
        return false;
    (void)fputs("usage: awsfed-admin [-c DIR] [--socket PATH] WORD …\n\n", stdout);
    (void)print_entries(word, second, true);
    (void)fputs("\nawsfed-admin --help has all words, awsfed-admin(8) tells more.\n", stdout);
    return true;
}
