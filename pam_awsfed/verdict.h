/*
 * The one place where our errors become PAM codes. What the table does not name denies.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PAM_AWSFED_VERDICT_H
#define PAM_AWSFED_VERDICT_H

enum verdict_phase { VERDICT_AUTH, VERDICT_ACCOUNT, VERDICT_SESSION, VERDICT_PASSWORD };

/* The PAM code of 0 or a FED_E_* in a phase. PAM_SUCCESS for 0 alone; never PAM_IGNORE (I-43). */
int verdict_code(enum verdict_phase phase, int error);

#endif
