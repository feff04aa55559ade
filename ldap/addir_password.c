/*
 * People's passwords in one Active Directory domain: proved by a bind, changed by a modify or, expired ones, by Kerberos.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ldap/addir_inside.h"

#include "base/clock.h"
#include "ldap/kpasswd.h"
#include "ldap/password.h"
#include "ldap/person.h"
#include "ldap/reading.h"
#include "ldap/why.h"

/* The bind's answer as an error, and what it means for what we know of the person. */
static int
judge_bind(struct addir *dir, const struct addir_person *person, const struct conn_answer *answer,
    enum addata *ret_data, char *why)
{
    int r;

    switch (answer->code) {
    case LDAP_SUCCESS:
        return 0;
    case LDAP_INVALID_CREDENTIALS:
        *ret_data = answer->data;
        r = addata_error(answer->data);
        break;
    case LDAP_NO_SUCH_OBJECT:
    case LDAP_INVALID_DN_SYNTAX:
        r = FED_E_DENIED;
        break;
    case LDAP_STRONG_AUTH_REQUIRED:
        return why_not(why, FED_E_DIRECTORY,
            "the server takes no simple bind on this connection (result 8): %s", answer->text);
    default:
        return why_not(why, FED_E_DIRECTORY, "bind: result %d: %s", answer->code, answer->text);
    }
    /* A DN that went stale looks like a wrong password, so the next try asks for it again. */
    if (r == FED_E_DENIED)
        identity_drop(dir->identities, &person->sid);
    return why_not(
        why, r, "bind refused: result %d, data %x", answer->code, (unsigned)answer->data);
}

/* Read the own entry on the connection that the person's bind just succeeded on. */
static int
read_own(struct addir *dir, struct conn *conn, const struct addir_person *person,
    const struct domain_budget *budget, struct addir_entry *ret, char *why)
{
    int r = reading_on(conn, person->dn, dir->wanted, budget, ret, why);

    /* The password was right but its entry cannot be had: a fault, not somebody unknown. */
    if (r == FED_E_UNKNOWN_USER)
        r = FED_E_DIRECTORY;
    return r == 0 ? addir_check_sid(dir, person, ret, FED_E_DENIED, why) : r;
}

/*
 * One bind, whatever happens (I-6): the loop goes round only when no request left this host, which is
 * when the connection turned out dead as it was written to.
 */
static int
bind_once(struct addir *dir, const char *name, const struct fed_secret *password,
    const struct domain_budget *budget, struct conn **ret_conn, struct conn_answer *ret, char *why)
{
    struct conn *conn;
    bool sent;
    int r;

    do {
        r = domain_take(dir->domain, DOMAIN_PEOPLE, budget, &conn, why);
        if (r != 0)
            return r;
        r = conn_bind(conn, name, password, domain_answer_by(budget), &sent, ret, why);
        if (r == 0) {
            *ret_conn = conn;
            return 0;
        }
        domain_put(dir->domain, DOMAIN_PEOPLE, conn);
    } while (!sent && r == FED_E_DIRECTORY && clock_left_ms(budget->connect_by_ms) > 0);
    return r;
}

/*
 * Who is it that just bound as sam@domain? AD takes that for a userPrincipalName or a sAMAccountName, and so does
 * the search; were they two people's, two entries would come.
 */
static int
find_expected(struct addir *dir, struct conn *conn, const struct addir_person *expected,
    const struct domain_budget *budget, struct addir_person *ret, char *why)
{
    char is[SID_TEXT_MAX], was[SID_TEXT_MAX];
    struct addir_person found;
    int r = person_search(
        dir->domain, conn, &dir->names, dir->conf->base_dn, expected->upn, budget, &found, why);

    if (r == FED_E_UNKNOWN_USER)
        return FED_E_DENIED;
    if (r != 0)
        return r;
    if (!sid_equal(&found.sid, &expected->sid))
        return why_not(why, FED_E_DENIED,
            "%.60s is %s in the directory, and was enrolled as %s: mfa reset, then mfa enrol --sid",
            expected->upn, sid_to_text(&found.sid, is), sid_to_text(&expected->sid, was));
    *ret = found;
    return 0;
}

