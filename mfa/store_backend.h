/*
 * What a back-end of the store implements. Each begins its own struct with a struct store, fills in
 * ops, and is found by the prefix of [mfa] store in store.c's table. The meaning of every function,
 * and what it must hold to under concurrency and crashes, is at its namesake in mfa/store.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef MFA_STORE_BACKEND_H
#define MFA_STORE_BACKEND_H

#include "mfa/store.h"

struct store_ops {
    void (*close)(struct store *store);
    int (*load)(struct store *store, const char *sid, struct store_row *ret);
    /* Write row (its version is what must be there, 0 = nothing) under the version next. */
    int (*swap)(
        struct store *store, const struct store_row *row, const char *name_key, uint64_t next);
    int (*find)(struct store *store, const char *name_key, char ret_sid[STORE_SID_MAX]);
    int (*remove)(struct store *store, const char *sid);
    /* The first person behind (name_key, sid) in their order; FED_E_NOT_FOUND past the last. */
    int (*next)(struct store *store, const char *name_key, const char *sid, struct store_row *ret);
    /* NULL where anybody can be kept. */
    int (*accepts)(struct store *store, const char *sid);
    /* NULL where what is not there is not hidden either. row: without a token, to be put and taken away again. */
    int (*absent)(struct store *store, const struct store_row *row, uint64_t version);
    /* NULL where rows are kept as they are. */
    int (*sealed)(struct store *store, const char *sid, unsigned char ret_head[SEAL_HEAD]);
    /* NULL where there are no transactions. */
    int (*together)(struct store *store, int (*fn)(struct store *tx, void *arg), void *arg);
    int (*failures_get)(struct store *store, const char *person, const char *source, int64_t now_s,
        int64_t forget_s, struct store_failures *ret);
    int (*failures_add)(struct store *store, const char *person, const char *source,
        enum store_failure what, int64_t now_s, int64_t forget_s);
    int (*failures_forgive)(struct store *store, const char *person, const char *source);
    int (*failures_forget)(struct store *store, const char *person);
    /* Both NULL in a back-end that only one host uses. */
    int (*attempt_begin)(struct store *store, const char *person, const char *source,
        uint64_t *ret_id, unsigned *ret_here, unsigned *ret_anywhere);
    void (*attempt_end)(struct store *store, uint64_t id);
};

struct store {
    const struct store_ops *ops;
};

/* Open the back-end's store; where is what follows the prefix. As store_open. */
int store_sqlite_open(const char *where, struct store **ret, char *why);
int store_postgres_open(const char *where, struct store **ret, char *why);

#endif
