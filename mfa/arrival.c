/*
 * The file without a name holds, for each person, 8 bytes of line or number, 4 of length, and what mfa/parcel.h seals of them.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "mfa/arrival.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/write.h"
#include "mfa/person.h"
#include "mfa/record_merge.h"

enum { ENTRY_HEAD = 12, NOTE_MAX = 512 };

enum outcome { ADDED, MERGED, SAME };

struct arrival {
    struct arrival_options options;
    struct parcel_head head;
    int fd;
    off_t done; /* how far they are in the store; of one that is whole, all or none */
    off_t told; /* how far arrival_each has come */
    uint64_t next, people;
    bool ended;
    int broken;
    struct arrival_counts counts;
    char notes[ARRIVAL_NOTES_MAX][NOTE_MAX];
    size_t n_new;
    char new[ARRIVAL_NEW_MAX][STORE_NAME_MAX];
};

/* ---- The file ---- */

/* O_TMPFILE is not known to every file system. */
static int
open_unnamed(const char *folder)
{
    char path[4096];
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

    if (fd >= 0 || snprintf(path, sizeof(path), "%s/arrival.XXXXXX", folder) >= (int)sizeof(path))
        return fd;
    fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0)
        (void)unlink(path);
    return fd;
}

static int
put_aside(struct arrival *a, const struct store_row *row, uint64_t line)
{
    struct fed_secret plain = FED_SECRET_INIT(SEAL_RECORD_MAX);
    unsigned char head[ENTRY_HEAD];

    int r = parcel_person_pack(row, &plain);
    if (r == 0) {
        (void)bytes_put(bytes_put(head, line, 8), plain.len, 4);
        r = write_all(a->fd, head, sizeof(head));
    }
    if (r == 0)
        r = write_all(a->fd, plain.data, plain.len);
    fed_secret_done(&plain);
    return r;
}

static bool
read_all(int fd, off_t at, void *to, size_t len)
{
    for (size_t done = 0; done < len;) {
        ssize_t n = pread(fd, (char *)to + done, len - done, at + (off_t)done);
        if (n <= 0)
            return false;
        done += (size_t)n;
    }
    return true;
}

/* The entry at *at, which moves on. 0, FED_E_NOT_FOUND (behind the last), FED_E_SYSTEM. */
static int
take_back(const struct arrival *a, off_t *at, struct store_row *ret_row, uint64_t *ret_line)
{
    unsigned char head[ENTRY_HEAD], plain[SEAL_RECORD_MAX];

    if (*at == lseek(a->fd, 0, SEEK_CUR))
        return FED_E_NOT_FOUND;
    if (!read_all(a->fd, *at, head, sizeof(head)))
        return FED_E_SYSTEM;
    size_t len = bytes_get(head + 8, 4);
    if (len > sizeof(plain) || !read_all(a->fd, *at + ENTRY_HEAD, plain, len) ||
        parcel_person_unpack(plain, len, ret_row) != 0)
        return FED_E_SYSTEM;
    *ret_line = bytes_get(head, 8);
    *at += ENTRY_HEAD + (off_t)len;
    return 0;
}

/* ---- Making and freeing ---- */

int
arrival_new(const struct arrival_options *options, struct arrival **ret)
{
    struct arrival *a = calloc(1, sizeof(*a));

    if (a == NULL)
        return FED_E_NOMEM;
    a->options = *options;
    a->next = 1;
    if (options->head != NULL) {
        a->head = *options->head;
        a->options.head = &a->head;
    }
    a->fd = open_unnamed(options->folder);
    if (a->fd < 0) {
        free(a);
        return FED_E_SYSTEM;
    }
    *ret = a;
    return 0;
}

void
arrival_free(struct arrival *a)
{
    if (a == NULL)
        return;
    (void)close(a->fd);
    free(a);
}

struct arrival_counts
arrival_counts(const struct arrival *a)
{
    return a->counts;
}

bool
arrival_has_parcel(const struct arrival *a)
{
    return a->options.head != NULL;
}

bool
arrival_is_dry(const struct arrival *a)
{
    return a->options.dry_run;
}

const char *
arrival_note(const struct arrival *a, size_t i)
{
    return i < ARRIVAL_NOTES_MAX && a->notes[i][0] != '\0' ? a->notes[i] : NULL;
}

const char *
arrival_new_name(const struct arrival *a, size_t i)
{
    return i < a->n_new ? a->new[i] : NULL;
}

/* ---- One person ---- */

/* In a parcel the pieces begin in its second line. */
static void
refuse(struct arrival *a, const struct store_row *row, uint64_t line, const char *why)
{
    if (a->counts.refused++ < ARRIVAL_NOTES_MAX)
        (void)snprintf(a->notes[a->counts.refused - 1], NOTE_MAX, "%" PRIu64 ": %.257s: %s",
            line + (a->options.head != NULL), row->name, why);
}

