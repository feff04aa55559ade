/*
 * The people who are none of our business: root, and the local users that the bridge publishes in
 * the file local-users beside its socket. The module knows them without asking anybody, so that they
 * get in when nothing else works (I-23).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PAM_AWSFED_LOCAL_H
#define PAM_AWSFED_LOCAL_H

#include <stdbool.h>

#define LOCAL_FILE "local-users"

/* A longer file is not believed. */
enum { LOCAL_FILE_MAX = 64 * 1024 };

/*
 * Is this name root's, or a line of the file in the socket's folder?
 *   ret_problem   why the file was not believed, for the log (static); NULL when all is well, or when
 *                 there is no file, which means root alone
 * Reads one small file; never blocks on anything but the disk.
 */
bool local_is_user(const char *socket_path, const char *name, const char **ret_problem);

#endif
