/*
 * Who is meant by a login name: on this host (uid) and in the directory (domain, objectSid). All
 * spellings of a person lead to one SID (I-18).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_IDENTITY_H
#define BRIDGE_IDENTITY_H

#include "bridge/bridge.h"

struct identity {
    size_t domain;
    bool anywhere; /* the name is of no domain's form: whoever has it as a userPrincipalName */
    struct addir_person person;
    char sid[SID_TEXT_MAX];
    char name[2 * TEXT_NAME_MAX + 2]; /* "sam@domain", as the directory knows them */
    char key[2 * TEXT_NAME_MAX +
             16]; /* for limits: the SID, or "name:" and the name when there is none */
};

/*
 * The directory's person of a login name. FED_E_NAME, FED_E_UNKNOWN_USER (ret->key and ret->domain are set), or an error of
 * addir_resolve with its text in why. Blocks on the directory when it is not cached. In a domain without a service identity
 * the person is whom the enrolment under that name says, yet to be proved by addir_login.
 */
FED_MUST_USE int identity_find(
    const struct bridge *b, const char *user, struct identity *ret, char *why);

/*
 * The person whom an administrator names together with their SID, for a first enrolment: in a domain without a service identity
 * nobody can be asked. Whether the name is that SID's is found out at the first bind (I-8); where somebody can be asked, at once.
 * FED_E_INVALID (no SID of a person, or another one), FED_E_EXISTS (the name is enrolled as another SID), each with why, and the
 * errors of identity_find.
 */
FED_MUST_USE int identity_told(
    const struct bridge *b, const char *user, const char *sid, struct identity *ret, char *why);

/*
 * The account on this host. FED_E_LOCAL_USER for one below minimum-uid (I-20) and for local-users; FED_E_NOT_FOUND
 * when this host knows no such account; FED_E_SYSTEM when the name service failed. Blocks on NSS.
 */
FED_MUST_USE int identity_uid(const struct bridge *b, const char *user, uid_t *ret);

/* The account name of a uid, which may not be a local one either. Errors as above. */
FED_MUST_USE int identity_name(const struct bridge *b, uid_t uid, char ret_user[TEXT_NAME_MAX + 1]);

#endif