/* Bind as a person, and know their DN then. On success the connection is the caller's to put back. */
static int
bind_person(struct addir *dir, struct addir_person *person, const struct fed_secret *password,
    const struct domain_budget *budget, struct conn **ret_conn, enum addata *ret_data, char *why)
{
    bool expected = person->dn[0] == '\0';
    struct conn_answer answer;
    struct conn *conn;
    int r;

    if (person->sid.len == 0 || (expected && person->upn[0] == '\0'))
        return why_not(why, FED_E_INVALID, "nobody to log in");
    r = bind_once(dir, expected ? person->upn : person->dn, password, budget, &conn, &answer, why);
    if (r != 0)
        return r;
    r = judge_bind(dir, person, &answer, ret_data, why);
    if (r == 0 && expected)
        r = find_expected(dir, conn, person, budget, person, why);
    if (r != 0) {
        domain_put(dir->domain, DOMAIN_PEOPLE, conn);
        return r;
    }
    *ret_conn = conn;
    return 0;
}

int
addir_login(struct addir *dir, struct addir_person *person, const struct fed_secret *password,
    struct addir_entry *ret_entry, enum addata *ret_data, char *why)
{
    struct domain_budget budget = domain_budget(dir->domain);
    struct addir_person bound = *person;
    struct addir_entry entry = {0};
    struct conn *conn;
    int r;

    why[0] = '\0';
    *ret_data = ADDATA_NONE;
    if (text_check_password((const char *)password->data, password->len) != 0)
        return why_not(why, FED_E_DENIED, "not a password to send to a directory");
    if (tries_rejected(dir->tries, &person->sid, password, clock_mono_ms()))
        return why_not(why, FED_E_DENIED, "rejected a moment ago, and not sent again");
    r = bind_person(dir, &bound, password, &budget, &conn, ret_data, why);
    if (*ret_data == ADDATA_BAD_PASSWORD)
        tries_note(dir->tries, &person->sid, password, clock_mono_ms());
    if (r != 0)
        return r;
    r = read_own(dir, conn, &bound, &budget, &entry, why);
    domain_put(dir->domain, DOMAIN_PEOPLE, conn);
    if (r == 0) {
        *person = bound;
        *ret_entry = entry;
    }
    return r;
}

/* ---- Changing ---- */

static int
check_passwords(
    const struct fed_secret *old_password, const struct fed_secret *new_password, char *why)
{
    if (text_check_password((const char *)old_password->data, old_password->len) != 0 ||
        text_check_password((const char *)new_password->data, new_password->len) != 0)
        return why_not(why, FED_E_DENIED, "not a password to send to a directory");
    return 0;
}

static int
change_as_person(struct addir *dir, const struct addir_person *person,
    const struct fed_secret *old_password, const struct fed_secret *new_password,
    const struct domain_budget *budget, char *text, char *why)
{
    struct addir_person bound = *person;
    enum addata data;
    struct conn *conn;
    int r = bind_person(dir, &bound, old_password, budget, &conn, &data, why);

    if (r != 0)
        return r;
    r = password_change(dir->domain, conn, bound.dn, old_password, new_password, budget, text, why);
    domain_put(dir->domain, DOMAIN_PEOPLE, conn);
    return r;
}

int
addir_change_password(struct addir *dir, const struct addir_person *person,
    const struct fed_secret *old_password, const struct fed_secret *new_password, char *ret_text,
    char *why)
{
    struct domain_budget budget = domain_budget(dir->domain);
    int r;

    why[0] = '\0';
    ret_text[0] = '\0';
    if (check_passwords(old_password, new_password, why) != 0)
        return FED_E_DENIED;
    if (!addir_has_service(dir))
        r = change_as_person(dir, person, old_password, new_password, &budget, ret_text, why);
    else if (person->dn[0] == '\0')
        r = why_not(why, FED_E_INVALID, "nobody to change the password of");
    else
        r = password_change(
            dir->domain, NULL, person->dn, old_password, new_password, &budget, ret_text, why);
    if (r == 0)
        tries_forget(dir->tries, &person->sid, new_password); /* rejected a moment ago, right now */
    return r;
}

/* ---- An expired one, without a service identity ---- */

/*
 * Is it the right one, and expired, or the right one after all? The name in the bind is the SID that was enrolled, which AD takes
 * too (MS-ADTS 5.1.1.1.1): of an expired account nothing can be read, so this is how the name's account is known to be the
 * record's before anything is changed. Another account by that name would have to have the very same password to be taken
 * for it; then the login after the change is what finds it out. 0 (it is bound), FED_E_PASSWORD_EXPIRED, FED_E_DENIED…
 */
