/*
 * PAM service files, line by line, as libpam reads them: pam.conf(5) and, of Debian, "@include". Which line says what;
 * conf/pamstack.h makes a stack of them.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CONF_PAMFILE_H
#define CONF_PAMFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum {
    PAMFILE_LINE_MAX = 1024, /* libpam's own limit, continuations included */
    PAMFILE_WORDS_MAX = 64,
    PAMFILE_RESULTS = 32, /* what a module may return: numbered as in <security/_pam_types.h> */
};

/* Those that decide something here. */
enum pamfile_result {
    PAMFILE_SUCCESS = 0,
    PAMFILE_SERVICE_ERR = 3,
    PAMFILE_SYSTEM_ERR = 4,
    PAMFILE_PERM_DENIED = 6,
    PAMFILE_AUTH_ERR = 7,
    PAMFILE_AUTHINFO_UNAVAIL = 9,
    PAMFILE_USER_UNKNOWN = 10,
    PAMFILE_MAXTRIES = 11,
    PAMFILE_NEW_AUTHTOK_REQD = 12,
    PAMFILE_ACCT_EXPIRED = 13,
    PAMFILE_CONV_ERR = 19,
    PAMFILE_AUTHTOK_ERR = 20,
    PAMFILE_STEPPED_ASIDE = 25,
    PAMFILE_MODULE_UNKNOWN = 28,
};

enum pamfile_phase { PAMFILE_AUTH, PAMFILE_ACCOUNT, PAMFILE_PASSWORD, PAMFILE_SESSION };
enum { PAMFILE_PHASES = 4 };

enum pamfile_kind {
    PAMFILE_MODULE,
    PAMFILE_INCLUDE,  /* the lines of a phase of another file */
    PAMFILE_SUBSTACK, /* the same, whose "done" and "die" end only themselves */
    PAMFILE_WHOLE     /* @include: all lines of another file */
};

/* What a result leads to; above 0: so many modules are jumped over. */
enum pamfile_action {
    PAMFILE_IGNORE = 0,
    PAMFILE_OK = -1,
    PAMFILE_DONE = -2,
    PAMFILE_BAD = -3,
    PAMFILE_DIE = -4,
    PAMFILE_RESET = -5,
    PAMFILE_UNSET = -6 /* no word for it: libpam fails the stack */
};

/* One line. The strings lie in text, so a line is never copied. */
struct pamfile_line {
    unsigned number; /* of the first of those that it goes over */
    enum pamfile_kind kind;
    enum pamfile_phase phase; /* not of PAMFILE_WHOLE */
    bool silent;              /* "-auth": no word when the module is not there */
    bool bracketed;
    const char *control; /* as written, without brackets; NULL of PAMFILE_WHOLE */
    const char *name;    /* of the module or the file */
    const char *args[PAMFILE_WORDS_MAX];
    size_t n_args;
    int actions[PAMFILE_RESULTS]; /* of PAMFILE_MODULE, by result */
    char text[PAMFILE_LINE_MAX];
};

/* What is left to read. */
struct pamfile {
    const char *next;
    size_t left;
    unsigned number;
};

enum pamfile_found { PAMFILE_END, PAMFILE_LINE, PAMFILE_WRONG };

/* Begin to read (data, len), any bytes; they must outlive it. */
void pamfile_begin(struct pamfile *file, const void *data, size_t len);

/*
 * The next line that says something. Of PAMFILE_WRONG ret_line has the number alone, and *ret_what why libpam would not take
 * it (a constant); the next call goes on behind it. Never blocks or allocates.
 */
enum pamfile_found pamfile_next(
    struct pamfile *file, struct pamfile_line *ret_line, const char **ret_what);

/* "auth", "account", "password", "session". */
const char *pamfile_phase_name(enum pamfile_phase phase);

/* "success", "auth_err", …; the words of a control in brackets. */
const char *pamfile_result_name(enum pamfile_result result);

#endif
