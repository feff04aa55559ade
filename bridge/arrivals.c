/*
 * One arrival, its number and its lock. Nobody waits for the lock: who finds it taken is told so.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/arrivals.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { DEPARTURES = 8 };

struct arrivals {
    struct parcel_keeper keeper;
    pthread_mutex_t departures_lock; /* of the two below */
    struct parcel_head departures[DEPARTURES];
    unsigned next_departure;
    pthread_mutex_t lock; /* of all below, and of what is in the arrival */
    struct arrival *arrival;
    unsigned char id[ARRIVALS_ID_SIZE];
};

static int
seal(void *arg, const char *place, const void *data, size_t len, struct fed_secret *ret)
{
    return keeper_pack(arg, place, data, len, ret);
}

static int
unseal(void *arg, const char *place, const void *data, size_t len, struct fed_secret *ret)
{
    return keeper_unpack(arg, place, data, len, ret);
}

/* To be sealed anew it must be opened. */
static int
try_seed(void *arg, const char *sid, const void *blob, size_t len)
{
    struct fed_secret again = FED_SECRET_INIT(SEAL_BLOB_MAX);

    int r = keeper_reseal(arg, sid, blob, len, &again);
    fed_secret_done(&again);
    return r;
}

int
arrivals_new(struct keeper *keeper, struct arrivals **ret)
{
    struct arrivals *arrivals = calloc(1, sizeof(*arrivals));

    if (arrivals == NULL)
        return FED_E_NOMEM;
    arrivals->keeper =
        (struct parcel_keeper){.seal = seal, .open = unseal, .try_seed = try_seed, .arg = keeper};
    (void)pthread_mutex_init(&arrivals->lock, NULL);
    (void)pthread_mutex_init(&arrivals->departures_lock, NULL);
    *ret = arrivals;
    return 0;
}

void
arrivals_free(struct arrivals *arrivals)
{
    if (arrivals == NULL)
        return;
    arrival_free(arrivals->arrival);
    (void)pthread_mutex_destroy(&arrivals->lock);
    (void)pthread_mutex_destroy(&arrivals->departures_lock);
    free(arrivals);
}

const struct parcel_keeper *
arrivals_keeper(const struct arrivals *arrivals)
{
    return &arrivals->keeper;
}

int
arrivals_begin(
    struct arrivals *arrivals, struct arrival *arrival, unsigned char ret_id[ARRIVALS_ID_SIZE])
{
    unsigned char id[ARRIVALS_ID_SIZE];
    int r = 0;

    if (getrandom(id, sizeof(id), 0) != (ssize_t)sizeof(id))
        r = FED_E_SYSTEM;
    else if (pthread_mutex_trylock(&arrivals->lock) != 0)
        r = FED_E_BUSY;
    if (r != 0) {
        arrival_free(arrival);
        return r;
    }
    arrival_free(arrivals->arrival);
    arrivals->arrival = arrival;
    memcpy(arrivals->id, id, sizeof(id));
    (void)pthread_mutex_unlock(&arrivals->lock);
    memcpy(ret_id, id, sizeof(id));
    return 0;
}

int
arrivals_lend(struct arrivals *arrivals, const void *id, size_t id_len, struct arrival **ret)
{
    if (pthread_mutex_trylock(&arrivals->lock) != 0)
        return FED_E_BUSY;
    if (arrivals->arrival == NULL ||
        !fed_secret_equal(id, id_len, arrivals->id, sizeof(arrivals->id))) {
        (void)pthread_mutex_unlock(&arrivals->lock);
        return FED_E_NOT_FOUND;
    }
    *ret = arrivals->arrival;
    return 0;
}

void
arrivals_give_back(struct arrivals *arrivals, bool is_over)
{
    if (is_over) {
        arrival_free(arrivals->arrival);
        arrivals->arrival = NULL;
    }
    (void)pthread_mutex_unlock(&arrivals->lock);
}

/* ---- Departures ---- */

void
arrivals_note_departure(struct arrivals *arrivals, const struct parcel_head *head)
{
    (void)pthread_mutex_lock(&arrivals->departures_lock);
    arrivals->departures[arrivals->next_departure++ % DEPARTURES] = *head;
    (void)pthread_mutex_unlock(&arrivals->departures_lock);
}

bool
arrivals_knows_departure(struct arrivals *arrivals, const struct parcel_head *head)
{
    bool known = false;

    (void)pthread_mutex_lock(&arrivals->departures_lock);
    for (size_t i = 0; i < DEPARTURES && !known; i++)
        known = strcmp(arrivals->departures[i].id, head->id) == 0 &&
                arrivals->departures[i].when_s == head->when_s;
    (void)pthread_mutex_unlock(&arrivals->departures_lock);
    return known;
}
