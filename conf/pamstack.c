/*
 * Files into modules, by recursion; modules into a verdict, by libpam's rules.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "conf/pamstack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/values.h"

enum { PATH_SIZE = 512, FILES_MOST = 64 };

/* ---- Loading ---- */

struct loading {
    struct pamstack *stack;
    const char *dir;
    pamstack_read_fn *read;
    void *arg;
    struct findings *findings;
};

/* Where in the recursion: which lines are wanted, how deep, included from where. */
struct place {
    const struct pamfile_line *from; /* the line that includes; NULL at the top */
    const char *from_file;
    unsigned depth, level;
};

static int load_file(struct loading *l, const char *name, const struct place *place);

int
pamstack_read_file(void *arg, const char *path, struct fed_secret *ret, char *why)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), r = 0;
    struct stat st;
    ssize_t n = 0;

    (void)arg;
    if (fd < 0) {
        (void)snprintf(why, PAMSTACK_WHY_MAX, "%s", strerror(errno));
        return errno == ENOENT ? FED_E_NOT_FOUND : FED_E_SYSTEM;
    }
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        r = FED_E_INVALID;
    else if ((r = fed_secret_resize(ret, ret->limit)) == 0)
        n = pread(fd, ret->data, ret->limit, 0);
    if (r == 0 && (n < 0 || (size_t)n == ret->limit))
        r = n < 0 ? FED_E_SYSTEM : FED_E_TOO_BIG;
    (void)close(fd);
    if (r != 0)
        (void)snprintf(why, PAMSTACK_WHY_MAX, "%s",
            r == FED_E_INVALID   ? "not a regular file"
            : r == FED_E_TOO_BIG ? "too long"
                                 : "cannot be read");
    return r != 0 ? r : fed_secret_resize(ret, (size_t)n);
}

static int
add_module(
    struct loading *l, const char *file, const struct place *place, struct pamstack_module *module)
{
    struct pamstack *stack = l->stack;

    if (stack->n == PAMSTACK_MODULES_MAX)
        return FED_E_TOO_BIG;
    struct pamstack_module **grown =
        reallocarray(stack->modules, stack->n + 1, sizeof(struct pamstack_module *));
    if (grown == NULL)
        return FED_E_NOMEM;
    stack->modules = grown;
    stack->modules[stack->n++] = module;
    module->file = file;
    module->level = place->level;
    return 0;
}

static int
descend(
    struct loading *l, const char *file, const struct pamfile_line *line, const struct place *place)
{
    struct place below = *place;

    below.depth++;
    below.from_file = file;
    below.level += line->kind == PAMFILE_SUBSTACK;
    if (line->kind != PAMFILE_WHOLE)
        below.from = line;
    return load_file(l, line->name, &below);
}

/* One module of a file; those of other phases than the including line's are not wanted. */
static int
load_line(struct loading *l, const char *file, const struct place *place,
    struct pamstack_module *module, bool *ret_kept)
{
    const struct pamfile_line *line = &module->line;

    if (line->kind != PAMFILE_WHOLE && place->from != NULL && line->phase != place->from->phase)
        return 0;
    int r = 0;
    if (line->kind == PAMFILE_MODULE || line->kind == PAMFILE_SUBSTACK) {
        r = add_module(l, file, place, module);
        *ret_kept = r == 0;
    }
    return r == 0 && line->kind != PAMFILE_MODULE ? descend(l, file, line, place) : r;
}

static int
load_lines(
    struct loading *l, const char *file, const struct place *place, const struct fed_secret *bytes)
{
    enum pamfile_found found = PAMFILE_LINE;
    struct pamfile lines;
    int r = 0;

    pamfile_begin(&lines, bytes->data, bytes->len);
    while (r == 0 && found != PAMFILE_END) {
        struct pamstack_module *module = calloc(1, sizeof(*module));
        const char *what = NULL;
        bool kept = false;
        if (module == NULL)
            return FED_E_NOMEM;
        found = pamfile_next(&lines, &module->line, &what);
        if (found == PAMFILE_WRONG)
            findings_add_at(l->findings, FINDING_FAIL, file, module->line.number,
                "mend or delete the line", "libpam cannot take this line: %s", what);
        else if (found == PAMFILE_LINE)
            r = load_line(l, file, place, module, &kept);
        if (!kept)
            free(module);
    }
    return r;
}

static int
keep_name(struct pamstack *stack, const char *path, const char **ret)
{
    struct conf_list *files = &stack->files;

    if (files->n == FILES_MOST)
        return FED_E_TOO_BIG;
    int r = list_add(files, path, strlen(path));
    if (r == 0)
        *ret = files->items[files->n - 1];
    return r;
}

static int
load_file(struct loading *l, const char *name, const struct place *place)
{
    struct fed_secret bytes = FED_SECRET_INIT(PAMSTACK_FILE_MAX);
    char path[PATH_SIZE], why[PAMSTACK_WHY_MAX] = "";
    const char *file;

    if (place->depth > PAMSTACK_DEPTH_MAX) {
        findings_add_at(l->findings, FINDING_FAIL, place->from_file, 0,
            "take one of the includes away", "files include each other without an end");
        return 0;
    }
    int n = *name == '/' ? snprintf(path, sizeof(path), "%s", name)
                         : snprintf(path, sizeof(path), "%s/%s", l->dir, name);
    if (n < 0 || (size_t)n >= sizeof(path))
        return FED_E_TOO_BIG;
    int r = keep_name(l->stack, path, &file);
    if (r != 0)
        return r;
    r = l->read(l->arg, file, &bytes, why);
    if (r == 0)
        r = load_lines(l, file, place, &bytes);
    else if (r != FED_E_NOMEM && place->depth > 0) {
        findings_add_at(l->findings, FINDING_FAIL, place->from_file, 0,
            "mend the line that includes it", "%s cannot be included: %s", file, why);
        r = 0;
    } else if (r != FED_E_NOMEM && r != FED_E_NOT_FOUND) {
        findings_add_at(l->findings, FINDING_FAIL, file, 0, NULL, "cannot be read: %s", why);
        r = FED_E_SYSTEM;
    }
    fed_secret_done(&bytes);
    return r;
}

