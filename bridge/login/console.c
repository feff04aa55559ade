/*
 * A browser can be told an address only by an argument. So the argument is a file that its owner alone can read, whose one line
 * leads on to the address, and which is gone again soon.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/login/console.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "bridge/login/json.h"
#include "bridge/login/obtain.h"
#include "bridge/login/output.h"

enum { PAGE_MAX = 128 * 1024, PAGE_LIFE_S = 60, SUFFIX_LEN = 5 };

static void
ask_console(const struct options *o, struct answer *a)
{
    struct wire_out out;

    ask_begin(&out, ASK_CONSOLE);
    wire_put_text(&out, WIRE_ROLE_NAME, o->role);
    if (o->duration_s != 0)
        wire_put_number(&out, WIRE_DURATION, o->duration_s);
    wire_put_text(&out, WIRE_CONSOLE_SERVICE, o->service);
    ask(o->socket, &out, ASK_CREDENTIALS_MS, a);
}

/* What we print and open is an https address in plain ASCII, whatever came. */
static bool
is_address(const char *url)
{
    if (url == NULL || strncmp(url, "https://", 8) != 0)
        return false;
    for (const char *p = url; *p != '\0'; p++) {
        if (*p < 0x21 || *p > 0x7e || strchr("\"'<>\\`", *p) != NULL)
            return false;
    }
    return true;
}

static enum outcome
print(const struct options *o, const struct answer *a, const char *url)
{
    struct fed_secret out = FED_SECRET_INIT(OUTPUT_MAX);
    struct json j;
    int r;

    if (o->json) {
        json_init(&j, OUTPUT_MAX);
        json_open(&j, NULL, '{');
        json_text(&j, "url", url);
        json_text(&j, "role", wire_text(&a->reply.msg, WIRE_ROLE_NAME));
        json_text(&j, "account", wire_text(&a->reply.msg, WIRE_ACCOUNT));
        json_close(&j, '}');
        r = json_finish(&j);
        fed_secret_move(&out, &j.bytes);
        json_done(&j);
    } else {
        r = fed_secret_addf(&out, "%s\n", url);
    }
    enum outcome outcome = output_write(&out, r);
    fed_secret_done(&out);
    if (outcome == OUTCOME_DONE && !o->quiet && isatty(STDOUT_FILENO))
        output_complain("whoever has this address is signed in as you; it is good for 15 minutes");
    return outcome;
}

/* ---- The browser ---- */

/* "&" is the one character of an address that HTML would take for its own. */
static int
write_page(const char *url, struct fed_secret *page)
{
    int r =
        fed_secret_add_str(page, "<!DOCTYPE html><meta charset=\"utf-8\"><meta name=\"referrer\" "
                                 "content=\"no-referrer\"><meta http-equiv=\"refresh\" "
                                 "content=\"0;url=");

    for (const char *p = url; r == 0 && *p != '\0'; p++)
        r = *p == '&' ? fed_secret_add_str(page, "&amp;")
                      : fed_secret_add_byte(page, (unsigned char)*p);
    return r != 0 ? r : fed_secret_add_str(page, "\"><title>AWS</title>\n");
}

/* In the session's own folder, which is gone with it, or else where temporary files are. */
static int
make_file(const struct fed_secret *page, char path[PATH_MAX])
{
    const char *folder = getenv("XDG_RUNTIME_DIR");
    int n;

    if (folder == NULL || *folder != '/')
        folder = "/tmp";
    n = snprintf(path, PATH_MAX, "%s/awsfed-console.XXXXXX.html", folder);
    if (n < 0 || n >= PATH_MAX)
        return FED_E_INVALID;
    int fd = mkostemps(path, SUFFIX_LEN, O_CLOEXEC); /* mode 0600 */
    if (fd < 0)
        return FED_E_SYSTEM;
    bool written = write(fd, page->data, page->len) == (ssize_t)page->len;
    if (close(fd) == 0 && written)
        return 0;
    (void)unlink(path);
    return FED_E_SYSTEM;
}

/* A process that does nothing but wait and take the page away; nobody waits for it or for its output. */
static void
remove_later(const char *path)
{
    pid_t pid = fork();

    if (pid != 0) {
        if (pid < 0)
            (void)unlink(path);
        else
            (void)waitpid(pid, NULL, 0);
        return;
    }
    if (setsid() < 0 || fork() != 0)
        _exit(0);
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = STDIN_FILENO; null >= 0 && fd <= STDERR_FILENO; fd++)
        (void)dup2(null, fd);
    (void)sleep(PAGE_LIFE_S);
    (void)unlink(path);
    _exit(0);
}

/* 0 when the opener ran and was content. */
static int
run_opener(const char *path)
{
    int status;
    pid_t pid;

    (void)signal(SIGCHLD, SIG_DFL);
    pid = fork();
    if (pid == 0) {
        (void)signal(SIGPIPE, SIG_DFL);
        (void)execlp("xdg-open", "xdg-open", path, (char *)NULL);
        _exit(127);
    }
    while (pid > 0 && waitpid(pid, &status, 0) != pid) {
        if (errno != EINTR)
            return FED_E_SYSTEM;
    }
    return pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : FED_E_NOT_FOUND;
}

static bool
has_display(void)
{
    const char *x = getenv("DISPLAY"), *wayland = getenv("WAYLAND_DISPLAY");

    return (x != NULL && *x != '\0') || (wayland != NULL && *wayland != '\0');
}

/* FED_E_NOT_FOUND: no browser here; the address is then printed. */
static int
open_browser(const char *url)
{
    struct fed_secret page = FED_SECRET_INIT(PAGE_MAX);
    char path[PATH_MAX];

    if (!has_display())
        return FED_E_NOT_FOUND;
    int r = write_page(url, &page);
    if (r == 0)
        r = make_file(&page, path);
    fed_secret_done(&page);
    if (r != 0)
        return r;
    if ((r = run_opener(path)) == 0)
        remove_later(path);
    else
        (void)unlink(path);
    return r;
}

enum outcome
console_run(const struct options *o)
{
    struct answer a = ANSWER_INIT;

    enum outcome outcome = obtain(o, ask_console, &a);
    const char *url = outcome == OUTCOME_DONE ? wire_text(&a.reply.msg, WIRE_CONSOLE_URL) : NULL;
    if (outcome == OUTCOME_DONE && !is_address(url)) {
        a.error = FED_E_PROTO;
        outcome = answer_complain(&a);
    } else if (outcome == OUTCOME_DONE) {
        if (!o->open || open_browser(url) != 0) {
            if (o->open)
                output_complain("no browser can be opened from here; open this address in yours:");
            outcome = print(o, &a, url);
        }
    }
    answer_done(&a);
    return outcome;
}
