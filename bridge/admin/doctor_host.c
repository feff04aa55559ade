/*
 * What is on this host: files, the bridge, the store, PAM.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "bridge/admin/doctor.h"
#include "bridge/admin/pam_lint.h"
#include "bridge/cert.h"
#include "bridge/check.h"
#include "bridge/privileges.h"
#include "mfa/store.h"

enum { BRIDGE_MS = 5000, STORE_MS = 15000, WHERE_SIZE = 256, WHY_SIZE = 512 };

#define SQLITE    "sqlite:"
#define DIRECTORY "directory:"

/* ---- Files ---- */

static void
look_at_user(const struct conf *conf, struct findings *to)
{
    const struct conf_bridge *bridge = &conf->bridge;
    struct identity_ids ids;
    char why[WHY_SIZE] = "";

    if (privileges_find(bridge->user, &ids, why, sizeof(why)) == 0)
        findings_add(
            to, FINDING_OK, "user", NULL, "%s has uid %u", bridge->user, (unsigned)ids.uid);
    else
        findings_add(to, FINDING_FAIL, "user", "run systemd-sysusers", "%s", why);
    if (bridge->admin_group != NULL && getgrnam(bridge->admin_group) == NULL)
        findings_add(to, FINDING_FAIL, "admin-group", "groupadd --system, or take the line away",
            "there is no group \"%s\"", bridge->admin_group);
}

/* A line of check_files has its remedy behind its last colon. */
static void
add_lines(struct findings *to, enum finding_state state, const struct conf_errors *lines)
{
    for (size_t i = 0; i < lines->n; i++)
        findings_add(to, state, "files", NULL, "%s", lines->lines[i]);
}

static void
look_at_files(const struct conf *conf, struct findings *to)
{
    struct conf_errors faults = {0}, notes = {0};
    char why[CERT_WHY_MAX];
    struct cert cert;

    check_files(conf, &faults, &notes);
    if (faults.n == 0)
        findings_add(to, FINDING_OK, "files", NULL,
            "keys, passwords and authorities: owner, mode and form, key and certificate fit");
    add_lines(to, FINDING_FAIL, &faults);
    add_lines(to, FINDING_WARN, &notes);
    if (conf->saml.certificate != NULL && cert_read(conf->saml.certificate, &cert, why) == 0) {
        int64_t days = cert_days_left(&cert, (int64_t)time(NULL));
        if (days >= 0)
            findings_add(to, FINDING_OK, "certificate", NULL, "ends in %lld days", (long long)days);
        else
            findings_add(to, FINDING_WARN, "certificate",
                "awsfed-admin saml rotate, then give IAM the new metadata", "ended %lld days ago",
                (long long)-days);
        cert_done(&cert);
    }
    conf_errors_done(&faults);
    conf_errors_done(&notes);
}

/* ---- The bridge and its store ---- */

/* One question of a list; how long the list is, how long that took, and what else was said, "" for nothing. FED_E_* */
static int
ask_count(const char *socket, enum wire_type type, enum wire_tag tag, size_t *ret_n,
    int64_t *ret_ms, char ret_said[WHY_SIZE])
{
    int64_t begin_ms = clock_mono_ms();
    struct client_reply reply;
    struct wire_msg row;
    struct wire_out out;
    size_t n = 0;

    admin_request(&out, type);
    int r = admin_exchange(socket, &out, BRIDGE_MS, &reply);
    if (r == 0) {
        while (wire_group_at(&reply.msg, tag, n, &row))
            n++;
        const char *said = wire_text(&reply.msg, WIRE_MESSAGE);
        (void)text_clean(ret_said, WHY_SIZE, said != NULL ? said : "");
        *ret_n = n;
        *ret_ms = clock_mono_ms() - begin_ms;
    }
    client_reply_done(&reply);
    return r;
}

static bool
look_at_bridge(const char *socket, struct findings *to)
{
    char said[WHY_SIZE] = "";
    int64_t ms;
    size_t n;
    int r = ask_count(socket, ASK_SESSIONS, WIRE_TICKET, &n, &ms, said);

    if (r == 0)
        findings_add(to, FINDING_OK, "bridge", NULL, "answers at %s in %lld ms: %zu signed in",
            socket, (long long)ms, n);
    else
        findings_add(to, FINDING_FAIL, "bridge",
            "systemctl status awsfed-bridge; journalctl -u awsfed-bridge", "at %s: %s", socket,
            fed_strerror(r));
    if (said[0] != '\0')
        findings_add(to, FINDING_FAIL, "bridge", "systemctl restart awsfed-bridge", "%s", said);
    return r == 0;
}

/* As the bridge's own user, in a process of its own: root would leave files behind that the bridge cannot write. */
static _Noreturn void
be_store(const struct conf *conf, int fd)
{
    char why[WHY_SIZE] = "";
    struct identity_ids ids;
    struct store *store = NULL;

    int r = privileges_find(conf->bridge.user, &ids, why, sizeof(why));
    if (r == 0)
        r = privileges_drop(&ids);
    if (r == 0)
        r = store_open(conf->mfa.store, &store, why);
    store_close(store);
    if (r != 0 && why[0] == '\0')
        (void)snprintf(why, sizeof(why), "%s", fed_strerror(r));
    ssize_t n = r != 0 ? write(fd, why, strlen(why)) : 0;
    _exit(r == 0 && n == 0 ? 0 : 1);
}

