/*
 * The person at the terminal: prompts on /dev/tty with the echo off, and the terminal as it was
 * afterwards, however the prompt ends (an answer, Ctrl-C, Ctrl-Z, SIGTERM, a hang-up).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_LOGIN_TERMINAL_H
#define BRIDGE_LOGIN_TERMINAL_H

#include <stdbool.h>

#include "base/secret.h"

struct terminal {
    int fd;
    int caught; /* the signal that ended a prompt, 0 for none */
};

#define TERMINAL_INIT ((struct terminal){.fd = -1})

/*
 * Open the terminal. Nobody is asked unless standard input is a terminal too: a script whose
 * input comes from elsewhere has nobody who reads the prompt.
 * 0 or FED_E_NOT_FOUND.
 */
FED_MUST_USE int terminal_open(struct terminal *t);

/*
 * Close it; on a terminal that was never opened, nothing. If a signal ended a prompt, the process now
 * meets that signal's default action: call it when everything secret is wiped.
 */
void terminal_close(struct terminal *t);

/* Write text as it is; failures do not matter here: the next read meets them. */
void terminal_say(const struct terminal *t, const char *text);

/*
 * Ask for one line that must not be seen. Waits for as long as the person takes.
 *   prompt    as shown, with its blank
 *   ret_line  gets the line without its end; its limit is that of the answer
 * 0, FED_E_TOO_BIG, FED_E_NOT_FOUND (end of input, a signal, the terminal went away), FED_E_NOMEM,
 * FED_E_SYSTEM. After a failure ret_line is empty.
 */
FED_MUST_USE int terminal_ask(struct terminal *t, const char *prompt, struct fed_secret *ret_line);

/* The same with what is typed to be seen. */
FED_MUST_USE int terminal_ask_shown(
    struct terminal *t, const char *prompt, struct fed_secret *ret_line);

/*
 * What sees keys as they are pressed. bytes is what one read(2) gave: at least one byte, or none (len 0) when the screen is
 * to be drawn: at the beginning, after a stop, after a change of its size. True: done.
 */
typedef bool terminal_keys_fn(void *arg, const char *bytes, size_t len);

/*
 * Give fn every key until it is done. Signals do what they do in a prompt, and before one of them stops or ends the
 * process, leave is called, which clears the screen up. 0, FED_E_NOT_FOUND (a signal, the terminal went away), FED_E_SYSTEM.
 */
FED_MUST_USE int terminal_keys(
    struct terminal *t, terminal_keys_fn *fn, void (*leave)(void *arg), void *arg);

#endif
