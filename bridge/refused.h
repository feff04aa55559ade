/*
 * The people of one answer for whom a thing could not be done: all are counted, the first of them are named.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_REFUSED_H
#define BRIDGE_REFUSED_H

#include "base/wire.h"
#include "mfa/store.h"

enum { REFUSED_NAMED = 32 };

/* All zeroes: nobody. */
struct refused {
    char names[REFUSED_NAMED][STORE_NAME_MAX];
    uint64_t n;
};

void refused_add(struct refused *refused, const char *name);

/* A MESSAGE "NAME: WHY" for each who is named. */
void refused_put(struct wire_out *out, const struct refused *refused, const char *why);

#endif
