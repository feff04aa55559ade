/*
 * Time of one verification of a code with its durable write, in microseconds, one a line.
 * usage: mfa ours STORE SEAL-KEY SERVICES PEOPLE RUNS
 *            the whole way of awsfed: limits, a keeper process, the store; and an empty PAM transaction, which the others have too
 *        mfa pam SERVICES SERVICE PEOPLE RUNS FRESH STATE CODE
 *            another module: its state (a file; %s in it is the user) is put back before each run, so that CODE is good again
 * SPDX-License-Identifier: Apache-2.0
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <security/pam_appl.h>

#include "bridge/factor.h"
#include "mfa/person.h"
#include "mfa/totp.h"

static const char seed_text[] = "12345678901234567890";
static const struct totp_params params = {.digits = 6, .period_s = 30, .algorithm = CONF_SHA1};

_Noreturn static void
fail(const char *what, int error)
{
    (void)fprintf(stderr, "%s: %s\n", what, fed_strerror(error));
    exit(1);
}

static double
now_us(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* ---- PAM ---- */

static int
converse(int n, const struct pam_message **messages, struct pam_response **ret, void *arg)
{
    struct pam_response *replies = calloc((size_t)n, sizeof(*replies));

    (void)messages;
    for (int i = 0; replies != NULL && i < n; i++)
        replies[i].resp = strdup(arg);
    *ret = replies;
    return replies != NULL ? PAM_SUCCESS : PAM_BUF_ERR;
}

static void
authenticate(const char *services, const char *service, const char *user, char *code)
{
    struct pam_conv conv = {.conv = converse, .appdata_ptr = code};
    pam_handle_t *pam = NULL;

    if (pam_start_confdir(service, user, &conv, services, &pam) != PAM_SUCCESS)
        exit(1);
    int r = pam_authenticate(pam, 0);
    if (r != PAM_SUCCESS) {
        (void)fprintf(stderr, "%s: %s\n", service, pam_strerror(pam, r));
        exit(1);
    }
    (void)pam_end(pam, r);
}

static void
copy(const char *from, const char *to)
{
    static char bytes[1 << 24];
    int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ssize_t n = in >= 0 ? read(in, bytes, sizeof(bytes)) : -1;

    if (out < 0 || n < 0 || n == (ssize_t)sizeof(bytes) || write(out, bytes, (size_t)n) != n ||
        fsync(out) != 0)
        exit(1);
    (void)close(in);
    (void)close(out);
}

static int
run_pam(char **argv)
{
    unsigned long people = strtoul(argv[4], NULL, 10), runs = strtoul(argv[5], NULL, 10);
    const char *per_user = strstr(argv[7], "%s");
    char user[32], state[512];

    for (unsigned long i = 0; i < runs; i++) {
        (void)snprintf(user, sizeof(user), "u%lu", i * 7919 % people);
        (void)snprintf(state, sizeof(state), "%.*s%s%s",
            per_user != NULL ? (int)(per_user - argv[7]) : (int)strlen(argv[7]), argv[7],
            per_user != NULL ? user : "", per_user != NULL ? per_user + 2 : "");
        copy(argv[6], state);
        double begin = now_us();
        authenticate(argv[2], argv[3], user, argv[8]);
        (void)printf("%.1f\n", now_us() - begin);
    }
    return 0;
}

/* ---- awsfed ---- */

struct enrolling {
    struct keeper *keeper;
    unsigned long from, to;
};

static int
enrol_all(struct store *tx, void *arg)
{
    const struct enrolling *e = arg;
    struct fed_secret blob = FED_SECRET_INIT(SEAL_BLOB_MAX), seed = FED_SECRET_INIT(TOTP_SEED_MAX);
    struct fed_secret kept = FED_SECRET_INIT(TOTP_SEED_MAX);
    int r = fed_secret_add_str(&seed, seed_text);

    for (unsigned long i = e->from; i < e->to && r == 0; i++) {
        struct record_token t = {.confirmed = true, .params = params, .label = "phone"};
        struct person p = {.row = {.enrolled_s = 1}};
        uint32_t id;
        (void)snprintf(p.row.sid, sizeof(p.row.sid), "S-1-5-21-1-2-3-%lu", i);
        (void)snprintf(p.row.name, sizeof(p.row.name), "u%lu@corp.example.com", i);
        record_init(&p.record);
        if ((r = keeper_seal(e->keeper, p.row.sid, &seed, 0, &blob, &kept)) != 0)
            break;
        memcpy(t.blob, blob.data, blob.len);
        t.blob_len = blob.len;
        if ((r = record_add(&p.record, &t, &id)) == 0)
            r = person_save(tx, &p);
    }
    fed_secret_done(&blob);
    fed_secret_done(&seed);
    fed_secret_done(&kept);
    return r;
}

