/*
 * How long does the session endpoint take? "endpoint PORT RATE SECONDS", the token on standard input: one request at each
 * tick of the clock, each on a connection of its own as SDKs do it, timed from its tick to the end of the answer: so a slow
 * answer counts against those behind it too. Prints, asserts nothing.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int64_t
now_ns(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static bool
ask(const struct sockaddr_in *address, const char *request)
{
    char reply[16384];
    size_t len = 0;
    ssize_t n = -1;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 &&
        write(fd, request, strlen(request)) == (ssize_t)strlen(request)) {
        while (len < sizeof(reply) && (n = read(fd, reply + len, sizeof(reply) - len)) > 0)
            len += (size_t)n;
    }
    if (fd >= 0)
        (void)close(fd);
    return n == 0 && len > 12 && memcmp(reply + 9, "200", 3) == 0;
}

static int
compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

int
main(int argc, char **argv)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    char token[64] = "", request[512];
    size_t failed = 0;

    if (argc != 4 || fgets(token, sizeof(token), stdin) == NULL)
        return 2;
    token[strcspn(token, "\n")] = '\0';
    long port = strtol(argv[1], NULL, 10), rate = strtol(argv[2], NULL, 10),
         seconds = strtol(argv[3], NULL, 10);
    if (port <= 0 || port > 65535 || rate <= 0 || rate > 100000 || seconds <= 0 || seconds > 600)
        return 2;
    address.sin_port = htons((uint16_t)port);
    (void)snprintf(request, sizeof(request),
        "GET /credentials HTTP/1.1\r\nHost: 127.0.0.1:%ld\r\nAuthorization: %s\r\n\r\n", port,
        token);
    size_t n = (size_t)(rate * seconds);
    int64_t *took = calloc(n, sizeof(*took)), begun = now_ns();
    if (took == NULL)
        return 1;
    for (size_t i = 0; i < n; i++) {
        int64_t tick = begun + (int64_t)i * 1000000000 / rate, wait = tick - now_ns();
        if (wait > 0) {
            struct timespec ts = {.tv_sec = wait / 1000000000, .tv_nsec = wait % 1000000000};
            (void)nanosleep(&ts, NULL);
        }
        failed += !ask(&address, request);
        took[i] = now_ns() - tick;
    }
    double elapsed = (double)(now_ns() - begun) / 1e9;
    qsort(took, n, sizeof(*took), compare);
    (void)printf("session endpoint: %zu requests, %.0f/s, %zu failed: p50 %.2f ms, p99 %.2f ms, "
                 "longest %.2f ms\n",
        n, (double)n / elapsed, failed, (double)took[n / 2] / 1e6, (double)took[n * 99 / 100] / 1e6,
        (double)took[n - 1] / 1e6);
    free(took);
    return failed == 0 ? 0 : 1;
}
