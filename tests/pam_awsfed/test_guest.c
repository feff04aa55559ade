/*
 * The module as a guest in somebody else's process: what it leaves behind there, which
 * is nothing, and how long it stays.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <dirent.h>
#include <fcntl.h>
#include <locale.h>
#include <malloc.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>

#include <cmocka.h>

#include "base/clock.h"
#include "tests/base/memory.h"
#include "tests/base/skip.h"
#include "tests/pam_awsfed/fake_bridge.h"
#include "tests/pam_awsfed/guest.h"

extern char **environ;

/* A password and a code that stand in this program's memory only while they are answers: kept XORed. */
static const unsigned char masked_password[] = {'w' ^ MEMORY_MASK, 'i' ^ MEMORY_MASK,
    'p' ^ MEMORY_MASK, 'e' ^ MEMORY_MASK, 'd' ^ MEMORY_MASK, '-' ^ MEMORY_MASK, 'p' ^ MEMORY_MASK,
    'a' ^ MEMORY_MASK, 's' ^ MEMORY_MASK, 's' ^ MEMORY_MASK, 'w' ^ MEMORY_MASK, 'o' ^ MEMORY_MASK,
    'r' ^ MEMORY_MASK, 'd' ^ MEMORY_MASK, '-' ^ MEMORY_MASK, '7' ^ MEMORY_MASK, 'q' ^ MEMORY_MASK,
    'Z' ^ MEMORY_MASK, '-' ^ MEMORY_MASK, 'a' ^ MEMORY_MASK, 'n' ^ MEMORY_MASK, 'd' ^ MEMORY_MASK,
    '-' ^ MEMORY_MASK, 'q' ^ MEMORY_MASK, 'u' ^ MEMORY_MASK, 'i' ^ MEMORY_MASK, 't' ^ MEMORY_MASK,
    'e' ^ MEMORY_MASK, '-' ^ MEMORY_MASK, 'a' ^ MEMORY_MASK, '-' ^ MEMORY_MASK, 'l' ^ MEMORY_MASK,
    'o' ^ MEMORY_MASK, 't' ^ MEMORY_MASK, '-' ^ MEMORY_MASK, 'm' ^ MEMORY_MASK, 'o' ^ MEMORY_MASK,
    'r' ^ MEMORY_MASK, 'e' ^ MEMORY_MASK, '-' ^ MEMORY_MASK, 'o' ^ MEMORY_MASK, 'f' ^ MEMORY_MASK,
    '-' ^ MEMORY_MASK, 'i' ^ MEMORY_MASK, 't' ^ MEMORY_MASK};
static const unsigned char masked_code[] = {'9' ^ MEMORY_MASK, '1' ^ MEMORY_MASK, '7' ^ MEMORY_MASK,
    '3' ^ MEMORY_MASK, '8' ^ MEMORY_MASK, '2' ^ MEMORY_MASK, '6' ^ MEMORY_MASK, '4' ^ MEMORY_MASK,
    '0' ^ MEMORY_MASK, '1' ^ MEMORY_MASK, '9' ^ MEMORY_MASK, '2' ^ MEMORY_MASK, '8' ^ MEMORY_MASK,
    '3' ^ MEMORY_MASK, '7' ^ MEMORY_MASK, '4' ^ MEMORY_MASK, '6' ^ MEMORY_MASK, '5' ^ MEMORY_MASK,
    '5' ^ MEMORY_MASK, '6' ^ MEMORY_MASK, '4' ^ MEMORY_MASK, '7' ^ MEMORY_MASK, '3' ^ MEMORY_MASK,
    '8' ^ MEMORY_MASK, '2' ^ MEMORY_MASK, '9' ^ MEMORY_MASK, '1' ^ MEMORY_MASK, '0' ^ MEMORY_MASK,
    '4' ^ MEMORY_MASK, '7' ^ MEMORY_MASK, '3' ^ MEMORY_MASK, '8' ^ MEMORY_MASK, '2' ^ MEMORY_MASK,
    '9' ^ MEMORY_MASK, '1' ^ MEMORY_MASK, '0' ^ MEMORY_MASK, '4' ^ MEMORY_MASK, '7' ^ MEMORY_MASK,
    '3' ^ MEMORY_MASK, '8' ^ MEMORY_MASK, '2' ^ MEMORY_MASK, '9' ^ MEMORY_MASK};

