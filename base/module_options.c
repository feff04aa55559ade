/*
 * The module's options, one row of a table each.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/module_options.h"

#include <string.h>
#include <sys/un.h>

#include "base/client.h"
#include "base/wire.h"

static bool
set_socket(struct module_options *o, const char *value)
{
    size_t len = strlen(value);

    if (value[0] != '/' || value[len - 1] == '/' ||
        len >= sizeof(((struct sockaddr_un *)0)->sun_path))
        return false;
    o->socket = value;
    return true;
}

static bool
set_factors(struct module_options *o, const char *value)
{
    if (strcmp(value, "password,totp") == 0)
        o->factors = WIRE_FACTOR_PASSWORD | WIRE_FACTOR_CODE;
    else if (strcmp(value, "totp") == 0)
        o->factors = WIRE_FACTOR_CODE;
    else if (strcmp(value, "password") == 0)
        o->factors = WIRE_FACTOR_PASSWORD;
    else
        return false;
    return true;
}

static bool
set_prompt(struct module_options *o, const char *value)
{
    o->append = strcmp(value, "append") == 0;
    return o->append || strcmp(value, "separate") == 0;
}

static bool
set_use_first_pass(struct module_options *o, const char *value)
{
    (void)value;
    if (o->pass == OPTIONS_PASS_TRY)
        return false;
    o->pass = OPTIONS_PASS_USE;
    return true;
}

static bool
set_try_first_pass(struct module_options *o, const char *value)
{
    (void)value;
    if (o->pass == OPTIONS_PASS_USE)
        return false;
    o->pass = OPTIONS_PASS_TRY;
    return true;
}

static bool
set_forward_pass(struct module_options *o, const char *value)
{
    (void)value;
    return o->forward_pass = true;
}

static bool
set_quiet(struct module_options *o, const char *value)
{
    (void)value;
    return o->quiet = true;
}

static bool
set_debug(struct module_options *o, const char *value)
{
    (void)value;
    return o->debug = true;
}

/* A name that ends in '=' takes a value, which must not be empty; one that does not takes none. */
static const struct option_row {
    const char *name;
    bool (*set)(struct module_options *o, const char *value);
} option_rows[] = {
    {"socket=", set_socket},
    {"factors=", set_factors},
    {"prompt=", set_prompt},
    {"use_first_pass", set_use_first_pass},
    {"try_first_pass", set_try_first_pass},
    {"forward_pass", set_forward_pass},
    {"quiet", set_quiet},
    {"debug", set_debug},
};

static bool
apply(struct module_options *o, const char *word)
{
    for (size_t i = 0; i < sizeof(option_rows) / sizeof(option_rows[0]); i++) {
        const struct option_row *row = &option_rows[i];
        size_t len = strlen(row->name);
        bool takes_value = row->name[len - 1] == '=';

        if (strncmp(word, row->name, len) == 0 && (word[len] != '\0') == takes_value)
            return row->set(o, word + len);
    }
    return false;
}

int
module_options_parse(
    int argc, const char **argv, struct module_options *ret_options, const char **ret_bad)
{
    const unsigned both = WIRE_FACTOR_PASSWORD | WIRE_FACTOR_CODE;
    struct module_options o = {.socket = CLIENT_SOCKET, .factors = both};
    const char *bad = NULL;

    for (int i = 0; i < argc; i++) {
        if (!apply(&o, argv[i]) && bad == NULL)
            bad = argv[i];
    }
    /* Of one thing alone there is nothing to append to. */
    if (bad == NULL && o.append && o.factors != both)
        bad = "prompt=append";
    *ret_options = o;
    *ret_bad = bad;
    return bad == NULL ? 0 : FED_E_CONFIG;
}
