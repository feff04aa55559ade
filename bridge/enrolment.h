/*
 * A new token of somebody's, by whichever way they enrol, and new recovery codes.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_ENROLMENT_H
#define BRIDGE_ENROLMENT_H

#include "bridge/bridge.h"
#include "bridge/identity.h"
#include "mfa/record.h"

struct enrolment {
    struct record_token token; /* with its sealed seed; in no record yet, and not confirmed */
    struct fed_secret uri, base32;
};

/*
 * A token with a fresh seed.
 *   label  NULL = none
 *   ret    always initialised; free with enrolment_done
 * 0, FED_E_INVALID (parameters, label), FED_E_KEEPER, FED_E_TOO_BIG, FED_E_NOMEM.
 */
FED_MUST_USE int enrolment_make(struct bridge *b, const struct identity *id,
    const struct totp_params *params, const char *label, struct enrolment *ret);
void enrolment_done(struct enrolment *e);

/*
 * Ten new recovery codes of somebody enrolled, in the place of what they had. ret_text as recovery_make's.
 * 0, FED_E_NOT_ENROLLED, FED_E_STORE, FED_E_CRYPTO, FED_E_BUSY, FED_E_NOMEM. Takes half a second.
 */
FED_MUST_USE int enrolment_new_codes(
    struct bridge *b, const char *sid, struct fed_secret *ret_text);

/* A WIRE_RECOVERY_CODE for each line of the text. */
void enrolment_put_codes(struct wire_out *out, const struct fed_secret *text);

#endif
