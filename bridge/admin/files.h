/*
 * What the offline words share: the configuration read with its errors printed, and files written whole or not at all.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_ADMIN_FILES_H
#define BRIDGE_ADMIN_FILES_H

#include "base/secret.h"
#include "bridge/admin/ask.h"
#include "bridge/trail.h"
#include "conf/conf.h"

enum { FILES_PATH_MAX = 4096 };

/* The configuration, or NULL with every error of it printed to standard error. Freed with conf_free. */
struct conf *files_conf(const char *dir);

/* Where the audit trail is and whose it has to be, for trail_each. A view on the configuration. */
struct trail_options files_trail(const struct conf *conf);

/* Print "awsfed-admin: cannot WHAT "PATH": errno's text" and return ADMIN_FAILED. */
int files_failed(const char *what, const char *path);

/* A folder that is there already is fine. An exit status; a failure is printed. */
int files_make_folder(const char *path);

/*
 * DIR/NAME, mode 0644, by a file beside it that takes its place when it is whole and on the disk: somebody may be reading.
 * An exit status; a failure is printed.
 */
int files_write(const char *dir, const char *name, const void *data, size_t len);

/* To standard output, all of it. An exit status; a failure is printed. */
int files_print(const void *data, size_t len);

#endif
