/*
 * Keys of AWS's as others write them: the JSON of the metadata services, and the credentials file of the SDKs.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_KEYS_TEXT_H
#define BRIDGE_KEYS_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "bridge/sts.h"

/*
 * Both: any bytes are safe; nothing of them gets into an error. ret on success, freed with sts_credential_done.
 * Return 0, FED_E_PROTO, FED_E_NOMEM. Never block; any thread.
 */

/*
 * {"AccessKeyId", "SecretAccessKey", "Token", "Expiration"} of instance metadata (with "Code": "Success") and of
 * container endpoints. Keys that have ended by now_s are FED_E_PROTO too.
 */
FED_MUST_USE int keys_text_json(
    const void *data, size_t len, int64_t now_s, struct sts_credential *ret);

/*
 * aws_access_key_id, aws_secret_access_key and, for temporary ones, aws_session_token below [default]; or in a file
 * without any section. expires_s is 0.
 */
FED_MUST_USE int keys_text_file(const void *data, size_t len, struct sts_credential *ret);

#endif
