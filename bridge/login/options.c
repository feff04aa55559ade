/*
 * Parsing by table. getopt_long is not used: it writes its own lines through stdio, and a mistyped
 * option deserves the same help as a mistyped word.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/login/options.h"

#include <string.h>
#include <sys/un.h>

#include "base/client.h"
#include "base/text.h"
#include "bridge/login/output.h"

enum { WORDS_MAX = 24, NAME_MAX_LEN = 64, ROLE_MAX = 128, SERVICE_MAX = 32, PROFILE_MAX = 128 };

/* AWS's own limits on DurationSeconds (AssumeRole, AssumeRoleWithSAML). */
enum { DURATION_LEAST = 900, DURATION_MOST = 43200, DURATION_LONGEST_NEED = 7 * 86400 };

#define LOWER         "abcdefghijklmnopqrstuvwxyz"
#define SERVICE_CHARS LOWER "0123456789-"
#define PROFILE_CHARS LOWER "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+=@/-"

struct parse {
    struct options o;
    bool has_word, has_operand, only_words;
    unsigned used; /* bits of option_flag */
};

/* Each takes a value; false when it is not acceptable, and told. */
static bool
set_role(struct parse *p, const char *value)
{
    size_t len = strlen(value);

    if (len == 0 || len > ROLE_MAX || !text_is_utf8(value, len)) {
        output_complain("--role: a name of 1 to %d bytes of UTF-8", ROLE_MAX);
        return false;
    }
    p->o.role = value;
    return true;
}

static bool
set_duration(struct parse *p, const char *value)
{
    int64_t seconds;

    if (text_to_seconds(value, &seconds) != 0 || seconds < DURATION_LEAST ||
        seconds > DURATION_MOST) {
        output_complain("--duration: \"%s\" is not a time from 15m to 12h, like 90m or 1h", value);
        return false;
    }
    p->o.duration_s = (uint64_t)seconds;
    return true;
}

static bool
set_socket(struct parse *p, const char *value)
{
    struct sockaddr_un address;

    if (*value == '\0' || strlen(value) >= sizeof(address.sun_path)) {
        output_complain(
            "the socket's path has to have 1 to %zu bytes", sizeof(address.sun_path) - 1);
        return false;
    }
    p->o.socket = value;
    return true;
}

static bool
set_shell(struct parse *p, const char *value)
{
    if (shell_by_name(value, &p->o.shell) == 0)
        return true;
    output_complain("--shell: \"%s\" is not one of " SHELL_NAMES, value);
    return false;
}

static bool
set_need(struct parse *p, const char *value)
{
    int64_t seconds;

    if (text_to_seconds(value, &seconds) != 0 || seconds < 1 || seconds > DURATION_LONGEST_NEED) {
        output_complain("--need: \"%s\" is not a time up to 7d, like 90m or 3h", value);
        return false;
    }
    p->o.need_s = (uint64_t)seconds;
    return true;
}

/* A word of the console's addresses. */
static bool
set_service(struct parse *p, const char *value)
{
    size_t len = strlen(value);

    if (len == 0 || len > SERVICE_MAX || value[strspn(value, SERVICE_CHARS)] != '\0') {
        output_complain(
            "--service: \"%s\" is not a service's short name, like s3, ec2 or cloudwatch", value);
        return false;
    }
    p->o.service = value;
    return true;
}

/* Part of a section's name, which every SDK has to read alike. */
static bool
is_profile(const char *option, const char *value)
{
    size_t len = strlen(value);

    if (len > 0 && len <= PROFILE_MAX && value[strspn(value, PROFILE_CHARS)] == '\0')
        return true;
    output_complain("--%s: \"%s\" has other characters than letters, digits and ._+=@/-, or is too "
                    "short or long",
        option, value);
    return false;
}

static bool
set_prefix(struct parse *p, const char *value)
{
    p->o.prefix = value;
    return is_profile("prefix", value);
}

static bool
set_profile(struct parse *p, const char *value)
{
    p->o.profile = value;
    return is_profile("profile", value);
}