static int
converse(int n, const struct pam_message **messages, struct pam_response **ret, void *data)
{
    struct pam_response *responses = calloc((size_t)n, sizeof(*responses));

    (void)data;
    assert_non_null(responses);
    for (int i = 0; i < n; i++) {
        if (strncmp(messages[i]->msg, "Password", 8) == 0)
            responses[i].resp = memory_unmask(masked_password, sizeof(masked_password));
        else if (strncmp(messages[i]->msg, "One-time", 8) == 0)
            responses[i].resp = memory_unmask(masked_code, sizeof(masked_code));
    }
    *ret = responses;
    return PAM_SUCCESS;
}

/* ---- One host process: a bridge and a way to log in ---- */

static struct fake_field success_fields[] = {
    {"RECEIPT", "receipt"}, {"SESSION", "session"}, {"ENVIRONMENT", "AWS_X=1"}};
static struct fake_exchange success = {.fields = success_fields, .n_fields = 3};
static struct fake_exchange denial = {.status = FED_E_DENIED};
static struct fake_exchange hang = {.manner = FAKE_HANG};

static struct fake_bridge bridge;

static int
set_up(void **state)
{
    (void)state;
    fake_init(&bridge);
    guest_write_service(bridge.folder, bridge.path, "");
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    guest_set_speed(0);
    fake_done(&bridge);
    return 0;
}

static pam_handle_t *
start(const char *user)
{
    static const struct pam_conv conv = {.conv = converse};
    pam_handle_t *pamh = NULL;

    guest.log[0] = '\0';
    assert_int_equal(pam_start_confdir("awsfed", user, &conv, bridge.folder, &pamh), PAM_SUCCESS);
    return pamh;
}

/* A whole login and logout. */
static void
log_in_and_out(pam_handle_t *pamh)
{
    assert_int_equal(pam_authenticate(pamh, 0), PAM_SUCCESS);
    assert_int_equal(pam_acct_mgmt(pamh, 0), PAM_SUCCESS);
    assert_int_equal(pam_setcred(pamh, PAM_ESTABLISH_CRED), PAM_SUCCESS);
    assert_int_equal(pam_open_session(pamh, 0), PAM_SUCCESS);
    assert_int_equal(pam_close_session(pamh, 0), PAM_SUCCESS);
    assert_int_equal(pam_setcred(pamh, PAM_DELETE_CRED), PAM_SUCCESS);
}

/* ---- I-51 ---- */

static size_t
count_descriptors(void)
{
    DIR *d = opendir("/proc/self/fd");
    size_t n = 0;

    assert_non_null(d);
    while (readdir(d) != NULL)
        n++;
    assert_int_equal(closedir(d), 0);
    return n;
}

/* Each cycle on a handle of its own (libpam keeps log-in state in one), the module staying loaded. */
static void
cycle(unsigned i)
{
    bool good = i % 2 == 0;

    bridge.script = good ? &success : &denial;
    pam_handle_t *pamh = start("alice");
    if (good)
        log_in_and_out(pamh);
    else
        assert_int_equal(pam_authenticate(pamh, 0), PAM_AUTH_ERR);
    assert_int_equal(pam_end(pamh, PAM_SUCCESS), PAM_SUCCESS);
}

/* The bridge's thread has ended when this returns, and holds nothing any more. */
static void
cycles(unsigned n)
{
    fake_start(&bridge, &success, 1);
    for (unsigned i = 0; i < n; i++)
        cycle(i);
    fake_stop(&bridge);
}

/* I-51: 1,000 cycles leave descriptors and heap unchanged (under a sanitizer: no leak in 1,000 cycles). */
static void
thousand_cycles_leave_nothing(void **state)
{
    void *module = dlopen(guest_module(), RTLD_NOW | RTLD_LOCAL);

    (void)state;
    assert_non_null(module);
    cycles(20); /* what libc and libpam allocate once */
    size_t descriptors = count_descriptors(), heap = mallinfo2().uordblks;
    cycles(1000);
    assert_int_equal(count_descriptors(), descriptors);
    if (!SANITIZED)
        assert_int_equal(mallinfo2().uordblks, heap);
    assert_int_equal(dlclose(module), 0);
}

