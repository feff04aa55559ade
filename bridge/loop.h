/*
 * The main thread's event loop: descriptors, and what to call when one of them has something.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_LOOP_H
#define BRIDGE_LOOP_H

#include <stdint.h>

#include "base/err.h"

struct loop;
struct watch;

/* wake is called in the main thread after each loop_wake, however many came at once. 0, FED_E_NOMEM, FED_E_SYSTEM. */
FED_MUST_USE int loop_new(void (*wake)(void *arg), void *arg, struct loop **ret);
void loop_free(struct loop *loop);

/*
 * Watch a descriptor: fn is called in the main thread whenever one of the events (EPOLLIN, EPOLLRDHUP, or 0 for nothing
 * but its end) is there, and when it hangs up. The descriptor stays the caller's, who ends the watch before
 * closing it. Any thread. 0, FED_E_NOMEM, FED_E_SYSTEM.
 */
FED_MUST_USE int loop_watch(struct loop *loop, int fd, uint32_t events, void (*fn)(void *arg),
    void *arg, struct watch **ret);

/* From now on, these events. Main thread. */
void loop_rewatch(struct loop *loop, struct watch *watch, uint32_t events);

/* End a watch: fn is not called again once this has returned in the main thread. NULL is accepted. Any thread. */
void loop_unwatch(struct loop *loop, struct watch *watch);

/* One round, waiting at most wait_ms (-1 = for ever). 0 or FED_E_SYSTEM. Main thread. */
FED_MUST_USE int loop_run_once(struct loop *loop, int wait_ms);

/* Make the round that is waiting call wake. Any thread. */
void loop_wake(struct loop *loop);

#endif
