/*
 * awsfed-admin revoke: a person's tickets end here and now. What AWS has given already stays valid until it expires,
 * unless each role denies it; the policies for that are made here, for an administrator of the account to attach.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/dispatch.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/text.h"
#include "bridge/expand.h"
#include "bridge/handle_admin.h"
#include "bridge/identity.h"
#include "bridge/instant.h"
#include "bridge/revocation.h"
#include "bridge/signin.h"
#include "conf/charset.h"

enum {
    POLICY_SIZE = 2560,
    ROLES_MOST = 100,
    LIKE_LIMIT = 1024,
    LIKES_SIZE = 1024,
    REASON_MOST = 256
};

/* ---- Which roles: those of the live ticket, and those that the groups give now ---- */

struct wanted {
    const char *sid;
    struct proof proof;
    bool found;
};

static void
copy_ticket(void *arg, const struct ticket *t, unsigned sessions)
{
    struct wanted *w = arg;

    (void)sessions;
    if (!w->found && strcmp(t->proof.sid, w->sid) == 0)
        w->found = proof_copy(&t->proof, &w->proof) == 0;
}

/* Somebody whom the directory does not know any more has no roles of now. */
static bool
read_now(struct bridge *b, const char *user, struct proof *proof)
{
    struct addir_entry entry = {0};
    char why[BRIDGE_WHY_MAX] = "";
    struct identity id;

    if (identity_find(b, user, &id, why) != 0)
        return false;
    *proof = (struct proof){.domain = id.domain, .person = id.person};
    memcpy(proof->sid, id.sid, sizeof(proof->sid));
    int r = addir_read(b->dirs[id.domain], &id.person, &entry, why);
    if (r == 0)
        r = signin_set_roles(b, &entry, proof);
    addir_entry_done(&entry);
    return r == 0;
}

static bool
has_arn(const struct proof *proof, const char *arn, size_t before)
{
    for (size_t i = 0; i < before && i < proof->n_roles; i++) {
        if (strcmp(proof_role(proof, i)->arn, arn) == 0)
            return true;
    }
    return false;
}

/* ---- The policy ---- */

/* Only what a session's name may have, and our "*": AWS knows no other, and the policy is pasted into a shell. */
static bool
is_plain(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text != '*' && !charset_in_session_name((unsigned char)*text))
            return false;
    }
    return true;
}

/* What a condition compares with, as JSON: each value once, with a comma between two. */
struct likes {
    char text[LIKES_SIZE];
    size_t len, n;
};

static int
add_like(struct likes *to, const char *before, const char *like)
{
    char value[LIKES_SIZE];
    int len = snprintf(value, sizeof(value), "\"%s%s\"", before, like);

    if (len > 0 && strstr(to->text, value) != NULL)
        return 0;
    int n = snprintf(to->text + to->len, LIKES_SIZE - to->len, "%s%s", to->n > 0 ? "," : "", value);
    if (len < 0 || len >= LIKES_SIZE || n < 0 || (size_t)n >= LIKES_SIZE - to->len)
        return FED_E_TOO_BIG;
    to->len += (size_t)n;
    to->n++;
    return 0;
}

static bool
is_theirs(const struct proof *proof, const struct conf_role *role)
{
    for (size_t i = 0; i < proof->n_roles; i++) {
        if (proof_role(proof, i) == role)
            return true;
    }
    return false;
}

/*
 * How AWS knows this person's sessions of a role of AWS's: by the source identity, which stays with a session through all roles, or by
 * the session's name, which ends aws:userid. Several sections may be one role there, with the one policy of that name, and each
 * names its sessions as it likes. FED_E_INVALID where it does not say whose they are, unless it is others' alone.
 */
static int
find_likes(struct bridge *b, const struct proof *proof, const struct conf_role *role,
    struct likes *sources, struct likes *names)
{
    struct ticket ticket = {.proof = *proof};
    struct expand_values values = {.ticket = &ticket, .conf = b->conf, .host = b->host};
    int r = 0;

    for (size_t i = 0; r == 0 && i < book_size(proof->book); i++) {
        const struct conf_role *one = book_role(proof->book, (unsigned)i);
        bool by_source = one->source_identity != NULL;
        struct fed_secret like = FED_SECRET_INIT(LIKE_LIMIT);
        if (strcmp(one->arn, role->arn) != 0)
            continue;
        r = expand_like(&values, by_source ? one->source_identity : one->session_name, &like);
        if (r == 0 && !is_plain(fed_secret_str(&like)))
            r = FED_E_INVALID;
        if (r == 0)
            r = add_like(by_source ? sources : names, by_source ? "" : "*:", fed_secret_str(&like));
        else if (r == FED_E_INVALID && one != role && !is_theirs(proof, one))
            r = 0;
        fed_secret_done(&like);
    }
    return r;
}

