/*
 * A row of the directory store as the bytes that are sealed, and a sealed blob as the text of an
 * attribute (mfa/store_directory.h has both forms).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef MFA_STORE_DIRECTORY_VALUE_H
#define MFA_STORE_DIRECTORY_VALUE_H

#include "base/secret.h"
#include "mfa/store.h"

/* ret initialised by the caller, with room; replaced. 0, FED_E_TOO_BIG, FED_E_NOMEM. */
FED_MUST_USE int store_directory_pack(
    const struct store_row *row, uint64_t version, struct fed_secret *ret);
FED_MUST_USE int store_directory_to_text(const void *blob, size_t len, struct fed_secret *ret_text);

/* The ways back. Any bytes are safe. 0, FED_E_STORE (not of our making), FED_E_NOMEM. */
FED_MUST_USE int store_directory_unpack(
    const void *data, size_t len, const char *sid, struct store_row *ret);
FED_MUST_USE int store_directory_from_text(
    const void *text, size_t len, struct fed_secret *ret_blob);

#endif
