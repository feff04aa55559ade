/*
 * The two ends of an import (ASK_ARRIVAL_BEGIN, ASK_ARRIVAL_END), whatever comes between them.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_ADMIN_MFA_ARRIVE_H
#define BRIDGE_ADMIN_MFA_ARRIVE_H

#include <stdbool.h>

#include "bridge/admin/ask.h"

enum { MFA_ARRIVE_ID_SIZE = 16 };

struct mfa_arrive {
    const char *path; /* the file, for what is said of its lines */
    const char *head; /* of a parcel; else NULL */
    bool replace, dry_run, skip_unknown;
    unsigned char id[MFA_ARRIVE_ID_SIZE]; /* by mfa_arrive_begin */
};

struct mfa_arrive_counts {
    uint64_t added, merged, same, skipped;
};

/* An exit status each; failures, people refused among them, are printed. */
int mfa_arrive_begin(const struct admin *admin, struct mfa_arrive *a);
int mfa_arrive_end(
    const struct admin *admin, const struct mfa_arrive *a, struct mfa_arrive_counts *ret);

#endif