static int
prove_old(struct addir *dir, const struct addir_person *person, const struct fed_secret *password,
    const struct domain_budget *budget, struct conn **ret_conn, char *why)
{
    char sid[SID_TEXT_MAX];
    enum addata data = ADDATA_NONE;
    struct conn_answer answer;
    struct conn *conn;
    int r;

    if (tries_rejected(dir->tries, &person->sid, password, clock_mono_ms()))
        return why_not(why, FED_E_DENIED, "rejected a moment ago, and not sent again");
    r = bind_once(dir, sid_to_text(&person->sid, sid), password, budget, &conn, &answer, why);
    if (r != 0)
        return r;
    r = judge_bind(dir, person, &answer, &data, why);
    if (data == ADDATA_BAD_PASSWORD)
        tries_note(dir->tries, &person->sid, password, clock_mono_ms());
    if (r != 0 && r != FED_E_PASSWORD_EXPIRED) {
        domain_put(dir->domain, DOMAIN_PEOPLE, conn);
        return r;
    }
    why[0] = '\0';
    *ret_conn = conn;
    return r;
}

/* The domain controller that just proved the password is its own Kerberos service; no other is asked. */
static int
change_by_kerberos(struct addir *dir, struct conn *conn, const struct addir_person *person,
    const struct fed_secret *old_password, const struct fed_secret *new_password,
    const struct domain_budget *budget, char *text, char *why)
{
    struct kpasswd k = {.domain = dir->conf->name,
        .name = person->sam,
        .old_password = old_password,
        .new_password = new_password};
    int r = conn_address(conn, &k.tickets.address, &k.tickets.len, why);

    if (r != 0)
        return r;
    k.passwords = k.tickets;
    kdc_set_port(&k.tickets, KDC_PORT);
    kdc_set_port(&k.passwords, KDC_PASSWORD_PORT);
    return kpasswd_change(&k, domain_answer_by(budget), text, why);
}

/* It did not have to be changed any more: as everybody's is. */
static int
change_bound(struct addir *dir, struct conn *conn, const struct addir_person *person,
    const struct fed_secret *old_password, const struct fed_secret *new_password,
    const struct domain_budget *budget, char *text, char *why)
{
    struct addir_person found;
    int r = find_expected(dir, conn, person, budget, &found, why);

    return r != 0 ? r
                  : password_change(
                        dir->domain, conn, found.dn, old_password, new_password, budget, text, why);
}

/* The login after the change, where the change was made: other controllers may not have heard of it yet. */
static int
login_on(struct addir *dir, struct conn *conn, struct addir_person *person,
    const struct fed_secret *password, const struct domain_budget *budget,
    struct addir_entry *ret_entry, char *why)
{
    struct addir_person found = *person;
    enum addata data = ADDATA_NONE;
    struct conn_answer answer;
    bool sent;
    int r = conn_bind(conn, person->upn, password, domain_answer_by(budget), &sent, &answer, why);

    if (r == 0)
        r = judge_bind(dir, person, &answer, &data, why);
    if (r == 0)
        r = find_expected(dir, conn, person, budget, &found, why);
    if (r == 0)
        r = read_own(dir, conn, &found, budget, ret_entry, why);
    if (r == 0)
        *person = found;
    return r;
}

int
addir_change_expired(struct addir *dir, struct addir_person *person,
    const struct fed_secret *old_password, const struct fed_secret *new_password,
    struct addir_entry *ret_entry, bool *ret_changed, char *ret_text, char *why)
{
    struct domain_budget budget = domain_budget(dir->domain);
    struct conn *conn = NULL;
    int r;

    why[0] = '\0';
    ret_text[0] = '\0';
    *ret_changed = false;
    if (check_passwords(old_password, new_password, why) != 0)
        return FED_E_DENIED;
    if (addir_has_service(dir) || person->sid.len == 0 || person->upn[0] == '\0')
        return why_not(why, FED_E_INVALID, "nobody to change the password of");
    r = prove_old(dir, person, old_password, &budget, &conn, why);
    if (r == FED_E_PASSWORD_EXPIRED)
        r = change_by_kerberos(
            dir, conn, person, old_password, new_password, &budget, ret_text, why);
    else if (r == 0)
        r = change_bound(dir, conn, person, old_password, new_password, &budget, ret_text, why);
    if (r == 0) {
        *ret_changed = true;
        tries_forget(dir->tries, &person->sid, new_password); /* rejected a moment ago, right now */
        r = login_on(dir, conn, person, new_password, &budget, ret_entry, why);
    }
    if (conn != NULL)
        domain_put(dir->domain, DOMAIN_PEOPLE, conn);
    return r;
}