/* What a person's row becomes, and whether that enrols them here. 0, FED_E_EXISTS, FED_E_INVALID (the record that comes), FED_E_STORE, FED_E_TOO_BIG. */
static int
merge(const struct arrival *a, struct store *store, const struct store_row *row, struct person *ret,
    enum outcome *ret_outcome, bool *ret_enrols)
{
    struct record comes;

    if (record_decode(row->record, row->record_len, &comes) != 0)
        return FED_E_INVALID;
    int r = person_load(store, row->sid, ret);
    bool new = r == FED_E_NOT_ENROLLED;
    if (new) {
        *ret = (struct person){.row = *row};
        ret->row.version = 0;
        record_init(&ret->record);
        r = 0;
    }
    if (r == 0 && a->options.head != NULL && !a->options.replace &&
        record_was_removed(&ret->record, &comes))
        r = FED_E_EXISTS;
    if (r != 0)
        return r;
    bool enrolled = record_enrolled(&ret->record);
    r = record_merge(&ret->record, &comes, a->options.replace);
    if (r != 0)
        return r;
    *ret_enrols = !enrolled && record_enrolled(&ret->record);
    unsigned char bytes[RECORD_MAX];
    size_t len;
    if (record_encode(&ret->record, bytes, &len) != 0)
        return FED_E_INVALID;
    *ret_outcome = new                                                                     ? ADDED
                   : len == ret->row.record_len &&memcmp(bytes, ret->row.record, len) == 0 ? SAME
                                                                                           : MERGED;
    return 0;
}

static void
count(struct arrival *a, enum outcome outcome)
{
    a->counts.added += outcome == ADDED;
    a->counts.merged += outcome == MERGED;
    a->counts.same += outcome == SAME;
}

/* Why somebody cannot come in, NULL when they can; or an error. */
static int
judge(struct arrival *a, const struct store_row *row, const char **ret_why)
{
    const struct parcel_keeper *keeper = a->options.keeper;
    struct person p = {.row = {.version = 0}};
    enum outcome outcome;
    bool enrols = false;
    struct record comes;

    *ret_why = "not a record of this version of awsfed";
    if (record_decode(row->record, row->record_len, &comes) != 0)
        return 0;
    for (size_t i = 0; keeper != NULL && i < comes.n_tokens; i++) {
        const struct record_token *t = &comes.tokens[i];
        int r = keeper->try_seed(keeper->arg, row->sid, t->blob, t->blob_len);
        *ret_why =
            "a seed opens with none of the seal keys here: run awsfed-admin mfa reseal where it "
            "comes from, and export again";
        if (r != 0)
            return r == FED_E_CRYPTO ? 0 : r;
    }
    int r = store_accepts(a->options.store, row->sid);
    *ret_why =
        "nobody in the directory has their SID: reset them where they come from, or import with "
        "--skip-unknown";
    if (r != 0)
        return r == FED_E_UNKNOWN_USER ? 0 : r;
    r = merge(a, a->options.store, row, &p, &outcome, &enrols);
    *ret_why = a->options.head == NULL ? "enrolled already"
               : r == FED_E_EXISTS && !record_enrolled(&p.record)
                   ? "their token was removed here: --replace brings back the one of the file"
                   : "enrolled here with other tokens: --replace puts these in their place";
    if (r != 0)
        return r == FED_E_EXISTS ? 0 : r;
    count(a, outcome);
    if (enrols && a->options.head != NULL && a->n_new < ARRIVAL_NEW_MAX)
        memcpy(a->new[a->n_new++], row->name, sizeof(row->name));
    *ret_why = NULL;
    return 0;
}

static int
take_in(struct arrival *a, const struct store_row *row, uint64_t line)
{
    const char *why = NULL;
    int r = judge(a, row, &why);

    if (r != 0)
        return r;
    if (why != NULL && a->options.skip_unknown &&
        store_accepts(a->options.store, row->sid) == FED_E_UNKNOWN_USER) {
        a->counts.skipped++;
        return 0;
    }
    if (why != NULL) {
        refuse(a, row, line, why);
        return 0;
    }
    return put_aside(a, row, line);
}

int
arrival_add(struct arrival *a, const struct store_row *row, uint64_t line)
{
    if (a->broken == 0 && a->people == ARRIVAL_PEOPLE_MAX)
        a->broken = FED_E_TOO_BIG;
    if (a->broken == 0)
        a->broken = take_in(a, row, line);
    a->people++;
    return a->broken;
}

