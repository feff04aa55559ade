/*
 * One INI file to sections: every line is a comment, blank, a [heading] or "key = value".
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CONF_INIFILE_H
#define CONF_INIFILE_H

#include "base/err.h"
#include "base/secret.h"
#include "conf/conf.h"
#include "conf/sections.h"

enum { INIFILE_MAX = 16 * 1024 * 1024 };

/*
 * Add a file's content to the sections. Reports every line that is none of the above, every unknown
 * or repeated section and every repeated key; the rest of the file is taken.
 *   file      its name for errors; must outlive sections
 *   bytes     its content; changed on the way
 * Returns 0 (whether or not something was reported), FED_E_NOMEM.
 */
FED_MUST_USE int inifile_read(const char *file, struct fed_secret *bytes, struct sections *sections,
    struct conf_errors *errors);

#endif
