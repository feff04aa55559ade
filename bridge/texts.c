/*
 * Expansion of all of a role's templates for one ticket.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/texts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "bridge/expand.h"

enum { TEXT_LIMIT = 8192 };

void
texts_done(struct texts *x)
{
    fed_secret_done(&x->session_name);
    fed_secret_done(&x->source_identity);
    fed_secret_done(&x->policy);
    for (size_t i = 0; i < x->n_tags; i++)
        fed_secret_done(&x->values[i]);
    free(x->values);
    free(x->tags);
}

/* A ticket in grace says so to AWS, whatever a tag of that name would have said. */
static int
add_grace(struct texts *x)
{
    static const char key[] = "grace";
    size_t at = 0;

    while (at < x->n_tags && !text_equal_nocase(x->tags[at].key, key))
        at++;
    struct fed_secret *value = &x->values[at];
    if (at == x->n_tags)
        fed_secret_init(value, TEXT_LIMIT);
    int r = fed_secret_set(value, "true", 4);
    if (at == x->n_tags)
        x->n_tags++;
    if (r == 0)
        x->tags[at] = (struct saml_tag){.key = key, .value = fed_secret_str(value)};
    return r;
}

static int
expand_tags(const struct expand_values *v, const struct conf_role *role, struct texts *x, char *why)
{
    bool grace = v->ticket->grace;

    if (role->n_tags == 0 && !grace)
        return 0;
    x->values = calloc(role->n_tags + 1, sizeof(*x->values));
    x->tags = calloc(role->n_tags + 1, sizeof(*x->tags));
    if (x->values == NULL || x->tags == NULL)
        return FED_E_NOMEM;
    while (x->n_tags < role->n_tags) {
        const struct conf_tag *tag = &role->tags[x->n_tags];
        struct fed_secret *value = &x->values[x->n_tags];
        fed_secret_init(value, TEXT_LIMIT);
        int r = expand_template(v, TEMPLATE_TAG_VALUE, tag->value, value, why);
        if (r != 0) {
            fed_secret_done(value);
            return r;
        }
        x->tags[x->n_tags++] = (struct saml_tag){.key = tag->key, .value = fed_secret_str(value)};
    }
    return grace ? add_grace(x) : 0;
}

static int
expand_role_policy(
    const struct expand_values *v, const struct conf_role *role, struct texts *x, char *why)
{
    size_t arns = 0;

    if (role->policy_text == NULL)
        return 0;
    for (size_t i = 0; i < role->policy_arns.n; i++)
        arns += strlen(role->policy_arns.items[i]);
    return expand_policy(v, role->policy_text, arns, &x->policy, why);
}

int
texts_expand(const struct conf *conf, const char *host, const struct ticket *t,
    const struct conf_role *role, struct texts *ret, char *why)
{
    struct expand_values v = {.ticket = t, .conf = conf, .host = host};
    char detail[TEMPLATE_WHY_MAX] = "";
    int r;

    *ret = (struct texts){.session_name = FED_SECRET_INIT(TEXT_LIMIT),
        .source_identity = FED_SECRET_INIT(TEXT_LIMIT),
        .policy = FED_SECRET_INIT(TEXT_LIMIT)};
    r = expand_template(&v, TEMPLATE_SESSION_NAME, role->session_name, &ret->session_name, detail);
    if (r == 0 && role->source_identity != NULL)
        r = expand_template(
            &v, TEMPLATE_SOURCE_IDENTITY, role->source_identity, &ret->source_identity, detail);
    if (r == 0)
        r = expand_tags(&v, role, ret, detail);
    if (r == 0)
        r = expand_role_policy(&v, role, ret, detail);
    if (r != 0) {
        (void)snprintf(why, TEXTS_WHY_MAX, "[role %s] cannot be used for you: %s", role->name,
            detail[0] != '\0' ? detail : fed_strerror(r));
        texts_done(ret);
        *ret = (struct texts){0};
    }
    return r == FED_E_INVALID ? FED_E_AWS_REFUSED : r;
}
