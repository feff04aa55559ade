/*
 * Three processes: the command; the endpoint, which nothing reaches but its listener and our end; and this one, which only
 * waits and passes signals on.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/login/exec.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "bridge/login/obtain.h"
#include "bridge/login/output.h"
#include "bridge/login/picker.h"
#include "bridge/login/serve.h"
#include "bridge/login/stale.h"

/* Whatever gives an SDK credentials, or says where they are, and is not set below (I-69). */
static const char *const scrubbed[] = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN", "AWS_CREDENTIAL_EXPIRATION", "AWS_ACCESS_KEY",
    "AWS_SECRET_KEY", "AWS_ACCOUNT_ID", "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_CREDENTIAL_FILE",
    "AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME", "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_SSO_SESSION", "AWS_SSO_START_URL", "AWS_SSO_ACCOUNT_ID", "AWS_SSO_ROLE_NAME",
    "AMAZON_ACCESS_KEY_ID", "AMAZON_SECRET_ACCESS_KEY"};

/* How long before a ticket's end the person at the terminal is told. */
enum { NOTICE_S = 600, NEVER_S = 86400 };

/* Faults of our own, and what cannot be taken or must not be. */
static const int not_passed_on[] = {
    SIGKILL, SIGSTOP, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT, SIGALRM, SIGPIPE};

static struct sigaction inherited_pipe, inherited_child;

struct job {
    struct options o; /* with the role that was chosen */
    struct serve serve;
    char role[PICKER_ROLE_SIZE], region[72];
    bool hide_credentials, hide_config;
    sigset_t taken, before;
    pid_t endpoint, command;
};

void
exec_remember_signals(void)
{
    (void)sigaction(SIGPIPE, NULL, &inherited_pipe);
    (void)sigaction(SIGCHLD, NULL, &inherited_child);
}

/* ---- Before it starts ---- */

/* Does the ticket last for --need? Without a ticket that is not known yet. */
static enum outcome
check_need(const struct options *o)
{
    char left_text[WHEN_SIZE], need_text[WHEN_SIZE], whole_text[WHEN_SIZE];
    struct answer a = ANSWER_INIT;
    enum outcome outcome = OUTCOME_DONE;

    if (o->need_s == 0)
        return OUTCOME_DONE;
    ask_plain(o->socket, ASK_STATUS_OF, ASK_SOON_MS, &a);
    uint64_t expires_s = wire_number(&a.reply.msg, WIRE_EXPIRES, 0);
    uint64_t left_s = when_left(expires_s, when_now());
    uint64_t whole_s = when_left(expires_s, wire_number(&a.reply.msg, WIRE_STARTED, 0));
    if (a.error == FED_E_NO_TICKET) {
        outcome = OUTCOME_DONE;
    } else if (a.error != 0) {
        outcome = answer_complain(&a);
    } else if (left_s < o->need_s && whole_s < o->need_s) {
        output_complain("a sign-in lasts %s here, and --need asks for %s; nothing was started",
            when_span(whole_s, whole_text), when_span(o->need_s, need_text));
        outcome = OUTCOME_SIGN_IN;
    } else if (left_s < o->need_s) {
        output_complain("your sign-in ends in %s, and --need asks for %s; nothing was started; run "
                        "awsfed-login logout, then awsfed-login",
            when_span(left_s, left_text), when_span(o->need_s, need_text));
        outcome = OUTCOME_SIGN_IN;
    }
    answer_done(&a);
    return outcome;
}

/* The role, by name: what `use` changes later is not meant for a command that runs already. */
static enum outcome
fix_role(const struct options *o, struct job *job)
{
    struct answer a = ANSWER_INIT;
    struct credentials c;

    enum outcome outcome = obtain_credentials(o, &a, &c);
    if (outcome == OUTCOME_DONE) {
        const char *role = wire_text(&a.reply.msg, WIRE_ROLE_NAME);
        (void)snprintf(job->role, sizeof(job->role), "%s", role != NULL ? role : "");
        (void)snprintf(job->region, sizeof(job->region), "%s", c.region != NULL ? c.region : "");
        job->o = *o;
        job->o.role = job->role[0] != '\0' ? job->role : o->role;
    }
    answer_done(&a);
    return outcome;
}

