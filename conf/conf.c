/*
 * The configuration folder: its files in order, into sections, into structs.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "conf/conf.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "conf/crosscheck.h"
#include "conf/inifile.h"
#include "conf/keyfile.h"
#include "conf/keys.h"
#include "conf/values.h"

enum { WHY_MAX = 512, FILES_MAX = 1000 };

/* Copy of a file's name, kept for every conf_where; NULL when out of memory. */
static const char *
keep_name(struct conf *conf, const char *name)
{
    int r = list_add(&conf->files, name, strlen(name));

    return r == 0 ? conf->files.items[conf->files.n - 1] : NULL;
}

static int
read_file(
    struct conf *conf, const char *path, struct sections *sections, struct conf_errors *errors)
{
    struct fed_secret bytes = FED_SECRET_INIT(INIFILE_MAX);
    char why[WHY_MAX] = "";
    const char *name = keep_name(conf, path);
    int r = FED_E_NOMEM;

    if (name == NULL)
        goto out;
    r = keyfile_read(path, false, &bytes, why, sizeof(why));
    if (r == FED_E_CONFIG) {
        conf_errors_add(errors, NULL, "%s", why);
        r = 0;
        goto out;
    }
    if (r == 0)
        r = inifile_read(name, &bytes, sections, errors);
out:
    fed_secret_done(&bytes);
    return r;
}

/* Who may write a folder may replace its files, whoever owns those. */
static void
check_folder(const char *path, int fd, struct conf_errors *errors)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        conf_errors_add(errors, NULL, "\"%s\": cannot be examined: %s", path, strerror(errno));
    else if (st.st_uid != 0 && st.st_uid != geteuid())
        conf_errors_add(errors, NULL, "\"%s\": owned by uid %u, not by root: chown root '%s'", path,
            (unsigned)st.st_uid, path);
    else if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        conf_errors_add(
            errors, NULL, "\"%s\": writable by others than its owner: chmod go-w '%s'", path, path);
}

static int
is_part(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);

    return entry->d_name[0] != '.' && len > 5 && strcmp(entry->d_name + len - 5, ".conf") == 0;
}

/* Byte order, whatever the locale says. */
static int
by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int
read_parts(
    struct conf *conf, const char *folder, struct sections *sections, struct conf_errors *errors)
{
    struct dirent **entries = NULL;
    char *path = NULL;
    int n = 0, r = 0;

    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        if (errno != ENOENT)
            conf_errors_add(
                errors, NULL, "\"%s\": cannot be opened as a folder: %s", folder, strerror(errno));
        return 0;
    }
    check_folder(folder, fd, errors);
    n = scandirat(fd, ".", &entries, is_part, by_bytes);
    if (n < 0)
        r = FED_E_NOMEM;
    if (n > FILES_MAX) {
        conf_errors_add(errors, NULL, "\"%s\": more than %d files: join them", folder, FILES_MAX);
        goto out;
    }
    for (int i = 0; i < n && r == 0; i++) {
        if (asprintf(&path, "%s/%s", folder, entries[i]->d_name) < 0) {
            path = NULL;
            r = FED_E_NOMEM;
            break;
        }
        r = read_file(conf, path, sections, errors);
        free(path);
        path = NULL;
    }
out:
    for (int i = 0; i < n; i++)
        free(entries[i]);
    free(entries);
    (void)close(fd);
    return r;
}

/* Everything that the folder says, as text. */
static int
read_folder(
    struct conf *conf, const char *dir, struct sections *sections, struct conf_errors *errors)
{
    char *main_file = NULL, *parts = NULL;
    int r = 0;

    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        conf_errors_add(
            errors, NULL, "\"%s\": cannot be opened as a folder: %s", dir, strerror(errno));
        return 0;
    }
    check_folder(dir, fd, errors);
    (void)close(fd);
    if (asprintf(&main_file, "%s/awsfed.conf", dir) < 0)
        main_file = NULL;
    if (asprintf(&parts, "%s/conf.d", dir) < 0)
        parts = NULL;
    if (main_file == NULL || parts == NULL)
        r = FED_E_NOMEM;
    if (r == 0)
        r = read_file(conf, main_file, sections, errors);
    if (r == 0)
        r = read_parts(conf, parts, sections, errors);
    free(main_file);
    free(parts);
    return r;
}