/* An option has a setter for its value, or is a switch: a bool in struct options. */
static const struct option {
    const char *name;
    char letter;
    unsigned flag; /* of option_flag; 0: goes with every word */
    bool (*set)(struct parse *p, const char *value);
    size_t toggle;
} options[] = {
    {"role", 'r', 0, set_role, 0},
    {"duration", 'd', 0, set_duration, 0},
    {"quiet", 'q', 0, NULL, offsetof(struct options, quiet)},
    {"help", 'h', 0, NULL, offsetof(struct options, help)},
    {"version", '\0', 0, NULL, offsetof(struct options, version)},
    {"socket", '\0', 0, set_socket, 0},
    {"json", '\0', OPTION_JSON, NULL, offsetof(struct options, json)},
    {"shell", '\0', OPTION_SHELL, set_shell, 0},
    {"unset", '\0', OPTION_UNSET, NULL, offsetof(struct options, unset)},
    {"prompt", '\0', OPTION_PROMPT, NULL, offsetof(struct options, prompt)},
    {"need", '\0', OPTION_NEED, set_need, 0},
    {"service", '\0', OPTION_SERVICE, set_service, 0},
    {"open", '\0', OPTION_OPEN, NULL, offsetof(struct options, open)},
    {"prefix", '\0', OPTION_PREFIX, set_prefix, 0},
    {"diff", '\0', OPTION_DIFF, NULL, offsetof(struct options, diff)},
    {"profile", '\0', OPTION_PROFILE, set_profile, 0},
};

enum { OPTION_COUNT = sizeof(options) / sizeof(options[0]) };

/* Changes, insertions and deletions between two names (Levenshtein), one row at a time. */
static size_t
distance(const char *a, const char *b)
{
    size_t row[NAME_MAX_LEN + 1], len = strlen(b);

    for (size_t j = 0; j <= len; j++)
        row[j] = j;
    for (size_t i = 0; a[i] != '\0'; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < len; j++) {
            size_t best = diagonal + (a[i] != b[j]);
            diagonal = row[j + 1];
            if (row[j + 1] + 1 < best)
                best = row[j + 1] + 1;
            if (row[j] + 1 < best)
                best = row[j] + 1;
            row[j + 1] = best;
        }
    }
    return row[len];
}

static size_t
shared(const char *a, const char *b)
{
    size_t n = 0;

    while (a[n] != '\0' && a[n] == b[n])
        n++;
    return n;
}

const char *
options_nearest(const char *typed, const char *const *names, size_t count)
{
    const char *nearest = NULL;
    size_t least = SIZE_MAX, len = strlen(typed);

    if (len == 0 || len > NAME_MAX_LEN)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        if (*names[i] == '\0' || strlen(names[i]) > NAME_MAX_LEN)
            continue;
        /* Whoever begins like a name means that name, however much is missing or too much. */
        size_t same = shared(typed, names[i]);
        size_t d = same == len || same >= 3 ? 1 : distance(typed, names[i]);
        if (d < least) {
            least = d;
            nearest = names[i];
        }
    }
    return least <= 1 || least <= len / 2 ? nearest : NULL;
}

static enum outcome
unknown(const char *what, const char *dashes, const char *typed, const char *nearest)
{
    if (nearest != NULL)
        output_complain(
            "unknown %s \"%s%s\"; did you mean \"%s%s\"?", what, dashes, typed, dashes, nearest);
    else
        output_complain("unknown %s \"%s%s\"; see awsfed-login --help", what, dashes, typed);
    return OUTCOME_USAGE;
}

static enum outcome
take_word(struct parse *p, const char *typed)
{
    const char *names[WORDS_MAX];

    if (p->has_word && (p->o.word->takes & TAKES_ROLE) != 0 && !p->has_operand) {
        p->has_operand = true;
        return set_role(p, typed) ? OUTCOME_DONE : OUTCOME_USAGE;
    }
    if (p->has_word) {
        output_complain("\"%s\" is one word too many; see awsfed-login --help", typed);
        return OUTCOME_USAGE;
    }
    for (size_t i = 0; i < word_count; i++) {
        names[i] = words[i].name;
        if (*typed != '\0' && strcmp(words[i].name, typed) == 0) {
            p->o.word = &words[i];
            p->has_word = true;
            return OUTCOME_DONE;
        }
    }
    return unknown("word", "", typed, options_nearest(typed, names, word_count));
}

static enum outcome
apply(struct parse *p, const struct option *option, const char *value)
{
    p->used |= option->flag;
    if (option->set != NULL)
        return option->set(p, value) ? OUTCOME_DONE : OUTCOME_USAGE;
    *(bool *)((char *)&p->o + option->toggle) = true;
    return OUTCOME_DONE;
}

static enum outcome
needs_value(const struct option *option)
{
    output_complain("--%s needs a value; see awsfed-login --help", option->name);
    return OUTCOME_USAGE;
}