/* SDKs look into the files before they ask an endpoint: a default profile with keys would win. */
static void
hide_files(struct job *job)
{
    job->hide_credentials = stale_default_has_source(EDIT_CREDENTIALS);
    job->hide_config = stale_default_has_source(EDIT_CONFIG);
    if (job->o.quiet || (!job->hide_credentials && !job->hide_config))
        return;
    output_complain("the default profile in your %s has credentials of its own; the command runs "
                    "without %s",
        job->hide_credentials && job->hide_config ? "AWS files"
        : job->hide_config                        ? "AWS config file"
                                                  : "AWS credentials file",
        job->hide_credentials && job->hide_config ? "these files" : "that file");
}

/* ---- The children ---- */

static int
set_environment(const struct job *job)
{
    for (size_t i = 0; i < sizeof(scrubbed) / sizeof(scrubbed[0]); i++) {
        if (unsetenv(scrubbed[i]) != 0)
            return FED_E_SYSTEM;
    }
    if (setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", job->serve.uri, 1) != 0 ||
        setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", job->serve.token, 1) != 0)
        return FED_E_NOMEM;
    if (job->region[0] != '\0' && (setenv("AWS_REGION", job->region, 1) != 0 ||
                                      setenv("AWS_DEFAULT_REGION", job->region, 1) != 0))
        return FED_E_NOMEM;
    if (job->hide_credentials && setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null", 1) != 0)
        return FED_E_NOMEM;
    if (job->hide_config && setenv("AWS_CONFIG_FILE", "/dev/null", 1) != 0)
        return FED_E_NOMEM;
    return 0;
}

static _Noreturn void
be_command(const struct job *job)
{
    const char *const *command = job->o.command;

    (void)sigaction(SIGPIPE, &inherited_pipe, NULL);
    (void)sigaction(SIGCHLD, &inherited_child, NULL);
    (void)sigprocmask(SIG_SETMASK, &job->before, NULL);
    if (set_environment(job) == 0)
        (void)execvp(command[0], (char *const *)command);
    int number = errno;
    output_complain("cannot run \"%s\": %s", command[0], strerror(number));
    _exit(number == ENOENT ? EXEC_NOT_FOUND : EXEC_CANNOT_RUN);
}

/* It outlives nothing: not us, and no reader of our output waits for it. */
static _Noreturn void
be_endpoint(const struct job *job, pid_t parent)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent || null < 0)
        _exit(OUTCOME_OTHER);
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        (void)dup2(null, fd);
    serve_run(&job->serve, &job->o);
}

/* The listener is ours: what is asked while there is no endpoint waits for the next one. */
static void
start_endpoint(struct job *job)
{
    pid_t self = getpid();

    job->endpoint = fork();
    if (job->endpoint == 0)
        be_endpoint(job, self);
}

static enum outcome
start(struct job *job)
{
    (void)sigfillset(&job->taken);
    for (size_t i = 0; i < sizeof(not_passed_on) / sizeof(not_passed_on[0]); i++)
        (void)sigdelset(&job->taken, not_passed_on[i]);
    (void)signal(SIGCHLD, SIG_DFL); /* ignored, nobody's status could be had */
    (void)sigprocmask(SIG_BLOCK, &job->taken, &job->before);
    start_endpoint(job);
    job->command = job->endpoint > 0 ? fork() : -1;
    if (job->command == 0)
        be_command(job);
    if (job->command > 0)
        return OUTCOME_DONE;
    output_complain("cannot start a process: %s", strerror(errno));
    return OUTCOME_OTHER;
}

/* ---- While it runs ---- */

/* Stop as the command did, so that the shell sees its job stopped; on with it when we are. */
static void
stop_too(const struct job *job)
{
    (void)raise(SIGSTOP);
    (void)kill(job->command, SIGCONT);
}