struct process_state {
    void (*handlers[NSIG])(int);
    int flags[NSIG];
    char blocked[NSIG];
    mode_t mode;
    char locale[64], folder[PATH_MAX];
    char **environment;
    size_t n_environment, n_threads;
};

static size_t
count_threads(void)
{
    DIR *d = opendir("/proc/self/task");
    size_t n = 0;

    assert_non_null(d);
    while (readdir(d) != NULL)
        n++;
    assert_int_equal(closedir(d), 0);
    return n;
}

static void
take_state(struct process_state *s)
{
    struct sigaction action;
    sigset_t mask;

    memset(s, 0, sizeof(*s)); /* padding too: two of these are compared byte by byte */
    s->environment = environ;
    s->n_threads = count_threads();
    (void)sigprocmask(SIG_SETMASK, NULL, &mask);
    for (int i = 1; i < NSIG; i++) {
        s->blocked[i] = (char)sigismember(&mask, i);
        if (sigaction(i, NULL, &action) != 0)
            continue;
        s->handlers[i] = action.sa_handler;
        s->flags[i] = action.sa_flags;
    }
    s->mode = umask(027);
    (void)umask(s->mode);
    (void)snprintf(s->locale, sizeof(s->locale), "%s", setlocale(LC_ALL, NULL));
    assert_non_null(getcwd(s->folder, sizeof(s->folder)));
    while (environ[s->n_environment] != NULL)
        s->n_environment++;
}

/* I-51: a login, a denial and a bridge that is away change nothing of the process. */
static void
process_is_as_it_was(void **state)
{
    static struct process_state before, after;

    (void)state;
    fake_start(&bridge, &success, 1);
    take_state(&before);
    cycle(0);
    cycle(1);
    take_state(&after);
    assert_memory_equal(&before, &after, sizeof(before));
    fake_stop(&bridge);
    take_state(&before);
    pam_handle_t *pamh = start("alice");
    assert_int_equal(pam_authenticate(pamh, 0), PAM_AUTHINFO_UNAVAIL);
    assert_int_equal(pam_end(pamh, PAM_SUCCESS), PAM_SUCCESS);
    take_state(&after);
    assert_memory_equal(&before, &after, sizeof(before));
}

enum { MANY = 1200 };

struct seen {
    int known[MANY + 64]; /* descriptors that were there before the call */
    size_t n_known;
    unsigned looked, found, leaky, high;
};

/* In the bridge's thread, while the module waits: look at every descriptor that it has opened. */
static void
look_at_descriptors(void *data)
{
    struct seen *s = data;
    struct stat st;

    s->looked++;
    for (int fd = 0; fd < MANY + 64; fd++) {
        if (s->known[fd] || fstat(fd, &st) != 0)
            continue;
        s->found++;
        s->leaky += (fcntl(fd, F_GETFD) & FD_CLOEXEC) == 0;
        s->high += fd >= FD_SETSIZE;
    }
}

/* I-51: the descriptors are CLOEXEC, and may be above 1,024. */
static void
descriptors_are_cloexec_and_may_be_high(void **state)
{
    static struct seen seen;
    static int held[MANY];
    struct rlimit limit, raised;
    struct stat st;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    raised = limit;
    raised.rlim_cur = MANY + 64;
    if (limit.rlim_cur < raised.rlim_cur)
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &raised), 0);
    for (size_t i = 0; i < 1100; i++)
        assert_true((held[i] = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0);
    fake_start(&bridge, &success, 1);
    pam_handle_t *pamh = start("alice");
    for (int fd = 0; fd < MANY + 64; fd++)
        seen.known[fd] = fstat(fd, &st) == 0;
    bridge.on_request_data = &seen;
    bridge.on_request = look_at_descriptors;
    log_in_and_out(pamh);
    bridge.on_request = NULL;
    assert_int_equal(pam_end(pamh, PAM_SUCCESS), PAM_SUCCESS);
    for (size_t i = 0; i < 1100; i++)
        close(held[i]);
    (void)setrlimit(RLIMIT_NOFILE, &limit);
    assert_int_equal(seen.looked, 4);
    assert_int_equal(seen.leaky, 0);
    assert_true(seen.high >= 4); /* the module's socket, and the bridge's end of it */
}

