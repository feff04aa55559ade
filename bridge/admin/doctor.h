/*
 * The parts of awsfed-admin doctor. Each adds a line for everything that it looks at, good or bad: what was looked at is "where",
 * what it is like is "what". Nothing is changed, no secret is in a line, and each has a deadline of its own.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_ADMIN_DOCTOR_H
#define BRIDGE_ADMIN_DOCTOR_H

#include "bridge/admin/ask.h"
#include "conf/conf.h"
#include "conf/findings.h"

/* This host: user, files and keys, certificate, the running bridge, the store. */
void doctor_host(const struct admin *admin, const struct conf *conf, struct findings *to);

/* Each domain controller of each domain: TLS, clock, and the service identity. */
void doctor_directory(const struct conf *conf, struct findings *to);

/* STS in every region that a role is asked for in: TLS and clock. */
void doctor_aws(const struct conf *conf, struct findings *to);

/* The PAM services that people log in by. */
void doctor_pam(struct findings *to);

#endif