int
pamstack_load(const char *dir, const char *service, pamstack_read_fn *read, void *arg,
    struct pamstack **ret_stack, struct findings *findings)
{
    struct loading l = {.dir = dir,
        .read = read != NULL ? read : pamstack_read_file,
        .arg = arg,
        .findings = findings,
        .stack = calloc(1, sizeof(struct pamstack))};
    const struct place top = {0};

    if (l.stack == NULL)
        return FED_E_NOMEM;
    int r = load_file(&l, service, &top);
    if (r == 0)
        *ret_stack = l.stack;
    else
        pamstack_free(l.stack);
    return r;
}

void
pamstack_free(struct pamstack *stack)
{
    if (stack == NULL)
        return;
    for (size_t i = 0; i < stack->n; i++)
        free(stack->modules[i]);
    list_done(&stack->files);
    free(stack->modules);
    free(stack);
}

bool
pamstack_is(const struct pamstack_module *module, const char *file_name)
{
    const char *slash = strrchr(module->line.name, '/');

    return strcmp(slash != NULL ? slash + 1 : module->line.name, file_name) == 0;
}

/* ---- Running: _pam_dispatch_aux ---- */

enum impression { UNDEFINED, POSITIVE, NEGATIVE };

/* What is thought so far; libpam's PAM_MUST_FAIL_CODE is perm_denied. */
struct state {
    enum impression impression;
    struct pamstack_verdict verdict;
};

static const struct state nothing = {UNDEFINED, {PAMFILE_PERM_DENIED, NULL}};

static void
set(struct state *s, enum impression impression, enum pamfile_result result,
    const struct pamstack_module *by)
{
    *s = (struct state){impression, {result, by}};
}

static void
take_good(struct state *s, enum pamfile_result result, const struct pamstack_module *by)
{
    if (s->impression == UNDEFINED ||
        (s->impression == POSITIVE && s->verdict.result == PAMFILE_SUCCESS))
        set(s, POSITIVE, result, by);
}

static void
take_bad(struct state *s, enum pamfile_result result, const struct pamstack_module *by)
{
    if (s->impression != NEGATIVE)
        set(s, NEGATIVE, result == PAMFILE_STEPPED_ASIDE ? PAMFILE_PERM_DENIED : result, by);
}

/* The modules of one phase, in their order. */
struct chain {
    const struct pamstack_module *modules[PAMSTACK_MODULES_MAX];
    size_t n;
};

/* Jump over modules, a substack counting as one, none beyond the end of our own. How many could not be. */
static int
jump(const struct chain *chain, size_t *at, int count)
{
    unsigned level = chain->modules[*at]->level;

    while (count > 0 && *at + 1 < chain->n && chain->modules[*at + 1]->level >= level) {
        do
            ++*at;
        while (*at + 1 < chain->n && chain->modules[*at + 1]->level > level);
        count--;
    }
    return count;
}

/* One result of the module at *at; true when that decides the stack, or the substack, that it is in. */
static bool
act(struct state *s, const struct state *before, const struct chain *chain, size_t *at,
    enum pamfile_result result)
{
    const struct pamstack_module *module = chain->modules[*at];
    int action = module->line.actions[result];

    switch (action) {
    case PAMFILE_IGNORE:
        return false;
    case PAMFILE_RESET:
        *s = *before;
        return false;
    case PAMFILE_OK:
    case PAMFILE_DONE:
        take_good(s, result, module);
        return action == PAMFILE_DONE && s->impression == POSITIVE;
    case PAMFILE_BAD:
    case PAMFILE_DIE:
        take_bad(s, result, module);
        return action == PAMFILE_DIE;
    default:
        /* Unset, or a jump beyond the end: libpam cannot act, and fails. */
        if (action < 0 || jump(chain, at, action) != 0)
            set(s, NEGATIVE, PAMFILE_PERM_DENIED, module);
        return false;
    }
}

void
pamstack_run(const struct pamstack *stack, enum pamfile_phase phase, pamstack_call_fn *call,
    void *arg, struct pamstack_verdict *ret)
{
    struct state now = nothing, before[PAMSTACK_DEPTH_MAX + 2] = {nothing};
    struct chain *chain = calloc(1, sizeof(*chain));

    *ret = nothing.verdict;
    if (chain == NULL)
        return;
    for (size_t i = 0; i < stack->n; i++) {
        if (stack->modules[i]->line.phase == phase)
            chain->modules[chain->n++] = stack->modules[i];
    }
    for (size_t at = 0; at < chain->n; at++) {
        const struct pamstack_module *module = chain->modules[at];
        unsigned level = module->level;
        if (module->line.kind == PAMFILE_SUBSTACK) {
            before[level + 1] = now; /* what "reset" in it goes back to */
            continue;
        }
        if (!act(&now, &before[level], chain, &at, call(arg, module)))
            continue;
        if (level == 0)
            break;
        while (at + 1 < chain->n && chain->modules[at + 1]->level >= level)
            at++;
    }
    if (now.verdict.result == PAMFILE_SUCCESS && now.impression != POSITIVE)
        now.verdict.result = PAMFILE_PERM_DENIED;
    *ret = now.verdict;
    free(chain);
}
