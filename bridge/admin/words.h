/*
 * The words of awsfed-admin. Each gets its own arguments, argv[0] being the word, and returns an exit status.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_ADMIN_WORDS_H
#define BRIDGE_ADMIN_WORDS_H

#include "bridge/admin/ask.h"

typedef int admin_word(const struct admin *admin, int argc, char **argv);

admin_word word_aws_setup;                           /* aws_setup.c */
admin_word word_check;                               /* check.c */
admin_word word_doctor;                              /* doctor.c */
admin_word word_mfa;                                 /* mfa.c */
admin_word word_pam_lint;                            /* pam_lint.c */
admin_word word_oidc;                                /* oidc.c */
admin_word word_report;                              /* report.c */
admin_word word_whois;                               /* whois.c */
admin_word word_sessions, word_revoke, word_explain; /* people.c */

/* Print "awsfed-admin: what; try: awsfed-admin --help" and return ADMIN_USAGE. */
int admin_usage(const char *what);

#endif
