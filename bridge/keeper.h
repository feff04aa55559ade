/*
 * The keeper: a process of its own that holds the seal key and the signing keys and answers ten
 * questions on one socket pair. It has no network, opens no file after its start, and cannot be
 * traced; keys and the seeds of enrolled people never leave it (I-34, I-62).
 *
 *   SEAL    SID, seed or nothing (then a fresh random one) -> sealed blob, seed
 *   VERIFY  SID, sealed blob, TOTP parameters, code, time  -> time step
 *   WRAP    SID, record; UNWRAP: the way back              -> wrapped record, record (mfa/store_directory.h)
 *   SIGN    bytes                                          -> RSA-SHA256 (PKCS #1 v1.5) signature of [saml] key
 *   TOKEN   bytes                                          -> JOSE signature of [oidc] key: RS256 or ES256
 *   PUBLIC                                                 -> the public half of [oidc] key
 *   RESEAL  SID, sealed blob                               -> the same seed, sealed with the first seal key
 *   PACK    place, a parcel's piece; UNPACK: the way back   -> sealed piece, piece (mfa/parcel.h)
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_KEEPER_H
#define BRIDGE_KEEPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/secret.h"
#include "conf/conf.h"
#include "mfa/totp.h"

struct keeper;

/*
 * Fork the keeper. Called as root before any thread exists, and before anything else uses OpenSSL.
 * In the child: every descriptor closed, the keys read (owner and mode checked; they are never in
 * this process), own network namespace where allowed, then the bridge's user, no new privileges, not
 * dumpable, a seccomp filter that knows no socket(2) and no open(2). The child ends when this process does.
 *   conf         without a [saml] key in a file, SIGN is answered with FED_E_CONFIG; TOKEN and PUBLIC without [oidc]
 *   uid, gid     whom to become, not root; the caller's own when not root
 *   why          a line on failure
 * Returns 0, FED_E_CONFIG (a key file, uid 0), FED_E_SYSTEM, FED_E_NOMEM. The child never returns.
 */
FED_MUST_USE int keeper_start(
    const struct conf *conf, uid_t uid, gid_t gid, struct keeper **ret, char *why, size_t why_size);
void keeper_stop(struct keeper *keeper);

/*
 * The same start for a process that answers a part of these questions: the signer of a token (bridge/signer.h).
 *   name   static, for errors and the log
 *   run    in the child, with its end of the socket; never returns. It says READY, and words with it or none
 *   why    the words, also on success
 */
struct keeper_program {
    const char *name;
    void (*run)(int fd, const void *arg);
    const void *arg;
};
FED_MUST_USE int keeper_launch(
    const struct keeper_program *program, struct keeper **ret, char *why, size_t why_size);

int keeper_pid(const struct keeper *keeper);

/*
 * A descriptor to poll(2) for nothing (events = 0): POLLHUP comes when the keeper is gone or a question
 * went unanswered. The bridge then ends, for it can neither verify nor sign. Not to be read.
 */
int keeper_fd(const struct keeper *keeper);

/* Is that so now? Never blocks; any thread. */
bool keeper_is_gone(const struct keeper *keeper);

/*
 * The questions; any thread, one at a time in the keeper (a signature takes some milliseconds). Each
 * blocks until the answer; FED_E_KEEPER when the keeper is gone, or has not answered for ten seconds.
 * FED_E_INVALID for arguments that are out of bounds (a SID over 191 bytes, data over 32 KiB).
 */

/*
 * seed empty or NULL: a fresh one of seed_len random bytes (TOTP_SEED_MIN to TOTP_SEED_MAX) is made; else it is
 * sealed and seed_len means nothing. ret_blob and ret_seed are initialised by the caller, and replaced.
 */
FED_MUST_USE int keeper_seal(struct keeper *keeper, const char *sid, const struct fed_secret *seed,
    size_t seed_len, struct fed_secret *ret_blob, struct fed_secret *ret_seed);

/*
 * A blob sealed with any key of the file, sealed with the first; the blob itself where it was already. ret_blob is replaced.
 * FED_E_CRYPTO as below.
 */
FED_MUST_USE int keeper_reseal(struct keeper *keeper, const char *sid, const void *blob,
    size_t blob_len, struct fed_secret *ret_blob);

/* As totp_check, of a sealed seed. FED_E_CRYPTO: the blob is not this person's, or not of this key. */
FED_MUST_USE int keeper_verify(struct keeper *keeper, const char *sid, const void *blob,
    size_t blob_len, const struct totp_params *params, const void *code, size_t code_len,
    int64_t now_s, uint64_t *ret_step);

/*
 * A JWT's signature over its signing input (RFC 7515), appended to ret (initialised, limit at least 512): RS256 of an RSA
 * key, ES256 (R and S, 32 bytes each) of one on P-256. And that key's public half, as DER (SubjectPublicKeyInfo).
 */
FED_MUST_USE int keeper_token(
    struct keeper *keeper, const void *data, size_t len, struct fed_secret *ret);
FED_MUST_USE int keeper_public(struct keeper *keeper, struct fed_secret *ret);

/*
 * A person's record sealed as a whole, and opened again; never a seed of it. ret is initialised by the caller, and replaced.
 * FED_E_CRYPTO: not this person's, not of this key, changed, or not a record.
 */
FED_MUST_USE int keeper_wrap(
    struct keeper *keeper, const char *sid, const void *record, size_t len, struct fed_secret *ret);
FED_MUST_USE int keeper_unwrap(
    struct keeper *keeper, const char *sid, const void *blob, size_t len, struct fed_secret *ret);

/* A piece of a parcel, bound to its place in it; as above. */
FED_MUST_USE int keeper_pack(struct keeper *keeper, const char *place, const void *piece,
    size_t len, struct fed_secret *ret);
FED_MUST_USE int keeper_unpack(
    struct keeper *keeper, const char *place, const void *blob, size_t len, struct fed_secret *ret);

/* The raw signature over data, appended to ret (initialised, limit at least 512). */
FED_MUST_USE int keeper_sign(
    struct keeper *keeper, const void *data, size_t len, struct fed_secret *ret);

#endif
