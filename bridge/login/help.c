/*
 * Help as it appears: 80 columns, what it does, options, examples, and how it ends.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/login/help.h"

#include <stddef.h>
#include <string.h>

/* The parts that pages share. */
#define COMMON                                                                                     \
    "      --socket PATH     the bridge's socket, instead of $AWSFED_SOCKET or\n"                  \
    "                        /run/awsfed/bridge.sock\n"                                            \
    "  -h, --help            this text\n"
#define ROLE                                                                                       \
    "  -r, --role ROLE       the role to take; without it the one in use, or your\n"               \
    "                        only or default one\n"                                                \
    "  -d, --duration TIME   how long the credentials should last, 15m to 12h; never\n"            \
    "                        longer than the role and your ticket allow\n"

static const char overview[] =
    "awsfed-login: AWS with the identity you logged in with\n"
    "\n"
    "Usage:\n"
    "  awsfed-login [OPTION...]      sign in if need be; who, how long, which roles\n"
    "  awsfed-login WORD [OPTION...]\n"
    "\n"
    "Words:\n"
    "  roles                 the AWS roles you may take\n"
    "  use                   the role of every shell of this session\n"
    "  credential-process    credentials as JSON, for the AWS CLI and SDKs\n"
    "  env                   credentials as assignments, for a shell to eval\n"
    "  exec                  run a command with credentials that renew\n"
    "  console               an address that signs you in to the AWS console\n"
    "  configure             a profile for each of your roles in ~/.aws/config\n"
    "  write                 keys in the credentials file, for tools that need them\n"
    "  enrol                 set up an authenticator app\n"
    "  recovery-codes        ten codes for the day the phone is lost\n"
    "  status                who is signed in, since when, for how much longer\n"
    "  logout                end the session and forget its credentials\n"
    "\n"
    "Options:\n"
    "  -r, --role ROLE       the role meant; without a word: sign in again if this\n"
    "                        role wants a fresher one-time code than you have given\n"
    "  -d, --duration TIME   how long credentials should last: 15m, 1h, 12h\n"
    "  -q, --quiet           say nothing but errors and what was asked for\n" COMMON
    "      --version         the version\n"
    "  awsfed-login WORD --help tells about one word.\n"
    "\n"
    "Examples:\n"
    "  awsfed-login                           sign in\n"
    "  awsfed-login roles                     which roles are mine?\n"
    "  awsfed-login use Admin                 be Admin in every shell\n"
    "  awsfed-login exec -r Admin -- make     be Admin for one command\n"
    "\n"
    "Exit status:\n"
    "  0  done                   3  denied            6  unavailable, try again later\n"
    "  1  any other failure      4  sign-in needed\n"
    "  2  wrong usage            5  AWS refused\n";

static const char roles[] =
    "awsfed-login roles: the AWS roles that your groups give you\n"
    "\n"
    "Usage:\n"
    "  awsfed-login roles [--json]\n"
    "\n"
    "Columns:\n"
    "  NAME                  what --role takes\n"
    "  ACCOUNT               the AWS account, and its alias\n"
    "  MAX                   the longest that credentials of this role may last\n"
    "  CODE                  \"needed\": wants a fresher one-time code than you have\n"
    "                        given; awsfed-login --role NAME asks for one\n"
    "  CACHED                credentials are at hand until then\n"
    "\n"
    "Options:\n"
    "      --json            an array of objects: name, arn, account, alias, region,\n"
    "                        max_duration_seconds, needs_code, cached_until, default,\n"
    "                        in_use\n" COMMON "\n"
    "Examples:\n"
    "  awsfed-login roles\n"
    "  awsfed-login roles --json | jq -r '.[].arn'\n"
    "\n"
    "Exit status:\n"
    "  0  done, with or without roles     4  sign-in needed     6  unavailable\n";

static const char use[] =
    "awsfed-login use: the role of every shell of this session\n"
    "\n"
    "Usage:\n"
    "  awsfed-login use [--json] [ROLE]\n"
    "\n"
    "The session endpoint, which the AWS CLI and SDKs ask by themselves, and every\n"
    "word without --role give this role from now on, in all your shells at once.\n"
    "Without ROLE you choose from a list: type a part of a name, or use the arrows.\n"
    "\n"
    "Options:\n"
    "      --json            an object: role, arn, account, alias, region, expires;\n"
    "                        and warnings, if keys elsewhere would be used first\n"
    "  -q, --quiet           say nothing when it worked\n" COMMON "\n"
    "Examples:\n"
    "  awsfed-login use Admin\n"
    "  awsfed-login use\n"
    "\n"
    "Exit status:\n"
    "  0  done         3  not your role     6  unavailable\n"
    "  2  wrong usage  4  sign-in needed\n";

