/*
 * awsfed-bridge: options, signals, and the loop.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "base/log.h"
#include "bridge/background.h"
#include "bridge/check.h"
#include "bridge/housekeeper.h"
#include "bridge/start.h"
#include "mfa/totp.h"

enum { EXIT_USAGE = 2, DESCRIPTORS = 16384 };

struct options {
    const char *conf_dir;
    bool foreground, check, debug;
};

static void
print_help(void)
{
    (void)fputs("usage: awsfed-bridge [-c DIR] [-f] [--check] [--debug]\n"
                "\n"
                "The awsfed daemon: answers the PAM module, awsfed-login and awsfed-admin.\n"
                "\n"
                "  -c, --config DIR   the configuration folder (" CONF_DIR ")\n"
                "  -f, --foreground   stay in the foreground and log to standard error\n"
                "      --check        check the configuration, say what is wrong, and end\n"
                "      --debug        log more; never a secret\n"
                "  -h, --help         this text\n"
                "      --version      the version\n"
                "\n"
                "SIGHUP reads the roles of the configuration again, and their groups, and turns to "
                "the audit\n"
                "file that is at its path now. SIGTERM ends it.\n"
                "Exit status: 0 done, 1 failed, 2 wrong usage.\n"
                "See awsfed-bridge(8) and awsfed.conf(5).\n",
        stdout);
}

/* -1 to go on, else the exit status. */
static int
parse_options(int argc, char **argv, struct options *o)
{
    static const struct option longs[] = {{"config", required_argument, NULL, 'c'},
        {"foreground", no_argument, NULL, 'f'}, {"check", no_argument, NULL, 'k'},
        {"debug", no_argument, NULL, 'd'}, {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'v'}, {NULL, 0, NULL, 0}};
    int c;

    while ((c = getopt_long(argc, argv, "c:fh", longs, NULL)) != -1) {
        switch (c) {
        case 'c':
            o->conf_dir = optarg;
            break;
        case 'f':
            o->foreground = true;
            break;
        case 'k':
            o->check = true;
            break;
        case 'd':
            o->debug = true;
            break;
        case 'h':
            print_help();
            return 0;
        case 'v':
            (void)puts("awsfed-bridge " AWSFED_VERSION);
            return 0;
        default:
            (void)fputs("try: awsfed-bridge --help\n", stderr);
            return EXIT_USAGE;
        }
    }
    if (optind < argc) {
        (void)fprintf(
            stderr, "awsfed-bridge: unexpected \"%s\"; try: awsfed-bridge --help\n", argv[optind]);
        return EXIT_USAGE;
    }
    return -1;
}

/*
 * What the caller's environment says about proxies, directories, tickets or credentials must change
 * nothing (I-56): all of it goes but what systemd told us, and where a container's platform says that the keys of
 * base-credential are, which bridge/base_credential.c alone reads, and only if the configuration sends it there.
 */
static int
clean_environment(void)
{
    static const char *const kept[] = {"NOTIFY_SOCKET", "LISTEN_PID", "LISTEN_FDS",
        "LISTEN_FDNAMES", "JOURNAL_STREAM", "AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", NULL};
    char *values[sizeof(kept) / sizeof(kept[0])] = {NULL};
    int r = 0;

    for (size_t i = 0; kept[i] != NULL; i++) {
        const char *value = getenv(kept[i]);
        if (value != NULL && (values[i] = strdup(value)) == NULL)
            r = FED_E_NOMEM;
    }
    if (clearenv() != 0)
        r = FED_E_SYSTEM;
    for (size_t i = 0; kept[i] != NULL; i++) {
        if (values[i] != NULL && setenv(kept[i], values[i], 1) != 0)
            r = FED_E_NOMEM;
        free(values[i]);
    }
    if (setenv("LDAPNOINIT", "1", 1) != 0 ||
        setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1) != 0 ||
        setenv("KRB5_CONFIG", "/dev/null", 1) != 0)
        r = FED_E_NOMEM;
    return r;
}

static int
read_configuration(const char *dir, struct conf **ret)
{
    struct conf_errors errors;
    int r = conf_read(dir, ret, &errors);

    for (size_t i = 0; i < errors.n; i++)
        fed_log_error("%s", errors.lines[i]);
    if (r != 0 && errors.n == 0)
        fed_log_error("cannot read the configuration: %s", fed_strerror(r));
    conf_errors_done(&errors);
    return r;
}

/* --check: the files too, exactly as a start would read them. */
static int
check_all(const struct conf *conf, const char *dir)
{
    struct conf_errors faults = {0}, notes = {0};

    check_files(conf, &faults, &notes);
    for (size_t i = 0; i < faults.n; i++)
        fed_log_error("%s", faults.lines[i]);
    for (size_t i = 0; i < notes.n; i++)
        fed_log_warning("%s", notes.lines[i]);
    if (faults.n == 0)
        (void)printf("%s: the configuration is in order\n", dir);
    int status = faults.n == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
    conf_errors_done(&faults);
    conf_errors_done(&notes);
    return status;
}