/* What the process says, until it ends or its time is over; false then. */
static bool
hear(int fd, char *why, size_t size)
{
    int64_t deadline_ms = clock_mono_ms() + STORE_MS;
    size_t len = 0;
    ssize_t n = 1;

    while (n > 0) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        int ready = poll(&p, 1, clock_left_ms(deadline_ms));
        if (ready == 0)
            return false;
        if (ready < 0 && errno == EINTR)
            continue;
        n = ready > 0 && len < size - 1 ? read(fd, why + len, size - 1 - len) : 0;
        len += n > 0 ? (size_t)n : 0;
    }
    why[len] = '\0';
    return true;
}

static void
open_store(const struct conf *conf, struct findings *to)
{
    char why[WHY_SIZE] = "";
    int ends[2], status = 1;

    if (pipe(ends) != 0)
        return;
    pid_t pid = fork();
    if (pid == 0) {
        (void)close(ends[0]);
        be_store(conf, ends[1]);
    }
    (void)close(ends[1]);
    bool in_time = pid > 0 && hear(ends[0], why, sizeof(why));
    (void)close(ends[0]);
    if (pid > 0 && !in_time)
        (void)kill(pid, SIGKILL);
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (in_time && WIFEXITED(status) && WEXITSTATUS(status) == 0)
        findings_add(to, FINDING_OK, "store", NULL, "opens");
    else
        findings_add(to, FINDING_FAIL, "store", "see [mfa] store, and who owns the file", "%s",
            !in_time         ? "no answer in time"
            : why[0] != '\0' ? why
                             : "it cannot be opened");
}

static void
look_at_store(const struct conf *conf, bool bridge_answers, const char *socket, struct findings *to)
{
    const char *store = conf->mfa.store;
    char said[WHY_SIZE];
    int64_t ms;
    size_t n;

    if (bridge_answers) {
        int r = ask_count(socket, ASK_ENROLMENTS, WIRE_ENROLMENT, &n, &ms, said);
        if (r == 0 && n == 0 && strncmp(store, DIRECTORY, sizeof(DIRECTORY) - 1) == 0)
            findings_add(to, FINDING_WARN, "store",
                "if somebody is, give the service identity the right to read that attribute",
                "nobody is enrolled, or %s is hidden from the service identity", store);
        else if (r == 0)
            findings_add(to, FINDING_OK, "store", NULL,
                "the bridge reads it in %lld ms: %zu enrolled", (long long)ms, n);
        else
            findings_add(to, FINDING_FAIL, "store", "see [mfa] store and the bridge's log",
                "the bridge cannot read it: %s", fed_strerror(r));
    } else if (strncmp(store, DIRECTORY, sizeof(DIRECTORY) - 1) == 0) {
        findings_add(to, FINDING_OK, "store", NULL, "in the directory");
    } else if (strncmp(store, SQLITE, sizeof(SQLITE) - 1) == 0 &&
               access(store + sizeof(SQLITE) - 1, F_OK) != 0) {
        findings_add(to, FINDING_WARN, "store", "start the bridge, which makes it",
            "\"%s\" is not there yet", store + sizeof(SQLITE) - 1);
    } else {
        open_store(conf, to);
    }
}

void
doctor_host(const struct admin *admin, const struct conf *conf, struct findings *to)
{
    const char *socket = admin->socket != NULL ? admin->socket : conf->bridge.socket;

    look_at_user(conf, to);
    look_at_files(conf, to);
    bool answers = look_at_bridge(socket, to);
    look_at_store(conf, answers, socket, to);
}

/* ---- PAM ---- */

static bool
has_ours(const struct pamstack *stack)
{
    for (size_t i = 0; i < stack->n; i++) {
        if (pamstack_is(stack->modules[i], "pam_awsfed.so"))
            return true;
    }
    return false;
}

static void
look_at_service(const char *service, struct findings *to)
{
    struct findings found = {0};
    struct pamstack *stack = NULL;
    char where[WHERE_SIZE], remedy[WHERE_SIZE];

    (void)snprintf(where, sizeof(where), "PAM %s", service);
    (void)snprintf(remedy, sizeof(remedy), "awsfed-admin pam-lint %s", service);
    int r = pam_lint_service(PAM_LINT_DIR, PAM_LINT_SSHD_CONFIG, service, &stack, &found);
    enum finding_state worst = findings_worst(&found);
    const struct finding *first = NULL;
    for (size_t i = 0; i < found.n && first == NULL; i++)
        first = found.items[i].state == worst ? &found.items[i] : NULL;
    if (r == FED_E_NOT_FOUND)
        ; /* not on this host */
    else if (r == 0 && !has_ours(stack) && strcmp(service, "sshd") != 0)
        findings_add(to, FINDING_OK, where, NULL, "without pam_awsfed");
    else if (r == 0 && first == NULL && worst == FINDING_OK)
        findings_add(to, FINDING_OK, where, NULL, "nothing is wrong with it");
    else
        findings_add(to, r != 0 ? FINDING_FAIL : worst, where, remedy, "%s%s%s",
            first != NULL ? first->where : "", first != NULL ? ": " : "",
            first != NULL ? first->what : fed_strerror(r));
    findings_done(&found);
    pamstack_free(stack);
}

void
doctor_pam(struct findings *to)
{
    static const char *const services[] = {"sshd", "login", "sudo", "su"};

    for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++)
        look_at_service(services[i], to);
}
