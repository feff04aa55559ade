/*
 * awsfed-admin aws-setup: what AWS needs for this configuration, an account a document.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/aws_setup.h"
#include "bridge/admin/words.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bridge/admin/files.h"
#include "bridge/admin/saml.h"

struct options {
    bool terraform, has_format;
    const char *account, *dir;
};

static bool
read_options(int argc, char **argv, struct options *ret)
{
    static const struct option longs[] = {{"format", required_argument, NULL, 'f'},
        {"account", required_argument, NULL, 'a'}, {"output-dir", required_argument, NULL, 'o'},
        {NULL, 0, NULL, 0}};
    int c;

    optind = 0; /* this is another list of words than the one of main */
    opterr = 0;
    while ((c = getopt_long(argc, argv, "+", longs, NULL)) != -1) {
        switch (c) {
        case 'f':
            ret->terraform = strcmp(optarg, "terraform") == 0;
            ret->has_format = ret->terraform || strcmp(optarg, "cloudformation") == 0;
            break;
        case 'a':
            ret->account = optarg;
            break;
        case 'o':
            ret->dir = optarg;
            break;
        default:
            return false;
        }
    }
    if (ret->account != NULL &&
        (strlen(ret->account) != 12 || strspn(ret->account, "0123456789") != 12))
        return false;
    return optind == argc && ret->has_format && (ret->dir == NULL || ret->dir[0] != '\0');
}

/* Made once for all accounts. */
struct setup_up {
    const struct options *options;
    const struct conf *conf;
    const char *metadata;
};

static void
say_more(const struct setup_up *u, const struct aws_setup *s)
{
    if (json_array_size(s->patterns) > 0)
        (void)fprintf(stderr,
            "awsfed-admin: account %s: roles of [role-pattern] sections are not in it: their "
            "trust is, as %s\n",
            s->account, u->options->terraform ? "output awsfed_role_patterns" : "Metadata, awsfed");
}

static json_t *
make_document(const struct setup_up *u, const char *account)
{
    struct aws_setup setup = {0};
    json_t *made = NULL;
    int r = aws_setup_plan(u->conf, account, u->metadata, &setup);

    if (r == 0) {
        made =
            u->options->terraform ? aws_setup_terraform(&setup) : aws_setup_cloudformation(&setup);
        r = made != NULL ? 0 : FED_E_NOMEM;
    }
    if (r == FED_E_NOT_FOUND)
        (void)fprintf(
            stderr, "awsfed-admin: no role of the configuration is in account %s\n", account);
    else if (r != 0)
        (void)fprintf(stderr, "awsfed-admin: account %s: %s\n", account, fed_strerror(r));
    else
        say_more(u, &setup);
    aws_setup_done(&setup);
    return made;
}

static int
put_out(const char *dir, const char *name, const json_t *document)
{
    char *text = json_dumps(document, JSON_INDENT(2));
    int status = ADMIN_FAILED;

    if (text == NULL)
        (void)fprintf(stderr, "awsfed-admin: %s\n", fed_strerror(FED_E_NOMEM));
    else if (dir != NULL)
        status = files_write(dir, name, text, strlen(text));
    else if ((status = files_print(text, strlen(text))) == ADMIN_DONE)
        status = files_print("\n", 1);
    free(text);
    return status;
}

/* DIR/ACCOUNT/awsfed.…: Terraform takes all files of a folder for one module. */
static int
write_one(const struct setup_up *u, const char *account)
{
    char folder[FILES_PATH_MAX];
    const char *name = u->options->terraform ? "awsfed.tf.json" : "awsfed.template.json";
    int n = snprintf(folder, sizeof(folder), "%s/%s", u->options->dir, account);

    if (n < 0 || (size_t)n >= sizeof(folder))
        return admin_usage("the path of --output-dir is too long");
    json_t *document = make_document(u, account);
    int status = document != NULL ? files_make_folder(u->options->dir) : ADMIN_FAILED;
    if (status == ADMIN_DONE)
        status = files_make_folder(folder);
    if (status == ADMIN_DONE)
        status = put_out(folder, name, document);
    if (status == ADMIN_DONE)
        (void)printf("%s/%s\n", folder, name);
    json_decref(document);
    return status;
}