static int
write_statement(char *to, size_t *len, const char *when, const char *key, const struct likes *likes)
{
    bool several = likes->n > 1;

    if (likes->n == 0)
        return 0;
    int n = snprintf(to + *len, POLICY_SIZE - *len,
        "%s{\"Effect\":\"Deny\",\"Action\":\"*\",\"Resource\":\"*\",\"Condition\":{"
        "\"DateLessThan\":{\"aws:TokenIssueTime\":\"%s\"},\"StringLike\":{\"%s\":%s%s%s}}}",
        to[*len - 1] == '}' ? "," : "", when, key, several ? "[" : "", likes->text,
        several ? "]" : "");
    if (n < 0 || (size_t)n >= POLICY_SIZE - *len)
        return FED_E_TOO_BIG;
    *len += (size_t)n;
    return 0;
}

/* Everything is denied to sessions of this person that began before now. */
static int
write_policy(struct bridge *b, const struct proof *proof, const struct conf_role *role,
    int64_t now_s, char *to)
{
    struct likes sources = {.n = 0}, names = {.n = 0};
    char when[INSTANT_SIZE];
    size_t len = (size_t)snprintf(to, POLICY_SIZE, "{\"Version\":\"2012-10-17\",\"Statement\":[");
    int r = find_likes(b, proof, role, &sources, &names);

    if (r == 0 && !instant_write(now_s, when))
        r = FED_E_SYSTEM;
    if (r == 0)
        r = write_statement(to, &len, when, "aws:SourceIdentity", &sources);
    if (r == 0)
        r = write_statement(to, &len, when, "aws:userid", &names);
    if (r == 0 && (size_t)snprintf(to + len, POLICY_SIZE - len, "]}") >= POLICY_SIZE - len)
        r = FED_E_TOO_BIG;
    return r;
}

/* The line stands after the act, for it tells how that ended; the policy is at AWS whether the line could be written or not. */
static void
audit_apply(struct bridge *b, const struct job *job, const struct proof *proof,
    const struct conf_role *role, int outcome, const char *why)
{
    struct audit_event e = {.event = "revoke-apply",
        .outcome = outcome,
        .reason = outcome != 0 ? why : NULL,
        .user = wire_text(&job->msg, WIRE_USER),
        .sid = proof->sid,
        .role = role->name,
        .role_arn = role->arn,
        .asked_by = job->peer.uid,
        .request = job->msg.request};
    int audited = audit_write(b->audit, &e);

    (void)audited; /* it takes away, and gives nothing */
}

/* 0, or why AWS has it not, or is not known to have it. */
static int
apply(struct revocation *v, const struct job *job, const struct proof *proof,
    const struct conf_role *role, const char *policy, char reason[REASON_MOST])
{
    char why[STS_WHY_MAX] = "";

    v->book = proof->book;
    int r =
        clock_left_ms(v->deadline_ms) > 0 ? revocation_apply(v, role, policy, why) : FED_E_TIMEOUT;
    if (r != 0)
        (void)snprintf(reason, REASON_MOST, "%.250s", why[0] != '\0' ? why : fed_strerror(r));
    text_clean_in_place(reason, false);
    audit_apply(v->b, job, proof, role, r, reason);
    return r;
}

/* Without an answer nobody knows: that is neither yes nor no. */
static uint64_t
how_applied(const struct revocation *v, int error)
{
    if (error == 0)
        return WIRE_APPLIED_YES;
    return v->asked && fed_error_class(error) == FED_CLASS_UNAVAILABLE ? WIRE_APPLIED_UNKNOWN
                                                                       : WIRE_APPLIED_NO;
}

/*
 * Without a policy where the session's name does not say whose it is.
 *   v   NULL: nothing is applied
 */
static void
put_role(struct bridge *b, struct job *job, const struct proof *proof, const struct conf_role *role,
    int64_t now_s, struct revocation *v)
{
    struct wire_out *out = &job->reply;
    char policy[POLICY_SIZE], reason[REASON_MOST] = "";
    int r = write_policy(b, proof, role, now_s, policy);
    int applied = v != NULL && r == 0 ? apply(v, job, proof, role, policy, reason) : FED_E_INVALID;

    wire_begin_group(out, WIRE_REVOCATION);
    wire_put_text(out, WIRE_MESSAGE, reason[0] != '\0' ? reason : NULL);
    wire_put_text(out, WIRE_ROLE_NAME, role->name);
    wire_put_text(out, WIRE_ROLE_ARN, role->arn);
    wire_put_text(out, WIRE_ACCOUNT, role->account);
    wire_put_text(out, WIRE_POLICY, r == 0 ? policy : NULL);
    if (v != NULL)
        wire_put_number(out, WIRE_APPLIED, how_applied(v, applied));
    wire_end_group(out);
}

