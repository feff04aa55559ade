/*
 * What no single key can tell: defaults that derive from other keys, and what must fit together.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CONF_CROSSCHECK_H
#define CONF_CROSSCHECK_H

#include "base/err.h"
#include "conf/conf.h"
#include "conf/sections.h"

/*
 * Complete and check a configuration whose keys are all read. domains and roles stand in the order of their
 * sections. Reports to errors. Returns 0 (whether or not something was reported) or FED_E_NOMEM.
 */
FED_MUST_USE int crosscheck(
    struct conf *conf, const struct sections *sections, struct conf_errors *errors);

#endif
