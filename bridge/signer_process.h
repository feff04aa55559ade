/*
 * The signer: a process of its own for one key that lies in a PKCS#11 token. The library of a token is foreign code, so it gets
 * a process that knows nothing else.
 *
 *   bridge ── SIGN, TOKEN, PUBLIC ── signer ── the same ── module process (bridge/signer_module.h) ── token
 *
 * The signer keeps the PIN and runs our code only. The library runs in its child, which it starts, gives up on when it
 * does not answer in time, kills, and starts again at the next question; so a token that is pulled out, a daemon that is
 * restarted or a library that hangs or crashes costs the questions of that time, and nothing has to be done afterwards. Neither
 * process has an IP network (I-62), and the key leaves the token as little as a file's key leaves the keeper.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_SIGNER_PROCESS_H
#define BRIDGE_SIGNER_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "bridge/keeper_box.h"

enum {
    SIGNER_ANSWER_MS =
        6000, /* for one answer, with a new start of the library if need be: less than the bridge waits */
    SIGNER_PAUSE_MS =
        1000, /* after a failed start, so that a broken token is not hammered: what it said stands */
};

struct signer_options {
    const char *uri;         /* conf/key_uri.h */
    const char *certificate; /* whose key it must be; NULL = any */
    bool may_be_ec;
    struct keeper_box_ids ids;
    int64_t answer_ms, pause_ms; /* 0 = those above */
};

/*
 * In the child, as root: the files read and checked (the library's owner and mode too, as it is code that we load), the
 * environment cleared, the walls raised; then as somebody else the library started once. READY says
 *   0           the key is there; or, with words, why the token cannot be used now: it may come back
 *   FED_E_…     a file is missing, may not be trusted or is no such library: words; the signer ends
 * It ends when the bridge closes its end, and its child with it.
 */
_Noreturn void signer_process(int fd, const struct signer_options *o);

#endif