static const char credential_process[] =
    "awsfed-login credential-process: credentials for the AWS CLI and SDKs\n"
    "\n"
    "Usage:\n"
    "  awsfed-login credential-process [--role ROLE] [--duration TIME]\n"
    "\n"
    "Writes one JSON object as the SDKs' credential_process contract has it, and\n"
    "never asks anything. On failure: one line on standard error.\n"
    "\n"
    "Options:\n" ROLE COMMON "\n"
    "Example, in ~/.aws/config:\n"
    "  [profile admin]\n"
    "  credential_process = awsfed-login credential-process --role Admin\n"
    "\n"
    "Exit status:\n"
    "  0  done         3  denied, or not your role     5  AWS refused\n"
    "  2  wrong usage  4  sign-in needed               6  unavailable\n";

static const char env[] =
    "awsfed-login env: credentials as assignments, for a shell to eval\n"
    "\n"
    "Usage:\n"
    "  awsfed-login env [--role ROLE] [--duration TIME] [--shell SHELL]\n"
    "  awsfed-login env --unset [--shell SHELL]\n"
    "\n"
    "Sets AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN,\n"
    "AWS_CREDENTIAL_EXPIRATION and, for a role that has a region, AWS_REGION and\n"
    "AWS_DEFAULT_REGION; unsets AWS_SECURITY_TOKEN, AWS_PROFILE, AWS_DEFAULT_PROFILE.\n"
    "On a terminal it asks for password and code first where that is needed. The\n"
    "credentials do not renew; exec and profiles with credential_process do.\n"
    "\n"
    "Options:\n" ROLE
    "      --shell SHELL     bash, zsh, fish, powershell, dotenv or json; without it\n"
    "                        what $SHELL names, else bash\n"
    "      --unset           unset all of these variables; asks nobody\n"
    "  -q, --quiet           no hint when the output is a terminal\n" COMMON "\n"
    "Examples:\n"
    "  eval \"$(awsfed-login env --role Admin)\"             bash, zsh\n"
    "  awsfed-login env --role Admin | source              fish\n"
    "  awsfed-login env | Out-String | Invoke-Expression   PowerShell\n"
    "  awsfed-login env --shell dotenv > .env              mind who can read the file\n"
    "  eval \"$(awsfed-login env --unset)\"                  be nobody again\n"
    "\n"
    "Exit status:\n"
    "  0  done         3  denied, or not your role     5  AWS refused\n"
    "  2  wrong usage  4  sign-in needed               6  unavailable\n";

static const char exec[] =
    "awsfed-login exec: run a command with credentials that renew\n"
    "\n"
    "Usage:\n"
    "  awsfed-login exec [--role ROLE] [--need TIME] -- COMMAND [ARGUMENT...]\n"
    "\n"
    "The command gets the address of an endpoint of its own, from which SDKs fetch\n"
    "credentials again before they end; no key is in its environment. Every other AWS\n"
    "credential variable is taken away. Signals and job control work as without exec.\n"
    "\n"
    "Options:\n" ROLE
    "      --need TIME       start only if your sign-in lasts that long: 90m, 3h\n"
    "  -q, --quiet           no warnings\n" COMMON "\n"
    "Examples:\n"
    "  awsfed-login exec -r Admin -- terraform apply\n"
    "  awsfed-login exec -r Admin --need 3h -- ./nightly-copy\n"
    "\n"
    "Exit status:\n"
    "  The command's own; 128 and the signal's number if a signal ended it. 126: it\n"
    "  cannot be run. 127: there is none. If it was not started:\n"
    "  1  any other failure  3  denied          5  AWS refused\n"
    "  2  wrong usage        4  sign-in needed  6  unavailable\n";

static const char console[] =
    "awsfed-login console: an address that signs you in to the AWS console\n"
    "\n"
    "Usage:\n"
    "  awsfed-login console [--role ROLE] [--service SERVICE] [--open | --json]\n"
    "\n"
    "Prints the address, which also works in the browser of another machine. It is a\n"
    "secret, and good for 15 minutes; the console session lasts as long as the role\n"
    "and your ticket allow.\n"
    "\n"
    "Options:\n"
    "  -r, --role ROLE       the role to take; without it the one in use, or your\n"
    "                        only or default one\n"
    "  -d, --duration TIME   how long the console session should last: 15m to 12h\n"
    "      --service SERVICE the page to open: s3, ec2, cloudwatch, ...\n"
    "      --open            open it in your browser; without one it is printed\n"
    "      --json            an object: url, role, account\n"
    "  -q, --quiet           no remarks\n" COMMON "\n"
    "Examples:\n"
    "  awsfed-login console --service s3\n"
    "  ssh jump awsfed-login console -r Admin\n"
    "\n"
    "Exit status:\n"
    "  0  done         3  denied, or not your role     5  AWS refused\n"
    "  2  wrong usage  4  sign-in needed               6  unavailable\n";

