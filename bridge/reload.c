/*
 * From SIGHUP to another book of roles.
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

void
reload(struct bridge *b)
{
    struct conf *conf = NULL;
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
