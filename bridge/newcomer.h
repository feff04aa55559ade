/*
 * Enrolment at a first login ([mfa] enrol-at-login): somebody has no second factor, and AD has proved their password.
 * The PAM module shows them a new token and asks for two of its codes; then the login goes on, with both factors.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_NEWCOMER_H
#define BRIDGE_NEWCOMER_H

#include "bridge/dispatch.h"
#include "bridge/signin.h"

/* May an attempt lead here? Where both factors are asked for by a program of root's. */
bool newcomer_may_enrol(const struct bridge *b, const struct job *job, unsigned factors);

/*
 * A login has come as far as it can without a second factor: result is of a sign-in that says newcomer.
 *
 * Begins an enrolment: result stays a newcomer, and the answer is in job->reply, status FED_E_NOT_ENROLLED with WIRE_PENDING and
 * WIRE_NOTICE: for who knows neither it is a denial. Or, where the module can show and ask nothing: whoever
 * may skip it logs in (result is no newcomer any more), else FED_E_NOT_ENROLLED, with words in answer.
 *
 * 0, FED_E_NOT_ENROLLED, FED_E_BUSY, FED_E_KEEPER, errors of identity_find and audit_write.
 */
FED_MUST_USE int newcomer_begin(
    struct bridge *b, struct job *job, struct signin_result *result, struct answer *answer);

#endif
