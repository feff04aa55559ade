/*
 * A sign of life on a terminal, when an answer takes longer than half a second. Nothing anywhere else.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_LOGIN_PROGRESS_H
#define BRIDGE_LOGIN_PROGRESS_H

/* Once, before the first question: this run shows progress, if standard error is a terminal. */
void progress_allow(void);

/* Around one wait. Uses SIGALRM; what was shown is gone after progress_end. */
void progress_begin(void);
void progress_end(void);

#endif
