/*
 * Second factors that come from elsewhere: files of google-authenticator and pam_oath, and plain CSV, read
 * into one list. Everything is read before anything is used: a list with an error is good for nothing but its report.
 *
 *   google-authenticator   a file a person: the secret in base32, then lines that begin with '"' and scratch codes:
 *                              EBDHDQGPFKXWXJNLEUVLOGDTIY
 *                              " TOTP_AUTH
 *                              " DISALLOW_REUSE 56666666 56666668
 *   users.oath             a line a person: type, name, PIN or -, seed in hexadecimal, then state:
 *                              HOTP/T30/6 alice - 3132333435363738393031323334353637383930 0 328482 2026-11-21T17:04:05L
 *   csv                    a first line that names the columns: user, secret (base32), and any of label, digits,
 *                          period, algorithm
 *   pskc                   hardware tokens in XML, and a CSV of serial,user for whose they are
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef MFA_IMPORT_H
#define MFA_IMPORT_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/secret.h"
#include "mfa/store.h"

enum { IMPORT_MOST = 200000, IMPORT_FILE_MAX = 64 * 1024 * 1024 };

struct import_item {
    char name[STORE_NAME_MAX];
    char label[RECORD_LABEL_MAX];
    struct totp_params params; /* what the file does not say is 6 digits, 30 s, SHA-1 */
    int64_t used_until_s;      /* codes up to this moment were used; 0 = none known */
    struct fed_secret seed;
    unsigned line;
};

/* Somebody's fault, to be shown: file, line (0 = all of it), and why. */
struct import_error {
    char *file;
    unsigned line;
    const char *why; /* static */
};

struct import_list {
    struct import_item *items;
    size_t n;
    struct import_error *errors;
    size_t n_errors;
    size_t scratch_codes; /* of google-authenticator, seen and left out */
};

void import_init(struct import_list *list);
void import_done(struct import_list *list);

/*
 * Read one file's bytes; any are safe.
 *   file  its name, for the report
 *   name  import_google: whose it is
 * 0, also when there were errors, which are in the list then; FED_E_NOMEM, FED_E_TOO_BIG (more than IMPORT_MOST).
 */
FED_MUST_USE int import_google(
    struct import_list *list, const char *file, const char *name, const void *data, size_t len);
FED_MUST_USE int import_oath(
    struct import_list *list, const char *file, const void *data, size_t len);
FED_MUST_USE int import_csv(
    struct import_list *list, const char *file, const void *data, size_t len);

/*
 * Hardware tokens, PSKC (RFC 6030), by libpskc.
 *   secrets  of the same bytes (mfa/pskc_cipher.h), unlocked if it is locked
 *   owners   who has which serial number; each that a token was found for is marked
 */
struct pskc_cipher;
struct import_owners;
FED_MUST_USE int import_pskc(struct import_list *list, const char *file, const void *data,
    size_t len, const struct pskc_cipher *secrets, struct import_owners *owners);

/* Nobody twice; adds an error for each who is, under this file's name. 0 or FED_E_NOMEM. */
FED_MUST_USE int import_check(struct import_list *list, const char *file);

/* For the parsers: one more item, which the list owns; one more error. 0, FED_E_NOMEM, FED_E_TOO_BIG. */
FED_MUST_USE int import_add(struct import_list *list, struct import_item **ret);
FED_MUST_USE int import_fail(
    struct import_list *list, const char *file, unsigned line, const char *why);

#endif
