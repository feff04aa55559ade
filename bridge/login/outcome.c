/*
 * Errors to exit statuses: three errors have one of their own, the others go by their class.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/login/outcome.h"

#include "base/err.h"

enum outcome
outcome_of(int error)
{
    switch (error) {
    case FED_E_NO_TICKET:
    case FED_E_FRESH_CODE:
        return OUTCOME_SIGN_IN;
    case FED_E_AWS_REFUSED:
        return OUTCOME_AWS;
    default:
        break;
    }
    switch (fed_error_class(error)) {
    case FED_CLASS_OK:
        return OUTCOME_DONE;
    case FED_CLASS_DENIED:
        return OUTCOME_DENIED;
    case FED_CLASS_UNAVAILABLE:
        return OUTCOME_UNAVAILABLE;
    case FED_CLASS_INPUT:
    case FED_CLASS_INTERNAL:
        break;
    }
    return OUTCOME_OTHER;
}