/* Several in one: an object of them by their accounts, so that it is JSON all the same. */
static int
print_all(const struct setup_up *u, const json_t *accounts)
{
    json_t *all = json_object();
    int status = ADMIN_DONE;

    for (size_t i = 0; i < json_array_size(accounts) && status == ADMIN_DONE; i++) {
        const char *account = json_string_value(json_array_get(accounts, i));
        if (json_object_set_new(all, account, make_document(u, account)) != 0)
            status = ADMIN_FAILED;
    }
    if (status == ADMIN_DONE && json_array_size(accounts) == 1)
        status = put_out(NULL, NULL, json_object_iter_value(json_object_iter(all)));
    else if (status == ADMIN_DONE)
        status = put_out(NULL, NULL, all);
    if (status == ADMIN_DONE && json_array_size(accounts) > 1)
        (void)fprintf(stderr,
            "awsfed-admin: %zu accounts, each below its number: take one with --account, or "
            "write a file for each with --output-dir\n",
            json_array_size(accounts));
    json_decref(all);
    return status;
}

/* IAM wants its capability said for roles that have names: forgotten, the first try fails. */
static void
say_next(const struct options *options)
{
    if (options->terraform)
        (void)fprintf(stderr,
            "awsfed-admin: next, with credentials of each account: terraform -chdir=%s/ACCOUNT "
            "init, then apply\n",
            options->dir);
    else
        (void)fprintf(stderr,
            "awsfed-admin: next, with credentials of each account: aws cloudformation deploy "
            "--stack-name awsfed --capabilities CAPABILITY_NAMED_IAM --template-file "
            "%s/ACCOUNT/awsfed.template.json\n",
            options->dir);
}

static int
run(const struct setup_up *u)
{
    json_t *accounts = u->options->account != NULL ? json_pack("[s]", u->options->account)
                                                   : aws_setup_accounts(u->conf);
    int status = ADMIN_DONE;

    if (json_array_size(accounts) == 0) {
        (void)fprintf(stderr,
            "awsfed-admin: the configuration has no [role]; of a [role-pattern], name the "
            "account: --account ID\n");
        status = ADMIN_FAILED;
    } else if (u->options->dir == NULL) {
        status = print_all(u, accounts);
    } else {
        for (size_t i = 0; i < json_array_size(accounts) && status == ADMIN_DONE; i++)
            status = write_one(u, json_string_value(json_array_get(accounts, i)));
        if (status == ADMIN_DONE)
            say_next(u->options);
    }
    json_decref(accounts);
    return status;
}

/* A set-up that lacks a part, a denial say, is worse than none. */
static void *
allocate_or_end(size_t size)
{
    void *p = malloc(size);

    if (p == NULL) {
        (void)fputs("awsfed-admin: out of memory\n", stderr);
        _exit(ADMIN_FAILED);
    }
    return p;
}

int
word_aws_setup(const struct admin *admin, int argc, char **argv)
{
    struct fed_secret metadata = FED_SECRET_INIT(ADMIN_SAML_METADATA_MAX);
    struct options options = {0};
    int status = ADMIN_FAILED;

    if (!read_options(argc, argv, &options))
        return admin_usage("say: aws-setup --format cloudformation|terraform [--account ID] "
                           "[--output-dir DIR]; an account has 12 digits");
    json_set_alloc_funcs(allocate_or_end, free);
    struct conf *conf = files_conf(admin->conf_dir);
    if (conf == NULL)
        return ADMIN_FAILED;
    struct setup_up u = {.options = &options, .conf = conf};
    if (conf->saml.key != NULL && admin_saml_metadata(&conf->saml, &metadata) != 0)
        goto out;
    if (conf->saml.key != NULL)
        u.metadata = fed_secret_str(&metadata);
    status = run(&u);

out:
    fed_secret_done(&metadata);
    conf_free(conf);
    return status;
}
