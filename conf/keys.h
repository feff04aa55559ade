/*
 * The table of keys: section, name, type, default, check and target, one row a key. Reading, defaults,
 * "did you mean" and freeing all walk this table; a new key is a new row.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CONF_KEYS_H
#define CONF_KEYS_H

#include "base/err.h"
#include "conf/conf.h"
#include "conf/sections.h"

/* Report every key of the section that no row knows. */
void keys_check_known(const struct section *section, struct conf_errors *errors);

/*
 * Fill the struct of a section's kind (struct conf_bridge for SECTION_BRIDGE, and so on) from its settings and the
 * defaults. Reports bad values and missing required keys, and goes on behind them.
 *   section    NULL: the kind's section is not there, defaults only; nothing is required then
 *   target     zeroed; freed with keys_done whatever is returned
 * Returns 0 (whether or not something was reported) or FED_E_NOMEM.
 */
FED_MUST_USE int keys_read(enum section_kind kind, const struct section *section, void *target,
    struct conf_errors *errors);

/* Free what keys_read made in the struct of a kind. */
void keys_done(enum section_kind kind, void *target);

#endif
