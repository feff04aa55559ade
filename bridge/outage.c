/*
 * Denials while nobody can be asked.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/outage.h"

#include <stdio.h>
#include <string.h>

/* Of a name that is of no domain's form each is asked (identity_find); else only its own. */
static int
ask(const struct bridge *b, const struct identity *id)
{
    char ignored[ADDIR_WHY_MAX];

    for (size_t i = 0; i < b->conf->n_domains; i++) {
        if (!id->anywhere && i != id->domain)
            continue;
        int r = addir_answers(b->dirs[i], ignored);
        /* All connections in use: somebody is answered. */
        if (r != 0 && r != FED_E_BUSY)
            return fed_error_class(r) == FED_CLASS_UNAVAILABLE ? r : FED_E_DIRECTORY;
    }
    return 0;
}

int
outage_hide(const struct bridge *b, const struct identity *id, int error, char *why)
{
    char reason[BRIDGE_WHY_MAX];

    if (error == 0 || fed_error_class(error) != FED_CLASS_DENIED)
        return error;
    int r = ask(b, id);
    if (r == 0)
        return error;
    (void)snprintf(reason, sizeof(reason), "%s", why);
    (void)snprintf(why, BRIDGE_WHY_MAX,
        "the directory does not answer; else it would have been %s%s%.300s", fed_error_name(error),
        reason[0] != '\0' ? ": " : "", reason);
    return r;
}
