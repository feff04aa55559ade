/*
 * awsfed-admin explain: why somebody gets what they get, step by step, without their password.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/dispatch.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bridge/demand.h"
#include "bridge/flow.h"
#include "bridge/handle_admin.h"
#include "bridge/identity.h"
#include "bridge/mentions.h"
#include "bridge/texts.h"
#include "mfa/person.h"

FED_PRINTF(2, 3)
static void
step(struct wire_out *out, const char *format, ...)
{
    char text[512], clean[512];
    va_list ap;

    va_start(ap, format);
    (void)vsnprintf(text, sizeof(text), format, ap);
    va_end(ap);
    wire_put_text(out, WIRE_STEP, text_clean(clean, sizeof(clean), text));
}

static const char *
verdict(int error)
{
    return error == 0 ? "yes" : fed_strerror(error);
}

static void
explain_enrolment(struct bridge *b, const char *sid, struct wire_out *out)
{
    struct person p;
    int r = person_load(b->store, sid, &p);

    if (r == 0 && !record_enrolled(&p.record))
        r = FED_E_NOT_ENROLLED;
    if (r != 0) {
        step(out, "second factor: %s%s", fed_strerror(r),
            r == FED_E_NOT_ENROLLED && b->conf->mfa.enrol_at_login
                ? "; the next login sets one up (enrol-at-login)"
                : "");
        return;
    }
    for (size_t i = 0; i < p.record.n_tokens; i++) {
        const struct record_token *t = &p.record.tokens[i];
        step(out, "second factor: %s, %u digits every %u s%s%s",
            t->confirmed ? "enrolled" : "waiting for its two codes", t->params.digits,
            t->params.period_s, t->label[0] != '\0' ? ", label " : "", t->label);
    }
}

static void
say_step(void *arg, const char *text)
{
    step(arg, "%s", text);
}

static void
explain_clock(struct bridge *b, size_t domain, struct wire_out *out)
{
    int64_t off_s = 0;
    unsigned heard = addir_clock_off(b->dirs[domain], &off_s);

    if (heard == 0)
        step(out, "clock: no domain controller has told its own lately");
    else if (off_s == 0)
        step(out, "clock: this host's agrees with that of %u domain controller%s", heard,
            heard == 1 ? "" : "s");
    else
        step(out, "clock: this host's is %" PRIu64 " s %s that of %u domain controller%s",
            (uint64_t)(off_s < 0 ? -off_s : off_s), off_s < 0 ? "behind" : "ahead of", heard,
            heard == 1 ? "" : "s");
}

static void
explain_demand(struct bridge *b, const struct identity *id, const struct addir_entry *entry,
    struct wire_out *out)
{
    struct book *book = mapper_book(b->mapper);

    demand_explain(&b->conf->mfa, book, id->domain, entry, say_step, out);
    book_unref(book);
}

static void
explain_roles(struct bridge *b, const struct identity *id, const struct addir_entry *entry,
    struct wire_out *out)
{
    struct book *book = NULL;
    unsigned *roles = NULL;
    size_t n = 0;
    int r = mapper_roles(b->mapper, id->domain, &id->person, entry, &book, &roles, &n);

    if (r != 0)
        step(out, "roles: %s", fed_strerror(r));
    else if (n == 0)
        step(out, "roles: none; no group of theirs is named in a [role], or fits a [role-pattern]");
    for (size_t i = 0; i < n; i++) {
        const struct conf_role *role = book_role(book, roles[i]);
        step(out, "role: %s (%s), by %s:%u", role->name, role->arn, role->where.file,
            role->where.line);
    }
    free(roles);
    book_unref(book);
}

/* ---- One role ---- */