/* Who is there already, and the last step that any of them used. */
struct scan {
    unsigned long people;
    uint64_t step;
};

static int
look(const struct store_row *row, void *arg)
{
    struct scan *scan = arg;
    struct record record;
    int r = person_decode(row, &record);

    scan->people++;
    if (r == 0 && record.tokens[0].watermark > scan->step)
        scan->step = record.tokens[0].watermark;
    return r;
}

/* One sign-in's second factor, as bridge/signin.c goes about it. */
static void
verify(struct bridge *b, const char *sid, const char *code, int64_t now_s)
{
    char why[BRIDGE_WHY_MAX] = "";
    struct limits_attempt attempt;
    struct factor factor;
    size_t left;

    int r = limits_begin(b->limits, sid, "192.0.2.1", 0, now_s, &attempt);
    if (r == 0)
        r = factor_check(
            b, sid, (const unsigned char *)code, strlen(code), FACTOR_CODE, now_s, &factor, why);
    if (r == 0)
        r = factor_use(b, sid, &factor, &left);
    if (r == 0)
        r = limits_end(b->limits, &attempt, LIMITS_SUCCESS, now_s);
    if (r != 0)
        fail(why, r);
}

static int
run_ours(char **argv)
{
    struct conf conf = {.mfa = {.seal_key = argv[3], .window = 1}};
    unsigned long people = strtoul(argv[5], NULL, 10), runs = strtoul(argv[6], NULL, 10);
    struct scan there = {.step = (uint64_t)time(NULL) / 30};
    char why[512] = "", sid[STORE_SID_MAX], code[TOTP_CODE_MAX + 1];
    struct fed_secret seed = FED_SECRET_INIT(TOTP_SEED_MAX);
    struct bridge b = {.conf = &conf};

    bool is_root = geteuid() == 0;
    int r = keeper_start(&conf, is_root ? 65534 : geteuid(), is_root ? 65534 : getegid(), &b.keeper,
        why, sizeof(why));
    if (r == 0)
        r = store_open(argv[2], &b.store, why);
    if (r == 0)
        r = limits_new(
            &(struct limits_options){.store = b.store, .max_failures = 5, .lock_time_s = 900},
            &b.limits);
    if (r == 0)
        r = store_each(b.store, look, &there);
    struct enrolling e = {b.keeper, there.people, people};
    if (r == 0)
        r = store_together(b.store, enrol_all, &e);
    if (r != 0 || totp_init() != 0 || fed_secret_add_str(&seed, seed_text) != 0)
        fail(why, r);
    /* The clock is ours: each run has a code of its own, behind all that were used. */
    int64_t start_s = 30 * ((int64_t)there.step + 10);
    for (unsigned long i = 0; i < runs; i++) {
        int64_t now_s = start_s + 30 * (int64_t)i;
        (void)snprintf(sid, sizeof(sid), "S-1-5-21-1-2-3-%lu", i * 7919 % people);
        if (totp_code(&params, &seed, (uint64_t)now_s / 30, code) != 0)
            return 1;
        double begin = now_us();
        authenticate(argv[4], "permit", "nobody", code);
        verify(&b, sid, code, now_s);
        (void)printf("%.1f\n", now_us() - begin);
    }
    limits_free(b.limits);
    store_close(b.store);
    keeper_stop(b.keeper);
    return 0;
}

int
main(int argc, char **argv)
{
    if (argc == 7 && strcmp(argv[1], "ours") == 0)
        return run_ours(argv);
    if (argc == 9 && strcmp(argv[1], "pam") == 0)
        return run_pam(argv);
    (void)fprintf(stderr, "see the file's head\n");
    return 2;
}
