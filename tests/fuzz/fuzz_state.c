/*
 * The saved state's reader on any bytes, and what else is read at the start or from the kernel: no crash, and what is
 * accepted comes out of another writing and reading as it was.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/state.h"
#include "bridge/tcp_owner.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_state(const uint8_t *data, size_t size)
{
    struct fed_secret text = FED_SECRET_INIT(STATE_MAX);
    struct state first, second;

    if (state_parse(data, size, &first) != 0)
        return;
    if (state_format(&first, &text) != 0 || state_parse(text.data, text.len, &second) != 0)
        abort();
    if (first.n_tickets != second.n_tickets || first.n_sessions != second.n_sessions)
        abort();
    for (size_t i = 0; i < first.n_tickets; i++) {
        const struct state_ticket *a = &first.tickets[i], *b = &second.tickets[i];
        if (strcmp(a->user, b->user) != 0 || strcmp(a->dn, b->dn) != 0 || a->ends_s != b->ends_s ||
            text_check_name(a->user) != 0)
            abort();
    }
    fed_secret_done(&text);
    state_done(&first);
    state_done(&second);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sockaddr_in peer = {.sin_family = AF_INET};
    uint64_t started;
    uid_t uid;

    check_state(data, size);
    int r = process_parse_stat((const char *)data, size, &started);
    (void)r;
    r = tcp_owner_parse(data, size, 0, &peer, &uid);
    (void)r;
    return 0;
}