/* ---- What the main thread watches besides its socket ---- */

struct watcher {
    struct bridge *b;
    struct housekeeper *housekeeper;
    int signal_fd;
    struct watch *signal_watch, *keeper_watch;
    int result;
};

static void
on_signal(void *arg)
{
    struct watcher *w = arg;
    struct signalfd_siginfo info;

    if (read(w->signal_fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
        return;
    if (info.ssi_signo == SIGHUP) {
        fed_log_info("reading the configuration and the groups again");
        housekeeper_reload(w->housekeeper);
        return;
    }
    fed_log_info("ending on signal %u", info.ssi_signo);
    listener_stop(w->b->listener);
}

static void
on_keeper_gone(void *arg)
{
    struct watcher *w = arg;

    fed_log_error("the keeper is gone: without it nothing can be verified or signed; ending");
    w->result = FED_E_KEEPER;
    listener_stop(w->b->listener);
}

static int
watch_all(struct watcher *w)
{
    sigset_t signals;
    int r;

    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigaddset(&signals, SIGINT);
    (void)sigaddset(&signals, SIGHUP);
    w->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    if (w->signal_fd < 0)
        return FED_E_SYSTEM;
    if ((r = loop_watch(listener_loop(w->b->listener), w->signal_fd, EPOLLIN, on_signal, w,
             &w->signal_watch)) != 0)
        return r;
    if ((r = loop_watch(listener_loop(w->b->listener), keeper_fd(w->b->keeper), 0, on_keeper_gone,
             w, &w->keeper_watch)) != 0)
        return r;
    return signers_watch(w->b->signers, listener_loop(w->b->listener));
}

static int
serve(struct bridge *b, bool background)
{
    struct watcher w = {.b = b, .signal_fd = -1};
    bool refreshed = housekeeper_round(b) == 0;
    int r = housekeeper_start(b, refreshed, &w.housekeeper);

    if (r == 0)
        r = watch_all(&w);
    if (r == 0) {
        (void)sd_notify(0, "READY=1");
        fed_log_echo(false);
        if (background)
            background_ready();
        fed_log_info("ready at %s: %zu domain(s), %zu role(s), %zu pattern(s)%s",
            b->conf->bridge.socket, b->conf->n_domains, b->conf->n_roles, b->conf->n_patterns,
            refreshed ? "" : "; the directory does not answer yet");
        r = listener_run(b->listener);
        (void)sd_notify(0, "STOPPING=1");
    }
    housekeeper_stop(w.housekeeper);
    loop_unwatch(listener_loop(b->listener), w.signal_watch);
    loop_unwatch(listener_loop(b->listener), w.keeper_watch);
    signers_unwatch(b->signers, listener_loop(b->listener));
    if (w.signal_fd >= 0)
        (void)close(w.signal_fd);
    return r != 0 ? r : w.result;
}

/* Signals come through a descriptor; a peer that goes away must not end us. */
static void
prepare_process(void)
{
    struct rlimit files;
    sigset_t signals;

    (void)umask(077);
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigaddset(&signals, SIGINT);
    (void)sigaddset(&signals, SIGHUP);
    (void)sigprocmask(SIG_BLOCK, &signals, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < DESCRIPTORS) {
        files.rlim_cur = files.rlim_max < DESCRIPTORS ? files.rlim_max : DESCRIPTORS;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
}

int
main(int argc, char **argv)
{
    struct options o = {.conf_dir = CONF_DIR};
    struct conf *conf = NULL;
    struct bridge *b = NULL;
    int status = parse_options(argc, argv, &o);

    if (status >= 0)
        return status;
    /* Under systemd the process that it started is the one it watches: that stays in front too. */
    bool background = !o.foreground && !o.check && getenv("NOTIFY_SOCKET") == NULL;
    if (background)
        background_prepare();
    fed_log_init("awsfed-bridge", background, o.debug ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO);
    /* Why it does not start is for whoever starts it, not for syslog alone. */
    fed_log_echo(background);
    if (clean_environment() != 0 || read_configuration(o.conf_dir, &conf) != 0)
        return EXIT_FAILURE;
    if (o.check) {
        status = check_all(conf, o.conf_dir);
        conf_free(conf);
        return status;
    }
    char *conf_dir =
        realpath(o.conf_dir, NULL); /* for SIGHUP: going to the background leaves this folder */
    if (conf_dir == NULL)
        return EXIT_FAILURE;
    if (background && background_begin() != 0)
        return EXIT_FAILURE;
    prepare_process();
    if (totp_init() != 0 || bridge_start(conf, &b) != 0)
        return EXIT_FAILURE;
    b->conf_dir = conf_dir;
    int r = serve(b, background);
    bridge_free(b);
    return r == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
