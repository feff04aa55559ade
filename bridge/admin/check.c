/*
 * awsfed-admin check: the configuration and the files that it names, offline.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/admin/words.h"

#include <stdio.h>

#include "bridge/check.h"
#include "conf/conf.h"

static void
print_lines(FILE *to, const char *before, const struct conf_errors *lines)
{
    for (size_t i = 0; i < lines->n; i++)
        (void)fprintf(to, "%s%s\n", before, lines->lines[i]);
}

int
word_check(const struct admin *admin, int argc, char **argv)
{
    struct conf_errors errors, faults = {0}, notes = {0};
    struct conf *conf = NULL;

    if (argc > 1)
        return admin_usage(argv[1]);
    int r = conf_read(admin->conf_dir, &conf, &errors);
    print_lines(stderr, "", &errors);
    conf_errors_done(&errors);
    if (r != 0)
        return ADMIN_FAILED;
    check_files(conf, &faults, &notes);
    print_lines(stderr, "", &faults);
    print_lines(stdout, "note: ", &notes);
    if (faults.n == 0)
        (void)printf("%s: in order: %zu domain(s), %zu role(s)\n", admin->conf_dir, conf->n_domains,
            conf->n_roles);
    int status = faults.n == 0 ? ADMIN_DONE : ADMIN_FAILED;
    conf_errors_done(&faults);
    conf_errors_done(&notes);
    conf_free(conf);
    return status;
}
