/*
 * The walls around the keeper: what a process gives up, step by step, until it can compute and
 * talk on one socket and do nothing else. Each step is checked and none can be taken back. A signer takes the
 * first two steps as well; its last is its own (bridge/signer_box.h).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_KEEPER_BOX_H
#define BRIDGE_KEEPER_BOX_H

#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

/* The one descriptor that stays, besides standard error for last words and /dev/null below it. */
enum { KEEPER_BOX_FD = 3 };

/*
 * Sanitizers map shadow memory, open files and start threads when they report: under them the
 * memory is not locked, few limits are set and there is no seccomp filter. Never what is installed.
 */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define KEEPER_BOX_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                         \
    __has_feature(memory_sanitizer)
#define KEEPER_BOX_SANITIZED 1
#endif
#endif
#ifndef KEEPER_BOX_SANITIZED
#define KEEPER_BOX_SANITIZED 0
#endif

/*
 * First: fd becomes KEEPER_BOX_FD, every other descriptor is closed; signals that end a service
 * are ignored, for the keeper ends when its socket does. No core, no tracing. 0 or FED_E_SYSTEM.
 *   name   static, what ps(1) and our errors call the process: at most 15 characters
 */
FED_MUST_USE int keeper_box_close(int fd, const char *name, char *why, size_t why_size);

/* Whom to become. groups: besides gid; the keeper needs none. */
struct keeper_box_ids {
    uid_t uid;
    gid_t gid;
    const gid_t *groups;
    size_t n_groups;
};

/*
 * Second, once the keys are read: as root, own network namespace where allowed, memory locked, then
 * the ids, and the proof that root does not come back. Not root: uid and gid must be our own.
 * 0, FED_E_CONFIG (uid 0, or not ours), FED_E_SYSTEM.
 */
FED_MUST_USE int keeper_box_drop(const struct keeper_box_ids *ids, char *why, size_t why_size);

/*
 * Last: no other file, no other process, and the seccomp filter. A call that is not on its list kills the
 * process. 0 or FED_E_SYSTEM.
 */
FED_MUST_USE int keeper_box_shut(char *why, size_t why_size);

#endif
