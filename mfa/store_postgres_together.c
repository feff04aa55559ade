/*
 * A transaction of many changes, on a connection of its own. Who logs in meanwhile and is among the people changed waits
 * for its end, as long as lock_timeout lets them.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "base/log.h"
#include "mfa/store_postgres.h"

/* The commit of very many rows may take its time; so may a statement behind somebody else's lock. */
enum { PATIENCE_MS = 60000 };

/* A transaction that failed before answers COMMIT with ROLLBACK, and no error. */
static int
commit(struct store_postgres_link *link, char *why)
{
    PGresult *answer = NULL;
    int r = store_postgres_ask(link, "COMMIT", NULL, &answer, why);

    if (r != 0)
        return r;
    if (strcmp(PQcmdStatus(answer), "COMMIT") != 0)
        r = FED_E_STORE;
    PQclear(answer);
    return r;
}

static int
run_all(struct store_postgres_link *link, struct store *tx, int (*fn)(struct store *tx, void *arg),
    void *arg, char *why)
{
    int r = store_postgres_do(link, "BEGIN", why);

    if (r == 0)
        r = store_postgres_do(link, "SET LOCAL statement_timeout = 55000", why);
    if (r == 0)
        r = fn(tx, arg);
    if (r == 0)
        return commit(link, why);
    if (!link->broken && store_postgres_do(link, "ROLLBACK", why) != 0)
        link->broken = true;
    return r;
}

int
store_postgres_together(struct store *store, int (*fn)(struct store *tx, void *arg), void *arg)
{
    struct store_postgres *s = (struct store_postgres *)store;
    struct store_postgres_link link;
    struct store_postgres tx = {.store = {.ops = store->ops}, .link = &link};
    char why[STORE_WHY_MAX] = "";

    int r = store_postgres_pool_take(s->pool, &link, why);
    if (r == 0) {
        link.patience_ms = PATIENCE_MS;
        r = run_all(&link, &tx.store, fn, arg, why);
        link.patience_ms = 0;
        store_postgres_pool_give_back(s->pool, &link);
    }
    if (r != 0 && why[0] != '\0')
        fed_log_debug("second-factor store: %s", why);
    return r;
}