static char *
lower_copy(const char *text)
{
    char *copy = strdup(text);

    return copy != NULL ? text_lower(copy, strlen(text) + 1, text) : NULL;
}

static int
add_domain(struct conf *conf, const struct section *section, struct conf_errors *errors)
{
    struct conf_domain *domain = &conf->domains[conf->n_domains++];

    domain->where = section->where;
    domain->name = lower_copy(section->name);
    if (domain->name == NULL)
        return FED_E_NOMEM;
    return keys_read(SECTION_DOMAIN, section, domain, errors);
}

/* A section with a name of its own, into its struct: where it stands and what it is called, then its keys. */
static int
read_named(const struct section *section, struct conf_where *where, char **name, void *target,
    struct conf_errors *errors)
{
    *where = section->where;
    *name = strdup(section->name);
    return *name != NULL ? keys_read(section->kind, section, target, errors) : FED_E_NOMEM;
}

static int
add_role(struct conf *conf, const struct section *section, struct conf_errors *errors)
{
    struct conf_role *role = &conf->roles[conf->n_roles++];

    role->digest = section_digest(section);
    return read_named(section, &role->where, &role->name, role, errors);
}

static int
add_pattern(struct conf *conf, const struct section *section, struct conf_errors *errors)
{
    struct conf_pattern *pattern = &conf->patterns[conf->n_patterns++];
    struct conf_role *role = &pattern->role;

    role->digest = section_digest(section);
    return read_named(section, &role->where, &role->name, pattern, errors);
}

static int
add_rule(struct conf *conf, const struct section *section, struct conf_errors *errors)
{
    struct conf_rule *rule = &conf->rules[conf->n_rules++];

    return read_named(section, &rule->where, &rule->name, rule, errors);
}

/* Roles, rules and all that names groups: a running bridge takes another reading's. */
static bool
is_changeable(const struct section *section, const char *key)
{
    switch (section->kind) {
    case SECTION_ROLE:
    case SECTION_PATTERN:
    case SECTION_RULE:
        return true;
    case SECTION_DOMAIN:
        return strcmp(key, "login-groups") == 0 || strcmp(key, "deny-groups") == 0;
    case SECTION_MFA:
        return strcmp(key, "exempt-groups") == 0;
    default:
        return false;
    }
}

/* Note what a section says, so that a later reading can tell what it changed. */
static int
note_fixed(struct conf *conf, const struct section *section)
{
    for (size_t i = 0; i < section->n; i++) {
        const struct setting *s = &section->settings[i];
        char *line = NULL;
        if (is_changeable(section, s->key))
            continue;
        int len = asprintf(&line, "[%s] %s = %s", section->title, s->key, s->text);
        int r = len < 0 ? FED_E_NOMEM : list_add(&conf->fixed, line, (size_t)len);
        if (len >= 0)
            free(line);
        if (r != 0)
            return r;
    }
    return 0;
}

static const struct section *
only(const struct sections *sections, enum section_kind kind)
{
    for (size_t i = 0; i < sections->n; i++)
        if (sections->items[i].kind == kind)
            return &sections->items[i];
    return NULL;
}

/* The four sections that are there once, or not at all. */
static int
read_single(struct conf *conf, const struct sections *sections, struct conf_errors *errors)
{
    const struct section *saml = only(sections, SECTION_SAML);
    const struct section *oidc = only(sections, SECTION_OIDC);
    int r;

    if (saml != NULL)
        conf->saml.where = saml->where;
    if (oidc != NULL)
        conf->oidc.where = oidc->where;
    r = keys_read(SECTION_BRIDGE, only(sections, SECTION_BRIDGE), &conf->bridge, errors);
    if (r == 0)
        r = keys_read(SECTION_MFA, only(sections, SECTION_MFA), &conf->mfa, errors);
    if (r == 0)
        r = keys_read(SECTION_SAML, saml, &conf->saml, errors);
    if (r == 0)
        r = keys_read(SECTION_OIDC, oidc, &conf->oidc, errors);
    if (r == 0)
        r = keys_read(SECTION_AWS, only(sections, SECTION_AWS), &conf->aws, errors);
    return r;
}

