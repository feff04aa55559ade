/*
 * Import: everything is read, then everybody is asked about, and when all is in order they are imported together.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/admin/mfa_import.h"

#include <dirent.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "bridge/admin/file.h"
#include "bridge/admin/mfa_move.h"
#include "bridge/admin/mfa_pskc.h"
#include "bridge/admin/words.h"
#include "mfa/import.h"

enum format { NONE, GOOGLE, OATH, CSV, PSKC, SEALED };

struct import_job {
    const struct admin *admin;
    struct mfa_arrive arrive;
    struct mfa_pskc pskc;
    enum format format;
    struct import_list list;
};

/* ---- Reading ---- */

/* One file; what cannot be read is an error of the list like any other. */
static int
take_file(struct import_job *job, int at, const char *path, const char *shown, const char *name)
{
    struct fed_secret bytes = FED_SECRET_INIT(IMPORT_FILE_MAX);
    int r = file_read(at, path, &bytes);

    if (r != 0 && r != FED_E_NOMEM)
        r = import_fail(&job->list, shown, 0, "cannot be read: not a file, a link, or too large");
    else if (r == 0 && job->format == GOOGLE)
        r = import_google(&job->list, shown, name, bytes.data, bytes.len);
    else if (r == 0 && job->format == OATH)
        r = import_oath(&job->list, shown, bytes.data, bytes.len);
    else if (r == 0 && job->format == PSKC)
        r = mfa_pskc_take(&job->list, &job->pskc, shown, &bytes);
    else if (r == 0)
        r = import_csv(&job->list, shown, bytes.data, bytes.len);
    fed_secret_done(&bytes);
    return r;
}

/* A folder of google-authenticator files: USER, or USER/.google_authenticator as homes have it. */
static int
take_entry(struct import_job *job, int dir, const char *name)
{
    char path[PATH_MAX], shown[PATH_MAX];
    struct stat st;

    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return 0;
    bool home = S_ISDIR(st.st_mode);
    if (snprintf(path, sizeof(path), "%s%s", name, home ? "/.google_authenticator" : "") >=
        (int)sizeof(path))
        return FED_E_TOO_BIG;
    if (home && fstatat(dir, path, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return 0; /* somebody without one */
    (void)snprintf(shown, sizeof(shown), "%.2000s/%.2000s", job->arrive.path, path);
    return take_file(job, dir, path, shown, name);
}

static int
take_folder(struct import_job *job)
{
    DIR *dir = opendir(job->arrive.path);
    struct dirent *entry;
    int r = 0;

    if (dir == NULL)
        return import_fail(&job->list, job->arrive.path, 0, "cannot be read");
    while (r == 0 && (entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] != '.')
            r = take_entry(job, dirfd(dir), entry->d_name);
    }
    (void)closedir(dir);
    return r;
}

static int
take_all(struct import_job *job)
{
    const char *slash = strrchr(job->arrive.path, '/');
    struct stat st;

    if (job->format == GOOGLE && stat(job->arrive.path, &st) == 0 && S_ISDIR(st.st_mode))
        return take_folder(job);
    return take_file(job, AT_FDCWD, job->arrive.path, job->arrive.path,
        slash != NULL ? slash + 1 : job->arrive.path);
}

/* ---- Asking ---- */

static int
ask_one(const struct import_job *job, const struct import_item *item, struct client_reply *ret)
{
    struct fed_secret seed = FED_SECRET_INIT(256);
    struct wire_out out;
    int r = totp_base32(&item->seed, &seed);

    if (r != 0)
        return r;
    admin_request(&out, ASK_IMPORT);
    wire_put_text(&out, WIRE_USER, item->name);
    if (item->used_until_s > 0)
        wire_put_number(&out, WIRE_CODE_TIME, (uint64_t)item->used_until_s);
    wire_put_text(&out, WIRE_LABEL, item->label[0] != '\0' ? item->label : NULL);
    wire_put_text(&out, WIRE_SEED, fed_secret_str(&seed));
    wire_put_number(&out, WIRE_DIGITS, item->params.digits);
    wire_put_number(&out, WIRE_PERIOD, item->params.period_s);
    wire_put_number(&out, WIRE_ALGORITHM, item->params.algorithm);
    wire_put_number(&out, WIRE_PARCEL_NUMBER, item->line);
    wire_put_bytes(&out, WIRE_ARRIVAL, job->arrive.id, sizeof(job->arrive.id));
    r = admin_exchange(job->admin->socket, &out, ADMIN_TIMEOUT_MS, ret);
    fed_secret_done(&seed);
    return r;
}

/* Everybody, in order; how many cannot be, each told with the line and the reason. */
static size_t
ask_all(const struct import_job *job)
{
    size_t bad = 0;

    for (size_t i = 0; i < job->list.n; i++) {
        const struct import_item *item = &job->list.items[i];
        struct client_reply reply = {.bytes = FED_SECRET_INIT(0)};
        char clean[512], name[2 * STORE_NAME_MAX];
        int r = ask_one(job, item, &reply);
        if (r != 0) {
            const char *text = wire_text(&reply.msg, WIRE_MESSAGE);
            (void)fprintf(stderr, "%s:%u: %s: %s\n", job->arrive.path, item->line,
                text_clean(name, sizeof(name), item->name),
                text_clean(clean, sizeof(clean), text != NULL ? text : fed_strerror(r)));
            bad++;
        }
        client_reply_done(&reply);
        if (r == FED_E_NOT_FOUND || fed_error_class(r) == FED_CLASS_UNAVAILABLE)
            break;
    }
    return bad;
}

/* ---- All of it ---- */

static int
report(const struct import_job *job)
{
    for (size_t i = 0; i < job->list.n_errors; i++) {
        const struct import_error *e = &job->list.errors[i];
        if (e->line != 0)
            (void)fprintf(stderr, "%s:%u: %s\n", e->file, e->line, e->why);
        else
            (void)fprintf(stderr, "%s: %s\n", e->file, e->why);
    }
    if (job->list.n_errors > 0)
        (void)fprintf(
            stderr, "awsfed-admin: %zu error(s), nothing is imported\n", job->list.n_errors);
    return job->list.n_errors == 0 ? ADMIN_DONE : ADMIN_FAILED;
}

static int
import_all(struct import_job *job)
{
    struct mfa_arrive_counts counts = {.added = 0};

    if (take_all(job) != 0 || import_check(&job->list, job->arrive.path) != 0) {
        (void)fprintf(
            stderr, "awsfed-admin: too much at once, or no memory; nothing is imported\n");
        return ADMIN_FAILED;
    }
    int status = report(job);
    if (status == ADMIN_DONE)
        status = mfa_arrive_begin(job->admin, &job->arrive);
    if (status != ADMIN_DONE)
        return status;
    size_t bad = ask_all(job);
    if (bad > 0) {
        (void)fprintf(stderr, "awsfed-admin: %zu error(s), nothing is imported\n", bad);
        return ADMIN_FAILED;
    }
    if ((status = mfa_arrive_end(job->admin, &job->arrive, &counts)) != ADMIN_DONE)
        return status;
    (void)printf(
        "%zu %s\n", job->list.n, job->arrive.dry_run ? "can be imported; nothing was" : "imported");
    if (job->list.scratch_codes > 0)
        (void)printf("%zu scratch codes are left out: awsfed-login recovery-codes makes new ones\n",
            job->list.scratch_codes);
    return ADMIN_DONE;
}

static int
format_by_name(const char *name, enum format *ret)
{
    static const char *const names[] = {[GOOGLE] = "google-authenticator",
        [OATH] = "users.oath",
        [CSV] = "csv",
        [PSKC] = "pskc",
        [SEALED] = "sealed"};

    for (size_t i = GOOGLE; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(names[i], name) == 0) {
            *ret = (enum format)i;
            return ADMIN_DONE;
        }
    }
    return admin_usage("--format takes google-authenticator, users.oath, csv, pskc or sealed");
}

