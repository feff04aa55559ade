/*
 * What sshd_config(5) must say for pam_awsfed to be asked, read from the file and what it includes.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CONF_SSHDCONF_H
#define CONF_SSHDCONF_H

#include <stdbool.h>
#include <stddef.h>

#include "conf/findings.h"

enum { SSHDCONF_WORD_MAX = 256 };

/* One setting: its keyword and all that stands behind it, blanks around and one pair of quotes taken off. */
struct sshdconf_line {
    unsigned number;
    char keyword[SSHDCONF_WORD_MAX];
    char value[SSHDCONF_WORD_MAX];
};

struct sshdconf {
    const char *next;
    size_t left;
    unsigned number;
};

/* Begin to read (data, len), any bytes; they must outlive it. */
void sshdconf_begin(struct sshdconf *file, const void *data, size_t len);

/* The next setting; false at the end. What is too long to be one that matters is passed over. Never blocks or allocates. */
bool sshdconf_next(struct sshdconf *file, struct sshdconf_line *ret);

/*
 * Add what is wrong with a configuration; blocks on files. Of a keyword that is said twice, the first counts, as for sshd.
 *   path             such as /etc/ssh/sshd_config; what it includes is looked for beside it
 *   takes_one_answer pam_awsfed has prompt=append, so that the method "password" works
 */
void sshdconf_lint(const char *path, bool takes_one_answer, struct findings *findings);

#endif
