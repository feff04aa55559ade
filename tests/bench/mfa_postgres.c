/*
 * Time of using up a code: load a person, move the watermark, swap; durable when it is over.
 * usage: mfa_postgres STORE PEOPLE RUNS    prints microseconds, one a line
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "mfa/person.h"

static int
use(struct record *record, void *arg)
{
    return record_use_step(record, record->tokens[0].id, *(uint64_t *)arg);
}

static int
enrol(struct record *record, void *arg)
{
    struct record_token token = {.confirmed = true,
        .replaces = RECORD_ALL,
        .params = {.digits = 6, .period_s = 30, .algorithm = CONF_SHA1},
        .label = "phone",
        .blob_len = SEAL_OVERHEAD + 20};
    uint32_t id;

    (void)arg;
    return record_add(record, &token, &id);
}

static double
now_us(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

int
main(int argc, char **argv)
{
    char sid[STORE_SID_MAX], why[STORE_WHY_MAX] = "";
    struct store *store = NULL;

    if (argc != 4 || store_open(argv[1], &store, why) != 0) {
        (void)fprintf(stderr, "%s\n", why);
        return 1;
    }
    unsigned long people = strtoul(argv[2], NULL, 10), runs = strtoul(argv[3], NULL, 10);
    /* Person 0 is the pattern that the others are copied from by SQL. */
    if (people == 0)
        return person_change(store, "S-1-5-21-1-2-3-0", "u0@x", 1, enrol, NULL) == 0 ? 0 : 1;
    for (unsigned long i = 0; i < runs; i++) {
        uint64_t step = (uint64_t)now_us(); /* above that of any run before */
        (void)snprintf(sid, sizeof(sid), "S-1-5-21-1-2-3-%lu", i * 7919 % people);
        double begin = now_us();
        if (person_change(store, sid, NULL, 1, use, &step) != 0)
            return 1;
        (void)printf("%.1f\n", now_us() - begin);
    }
    store_close(store);
    return 0;
}
