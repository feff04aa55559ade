/*
 * The stack of a PAM service: its files put together in four phases, and what libpam makes of what the modules of a phase
 * return. Nothing is loaded or run.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CONF_PAMSTACK_H
#define CONF_PAMSTACK_H

#include "base/secret.h"
#include "conf/conf.h"
#include "conf/findings.h"
#include "conf/pamfile.h"

enum {
    PAMSTACK_FILE_MAX = 64 * 1024,
    PAMSTACK_MODULES_MAX = 512,
    PAMSTACK_DEPTH_MAX = 16,
    PAMSTACK_WHY_MAX = 256
};

/* One module, where it is called from. */
struct pamstack_module {
    const char *file; /* of the stack */
    unsigned level;   /* 0, or how deep in substacks */
    struct pamfile_line line;
};

struct pamstack {
    struct pamstack_module **modules; /* of all phases, in the order of the files */
    size_t n;
    struct conf_list files;
};

/*
 * Where files come from. ret is initialised by the caller, with PAMSTACK_FILE_MAX. 0, FED_E_NOT_FOUND, or another error with
 * why (PAMSTACK_WHY_MAX bytes).
 */
typedef int pamstack_read_fn(void *arg, const char *path, struct fed_secret *ret, char *why);

/* The real one: a regular file. */
FED_MUST_USE int pamstack_read_file(void *arg, const char *path, struct fed_secret *ret, char *why);

/*
 * Read DIR/SERVICE and all that it includes. What libpam would stumble over is added to findings, and left out of the stack.
 *   dir       such as /etc/pam.d
 *   service   a file's name, without a slash
 *   read      NULL = pamstack_read_file
 * 0, FED_E_NOT_FOUND (there is no such service), FED_E_SYSTEM (it cannot be read; a finding says why), FED_E_TOO_BIG,
 * FED_E_NOMEM. ret_stack on success; freed with pamstack_free.
 */
FED_MUST_USE int pamstack_load(const char *dir, const char *service, pamstack_read_fn *read,
    void *arg, struct pamstack **ret_stack, struct findings *findings);
void pamstack_free(struct pamstack *stack);

/* Is this the module's file name, with or without a path? */
bool pamstack_is(const struct pamstack_module *module, const char *file_name);

/* What a module returns, when it is called. */
typedef enum pamfile_result pamstack_call_fn(void *arg, const struct pamstack_module *module);

struct pamstack_verdict {
    enum pamfile_result result;
    const struct pamstack_module *decisive; /* whose result that is; NULL = nobody's */
};

/* Run a phase as libpam's pam_dispatch.c does. */
void pamstack_run(const struct pamstack *stack, enum pamfile_phase phase, pamstack_call_fn *call,
    void *arg, struct pamstack_verdict *ret);

#endif
