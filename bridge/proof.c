/*
 * Owning and copying proofs.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/proof.h"

#include <stdlib.h>
#include <string.h>

void
proof_done(struct proof *p)
{
    if (p == NULL)
        return;
    free(p->roles);
    book_unref(p->book);
    for (size_t i = 0; i < p->n_attributes; i++)
        free(p->attributes[i]);
    free(p->attributes);
    *p = (struct proof){0};
}

int
proof_copy(const struct proof *from, struct proof *ret)
{
    struct proof copy = *from;

    copy.book = book_ref(from->book);
    copy.roles = NULL;
    copy.attributes = NULL;
    copy.n_roles = copy.n_attributes = 0;
    if (from->n_roles > 0) {
        copy.roles = calloc(from->n_roles, sizeof(*copy.roles));
        if (copy.roles == NULL)
            goto out;
        memcpy(copy.roles, from->roles, from->n_roles * sizeof(*copy.roles));
        copy.n_roles = from->n_roles;
    }
    if (from->n_attributes > 0) {
        copy.attributes = calloc(from->n_attributes, sizeof(*copy.attributes));
        if (copy.attributes == NULL)
            goto out;
        for (; copy.n_attributes < from->n_attributes; copy.n_attributes++) {
            char *text = strdup(from->attributes[copy.n_attributes]);
            if (text == NULL)
                goto out;
            copy.attributes[copy.n_attributes] = text;
        }
    }
    *ret = copy;
    return 0;

out:
    proof_done(&copy);
    return FED_E_NOMEM;
}

void
proof_set_roles(struct proof *p, struct book *book, unsigned *roles, size_t n)
{
    free(p->roles);
    book_unref(p->book);
    p->book = book;
    p->roles = roles;
    p->n_roles = n;
}

const struct conf_role *
proof_role(const struct proof *p, size_t i)
{
    return book_role(p->book, p->roles[i]);
}

const struct conf_role *
proof_find_role(const struct proof *p, const char *name)
{
    for (size_t i = 0; i < p->n_roles; i++) {
        const struct conf_role *role = proof_role(p, i);
        if (strcmp(role->name, name) == 0)
            return role;
    }
    return NULL;
}

const struct conf_role *
proof_role_by_digest(const struct proof *p, uint64_t digest)
{
    for (size_t i = 0; i < p->n_roles; i++) {
        const struct conf_role *role = proof_role(p, i);
        if (role->digest == digest)
            return role;
    }
    return NULL;
}
