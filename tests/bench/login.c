/*
 * Logins through PAM with the real module, or the raw libldap loop that they are measured against, from one process
 * with many threads. One line a login on standard input; on standard output the seconds that all took together, then
 * the milliseconds of each, below 0 for one that was refused.
 * SPDX-License-Identifier: Apache-2.0
 *
 * usage: login pam CONFDIR SERVICE THREADS     < "user TAB password TAB code"
 *        login raw URI CA-FILE THREADS         < "distinguished name TAB password TAB -"
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <ldap.h>
#include <security/pam_appl.h>

enum { LOGINS_MAX = 100000, THREADS_MAX = 256 };

struct login {
    char *who, *password, *code;
    double took_ms; /* below 0: refused */
};

static struct {
    char **argv;
    struct login logins[LOGINS_MAX];
    size_t n, next;
    pthread_mutex_t lock;
    pthread_barrier_t ready;
} bench = {.lock = PTHREAD_MUTEX_INITIALIZER};

static double
now_ms(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static struct login *
next_login(void)
{
    struct login *login = NULL;

    pthread_mutex_lock(&bench.lock);
    if (bench.next < bench.n)
        login = &bench.logins[bench.next++];
    pthread_mutex_unlock(&bench.lock);
    return login;
}

/* ---- Through PAM ---- */

/* The first question is for the password, any other for the code. */
static int
answer(int n, const struct pam_message **messages, struct pam_response **ret, void *arg)
{
    const struct login *login = arg;
    struct pam_response *responses = calloc((size_t)n, sizeof(*responses));

    if (responses == NULL)
        return PAM_BUF_ERR;
    for (int i = 0; i < n; i++) {
        if (messages[i]->msg_style != PAM_PROMPT_ECHO_OFF &&
            messages[i]->msg_style != PAM_PROMPT_ECHO_ON)
            continue;
        bool password = strstr(messages[i]->msg, "assword") != NULL;
        responses[i].resp = strdup(password ? login->password : login->code);
    }
    *ret = responses;
    return PAM_SUCCESS;
}

static bool
pam_login(const struct login *login)
{
    struct pam_conv conv = {answer, (void *)(uintptr_t)login};
    pam_handle_t *pam = NULL;
    int r = pam_start_confdir(bench.argv[3], login->who, &conv, bench.argv[2], &pam);

    if (r == PAM_SUCCESS)
        r = pam_authenticate(pam, 0);
    if (pam != NULL)
        (void)pam_end(pam, r);
    return r == PAM_SUCCESS;
}

/* ---- The same bind and the same read, and nothing else ---- */

static LDAP *
connect_raw(void)
{
    int version = LDAP_VERSION3, demand = LDAP_OPT_X_TLS_DEMAND, new_context = 0;
    LDAP *ld = NULL;

    if (ldap_initialize(&ld, bench.argv[2]) != LDAP_SUCCESS)
        return NULL;
    (void)ldap_set_option(ld, LDAP_OPT_PROTOCOL_VERSION, &version);
    (void)ldap_set_option(ld, LDAP_OPT_REFERRALS, LDAP_OPT_OFF);
    (void)ldap_set_option(ld, LDAP_OPT_X_TLS_CACERTFILE, bench.argv[3]);
    (void)ldap_set_option(ld, LDAP_OPT_X_TLS_REQUIRE_CERT, &demand);
    (void)ldap_set_option(ld, LDAP_OPT_X_TLS_NEWCTX, &new_context);
    if (ldap_connect(ld) != LDAP_SUCCESS) {
        (void)ldap_unbind_ext(ld, NULL, NULL);
        return NULL;
    }
    return ld;
}

/* What ldap/entry.c asks for, too. */
static bool
raw_login(LDAP *ld, const struct login *login)
{
    static char *attributes[] = {(char *)"userAccountControl",
        (char *)"msDS-User-Account-Control-Computed", (char *)"accountExpires",
        (char *)"msDS-UserPasswordExpiryTimeComputed", (char *)"pwdLastSet", (char *)"objectSid",
        (char *)"logonHours", (char *)"userWorkstations", (char *)"tokenGroups", NULL};
    struct berval secret = {strlen(login->password), login->password};
    LDAPMessage *found = NULL;
    int r = ldap_sasl_bind_s(ld, login->who, LDAP_SASL_SIMPLE, &secret, NULL, NULL, NULL);

    if (r == LDAP_SUCCESS)
        r = ldap_search_ext_s(ld, login->who, LDAP_SCOPE_BASE, "(objectClass=*)", attributes, 0,
            NULL, NULL, NULL, 1, &found);
    (void)ldap_msgfree(found);
    return r == LDAP_SUCCESS;
}

static void *
work(void *arg)
{
    bool raw = strcmp(bench.argv[1], "raw") == 0;
    LDAP *ld = NULL;
    (void)arg;

    if (raw) {
        pthread_mutex_lock(&bench.lock);
        ld = connect_raw();
        pthread_mutex_unlock(&bench.lock);
        if (ld == NULL)
            exit(1);
    }
    (void)pthread_barrier_wait(&bench.ready);
    for (struct login *login; (login = next_login()) != NULL;) {
        double begun = now_ms();
        bool good = raw ? raw_login(ld, login) : pam_login(login);
        login->took_ms = good ? now_ms() - begun : -1;
    }
    if (ld != NULL)
        (void)ldap_unbind_ext(ld, NULL, NULL);
    return NULL;
}

static bool
read_logins(void)
{
    static char line[1024];

    while (bench.n < LOGINS_MAX && fgets(line, sizeof(line), stdin) != NULL) {
        char *rest = strdup(line);
        struct login *login = &bench.logins[bench.n++];
        if (rest == NULL)
            return false;
        login->who = strsep(&rest, "\t");
        login->password = strsep(&rest, "\t");
        login->code = strsep(&rest, "\n");
        if (login->code == NULL)
            return false;
    }
    return bench.n > 0;
}

int
main(int argc, char **argv)
{
    pthread_t threads[THREADS_MAX];
    unsigned long n = argc == 5 ? strtoul(argv[4], NULL, 10) : 0;

    bench.argv = argv;
    if (n == 0 || n > THREADS_MAX || !read_logins())
        return 2;
    pthread_barrier_init(&bench.ready, NULL, (unsigned)n + 1);
    for (unsigned long i = 0; i < n; i++) {
        if (pthread_create(&threads[i], NULL, work, NULL) != 0)
            return 1;
    }
    (void)pthread_barrier_wait(&bench.ready);
    double begun = now_ms();
    for (unsigned long i = 0; i < n; i++)
        (void)pthread_join(threads[i], NULL);
    (void)printf("%.3f\n", (now_ms() - begun) / 1e3);
    for (size_t i = 0; i < bench.n; i++)
        (void)printf("%.3f\n", bench.logins[i].took_ms);
    return 0;
}