/* What one domain says of the role's groups that are looked for in it; notes in found which there are. */
static void
explain_groups_of(struct bridge *b, const struct identity *id, const struct addir_entry *entry,
    const struct mentions *mentions, size_t domain, bool *found, struct wire_out *out)
{
    const char *name = b->conf->domains[domain].name;
    char why[ADDIR_WHY_MAX] = "", text[SID_TEXT_MAX];
    struct sid *sids = NULL;
    int r = mentions_ask(mentions, b->dirs[domain], domain, &sids, why);

    if (r != 0)
        step(out, "its groups in %s: %s%s%s", name, fed_strerror(r), why[0] != '\0' ? ": " : "",
            why);
    for (size_t i = 0; i < mentions->n && r == 0; i++) {
        if (sids[i].len == 0)
            continue;
        bool counts = domain == id->domain || sid_is_of_domain(&sids[i]);
        found[i] = true;
        step(out, "group \"%s\" (%s): %s", mentions->items[i].text, sid_to_text(&sids[i], text),
            counts && addir_in_group(entry, &sids[i]) ? "a member" : "not a member");
    }
    free(sids);
}

/* Each group that has the role, by the name that the configuration gives it. */
static void
explain_groups(struct bridge *b, const struct identity *id, const struct addir_entry *entry,
    const struct conf_role *role, struct wire_out *out)
{
    bool *found = calloc(role->groups.n + 1, sizeof(*found));
    struct mentions mentions = {0};
    int r = found == NULL ? FED_E_NOMEM : mentions_of_role(b->conf, role, &mentions);

    if (r != 0)
        step(out, "its groups: %s", fed_strerror(r));
    for (size_t i = 0; i < b->conf->n_domains && r == 0; i++) {
        bool any = false;
        for (size_t k = 0; k < mentions.n && !any; k++)
            any = mention_is_of(&mentions.items[k], i);
        if (any)
            explain_groups_of(b, id, entry, &mentions, i, found, out);
    }
    for (size_t i = 0; i < mentions.n && r == 0; i++) {
        if (!found[i])
            step(out, "group \"%s\": does not exist", mentions.items[i].text);
    }
    for (size_t i = 0; i < role->users.n; i++)
        step(out, "user named: %s", role->users.items[i]);
    mentions_done(&mentions);
    free(found);
}

/* As if they had signed in just now with both factors, from nowhere. */
static void
explain_texts(struct bridge *b, const struct identity *id, const struct addir_entry *entry,
    const struct conf_role *role, struct wire_out *out)
{
    struct ticket ticket = {.ends_s = 0};
    char why[TEXTS_WHY_MAX] = "";
    struct texts texts;

    memset(ticket.id, '0', sizeof(ticket.id) - 1);
    ticket.proof = (struct proof){.domain = id->domain,
        .person = id->person,
        .factors = WIRE_FACTOR_PASSWORD | WIRE_FACTOR_CODE,
        .code_s = (int64_t)time(NULL),
        .attributes = entry->attributes,
        .n_attributes = entry->n_attributes};
    memcpy(ticket.proof.sid, id->sid, sizeof(ticket.proof.sid));
    int r = texts_expand(b->conf, b->host, &ticket, role, &texts, why);
    if (r != 0) {
        step(out, "what AWS would be told: %s", why[0] != '\0' ? why : fed_strerror(r));
        return;
    }
    step(out, "session name: %s", fed_secret_str(&texts.session_name));
    if (role->source_identity != NULL)
        step(out, "source identity: %s", fed_secret_str(&texts.source_identity));
    for (size_t i = 0; i < texts.n_tags; i++)
        step(out, "tag: %s = \"%s\"", texts.tags[i].key, texts.tags[i].value);
    if (texts.policy.len > 0)
        step(out, "session policy: %.400s", fed_secret_str(&texts.policy));
    texts_done(&texts);
}

static void
explain_taking(const struct book *book, const struct conf_role *role, struct wire_out *out)
{
    static const char *const flows[] = {[CONF_FLOW_SAML] = "saml",
        [CONF_FLOW_ASSUME_ROLE] = "assume-role",
        [CONF_FLOW_OIDC] = "oidc"};
    int64_t age_s = flow_mfa_age(book, role);

    step(out, "flow: %s%s%s, for %" PRId64 " min at most", flows[role->flow],
        role->via != NULL ? ", via " : "", role->via != NULL ? role->via : "",
        role->duration_s / 60);
    if (age_s != 0)
        step(out, "mfa-age: the code must not be older than %" PRId64 " min", age_s / 60);
    for (size_t i = 0; i < role->policy_arns.n; i++)
        step(out, "policy: %s", role->policy_arns.items[i]);
}

