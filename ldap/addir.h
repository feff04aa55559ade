/*
 * One Active Directory domain: who somebody is, whether a password is theirs, which groups they are
 * in. Owns two pools of warm TLS connections that never mix: one bound as the service identity, one
 * for people's binds (I-7). Any number of threads may call; each call blocks at most the domain's
 * connect-timeout plus timeout. No function follows a referral (I-5) or writes a credential before TLS is
 * verified (I-4).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LDAP_ADDIR_H
#define LDAP_ADDIR_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/secret.h"
#include "base/text.h"
#include "conf/conf.h"
#include "ldap/account.h"
#include "ldap/sid.h"

struct addir;

enum { ADDIR_DN_MAX = 1024, ADDIR_WHY_MAX = 256 };

/* A person as the service identity found them. A value; copy freely. */
struct addir_person {
    struct sid sid;
    char dn[ADDIR_DN_MAX];       /* "" = not found yet: addir_expect */
    char sam[TEXT_NAME_MAX + 1]; /* sAMAccountName as in AD */
    char upn[TEXT_NAME_MAX + 1]; /* userPrincipalName, or sam@domain where AD has none */
};

/* What one base-scope read of a person's own entry gave. */
struct addir_entry {
    struct account account;
    struct sid *groups; /* tokenGroups, sorted by sid_compare; owned */
    size_t n_groups;
    char **attributes; /* "name=value" for the extra attributes asked for and present; owned */
    size_t n_attributes;
    size_t asked; /* how many extra attributes were asked for: addir_asks of then */
};

/*
 * A domain from its configuration. Reads the service password file; opens no connection yet.
 *   conf         must outlive the addir
 *   attributes   extra attribute names that every entry read shall bring (for %{ad:…}), may be NULL
 *   why          on failure, a line for the log; at least ADDIR_WHY_MAX bytes
 * Returns 0, FED_E_CONFIG, FED_E_NOMEM.
 */
FED_MUST_USE int addir_new(const struct conf_domain *conf, const struct conf_list *attributes,
    struct addir **ret, char *why);
void addir_free(struct addir *dir);

/*
 * From now on entries bring these attributes too, beside those that they brought before. An entry that was read sooner has fewer asked
 * than addir_asks says. Never blocks; one thread at a time, while others read. 0, FED_E_CONFIG (no name of an attribute; why), FED_E_NOMEM.
 */
FED_MUST_USE int addir_want(struct addir *dir, const struct conf_list *attributes, char *why);
size_t addir_asks(const struct addir *dir);

/*
 * The calls below put a line for the log (no secret, no password) into why, at least ADDIR_WHY_MAX
 * bytes, whenever they fail; "" otherwise. Common errors: FED_E_DIRECTORY (nobody answered), FED_E_TLS,
 * FED_E_BUSY (all connections were in use all the time), FED_E_CONFIG (no service identity), FED_E_NOMEM.
 */

/*
 * Who is this? By the service identity, one search. name is what addir_owns gave: "user" is a
 * sAMAccountName, "user@SUFFIX" a userPrincipalName (or, with the domain's own suffix, user's sAMAccountName). Exactly one entry with an objectSid, else FED_E_UNKNOWN_USER (I-10). Results, the
 * negative ones too, are cached for a short time; a login that AD refuses with 525 drops its own.
 */
FED_MUST_USE int addir_resolve(
    struct addir *dir, const char *name, struct addir_person *ret, char *why);

/*
 * Is this login name one of the domain's, by its form? "user@DOMAIN", "NETBIOS\user" and
 * winbind's "NETBIOS+user" (any case) are; so is "user", of which *ret_bare_name says that it belongs to the default domain
 * alone, which the caller knows, and only if no other domain's form fits: "OTHER+user" is a bare name too. On true, bare
 * (TEXT_NAME_MAX + 1 bytes) gets the name for addir_resolve: "NETBIOS\" is taken off, "@DOMAIN" stays on, since a userPrincipalName need not be somebody's sAMAccountName.
 */
bool addir_owns(const struct addir *dir, const char *name, char *bare, bool *ret_bare_name);

/* Has the domain a service identity? Without one addir_expect takes the place of addir_resolve. */
bool addir_has_service(const struct addir *dir);

/*
 * A person whom nothing is known of but a name and, from an earlier time, a SID: for a domain without a service
 * identity. Nothing is asked; addir_login finds out whether the name is still that SID's. name as for addir_resolve.
 * 0, or FED_E_NAME (no sAMAccountName, or one of another suffix than the domain's).
 */
FED_MUST_USE int addir_expect(
    const struct addir *dir, const char *name, const struct sid *sid, struct addir_person *ret);

/*
 * Prove a password: one simple bind as the person's DN on a warm connection of the people's pool, and on
 * that same connection one base read of the own entry. At most one bind request leaves this host,
 * whatever happens (I-6): a transport error after the bind was written is FED_E_DIRECTORY, and only a
 * connection that failed before it is replaced by another. Success only when the entry's objectSid
 * is the person's (I-8) and tokenGroups came whole (I-16).
 *
 * Somebody of addir_expect binds as sam@domain, is then looked up on that same connection, by that name, exactly
 * one entry (I-10), and must have the SID that was expected (I-8).
 *
 * A password that AD rejected for this person a moment ago is FED_E_DENIED without being sent again.
 *   person       on success completed, as AD has it, where it was an expected one
 *   password     text_check_password has passed; checked again (I-1)
 *   ret_entry    on success
 *   ret_data     AD's sub-code when the bind was refused, else ADDATA_NONE; always written
 * Returns 0, FED_E_DENIED and what addata_error gives, FED_E_DIRECTORY…
 */
