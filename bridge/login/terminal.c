/*
 * Prompts without signal handlers: while the echo is off, the signals that end or stop a process are
 * blocked and read from a signalfd(2). They meet their default action when the terminal is
 * restored. There is no moment at which one could strike with the echo off.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/login/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "base/write.h"

/* SIGCONT is among them: whoever stopped us (SIGSTOP) has had the terminal and may have changed it. */
static const int ending[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGCONT};

int
terminal_open(struct terminal *t)
{
    *t = TERMINAL_INIT;
    if (!isatty(STDIN_FILENO))
        return FED_E_NOT_FOUND;
    t->fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    return t->fd >= 0 ? 0 : FED_E_NOT_FOUND;
}

void
terminal_close(struct terminal *t)
{
    if (t->fd >= 0)
        (void)close(t->fd);
    t->fd = -1;
    if (t->caught != 0)
        (void)raise(t->caught);
}

void
terminal_say(const struct terminal *t, const char *text)
{
    int r = write_all(t->fd, text, strlen(text));

    (void)r; /* the next read meets it */
}

/* The signals to take over: those that nobody (nohup, a shell's "&") has set to be ignored. */
static void
take_over(sigset_t *set)
{
    struct sigaction action;

    (void)sigemptyset(set);
    for (size_t i = 0; i < sizeof(ending) / sizeof(ending[0]); i++) {
        if (sigaction(ending[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
            (void)sigaddset(set, ending[i]);
    }
}

static int
set_modes(int fd, const struct termios *modes)
{
    /* Flushing keeps what was typed ahead out of the answer, and the rest of a long line from the shell. */
    while (tcsetattr(fd, TCSAFLUSH, modes) != 0) {
        if (errno != EINTR)
            return FED_E_SYSTEM;
    }
    return 0;
}

/* Read what is there, straight into the secret. True in *ret_end at the end of the line. */
static int
read_some(int fd, struct fed_secret *line, bool *ret_end)
{
    size_t used = line->len;

    if (used == line->limit)
        return FED_E_TOO_BIG;
    int r = fed_secret_resize(line, line->limit);
    if (r != 0)
        return r;
    ssize_t n = read(fd, line->data + used, line->limit - used);
    bool again = n < 0 && (errno == EINTR || errno == EAGAIN);
    size_t got = n > 0 ? (size_t)n : 0;
    const unsigned char *end = memchr(line->data + used, '\n', got);
    if (end != NULL)
        got = (size_t)(end - line->data) - used;
    *ret_end = end != NULL || (n == 0 && used > 0);
    r = fed_secret_resize(line, used + got); /* shrinking wipes the rest */
    if (r != 0 || again || *ret_end || n > 0)
        return r;
    return FED_E_NOT_FOUND;
}

/* Until a line, its failure, or a signal (*ret_signal). */
static int
read_line(int fd, int signals, struct fed_secret *line, int *ret_signal)
{
    struct pollfd p[2] = {{.fd = signals, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
    struct signalfd_siginfo info;
    bool end = false;
    int r = 0;

    while (r == 0 && !end) {
        if (poll(p, 2, -1) < 0) {
            if (errno != EINTR)
                return FED_E_SYSTEM;
            continue;
        }
        if (p[0].revents != 0) {
            if (read(signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
                return FED_E_SYSTEM;
            *ret_signal = (int)info.ssi_signo;
            return FED_E_NOT_FOUND;
        }
        if (p[1].revents != 0)
            r = read_some(fd, line, &end);
    }
    return r;
}

/* The terminal in our hands: what it was, and the signals that are read instead of met. */
struct hold {
    struct termios shown;
    sigset_t before;
    int signals;
};

enum mode { MODE_HIDDEN, MODE_SHOWN, MODE_KEYS };

static int
hold(int fd, enum mode mode, struct hold *h)
{
    struct termios modes;
    sigset_t taken;
    int r = FED_E_SYSTEM;

    take_over(&taken);
    if (mode == MODE_KEYS)
        (void)sigaddset(&taken, SIGWINCH);
    if (tcgetattr(fd, &h->shown) != 0 || sigprocmask(SIG_BLOCK, &taken, &h->before) != 0)
        return FED_E_SYSTEM;
    h->signals = signalfd(-1, &taken, SFD_CLOEXEC);
    if (h->signals < 0)
        goto out;
    modes = h->shown;
    if (mode != MODE_SHOWN)
        modes.c_lflag &= (tcflag_t) ~(ECHO | ECHONL);
    if (mode == MODE_KEYS)
        modes.c_lflag &= (tcflag_t)~ICANON;
    if ((r = set_modes(fd, &modes)) != 0)
        (void)close(h->signals);

out:
    if (r != 0)
        (void)sigprocmask(SIG_SETMASK, &h->before, NULL);
    return r;
}

static void
release(int fd, struct hold *h)
{
    (void)set_modes(fd, &h->shown);
    (void)close(h->signals);
    (void)sigprocmask(SIG_SETMASK, &h->before, NULL);
}

/* One showing of the prompt; on a signal, that signal and FED_E_NOT_FOUND. */
static int
ask_once(int fd, enum mode mode, const char *prompt, struct fed_secret *line, int *ret_signal)
{
    const struct terminal t = {.fd = fd};
    struct hold h;
    int r = hold(fd, mode, &h);

    if (r != 0)
        return r;
    terminal_say(&t, prompt);
    r = read_line(fd, h.signals, line, ret_signal);
    /* A shown answer has ended its line itself. */
    if (mode == MODE_HIDDEN || r != 0)
        terminal_say(&t, "\n");
    release(fd, &h);
    return r;
}

static int
ask_until_answered(
    struct terminal *t, enum mode mode, const char *prompt, struct fed_secret *ret_line)
{
    /* One more byte than the answer may have, for its newline. */
    struct fed_secret line = FED_SECRET_INIT(ret_line->limit + 1);
    int r, caught;

    do {
        caught = 0;
        fed_secret_clear(&line);
        fed_secret_clear(ret_line);
        r = ask_once(t->fd, mode, prompt, &line, &caught);
        if (caught == SIGTSTP)
            (void)raise(SIGTSTP); /* stopped here until the person comes back */
    } while (caught == SIGTSTP || caught == SIGCONT);
    t->caught = caught;
    if (r == 0)
        r = fed_secret_set(ret_line, line.data, line.len);
    fed_secret_done(&line);
    return r;
}

int
terminal_ask(struct terminal *t, const char *prompt, struct fed_secret *ret_line)
{
    return ask_until_answered(t, MODE_HIDDEN, prompt, ret_line);
}

int
terminal_ask_shown(struct terminal *t, const char *prompt, struct fed_secret *ret_line)
{
    return ask_until_answered(t, MODE_SHOWN, prompt, ret_line);
}

/* Keys until fn is done (0), or a signal that is more than a new size of the screen. */
static int
read_keys(int fd, int signals, terminal_keys_fn *fn, void *arg, int *ret_signal)
{
    struct pollfd p[2] = {{.fd = signals, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
    struct signalfd_siginfo info;
    char bytes[64];
    ssize_t n;

    for (bool done = fn(arg, "", 0); !done;) {
        if (poll(p, 2, -1) < 0) {
            if (errno != EINTR)
                return FED_E_SYSTEM;
            continue;
        }
        if (p[0].revents != 0) {
            if (read(signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
                return FED_E_SYSTEM;
            if (info.ssi_signo != SIGWINCH) {
                *ret_signal = (int)info.ssi_signo;
                return FED_E_NOT_FOUND;
            }
            done = fn(arg, "", 0);
        } else if ((n = read(fd, bytes, sizeof(bytes))) > 0) {
            done = fn(arg, bytes, (size_t)n);
        } else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
            return FED_E_NOT_FOUND;
        }
    }
    return 0;
}

int
terminal_keys(struct terminal *t, terminal_keys_fn *fn, void (*leave)(void *arg), void *arg)
{
    struct hold h;
    int r, caught;

    do {
        caught = 0;
        if ((r = hold(t->fd, MODE_KEYS, &h)) != 0)
            return r;
        r = read_keys(t->fd, h.signals, fn, arg, &caught);
        leave(arg);
        release(t->fd, &h);
        if (caught == SIGTSTP)
            (void)raise(SIGTSTP); /* stopped here until the person comes back */
    } while (caught == SIGTSTP || caught == SIGCONT);
    t->caught = caught;
    return r;
}
