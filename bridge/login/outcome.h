/*
 * How a run of awsfed-login ends: the exit statuses, which are part of its public interface, and the
 * one table from the project's errors to them.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_LOGIN_OUTCOME_H
#define BRIDGE_LOGIN_OUTCOME_H

enum outcome {
    OUTCOME_DONE = 0,
    OUTCOME_OTHER = 1,
    OUTCOME_USAGE = 2,
    OUTCOME_DENIED = 3,
    OUTCOME_SIGN_IN = 4, /* sign in first, or again for a fresh code */
    OUTCOME_AWS = 5,     /* AWS said no */
    OUTCOME_UNAVAILABLE = 6,
};

/* The exit status for 0 or FED_E_*; an unknown error is OUTCOME_OTHER. */
enum outcome outcome_of(int error);

#endif
