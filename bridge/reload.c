/*
 * From SIGHUP to another book of roles, and to the audit file that log rotation has made.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/reload.h"

#include "base/log.h"

static int
read_again(struct bridge *b, struct conf **ret)
{
    struct conf_errors errors;
    int r = conf_read(b->conf_dir, ret, &errors);

    for (size_t i = 0; i < errors.n; i++)
        fed_log_error("%s", errors.lines[i]);
    conf_errors_done(&errors);
    return r;
}

/* Whatever becomes of the configuration: whoever has moved the file away waits for it. */
static void
turn_to_fresh_trail(struct audit *audit)
{
    char why[BRIDGE_WHY_MAX];

    if (audit_reopen(audit, why, sizeof(why)) != 0)
        fed_log_error("audit lines go on into the old file: %s", why);
}

void
reload(struct bridge *b)
{
    struct conf *conf = NULL;

    turn_to_fresh_trail(b->audit);
    int r = read_again(b, &conf);

    if (r == 0)
        r = mapper_reload(b->mapper, conf);
    struct audit_event e = {.event = "reload", .outcome = r};
    int audited = audit_write(b->audit, &e);
    (void)audited; /* the journal has it too, and a role that is gone must go */
    if (r == 0)
        fed_log_info("read \"%s\" again: %zu role(s), %zu pattern(s)", b->conf_dir, conf->n_roles,
            conf->n_patterns);
    else
        fed_log_error(
            "\"%s\" was not taken, the roles stay as they were: %s", b->conf_dir, fed_strerror(r));
    conf_free(conf);
}
