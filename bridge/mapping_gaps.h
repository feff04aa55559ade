/*
 * Groups that the configuration names and the directory does not have, said in the log with file and line, what it
 * means and the remedy.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_MAPPING_GAPS_H
#define BRIDGE_MAPPING_GAPS_H

#include <stddef.h>

#include "bridge/book.h"
#include "bridge/mentions.h"

/* domains: what each of conf's said last. Returns how many groups are missing; of a domain that never answered nothing is said. */
size_t mapping_gaps(
    const struct conf *conf, const struct mentions *mentions, const struct book_groups *domains);

#endif
