/*
 * The tables of the PostgreSQL store: made when they are missing, by one of all hosts that share it.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef MFA_STORE_POSTGRES_SCHEMA_H
#define MFA_STORE_POSTGRES_SCHEMA_H

#include "base/err.h"
#include "mfa/store_postgres_link.h"

/*
 * Are the tables there, and of this version? Makes them under an advisory lock where they are not, in one
 * transaction. The role then needs CREATE on the database, or an empty schema "awsfed" of its own. Tables of
 * another version are refused: a newer awsfed made them, and what it keeps there is not ours to guess.
 * 0 or FED_E_STORE; why (STORE_WHY_MAX bytes) on failure.
 */
FED_MUST_USE int store_postgres_schema_check(struct store_postgres_link *link, char *why);

#endif
