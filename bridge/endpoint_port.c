/*
 * Choosing a port, once.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/endpoint_port.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "bridge/state_file.h"

#define FILE_NAME "endpoint-port"

enum { LOWEST = 600, HIGHEST = 1023, TRIES = 64, BACKLOG = 1024, DIGITS_MAX = 8 };

/* A socket that listens on the port (0 = any), or -1 with errno. */
static int
listen_on(unsigned port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
        .sin_port = htons((uint16_t)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), one = 1;

    if (fd < 0)
        return -1;
    /* Connections of the bridge before that still wind down do not keep it from its port. */
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) != 0 ||
        bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 || listen(fd, BACKLOG) != 0) {
        int error = errno;
        (void)close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

static unsigned
kept_port(const char *state_dir, uid_t owner)
{
    struct fed_secret text = FED_SECRET_INIT(DIGITS_MAX);
    char why[STATE_FILE_WHY_MAX];
    uint64_t port = 0;
    int r = state_file_read(state_dir, FILE_NAME, owner, &text, why);

    if (r == 0 && (text_to_u64(fed_secret_str(&text), &port) != 0 || port == 0 || port > 65535)) {
        fed_log_warning("\"%s/%s\" is not a port: another is chosen", state_dir, FILE_NAME);
        port = 0;
    } else if (r == FED_E_PERMISSION || r == FED_E_TOO_BIG) {
        fed_log_warning("%s: another port is chosen for the session endpoint", why);
    }
    fed_secret_done(&text);
    return (unsigned)port;
}

static int
listen_anywhere(void)
{
    for (int i = 0; i < TRIES; i++) {
        uint16_t dice;
        if (getrandom(&dice, sizeof(dice), 0) != (ssize_t)sizeof(dice))
            break;
        unsigned port = LOWEST + dice % (HIGHEST - LOWEST + 1);
        if (getservbyport(htons((uint16_t)port), "tcp") != NULL)
            continue; /* it may be started later */
        int fd = listen_on(port);
        if (fd >= 0)
            return fd;
        if (errno == EACCES)
            break;
    }
    return listen_on(0);
}

int
endpoint_port_open(
    unsigned wanted, const char *state_dir, uid_t owner, int *ret_fd, unsigned *ret_port, char *why)
{
    unsigned kept = wanted == 0 ? kept_port(state_dir, owner) : 0;
    struct sockaddr_in address;
    socklen_t len = sizeof(address);
    int fd = -1;

    if (wanted != 0)
        fd = listen_on(wanted);
    else if (kept != 0 && (fd = listen_on(kept)) < 0)
        fed_log_warning("port %u of the session endpoint is taken (%s): another is chosen, and who "
                        "is logged in must log in again to use it",
            kept, strerror(errno));
    if (wanted == 0 && fd < 0)
        fd = listen_anywhere();
    if (fd < 0 || getsockname(fd, (struct sockaddr *)&address, &len) != 0) {
        (void)snprintf(why, ENDPOINT_PORT_WHY_MAX,
            "[bridge] endpoint-port: cannot listen on 127.0.0.1 port %u: %s; choose another, or "
            "say "
            "session-endpoint = no",
            wanted, strerror(errno));
        if (fd >= 0)
            (void)close(fd);
        return FED_E_CONFIG;
    }
    *ret_fd = fd;
    *ret_port = ntohs(address.sin_port);
    return 0;
}

void
endpoint_port_keep(const char *state_dir, unsigned port)
{
    char text[DIGITS_MAX], why[STATE_FILE_WHY_MAX];
    int n = snprintf(text, sizeof(text), "%u", port);

    if (state_file_write(state_dir, FILE_NAME, text, (size_t)n, why) != 0)
        fed_log_warning("%s: the session endpoint may get another port at the next start", why);
}
