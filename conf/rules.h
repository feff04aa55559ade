/*
 * The rules of the second factor, [mfa-rule NAME]: what one says must mean something, alone and after those before it.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CONF_RULES_H
#define CONF_RULES_H

#include "conf/conf.h"
#include "conf/forms.h"
#include "conf/sections.h"

form_check rules_form_service; /* the name of a file in /etc/pam.d */

/*
 * Report every rule that fits everybody (that is [mfa] required), that fits nobody, or that is never asked because an
 * earlier one fits all that it fits.
 */
void rules_check(
    const struct conf *conf, const struct sections *sections, struct conf_errors *errors);

#endif