/* A process that has no descriptor left denies, and nothing worse. */
static void
no_descriptor_left_denies(void **state)
{
    struct rlimit limit, none;

    (void)state;
    fake_start(&bridge, &success, 1);
    pam_handle_t *pamh = start("alice");
    assert_int_equal(
        pam_setcred(pamh, 0), PAM_SUCCESS); /* libpam has read its files and loaded us */
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none = limit;
    none.rlim_cur = 3;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    int code = pam_authenticate(pamh, 0);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    /* What libpam makes of the module's PAM_AUTH_ERR depends on its audit socket, which it lacks too. */
    assert_int_not_equal(code, PAM_SUCCESS);
    assert_non_null(strstr(guest.log, "(SYSTEM)"));
    assert_int_equal(pam_end(pamh, PAM_SUCCESS), PAM_SUCCESS);
}

/* ---- I-52 ---- */

static void
on_alarm(int number)
{
    (void)number;
}

/* I-52: a bridge that hangs costs 30 s in all, on the monotonic clock, also when signals rain. */
static void
deadline_is_total(void **state)
{
    const struct itimerval rain = {.it_interval.tv_usec = 3000, .it_value.tv_usec = 3000};
    const struct itimerval dry = {.it_value.tv_usec = 0};
    struct sigaction action = {.sa_handler = on_alarm}, before;

    (void)state;
    fake_start(&bridge, &hang, 1);
    pam_handle_t *pamh = start("alice");
    assert_int_equal(sigaction(SIGALRM, &action, &before), 0);
    assert_int_equal(setitimer(ITIMER_REAL, &rain, NULL), 0);
    guest_set_speed(100);
    int64_t began_ms = clock_mono_ms();
    int code = pam_authenticate(pamh, 0);
    int64_t took_ms = clock_mono_ms() - began_ms;
    guest_set_speed(0);
    assert_int_equal(setitimer(ITIMER_REAL, &dry, NULL), 0);
    assert_int_equal(sigaction(SIGALRM, &before, NULL), 0);
    assert_int_equal(code, PAM_AUTHINFO_UNAVAIL);
    assert_in_range(took_ms, 30000, 40000);
    assert_int_equal(pam_end(pamh, PAM_SUCCESS), PAM_SUCCESS);
}

/* I-52: what each call may cost, asleep in a bridge that hangs. */
static void
each_call_has_its_deadline(void **state)
{
    static const struct {
        int (*call)(pam_handle_t *, int);
        int deadline_ms;
    } calls[] = {{pam_authenticate, 30000}, {pam_acct_mgmt, 20000}, {pam_open_session, 10000},
        {pam_close_session, 10000}};

    (void)state;
    fake_start(&bridge, &hang, 1);
    for (size_t i = 0; i < 4; i++) {
        pam_handle_t *pamh = start("alice");
        assert_int_equal(pam_putenv(pamh, "AWSFED_SESSION=session"), PAM_SUCCESS);
        guest_set_speed(40);
        int64_t began_ms = clock_mono_ms();
        int code = calls[i].call(pamh, PAM_SILENT);
        int64_t took_ms = clock_mono_ms() - began_ms;
        guest_set_speed(0);
        assert_true(code != PAM_SUCCESS || calls[i].call == pam_close_session);
        assert_non_null(strstr(guest.log, "(TIMEOUT)"));
        assert_in_range(took_ms, calls[i].deadline_ms, calls[i].deadline_ms * 19 / 10);
        assert_int_equal(pam_end(pamh, PAM_SUCCESS), PAM_SUCCESS);
    }
}

