/*
 * Other machines' clocks.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/clocks.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

struct heard {
    bool known;
    int64_t boot_s;  /* when */
    int64_t ahead_s; /* their clock less our boot_s */
};

struct clocks {
    pthread_mutex_t lock; /* of all below */
    unsigned n;
    int64_t *room; /* for sorting */
    struct heard heard[];
};

struct clocks_now
clocks_now(void)
{
    struct timespec wall, boot;

    (void)clock_gettime(CLOCK_REALTIME, &wall);
    (void)clock_gettime(CLOCK_BOOTTIME, &boot);
    return (struct clocks_now){.wall_s = wall.tv_sec, .boot_s = boot.tv_sec};
}

int
clocks_new(unsigned n, struct clocks **ret)
{
    struct clocks *c = calloc(1, sizeof(*c) + n * sizeof(c->heard[0]));

    if (c == NULL || (c->room = calloc(n + 1, sizeof(*c->room))) == NULL) {
        free(c);
        return FED_E_NOMEM;
    }
    c->n = n;
    (void)pthread_mutex_init(&c->lock, NULL);
    *ret = c;
    return 0;
}

void
clocks_free(struct clocks *c)
{
    if (c == NULL)
        return;
    (void)pthread_mutex_destroy(&c->lock);
    free(c->room);
    free(c);
}

void
clocks_tell(struct clocks *c, unsigned machine, int64_t their_s, const struct clocks_now *now)
{
    if (machine >= c->n)
        return;
    (void)pthread_mutex_lock(&c->lock);
    c->heard[machine] =
        (struct heard){.known = true, .boot_s = now->boot_s, .ahead_s = their_s - now->boot_s};
    (void)pthread_mutex_unlock(&c->lock);
}

static int
compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static int64_t
nearer(int64_t a, int64_t b)
{
    return (a < 0 ? -a : a) <= (b < 0 ? -b : b) ? a : b;
}

unsigned
clocks_off(struct clocks *c, const struct clocks_now *now, int64_t *ret_off_s)
{
    unsigned n = 0;

    (void)pthread_mutex_lock(&c->lock);
    for (unsigned i = 0; i < c->n; i++) {
        const struct heard *h = &c->heard[i];
        if (h->known && now->boot_s - h->boot_s <= CLOCKS_KEPT_S)
            c->room[n++] = now->wall_s - (h->ahead_s + now->boot_s);
    }
    if (n > 0) {
        qsort(c->room, n, sizeof(c->room[0]), compare);
        *ret_off_s = nearer(c->room[(n - 1) / 2], c->room[n / 2]);
    }
    (void)pthread_mutex_unlock(&c->lock);
    return n;
}