FED_MUST_USE int addir_login(struct addir *dir, struct addir_person *person,
    const struct fed_secret *password, struct addir_entry *ret_entry, enum addata *ret_data,
    char *why);

/*
 * The same entry read by the service identity, with nobody's password: for the account phase alone
 * and for re-checks. Proves nothing about who asks (I-7). FED_E_UNKNOWN_USER when it is gone or its SID
 * is another. FED_E_DIRECTORY without a service identity: nothing can be known.
 */
FED_MUST_USE int addir_read(
    struct addir *dir, const struct addir_person *person, struct addir_entry *ret_entry, char *why);
void addir_entry_done(struct addir_entry *entry);

/* Is the entry's person in this group? (binary search) */
bool addir_in_group(const struct addir_entry *entry, const struct sid *group);

/*
 * Configured groups (names, DNs or SIDs) to SIDs, in one search for all the names (I-21). A name is a
 * sAMAccountName; a DN costs a read of its own.
 *   ret_sids     n of them; one of len 0 where no group, or more than one, has that name
 * Returns 0 even when some were not found: the caller knows which matter.
 */
FED_MUST_USE int addir_groups(
    struct addir *dir, char *const *groups, size_t n, struct sid *ret_sids, char *why);

/* A group as a search by prefix found it. */
struct addir_group {
    struct sid sid;
    char name[260]; /* sAMAccountName as in AD */
};

/*
 * The groups whose name begins with a prefix, in one paged search (I-21). Names that no UTF-8 text is are left out.
 *   prefix    prefix_len bytes; empty = all groups
 *   ret       the caller frees it; NULL when there is none
 */
FED_MUST_USE int addir_groups_like(struct addir *dir, const char *prefix, size_t prefix_len,
    struct addir_group **ret, size_t *ret_n, char *why);

/*
 * Change an own password: on an encrypted connection, one modify that deletes the old and adds the new
 * unicodePwd (I-14), sent as the service identity, since an expired password cannot bind; without one, as the
 * person, bound with the old password (an expired one is then FED_E_PASSWORD_EXPIRED: addir_change_expired).
 * FED_E_PASSWORD_REFUSED: ret_text (at least ADDIR_WHY_MAX bytes) has AD's reason for the person.
 * FED_E_DENIED: the old password is wrong.
 */
FED_MUST_USE int addir_change_password(struct addir *dir, const struct addir_person *person,
    const struct fed_secret *old_password, const struct fed_secret *new_password, char *ret_text,
    char *why);

/*
 * In a domain without a service identity: change an own password that AD lets nobody bind with any more, and log in with the new
 * one. The old one is proved by one bind, by the person's SID (I-8): what AD says then is no guess, and only if it is that
 * the password is right, but expired or to be changed, Kerberos changes it (ldap/kpasswd.h), at the same domain controller.
 * The login after that is addir_login's, on the same connection.
 *   person       of addir_expect; on success completed
 *   ret_entry    on success
 *   ret_changed  always written: the new password holds, even where the login after it failed
 *   ret_text     as above; also for other errors, where there is something to tell
 * Errors as for addir_login and addir_change_password, and FED_E_CLOCK.
 */
FED_MUST_USE int addir_change_expired(struct addir *dir, struct addir_person *person,
    const struct fed_secret *old_password, const struct fed_secret *new_password,
    struct addir_entry *ret_entry, bool *ret_changed, char *ret_text, char *why);

/*
 * An attribute of people's entries that keeps a value of ours (ldap/attribute.h), by the service identity, on the
 * first of the configured servers alone.
 */
FED_MUST_USE int addir_attribute_read(struct addir *dir, const struct sid *sid,
    const char *attribute, struct fed_secret *ret, char *why);
FED_MUST_USE int addir_attribute_exchange(struct addir *dir, const struct sid *sid,
    const char *attribute, const struct fed_secret *old_value, const struct fed_secret *new_value,
    char *why);
FED_MUST_USE int addir_attribute_each(struct addir *dir, const char *attribute,
    int (*fn)(void *arg, const struct sid *sid, const void *value, size_t len), void *arg,
    char *why);

/*
 * The domain's account lock-out threshold (lockoutThreshold of its own entry): after how many wrong passwords
 * AD locks an account; 0 = never. One base read, by the service identity; the caller caches it.
 */
FED_MUST_USE int addir_lockout_threshold(struct addir *dir, unsigned *ret, char *why);

/* How near a person's account is to being locked by AD. */
struct addir_tries {
    unsigned
        threshold; /* so many wrong passwords lock it, by the person's own settings or the domain's; 0 = none do */
    unsigned wrong; /* so many are on its record and still count, whoever sent them */
};

/*
 * Read that, by the service identity, before a password is spent: nothing in a domain that locks nobody out and has no password
 * settings (PSOs), as remembered for a quarter of an hour; else one search, two for people with settings of their own, which the domain's policy stands in for where they may not be read. Each
 * domain controller counts for itself; the answer is that of the one asked.
 */
FED_MUST_USE int addir_tries(struct addir *dir, const struct addir_person *person, int64_t now_s,
    struct addir_tries *ret, char *why);

/*
 * The clocks of the domain controllers. addir_ask_clocks asks all of them, for connect-timeout at most: not in a login.
 * addir_clock_off: how far this host's clock is ahead (positive) of theirs, or behind, as base/clocks.h has it; returns how
 * many were heard, and with 0 writes nothing. Who was heard was verified by TLS before (I-4).
 */
void addir_ask_clocks(struct addir *dir);
unsigned addir_clock_off(struct addir *dir, int64_t *ret_off_s);

/*
 * Does a domain controller answer now? One that has rested is asked; nobody's password is sent. 0, FED_E_BUSY, and the
 * errors of a search.
 */
FED_MUST_USE int addir_answers(struct addir *dir, char *why);

#endif
