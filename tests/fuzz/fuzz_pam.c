/*
 * Any bytes as a PAM service's file that includes itself, and as sshd's: every word lies in its line, and every stack has a verdict.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "conf/pamlint.h"
#include "conf/sshdconf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct bytes {
    const uint8_t *data;
    size_t size;
    unsigned reads;
};

static int
give(void *arg, const char *path, struct fed_secret *ret, char *why)
{
    struct bytes *bytes = arg;

    (void)path;
    if (bytes->reads++ == 8) {
        why[0] = '\0';
        return FED_E_NOT_FOUND;
    }
    return fed_secret_add(ret, bytes->data, bytes->size);
}

static void
read_lines(const uint8_t *data, size_t size)
{
    enum pamfile_found found;
    struct pamfile_line line;
    struct pamfile file;
    unsigned last = 0;
    const char *what;

    pamfile_begin(&file, data, size);
    while ((found = pamfile_next(&file, &line, &what)) != PAMFILE_END) {
        if (line.number <= last)
            abort();
        last = line.number;
        if (found == PAMFILE_WRONG)
            continue;
        for (size_t i = 0; i < line.n_args; i++) {
            if (line.args[i] < line.text ||
                line.args[i] + strlen(line.args[i]) >= line.text + sizeof(line.text))
                abort();
        }
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes bytes = {data, size, 0};
    struct findings findings = {0};
    struct sshdconf_line setting;
    struct pamstack *stack;
    struct sshdconf sshd;

    read_lines(data, size);
    if (pamstack_load("d", "s", give, &bytes, &stack, &findings) == 0) {
        pamlint(stack, "s", &findings);
        pamstack_free(stack);
    }
    findings_done(&findings);
    sshdconf_begin(&sshd, data, size);
    while (sshdconf_next(&sshd, &setting)) {
        if (setting.keyword[0] == '\0')
            abort();
    }
    return 0;
}
