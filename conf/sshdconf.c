/*
 * sshd_config: a keyword and its value a line, the first value of a keyword counts, and from "Match" on a file is for some alone.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "conf/sshdconf.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "conf/pamstack.h"

enum { DEPTH_MAX = 16, PATH_SIZE = 512, FILES_MOST = 256 };

void
sshdconf_begin(struct sshdconf *file, const void *data, size_t len)
{
    *file = (struct sshdconf){.next = data, .left = len};
}

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\f';
}

static bool
copy(char *to, const char *from, size_t len)
{
    if (len >= SSHDCONF_WORD_MAX || memchr(from, '\0', len) != NULL)
        return false;
    memcpy(to, from, len);
    to[len] = '\0';
    return true;
}

/* "Keyword value", "Keyword = value", "Keyword "value"". */
static bool
split(const char *line, size_t len, struct sshdconf_line *ret)
{
    size_t from = 0, end;

    while (len > 0 && is_blank(line[len - 1]))
        len--;
    while (from < len && is_blank(line[from]))
        from++;
    for (end = from; end < len && !is_blank(line[end]) && line[end] != '='; end++)
        ;
    if (end == from || line[from] == '#' || !copy(ret->keyword, line + from, end - from))
        return false;
    while (end < len && is_blank(line[end]))
        end++;
    if (end < len && line[end] == '=')
        end++;
    while (end < len && is_blank(line[end]))
        end++;
    if (len - end >= 2 && line[end] == '"' && line[len - 1] == '"') {
        end++;
        len--;
    }
    return copy(ret->value, line + end, len - end);
}

bool
sshdconf_next(struct sshdconf *file, struct sshdconf_line *ret)
{
    while (file->left > 0) {
        const char *line = file->next, *end = memchr(line, '\n', file->left);
        size_t len = end != NULL ? (size_t)(end - line) : file->left;
        file->next += len + (end != NULL);
        file->left -= len + (end != NULL);
        ret->number = ++file->number;
        if (split(line, len, ret))
            return true;
    }
    return false;
}

/* ---- What counts ---- */

enum keyword { USE_PAM, KBD_INTERACTIVE, PASSWORD, EMPTY_PASSWORDS, KEYWORDS };

static const char *const names[KEYWORDS] = {
    "UsePAM", "KbdInteractiveAuthentication", "PasswordAuthentication", "PermitEmptyPasswords"};

static bool
is_keyword(const char *text, enum keyword keyword)
{
    return text_equal_nocase(text, names[keyword]) ||
           (keyword == KBD_INTERACTIVE &&
               text_equal_nocase(text, "ChallengeResponseAuthentication"));
}

/* Where and how a keyword is set for everybody; sshd's own default until then. */
struct setting {
    bool yes, seen;
    char where[PATH_SIZE];
    unsigned line;
};

struct reading {
    struct setting settings[KEYWORDS];
    struct findings *findings;
    const char *top;
    bool takes_one_answer;
    unsigned files;
};

static void read_file(struct reading *r, const char *path, bool conditional, unsigned depth);

static void
include(struct reading *r, char *patterns, bool conditional, unsigned depth)
{
    const char *slash = strrchr(r->top, '/');
    char pattern[PATH_SIZE], *rest = NULL;

    for (char *one = strtok_r(patterns, " \t", &rest); one != NULL;
         one = strtok_r(NULL, " \t", &rest)) {
        glob_t found;
        int n = *one == '/' || slash == NULL ? snprintf(pattern, sizeof(pattern), "%s", one)
                                             : snprintf(pattern, sizeof(pattern), "%.*s/%s",
                                                   (int)(slash - r->top), r->top, one);
        if (n < 0 || (size_t)n >= sizeof(pattern) || glob(pattern, 0, NULL, &found) != 0)
            continue;
        for (size_t i = 0; i < found.gl_pathc; i++)
            read_file(r, found.gl_pathv[i], conditional, depth + 1);
        globfree(&found);
    }
}

static void
note(struct reading *r, const char *path, const struct sshdconf_line *line, bool conditional)
{
    bool yes = text_equal_nocase(line->value, "yes");

    for (int i = 0; i < KEYWORDS; i++) {
        struct setting *setting = &r->settings[i];
        if (!is_keyword(line->keyword, (enum keyword)i))
            continue;
        if (conditional && i == KBD_INTERACTIVE && !yes && !r->takes_one_answer)
            findings_add_at(r->findings, FINDING_WARN, path, line->number,
                "take the line out of its Match block",
                "%s no: whoever it matches is not asked by pam_awsfed", line->keyword);
        if (conditional || setting->seen)
            continue;
        setting->seen = true;
        setting->yes = yes;
        setting->line = line->number;
        (void)snprintf(setting->where, sizeof(setting->where), "%s", path);
    }
}

static void
read_file(struct reading *r, const char *path, bool conditional, unsigned depth)
{
    struct fed_secret bytes = FED_SECRET_INIT(PAMSTACK_FILE_MAX);
    char why[PAMSTACK_WHY_MAX] = "";
    struct sshdconf_line line;
    struct sshdconf lines;

    if (depth > DEPTH_MAX || r->files++ == FILES_MOST)
        return;
    if (pamstack_read_file(NULL, path, &bytes, why) != 0) {
        findings_add_at(r->findings, FINDING_WARN, path, 0, NULL, "cannot be read: %s", why);
        fed_secret_done(&bytes);
        return;
    }
    sshdconf_begin(&lines, bytes.data, bytes.len);
    while (sshdconf_next(&lines, &line)) {
        if (text_equal_nocase(line.keyword, "Match"))
            conditional = !text_equal_nocase(line.value, "all");
        else if (text_equal_nocase(line.keyword, "Include"))
            include(r, line.value, conditional, depth);
        else
            note(r, path, &line, conditional);
    }
    fed_secret_done(&bytes);
}

static void
say(const struct reading *r, enum keyword keyword, enum finding_state state, const char *remedy,
    const char *what)
{
    const struct setting *setting = &r->settings[keyword];

    findings_add_at(r->findings, state, setting->seen ? setting->where : r->top, setting->line,
        remedy, "%s %s%s: %s", names[keyword], setting->yes ? "yes" : "no",
        setting->seen ? "" : " (sshd's default)", what);
}

void
sshdconf_lint(const char *path, bool takes_one_answer, struct findings *findings)
{
    struct reading r = {.findings = findings, .top = path, .takes_one_answer = takes_one_answer};

    r.settings[KBD_INTERACTIVE].yes = r.settings[PASSWORD].yes = true;
    read_file(&r, path, false, 0);
    if (!r.settings[USE_PAM].yes)
        say(&r, USE_PAM, FINDING_FAIL, "say: UsePAM yes", "sshd does not ask PAM at all");
    if (!r.settings[KBD_INTERACTIVE].yes && !(takes_one_answer && r.settings[PASSWORD].yes))
        say(&r, KBD_INTERACTIVE, FINDING_FAIL, "say: KbdInteractiveAuthentication yes",
            "nobody can be asked for password and code");
    if (r.settings[PASSWORD].yes && !takes_one_answer)
        say(&r, PASSWORD, FINDING_WARN,
            "say: PasswordAuthentication no; or give pam_awsfed.so prompt=append",
            "this method has one answer for both prompts, which pam_awsfed refuses");
    if (r.settings[EMPTY_PASSWORDS].yes)
        say(&r, EMPTY_PASSWORDS, FINDING_WARN, "say: PermitEmptyPasswords no",
            "an account of this host without a password needs none to log in");
}