/* "--name", "--name=value", or "--name" and the next argument, which is then consumed. */
static enum outcome
take_long(struct parse *p, const char *text, const char *next, bool *ret_consumed)
{
    const char *names[OPTION_COUNT], *equals = strchr(text, '=');
    size_t len = strcspn(text, "=");
    char typed[NAME_MAX_LEN + 1];

    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct option *option = &options[i];
        names[i] = option->name;
        if (strlen(option->name) != len || strncmp(option->name, text, len) != 0)
            continue;
        if (option->set == NULL && equals != NULL) {
            output_complain("--%s takes no value", option->name);
            return OUTCOME_USAGE;
        }
        if (option->set == NULL || equals != NULL)
            return apply(p, option, equals != NULL ? equals + 1 : NULL);
        if (next == NULL)
            return needs_value(option);
        *ret_consumed = true;
        return apply(p, option, next);
    }
    if (len > NAME_MAX_LEN)
        len = NAME_MAX_LEN;
    memcpy(typed, text, len);
    typed[len] = '\0';
    return unknown("option", "--", typed, options_nearest(typed, names, OPTION_COUNT));
}

static const struct option *
find_letter(char letter)
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (options[i].letter != '\0' && options[i].letter == letter)
            return &options[i];
    }
    return NULL;
}

/* "-q", "-qr", "-rNAME", or "-r" and the next argument. */
static enum outcome
take_short(struct parse *p, const char *letters, const char *next, bool *ret_consumed)
{
    for (; *letters != '\0'; letters++) {
        const struct option *option = find_letter(*letters);
        if (option == NULL)
            return unknown("option", "-", letters, NULL);
        if (option->set != NULL && letters[1] != '\0')
            return apply(p, option, letters + 1);
        if (option->set != NULL && next == NULL)
            return needs_value(option);
        *ret_consumed = option->set != NULL;
        enum outcome outcome = apply(p, option, option->set != NULL ? next : NULL);
        if (outcome != OUTCOME_DONE)
            return outcome;
    }
    return OUTCOME_DONE;
}

/* What the word does not take, and what contradicts itself. */
static enum outcome
check(const struct parse *p)
{
    const struct word *word = p->o.word;

    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if ((options[i].flag & p->used & ~word->takes) == 0)
            continue;
        if (*word->name != '\0')
            output_complain("\"%s\" takes no --%s; see awsfed-login %s --help", word->name,
                options[i].name, word->name);
        else
            output_complain("--%s goes with a word; see awsfed-login --help", options[i].name);
        return OUTCOME_USAGE;
    }
    if (p->o.json && p->o.prompt) {
        output_complain("--json and --prompt exclude each other");
        return OUTCOME_USAGE;
    }
    if (p->o.json && p->o.open) {
        output_complain("--json and --open exclude each other");
        return OUTCOME_USAGE;
    }
    if (p->o.unset && !shell_can_unset(p->o.shell)) {
        output_complain("--unset: dotenv and json have no way to unset a variable");
        return OUTCOME_USAGE;
    }
    return OUTCOME_DONE;
}

/* The rest of the line is somebody else's: after "exec", what is no option, or what follows "--". */
static bool
begins_command(const struct parse *p, const char *arg)
{
    return p->has_word && (p->o.word->takes & TAKES_COMMAND) != 0 &&
           (p->only_words || arg[0] != '-' || arg[1] == '\0');
}

enum outcome
options_parse(int argc, const char *const *argv, const char *shell_path, const char *socket,
    struct options *ret_options)
{
    struct parse p = {.o = {.word = &words[0], .socket = CLIENT_SOCKET}};
    enum outcome outcome = OUTCOME_DONE;

    p.o.shell = shell_of_path(shell_path);
    if (socket != NULL && *socket != '\0' && !set_socket(&p, socket))
        return OUTCOME_USAGE;
    for (int i = 1; i < argc && outcome == OUTCOME_DONE; i++) {
        const char *next = i + 1 < argc ? argv[i + 1] : NULL;
        bool consumed = false;
        if (begins_command(&p, argv[i])) {
            p.o.command = argv + i;
            break;
        }
        if (p.only_words || argv[i][0] != '-' || argv[i][1] == '\0')
            outcome = take_word(&p, argv[i]);
        else if (strcmp(argv[i], "--") == 0)
            p.only_words = true;
        else if (argv[i][1] == '-')
            outcome = take_long(&p, argv[i] + 2, next, &consumed);
        else
            outcome = take_short(&p, argv[i] + 1, next, &consumed);
        i += consumed;
    }
    if (outcome == OUTCOME_DONE)
        outcome = check(&p);
    if (outcome == OUTCOME_DONE)
        *ret_options = p.o;
    return outcome;
}
