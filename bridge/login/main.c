/*
 * awsfed-login: what a person and the SDKs on the host run to get from a login to AWS. It keeps
 * nothing and decides nothing; the bridge does. It needs libc alone and starts in a millisecond.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>

#include "bridge/login/exec.h"
#include "bridge/login/help.h"
#include "bridge/login/options.h"
#include "bridge/login/output.h"
#include "bridge/login/progress.h"

static enum outcome
print(const char *text)
{
    struct fed_secret out = FED_SECRET_INIT(OUTPUT_MAX);

    int r = fed_secret_add_str(&out, text);
    enum outcome outcome = output_write(&out, r);
    fed_secret_done(&out);
    return outcome;
}

static enum outcome
run(int argc, const char *const *argv)
{
    struct options o;

    enum outcome outcome =
        options_parse(argc, argv, getenv("SHELL"), secure_getenv("AWSFED_SOCKET"), &o);
    if (outcome != OUTCOME_DONE)
        return outcome;
    if (o.help)
        return print(help_of(o.word->name));
    if (o.version)
        return print("awsfed-login " AWSFED_VERSION "\n");
    if (o.word->shows_progress && !o.quiet && !o.prompt)
        progress_allow();
    return o.word->run(&o);
}

int
main(int argc, char **argv)
{
    exec_remember_signals();
    /* Passwords and keys pass through here: no core dump, no debugger of another process (I-57). */
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    /* A reader that went away is an error of write(2), not the end before anything is wiped. */
    (void)signal(SIGPIPE, SIG_IGN);
    return (int)run(argc, (const char *const *)argv);
}
