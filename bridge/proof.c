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
    for (size_t i = 0; i < p->n_attributes; i++)
        free(p->attributes[i]);
    free(p->attributes);
    *p = (struct proof){0};
}

int
proof_copy(const struct proof *from, struct proof *ret)
{
    struct proof copy = *from;

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