/* Whose the role is by the book of now, whichever rule says so. */
static bool
is_theirs(const struct book *book, const struct identity *id, const struct addir_entry *entry,
    const struct conf_role *role, struct sid *ret_group)
{
    unsigned *roles = NULL;
    bool theirs = false;
    size_t n = 0;

    if (book_roles(book, id->domain, &id->person, entry, &roles, &n) != 0)
        return false;
    for (size_t i = 0; i < n && !theirs; i++) {
        theirs = book_role(book, roles[i]) == role;
        if (theirs && !book_why(book, id->domain, entry, roles[i], ret_group))
            *ret_group = (struct sid){.len = 0};
    }
    free(roles);
    return theirs;
}

static void
explain_role(struct bridge *b, const struct identity *id, const struct addir_entry *entry,
    const char *name, struct wire_out *out)
{
    struct book *book = mapper_book(b->mapper);
    const struct conf_role *role = book_find(book, name);
    struct sid group = {.len = 0};
    char text[SID_TEXT_MAX];

    if (role == NULL) {
        step(out, "role: there is no [role %s], and no group makes it by a [role-pattern]", name);
        book_unref(book);
        return;
    }
    step(out, "role: %s (%s), by %s:%u", role->name, role->arn, role->where.file, role->where.line);
    explain_groups(b, id, entry, role, out);
    if (!is_theirs(book, id, entry, role, &group))
        step(out, "theirs: no");
    else if (group.len == 0)
        step(out, "theirs: yes, by their name");
    else
        step(out, "theirs: yes, as a member of %s", sid_to_text(&group, text));
    explain_taking(book, role, out);
    explain_texts(b, id, entry, role, out);
    book_unref(book);
}

int
handle_explain(struct bridge *b, struct job *job, struct answer *answer)
{
    const char *user = wire_text(&job->msg, WIRE_USER);
    struct addir_entry entry = {0};
    char why[BRIDGE_WHY_MAX] = "";
    struct identity id;
    uid_t uid = 0;
    int r = admin_find_person(b, job, &id, answer);

    if (r != 0)
        return r;
    answer_begin(job, answer);
    struct wire_out *out = &job->reply;
    wire_put_text(out, WIRE_SID, id.sid);
    step(out, "directory: %s is %s, %s", user, id.name, id.person.dn);
    int local = identity_uid(b, user, &uid);
    if (local == 0)
        step(out, "this host: uid %u", (unsigned)uid);
    else
        step(out, "this host: no session, %s",
            local == FED_E_NOT_FOUND ? "the account is not known here (NSS)" : fed_strerror(local));
    r = addir_read(b->dirs[id.domain], &id.person, &entry, why);
    if (r != 0) {
        step(out, "entry: %s%s%s", fed_strerror(r), why[0] != '\0' ? ": " : "", why);
        return 0;
    }
    step(out, "groups: %zu (nested ones included)", entry.n_groups);
    step(out, "account in order: %s", verdict(account_check(&entry.account, (int64_t)time(NULL))));
    int listed = mapper_may_login(b->mapper, id.domain, &entry);
    step(out, "login-groups and deny-groups let in: %s",
        listed == FED_E_CONFIG
            ? "nobody, for a group of deny-groups is not found: the log says which"
            : verdict(listed));
    explain_enrolment(b, id.sid, out);
    explain_clock(b, id.domain, out);
    explain_demand(b, &id, &entry, out);
    if (wire_text(&job->msg, WIRE_ROLE_NAME) == NULL)
        explain_roles(b, &id, &entry, out);
    else
        explain_role(b, &id, &entry, wire_text(&job->msg, WIRE_ROLE_NAME), out);
    addir_entry_done(&entry);
    return 0;
}