/* I-52: a bridge whose queue is full and that never accepts costs no more. */
static void
deadline_holds_while_connecting(void **state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fds[8], fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

    (void)state;
    memcpy(address.sun_path, bridge.path, strlen(bridge.path) + 1);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(fd, 0), 0);
    for (size_t i = 0; i < 8; i++) {
        fds[i] = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        (void)!connect(fds[i], (struct sockaddr *)&address, sizeof(address));
    }
    pam_handle_t *pamh = start("alice");
    guest_set_speed(100);
    int64_t began_ms = clock_mono_ms();
    assert_int_equal(pam_open_session(pamh, PAM_SILENT), PAM_SESSION_ERR);
    int64_t took_ms = clock_mono_ms() - began_ms;
    guest_set_speed(0);
    assert_in_range(took_ms, 10000, 20000);
    assert_non_null(strstr(guest.log, "(TIMEOUT)"));
    assert_int_equal(pam_end(pamh, PAM_SUCCESS), PAM_SUCCESS);
    for (size_t i = 0; i < 8; i++)
        close(fds[i]);
    close(fd);
    (void)unlink(bridge.path);
}

/* I-52: whatever the application does with SIGCHLD. */
static void
sigchld_does_not_matter(void **state)
{
    const struct sigaction ways[] = {{.sa_handler = SIG_DFL}, {.sa_handler = SIG_IGN},
        {.sa_handler = on_alarm, .sa_flags = SA_NOCLDWAIT}};
    struct sigaction before;

    (void)state;
    fake_start(&bridge, &success, 1);
    assert_int_equal(sigaction(SIGCHLD, NULL, &before), 0);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(sigaction(SIGCHLD, &ways[i], NULL), 0);
        cycle(0);
    }
    assert_int_equal(sigaction(SIGCHLD, &before, NULL), 0);
}

/* ---- I-57 ---- */

/* I-57: after a login, and after a denial, neither answer is anywhere in the process. */
static void
answers_are_wiped(void **state)
{
    (void)state;
    if (SANITIZED)
        SKIP("a sanitizer keeps copies");
    explicit_bzero(success.asked, sizeof(success.asked));
    explicit_bzero(denial.asked, sizeof(denial.asked));
    explicit_bzero(hang.asked, sizeof(hang.asked));
    fake_start(&bridge, &success, 1);
    /* That the search can find something at all: */
    char *copy = memory_unmask(masked_password, sizeof(masked_password));
    assert_true(memory_count(masked_password, sizeof(masked_password)) >= 1);
    explicit_bzero(copy, sizeof(masked_password));
    free(copy);

    pam_handle_t *pamh = start("alice");
    log_in_and_out(pamh);
    explicit_bzero(success.asked, sizeof(success.asked));
    assert_int_equal(memory_count(masked_password, sizeof(masked_password)), 0);
    assert_int_equal(memory_count(masked_code, sizeof(masked_code)), 0);
    assert_int_equal(pam_end(pamh, PAM_SUCCESS), PAM_SUCCESS);

    cycle(1);
    fake_stop(&bridge); /* its thread may still hold the request */
    explicit_bzero(denial.asked, sizeof(denial.asked));
    assert_int_equal(memory_count(masked_password, sizeof(masked_password)), 0);
    assert_int_equal(memory_count(masked_code, sizeof(masked_code)), 0);
}

#define WITH_BRIDGE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

/* malloc's per-thread caches count as used, by chance more or fewer: the heap is counted without them. */
#define TUNABLES "glibc.malloc.tcache_count=0"

int
main(int argc, char **argv)
{
    (void)argc;
    if (getenv("GLIBC_TUNABLES") == NULL && setenv("GLIBC_TUNABLES", TUNABLES, 1) == 0)
        (void)execv("/proc/self/exe", argv);

    const struct CMUnitTest tests[] = {
        WITH_BRIDGE(no_descriptor_left_denies),
        WITH_BRIDGE(deadline_is_total),
        WITH_BRIDGE(each_call_has_its_deadline),
        WITH_BRIDGE(deadline_holds_while_connecting),
        WITH_BRIDGE(sigchld_does_not_matter),
        WITH_BRIDGE(process_is_as_it_was),
        WITH_BRIDGE(descriptors_are_cloexec_and_may_be_high),
        WITH_BRIDGE(answers_are_wiped),
        WITH_BRIDGE(thousand_cycles_leave_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