/*
 * What the terminal sends (SI_KERNEL) has reached the command too. What a process sends to us alone has not; sent to the whole
 * group it comes twice, which is better than not at all. The command's own signals are not sent back to it.
 */
static void
pass_on(const struct job *job, const siginfo_t *info)
{
    if (info->si_code != SI_KERNEL && info->si_pid != job->command)
        (void)kill(job->command, info->si_signo);
}

/*
 * Seconds until the person should hear that the ticket ends, 0 when that is now: it is told then, and not again. A day when there
 * is nobody to tell, or no ticket.
 */
static uint64_t
tell_of_end(const struct job *job, bool *told)
{
    struct answer a = ANSWER_INIT;
    uint64_t wait_s = NEVER_S;
    char left[WHEN_SIZE];

    if (*told || job->o.quiet || !isatty(STDERR_FILENO))
        return wait_s;
    ask_plain(job->o.socket, ASK_STATUS_OF, ASK_PROMPT_MS, &a);
    uint64_t left_s = when_left(wire_number(&a.reply.msg, WIRE_EXPIRES, 0), when_now());
    if (a.error == 0 && left_s > NOTICE_S) {
        wait_s = left_s - NOTICE_S;
    } else if (a.error == 0) {
        output_complain("your sign-in ends in %s, and with it the credentials of this command; to "
                        "go on, run awsfed-login logout, then awsfed-login, in another terminal",
            when_span(left_s, left));
        *told = true;
    }
    answer_done(&a);
    return wait_s;
}

static int
wait_for_end(struct job *job)
{
    bool told = false;
    int64_t notice_ms = clock_mono_ms() + 1000 * (int64_t)tell_of_end(job, &told);
    siginfo_t info;
    int status;

    for (;;) {
        int left_ms = clock_left_ms(notice_ms);
        const struct timespec most = {left_ms / 1000, left_ms % 1000 * 1000000L};
        if (sigtimedwait(&job->taken, &info, &most) < 0) {
            if (clock_left_ms(notice_ms) == 0)
                notice_ms = clock_mono_ms() + 1000 * (int64_t)tell_of_end(job, &told);
            continue;
        }
        if (info.si_signo != SIGCHLD) {
            pass_on(job, &info);
            continue;
        }
        /* Somebody ended it, or memory ran out: no reason for a long job to lose its credentials. */
        if (job->endpoint > 0 && waitpid(job->endpoint, NULL, WNOHANG) == job->endpoint)
            start_endpoint(job);
        while (waitpid(job->command, &status, WNOHANG | WUNTRACED) == job->command) {
            if (WIFEXITED(status))
                return WEXITSTATUS(status);
            if (WIFSIGNALED(status))
                return 128 + WTERMSIG(status);
            if (WIFSTOPPED(status))
                stop_too(job);
        }
    }
}

enum outcome
exec_run(const struct options *o)
{
    struct job job = {.serve = {.listener = -1}, .endpoint = -1, .command = -1};
    enum outcome outcome;

    if (o->command == NULL) {
        output_complain("which command? awsfed-login exec -- COMMAND [ARGUMENT...]");
        return OUTCOME_USAGE;
    }
    if ((outcome = check_need(o)) != OUTCOME_DONE ||
        (outcome = fix_role(o, &job)) != OUTCOME_DONE || (outcome = check_need(o)) != OUTCOME_DONE)
        return outcome;
    hide_files(&job);
    if (serve_open(&job.serve) != 0) {
        output_complain("cannot listen on 127.0.0.1: %s", strerror(errno));
        return OUTCOME_OTHER;
    }
    outcome = start(&job);
    if (outcome == OUTCOME_DONE)
        outcome = (enum outcome)wait_for_end(&job);
    if (job.endpoint > 0) {
        (void)kill(job.endpoint, SIGKILL);
        (void)waitpid(job.endpoint, NULL, 0);
    }
    serve_close(&job.serve);
    return outcome;
}
