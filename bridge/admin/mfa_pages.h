/*
 * What the bridge answers a page at a time: mfa export and mfa reseal. And the people whom it refuses, as an import has them, too.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_ADMIN_MFA_PAGES_H
#define BRIDGE_ADMIN_MFA_PAGES_H

#include "bridge/admin/ask.h"

/*
 * Ask for the page that follows.
 *   type   ASK_EXPORT or ASK_RESEAL
 *   page   the one before, or all zeroes for the first; the new one takes its place. Freed with client_reply_done
 * An exit status; a failure is printed, and page is as it was.
 */
int mfa_pages_next(const struct admin *admin, unsigned type, struct client_reply *page);

/* Print a line for each of the refused who is told of, "WHO", between and what is said of them. How many are refused in all. */
uint64_t mfa_pages_refused(const char *who, const char *between, const struct wire_msg *page);

#endif