static int
fill(struct conf *conf, const struct sections *sections, struct conf_errors *errors)
{
    int r;

    conf->domains = calloc(sections->n + 1, sizeof(*conf->domains));
    conf->roles = calloc(sections->n + 1, sizeof(*conf->roles));
    conf->patterns = calloc(sections->n + 1, sizeof(*conf->patterns));
    conf->rules = calloc(sections->n + 1, sizeof(*conf->rules));
    if (conf->domains == NULL || conf->roles == NULL || conf->patterns == NULL ||
        conf->rules == NULL)
        return FED_E_NOMEM;
    r = read_single(conf, sections, errors);
    for (size_t i = 0; i < sections->n && r == 0; i++) {
        const struct section *section = &sections->items[i];
        keys_check_known(section, errors);
        if (section->kind == SECTION_DOMAIN)
            r = add_domain(conf, section, errors);
        else if (section->kind == SECTION_ROLE)
            r = add_role(conf, section, errors);
        else if (section->kind == SECTION_PATTERN)
            r = add_pattern(conf, section, errors);
        else if (section->kind == SECTION_RULE)
            r = add_rule(conf, section, errors);
        if (r == 0)
            r = note_fixed(conf, section);
    }
    return r == 0 ? crosscheck(conf, sections, errors) : r;
}

int
conf_read(const char *dir, struct conf **ret_conf, struct conf_errors *ret_errors)
{
    struct sections sections = {0};
    int r = FED_E_NOMEM;

    *ret_errors = (struct conf_errors){0};
    struct conf *conf = calloc(1, sizeof(*conf));
    if (conf == NULL)
        goto out;
    atomic_init(&conf->refs, 1);
    r = read_folder(conf, dir, &sections, ret_errors);
    /* A file that could not be read would only bring complaints about what is missing. */
    if (r == 0 && (ret_errors->n == 0 || sections.n > 0))
        r = fill(conf, &sections, ret_errors);
    if (r == 0 && ret_errors->n > 0)
        r = FED_E_CONFIG;
    if (r == 0 && ret_errors->lost > 0)
        r = FED_E_NOMEM;
    if (r != 0)
        goto out;
    *ret_conf = conf;
    conf = NULL;
out:
    sections_done(&sections);
    conf_free(conf);
    return r;
}

struct conf *
conf_ref(struct conf *conf)
{
    (void)atomic_fetch_add(&conf->refs, 1);
    return conf;
}

void
conf_free(struct conf *conf)
{
    if (conf == NULL || atomic_fetch_sub(&conf->refs, 1) != 1)
        return;
    keys_done(SECTION_BRIDGE, &conf->bridge);
    keys_done(SECTION_MFA, &conf->mfa);
    keys_done(SECTION_SAML, &conf->saml);
    keys_done(SECTION_OIDC, &conf->oidc);
    keys_done(SECTION_AWS, &conf->aws);
    for (size_t i = 0; i < conf->n_domains; i++) {
        keys_done(SECTION_DOMAIN, &conf->domains[i]);
        free(conf->domains[i].name);
    }
    for (size_t i = 0; i < conf->n_roles; i++) {
        keys_done(SECTION_ROLE, &conf->roles[i]);
        free(conf->roles[i].name);
        free(conf->roles[i].policy_text);
        free(conf->roles[i].account);
        free(conf->roles[i].partition);
    }
    for (size_t i = 0; i < conf->n_patterns; i++) {
        keys_done(SECTION_PATTERN, &conf->patterns[i]);
        free(conf->patterns[i].role.name);
        free(conf->patterns[i].role.policy_text);
    }
    for (size_t i = 0; i < conf->n_rules; i++) {
        keys_done(SECTION_RULE, &conf->rules[i]);
        free(conf->rules[i].name);
    }
    free(conf->rules);
    list_done(&conf->ad_attributes);
    list_done(&conf->fixed);
    free(conf->patterns);
    free(conf->domains);
    free(conf->roles);
    list_done(&conf->files);
    free(conf);
}