static void
put_roles(struct bridge *b, struct job *job, const struct proof *proof, const struct proof *had,
    int64_t now_s, struct revocation *v)
{
    for (size_t i = 0; i < proof->n_roles && i < ROLES_MOST; i++) {
        const struct conf_role *role = proof_role(proof, i);
        if (!has_arn(proof, role->arn, i) && (had == NULL || !has_arn(had, role->arn, ROLES_MOST)))
            put_role(b, job, proof, role, now_s, v);
    }
}

/*
 * Somebody of whom the directory says nothing, and who is enrolled, goes by the name of that: the user name of the sign-ins that gave
 * the credentials.
 */
static void
read_enrolment(struct bridge *b, const char *sid, struct proof *proof)
{
    struct store_row row;

    if (store_load(b->store, sid, &row) != 0)
        return;
    size_t len = strcspn(row.name, "@");
    if (row.name[len] == '\0' || len >= sizeof(proof->person.sam))
        return;
    for (size_t i = 0; i < b->conf->n_domains; i++) {
        if (!text_equal_nocase(row.name + len + 1, b->conf->domains[i].name))
            continue;
        proof->domain = i;
        memcpy(proof->person.sam, row.name, len);
        proof->person.sam[len] = '\0';
    }
}

/* A role that they had, as the audit trail names it. Sections are renamed: what counts is the role of AWS's. */
static const struct conf_role *
find_role(const struct book *book, const char *name, const char *arn)
{
    const struct conf_role *role = name != NULL ? book_find(book, name) : NULL;

    if (role != NULL && strcmp(role->arn, arn) == 0)
        return role;
    for (size_t i = 0; i < book_size(book); i++) {
        role = book_role(book, (unsigned)i);
        if (strcmp(role->arn, arn) == 0)
            return role;
    }
    return NULL;
}

static void
begin_reply(struct job *job, struct answer *answer, const char *sid, unsigned ended)
{
    answer_begin(job, answer);
    wire_put_text(&job->reply, WIRE_SID, sid);
    wire_put_number(&job->reply, WIRE_COUNT, ended);
}

static void
put_lost_role(
    struct bridge *b, struct job *job, const char *sid, int64_t now_s, struct revocation *v)
{
    const char *name = wire_text(&job->msg, WIRE_ROLE_NAME);
    struct proof proof = {0};

    if (!read_now(b, wire_text(&job->msg, WIRE_USER), &proof) && proof.person.sam[0] == '\0')
        read_enrolment(b, sid, &proof);
    (void)snprintf(proof.sid, sizeof(proof.sid), "%s", sid);
    if (proof.book == NULL)
        proof.book = mapper_book(b->mapper);
    const struct conf_role *role = find_role(proof.book, name, wire_text(&job->msg, WIRE_ROLE_ARN));
    if (role != NULL)
        put_role(b, job, &proof, role, now_s, v);
    proof_done(&proof);
}

int
handle_revoke(struct bridge *b, struct job *job, struct answer *answer)
{
    char sid[SID_TEXT_MAX];
    struct wanted had = {.sid = sid};
    char policy_name[REVOCATION_NAME_SIZE];
    struct revocation applying = {
        .b = b, .policy_name = policy_name, .deadline_ms = clock_mono_ms() + REVOCATION_MS};
    struct revocation *v = wire_number(&job->msg, WIRE_APPLY, 0) != 0 ? &applying : NULL;
    struct proof now = {0};
    int r = admin_find_sid(b, job, sid, answer);

    if (r != 0)
        return r;
    revocation_name(wire_text(&job->msg, WIRE_USER), policy_name);
    tickets_each(b->tickets, copy_ticket, &had);
    /* First: a session that opens now finds none, and makes no ticket. What becomes a receipt goes before receipts do. */
    pending_end_sid(b->pending, sid);
    receipts_end_sid(b->receipts, sid);
    unsigned n = tickets_end_sid(b->tickets, sid);
    if ((r = admin_audit(b, job, "revoke", sid, 0, NULL)) != 0)
        goto out;
    int64_t now_s = (int64_t)time(NULL) + 1; /* what was given in this very second too */
    if (wire_has(&job->msg, WIRE_ROLE_ARN)) {
        begin_reply(job, answer, sid, n);
        put_lost_role(b, job, sid, now_s, v);
        goto out;
    }
    bool known = read_now(b, wire_text(&job->msg, WIRE_USER), &now);
    if (had.proof.n_roles + now.n_roles > ROLES_MOST)
        (void)snprintf(answer->message, sizeof(answer->message),
            "they have more than %d roles: those that follow are not all", ROLES_MOST);
    begin_reply(job, answer, sid, n);
    if (had.found)
        put_roles(b, job, &had.proof, NULL, now_s, v);
    if (known)
        put_roles(b, job, &now, had.found ? &had.proof : NULL, now_s, v);

out:
    proof_done(&had.proof);
    proof_done(&now);
    return r;
}