/* ---- A parcel's pieces ---- */

static int
open_piece(struct arrival *a, uint64_t number, const unsigned char *piece, size_t len,
    struct fed_secret *ret)
{
    const struct parcel_keeper *keeper = a->options.keeper;
    char place[PARCEL_PLACE_MAX];

    if (a->options.head == NULL || number != a->next || a->ended || len < 2 ||
        (piece[0] != PARCEL_PERSON && piece[0] != PARCEL_END))
        return FED_E_INVALID;
    parcel_place(&a->head, number, (enum parcel_kind)piece[0], place);
    return keeper->open(keeper->arg, place, piece + 1, len - 1, ret);
}

static int
take_piece(struct arrival *a, uint64_t number, const unsigned char *piece, size_t len)
{
    struct fed_secret plain = FED_SECRET_INIT(PARCEL_PIECE_MAX);
    struct store_row row;
    uint64_t people;

    int r = open_piece(a, number, piece, len, &plain);
    if (r == 0 && piece[0] == PARCEL_END) {
        r = parcel_end_unpack(plain.data, plain.len, &people);
        if (r == 0 && people != number - 1)
            r = FED_E_INVALID;
        a->ended = r == 0;
    } else if (r == 0 && (r = parcel_person_unpack(plain.data, plain.len, &row)) == 0) {
        r = arrival_add(a, &row, number);
    }
    a->next++;
    fed_secret_done(&plain);
    return r;
}

int
arrival_piece(struct arrival *a, uint64_t number, const void *piece, size_t len)
{
    if (a->broken == 0)
        a->broken = take_piece(a, number, piece, len);
    return a->broken;
}

/* ---- Into the store ---- */

static int
put_person(struct arrival *a, struct store *store, const struct store_row *row, uint64_t line)
{
    enum outcome outcome = SAME;
    int r = FED_E_REPLAY;
    bool enrols = false;

    /* Somebody who logs in at the same time may be faster, as in person_change. */
    for (unsigned i = 0; i < PERSON_TRIES && r == FED_E_REPLAY; i++) {
        struct person p;
        r = merge(a, store, row, &p, &outcome, &enrols);
        if (r == 0 && outcome != SAME)
            r = person_save(store, &p);
    }
    if (r == FED_E_EXISTS)
        refuse(a, row, line, "enrolled meanwhile, or twice in this import");
    else if (r != 0)
        refuse(a, row, line, "the store does not take them");
    if (r == 0)
        count(a, outcome);
    return r == FED_E_REPLAY ? FED_E_BUSY : r;
}

struct putting {
    struct arrival *a;
    off_t at;
    unsigned at_most;
    bool more;
};

static int
put_people(struct store *tx, void *arg)
{
    struct putting *p = arg;
    struct store_row row;
    uint64_t line;

    for (unsigned n = 0; n < p->at_most; n++) {
        off_t at = p->at;
        int r = take_back(p->a, &at, &row, &line);
        if (r == FED_E_NOT_FOUND)
            return 0;
        if (r != 0 || (r = put_person(p->a, tx, &row, line)) != 0)
            return r;
        p->at = at;
    }
    p->more = p->at != lseek(p->a->fd, 0, SEEK_CUR);
    return 0;
}

int
arrival_finish(struct arrival *a, unsigned at_most, bool *ret_more)
{
    bool whole = store_is_whole(a->options.store);
    struct putting p = {.a = a, .at = a->done, .at_most = whole ? UINT32_MAX : at_most};
    struct arrival_counts skipped = {.skipped = a->counts.skipped};

    *ret_more = false;
    if (a->broken != 0)
        return a->broken;
    if (a->options.head != NULL && !a->ended)
        return FED_E_INVALID;
    if (a->options.dry_run)
        return a->counts.refused != 0 ? FED_E_EXISTS : 0;
    if (a->done == 0) { /* what is counted from now on is done */
        skipped.refused = a->counts.refused;
        a->counts = skipped;
    }
    if (a->counts.refused != 0)
        return FED_E_EXISTS;
    int r = store_together(a->options.store, put_people, &p);
    if (r != 0 && whole) {
        skipped.refused = a->counts.refused;
        a->counts = skipped; /* nothing of it was done */
    } else {
        a->done = p.at;
    }
    a->broken = r;
    *ret_more = p.more;
    return r;
}

int
arrival_each(
    struct arrival *a, int (*fn)(const struct store_row *row, uint64_t line, void *arg), void *arg)
{
    struct store_row row;
    uint64_t line;

    while (a->told < a->done) {
        int r = take_back(a, &a->told, &row, &line);
        if (r != 0 || (r = fn(&row, line, arg)) != 0)
            return r;
    }
    return 0;
}
