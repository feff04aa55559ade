/*
 * The thread that keeps tickets and sessions on disk, so that a restart of the bridge signs nobody out. Changes that come
 * together are written together: however many wait, one fsync serves them.
 *
 * When the file cannot be written, the old one is removed: what has been ended must not come back, and a restart that signs
 * everybody out is the smaller evil.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_SAVER_H
#define BRIDGE_SAVER_H

#include "base/err.h"
#include "bridge/tickets.h"
#include "conf/conf.h"

struct saver;

enum { SAVER_WAIT_MS = 3000 };

/*
 * Take over what an earlier bridge left, into empty tables. Whatever is wrong with the file is logged, with what it means: everybody
 * signs in again. As the bridge's user.
 */
void saver_restore(const struct conf *conf, struct tickets *tickets);

/* Start the thread. 0, FED_E_NOMEM, FED_E_SYSTEM. */
FED_MUST_USE int saver_new(const struct conf *conf, struct tickets *tickets, struct saver **ret);

/* There is something to save. Never blocks for long; any thread. NULL is accepted. */
void saver_changed(struct saver *s);

/* Wait until all that has changed so far is on disk, at most SAVER_WAIT_MS. Any thread. NULL is accepted. */
void saver_wait(struct saver *s);

/* Save what is left to save, and end. Before the tickets are freed. NULL is accepted. */
void saver_free(struct saver *s);

#endif