static int
take_option(struct import_job *job, int c)
{
    job->arrive.dry_run |= c == 'n';
    job->arrive.replace |= c == 'r';
    job->arrive.skip_unknown |= c == 's';
    if (c == 'o')
        job->pskc.owners = optarg;
    if (c == 'k')
        job->pskc.key_file = optarg;
    if (c == 'f')
        return format_by_name(optarg, &job->format);
    return c == '?' ? ADMIN_USAGE : ADMIN_DONE;
}

int
mfa_import(const struct admin *admin, int argc, char **argv)
{
    static const struct option longs[] = {{"format", required_argument, NULL, 'f'},
        {"dry-run", no_argument, NULL, 'n'}, {"replace", no_argument, NULL, 'r'},
        {"skip-unknown", no_argument, NULL, 's'}, {"owners", required_argument, NULL, 'o'},
        {"key-file", required_argument, NULL, 'k'}, {NULL, 0, NULL, 0}};
    struct import_job job = {.admin = admin, .format = NONE};
    int c, status;

    optind = 0;
    while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
        if ((status = take_option(&job, c)) != ADMIN_DONE)
            return status;
    }
    if (optind + 1 != argc || job.format == NONE)
        return admin_usage("mfa import takes --format NAME and one file or folder");
    job.arrive.path = argv[optind];
    if (job.format == SEALED)
        return mfa_import_sealed(admin, &job.arrive);
    if (job.arrive.replace || job.arrive.skip_unknown)
        return admin_usage("--replace and --skip-unknown go with --format sealed");
    if ((job.format == PSKC) != (job.pskc.owners != NULL) ||
        (job.format != PSKC && job.pskc.key_file != NULL))
        return admin_usage(
            "--format pskc takes --owners FILE, and --key-file FILE where it is encrypted");
    import_init(&job.list);
    status = import_all(&job);
    import_done(&job.list);
    return status;
}