static const char configure[] =
    "awsfed-login configure: a profile for each of your roles\n"
    "\n"
    "Usage:\n"
    "  awsfed-login configure [--prefix PREFIX] [--diff] [--json]\n"
    "\n"
    "Writes a [profile] with credential_process for each role, between two marks in\n"
    "~/.aws/config ($AWS_CONFIG_FILE). Everything outside the marks stays as it is;\n"
    "a name that has a profile there already is left alone. Run it again when your\n"
    "roles change.\n"
    "\n"
    "Options:\n"
    "      --prefix PREFIX   what the profiles' names begin with\n"
    "      --diff            show what would change, and change nothing\n"
    "      --json            an object: path, changed, profiles, left_alone, unfit;\n"
    "                        diff with --diff; and warnings, if there are any\n"
    "  -q, --quiet           say nothing but errors and what was left out\n" COMMON "\n"
    "Examples:\n"
    "  awsfed-login configure\n"
    "  aws --profile Admin sts get-caller-identity\n"
    "\n"
    "Exit status:\n"
    "  0  done  1  the file cannot be changed  4  sign-in needed  6  unavailable\n";

static const char write_page[] =
    "awsfed-login write: keys in the credentials file\n"
    "\n"
    "Usage:\n"
    "  awsfed-login write --profile NAME [--role ROLE] [--duration TIME] [--json]\n"
    "\n"
    "For tools that know nothing else. Writes the three keys to [NAME] in\n"
    "~/.aws/credentials ($AWS_SHARED_CREDENTIALS_FILE) in place of those there; all\n"
    "other lines stay, and a long-term key is never overwritten. They do not renew.\n"
    "\n"
    "Options:\n"
    "      --profile NAME    the profile to write\n" ROLE
    "      --json            an object: path, profile, role, account, expires; and\n"
    "                        warnings, if others can read the file\n"
    "  -q, --quiet           say nothing when it worked\n" COMMON "\n"
    "Example:\n"
    "  awsfed-login write --profile old-tool --role Admin\n"
    "\n"
    "Exit status:\n"
    "  0  done         3  denied, or not your role     5  AWS refused\n"
    "  2  wrong usage  4  sign-in needed               6  unavailable\n"
    "  1  the file cannot be changed\n";

static const char status[] =
    "awsfed-login status: who is signed in, since when, for how much longer\n"
    "\n"
    "Usage:\n"
    "  awsfed-login status [--json | --prompt]\n"
    "\n"
    "Options:\n"
    "      --json            an object: signed_in, and if so user, sid, started,\n"
    "                        expires, seconds_left, factors, code_time, rhost, role;\n"
    "                        and warnings, if keys elsewhere would be used first\n"
    "      --prompt          the time left, for a shell prompt: \"aws:11h59m\"; nothing\n"
    "                        when signed out or unavailable, and always status 0\n" COMMON "\n"
    "Examples:\n"
    "  awsfed-login status\n"
    "  PS1='$(awsfed-login status --prompt) \\w \\$ '\n"
    "\n"
    "Exit status:\n"
    "  0  signed in     4  not signed in     6  unavailable\n";

static const char logout[] =
    "awsfed-login logout: end the session\n"
    "\n"
    "Usage:\n"
    "  awsfed-login logout [--quiet]\n"
    "\n"
    "Ends your ticket on this host and forgets its cached credentials. Credentials\n"
    "already handed out stay good at AWS until they expire.\n"
    "\n"
    "Options:\n"
    "  -q, --quiet           say nothing when it worked\n" COMMON "\n"
    "Exit status:\n"
    "  0  signed out, or was so already     6  unavailable\n";

static const char enrol[] =
    "awsfed-login enrol: set up an authenticator app\n"
    "\n"
    "Usage:\n"
    "  awsfed-login enrol\n"
    "\n"
    "Asks for your password and a code of the authenticator you have; a recovery code\n"
    "does as well, or, the first time, a ticket from the helpdesk. Shows a QR code\n"
    "and a secret, then asks for two codes in a row. From then on the new\n"
    "authenticator counts in the place of the old one, and not before.\n"
    "\n"
    "Options:\n" COMMON "\n"
    "Exit status:\n"
    "  0  enrolled     3  denied     4  left, or no terminal     6  unavailable\n";

static const char recovery_codes[] =
    "awsfed-login recovery-codes: ten codes for the day the phone is lost\n"
    "\n"
    "Usage:\n"
    "  awsfed-login recovery-codes\n"
    "\n"
    "Asks for your password and a code, then prints ten new recovery codes; those you\n"
    "had are void. Each is good once, wherever a one-time code is asked for.\n"
    "\n"
    "Options:\n" COMMON "\n"
    "Exit status:\n"
    "  0  done     3  denied     4  left, or no terminal     6  unavailable\n";

const char *
help_of(const char *word)
{
    static const struct {
        const char *word, *text;
    } pages[] = {{"roles", roles}, {"credential-process", credential_process}, {"env", env},
        {"use", use}, {"exec", exec}, {"console", console}, {"configure", configure},
        {"write", write_page}, {"enrol", enrol}, {"recovery-codes", recovery_codes},
        {"status", status}, {"logout", logout}};

    for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
        if (strcmp(pages[i].word, word) == 0)
            return pages[i].text;
    }
    return overview;
}
