/*
 * For awsfed-admin report: everybody who is enrolled, with their second factors and the roles that the rules of now give them. In pages, by
 * SID, so that nobody is lost between two of them who was there all the time.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/dispatch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bridge/handle_admin.h"
#include "bridge/signin.h"
#include "ldap/account.h"
#include "mfa/person.h"

enum {
    PAGE = 200,
    ROLES_MOST = 60,                      /* names of one person's; the count is of all */
    PERSON_SIZE = 6 * 1024,               /* less than the limit of the group */
    REPLY_FULL = WIRE_MESSAGE_MAX - 8192, /* no further person for certain fits */
};

/* ---- Who is next ---- */

struct next {
    char sid[STORE_SID_MAX], name[STORE_NAME_MAX];
};

/* The PAGE first SIDs after one, whatever the order in which the store tells them. */
struct page {
    const char *after;
    struct next people[PAGE];
    size_t n;
    bool more;
};

static int
take_row(const struct store_row *row, void *arg)
{
    struct page *p = arg;
    size_t at = p->n;

    if (strcmp(row->sid, p->after) <= 0)
        return 0;
    while (at > 0 && strcmp(row->sid, p->people[at - 1].sid) < 0)
        at--;
    if (p->n == PAGE)
        p->more = true;
    if (at == PAGE)
        return 0;
    size_t kept = p->n < PAGE ? p->n : PAGE - 1;
    memmove(&p->people[at + 1], &p->people[at], (kept - at) * sizeof(p->people[0]));
    memcpy(p->people[at].sid, row->sid, sizeof(row->sid));
    memcpy(p->people[at].name, row->name, sizeof(row->name));
    p->n = kept + 1;
    return 0;
}

/* ---- One of them ---- */

/* The roles that a sign-in would give, or why there would be none. */
static int
read_roles(struct bridge *b, const struct next *who, struct proof *proof)
{
    char why[BRIDGE_WHY_MAX] = "";
    struct addir_entry entry = {0};
    struct identity id;
    int r = identity_find(b, who->name, &id, why);

    if (r == 0 && strcmp(id.sid, who->sid) != 0)
        r = FED_E_UNKNOWN_USER; /* somebody else has the name by now */
    if (r != 0)
        return r;
    *proof = (struct proof){.domain = id.domain, .person = id.person};
    r = addir_read(b->dirs[id.domain], &id.person, &entry, why);
    if (r == 0)
        r = account_check(&entry.account, (int64_t)time(NULL));
    if (r == 0 || r == FED_E_PASSWORD_EXPIRED || r == FED_E_DIRECTORY_LOCKED)
        r = mapper_may_login(b->mapper, id.domain, &entry);
    if (r == 0)
        r = signin_set_roles(b, &entry, proof);
    addir_entry_done(&entry);
    return r;
}

/* The last time that any confirmed token was used, and how many there are. */
static uint64_t
last_use(const struct record *record, uint64_t *ret_tokens)
{
    uint64_t last_s = 0;

    *ret_tokens = 0;
    for (size_t i = 0; i < record->n_tokens; i++) {
        const struct record_token *t = &record->tokens[i];
        uint64_t used_s = t->watermark * t->params.period_s;
        if (!t->confirmed)
            continue;
        ++*ret_tokens;
        if (used_s > last_s)
            last_s = used_s;
    }
    return last_s;
}

static void
put_role_names(struct wire_out *out, const struct proof *proof)
{
    size_t used = 0;

    for (size_t i = 0; i < proof->n_roles && i < ROLES_MOST && used < PERSON_SIZE; i++) {
        const char *name = proof_role(proof, i)->name;
        wire_put_text(out, WIRE_STEP, name);
        used += strlen(name) + 7;
    }
}

/* A directory that did not answer for one is not waited for with the others: their standing is not known either. */
static int
put_person(struct bridge *b, struct wire_out *out, const struct next *who, int *unavailable)
{
    struct proof proof = {0};
    struct person p;
    uint64_t tokens;
    int r = person_load(b->store, who->sid, &p);

    if (r != 0)
        return r == FED_E_NOT_ENROLLED ? 0 : r; /* gone meanwhile */
    uint64_t last_s = last_use(&p.record, &tokens);
    int standing = *unavailable != 0 ? *unavailable : read_roles(b, who, &proof);
    if (fed_error_class(standing) == FED_CLASS_UNAVAILABLE)
        *unavailable = standing;
    wire_begin_group(out, WIRE_PERSON);
    if (standing != 0)
        wire_put_number(out, WIRE_STATUS, fed_error_to_wire(standing));
    wire_put_text(out, WIRE_USER, who->name);
    wire_put_text(out, WIRE_SID, who->sid);
    wire_put_number(out, WIRE_STARTED, (uint64_t)p.row.enrolled_s);
    wire_put_number(out, WIRE_CODE_TIME, last_s);
    wire_put_number(out, WIRE_COUNT, proof.n_roles);
    put_role_names(out, &proof);
    wire_put_number(out, WIRE_TOKENS, tokens);
    wire_put_number(out, WIRE_CODES_LEFT, record_codes_left(&p.record));
    wire_put_number(out, WIRE_CODES_MADE, p.record.n_codes);
    wire_end_group(out);
    proof_done(&proof);
    return 0;
}

int
handle_people(struct bridge *b, struct job *job, struct answer *answer)
{
    const char *after = wire_text(&job->msg, WIRE_SID);
    struct page *page = calloc(1, sizeof(*page));
    int unavailable = 0;
    size_t i = 0;

    if (page == NULL)
        return FED_E_NOMEM;
    page->after = after != NULL ? after : "";
    int r = store_each(b->store, take_row, page);
    answer_begin(job, answer);
    for (; i < page->n && r == 0 && job->reply.bytes.len < REPLY_FULL; i++)
        r = put_person(b, &job->reply, &page->people[i], &unavailable);
    if (r == 0 && i > 0 && (page->more || i < page->n))
        wire_put_text(&job->reply, WIRE_NEXT, page->people[i - 1].sid);
    free(page);
    return r;
}
