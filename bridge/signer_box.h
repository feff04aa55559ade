/*
 * The last wall around a signer. The library of a token is foreign code that opens files, devices and sockets of the local
 * machine, so the keeper's list of what is allowed cannot be had; here it is a list of what is refused.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_SIGNER_BOX_H
#define BRIDGE_SIGNER_BOX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/*
 * After keeper_box_close and keeper_box_drop. From now on: sockets of AF_UNIX alone (I-62), no other program, no tracing or
 * reading of another process, no namespaces, mounts or keyrings, nothing of the machine's administration; and
 * for the process that loads the library (may_fork false) no child, no signal to anybody, and few files. What is refused fails
 * with EPERM, for a library that merely probes. It may be called again, with less. 0 or FED_E_SYSTEM.
 */
FED_MUST_USE int signer_box_shut(bool may_fork, char *why, size_t why_size);

#endif
