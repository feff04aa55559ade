/*
 * Three tools for handout.py. "print" writes a line that was compiled in: the least that any
 * credential_process can do. "time N A... -- B..." runs both commands N times in turn and writes
 * two columns of whole-process times in microseconds: spawn, run, read its output, wait. "serve
 * SOCKET FILE" is a bridge without a thought: to each request, the reply in the file.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <inttypes.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef LINE
#define LINE ""
#endif

extern char **environ;

static int64_t
now_ns(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* One run; its time, or -1 when it failed or wrote nothing. */
static int64_t
run(char **argv)
{
    posix_spawn_file_actions_t actions;
    char buffer[65536];
    size_t total = 0;
    ssize_t n;
    int ends[2], status;
    pid_t pid;

    if (pipe(ends) != 0 || posix_spawn_file_actions_init(&actions) != 0)
        return -1;
    (void)posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    (void)posix_spawn_file_actions_addclose(&actions, ends[0]);
    (void)posix_spawn_file_actions_addclose(&actions, ends[1]);
    int64_t begun = now_ns();
    if (posix_spawn(&pid, argv[0], &actions, NULL, argv, environ) != 0)
        return -1;
    (void)close(ends[1]);
    while ((n = read(ends[0], buffer, sizeof(buffer))) > 0)
        total += (size_t)n;
    bool good = waitpid(pid, &status, 0) == pid && status == 0 && total > 0;
    int64_t took = now_ns() - begun;
    (void)close(ends[0]);
    (void)posix_spawn_file_actions_destroy(&actions);
    return good ? took : -1;
}

static int
measure(char **argv)
{
    long count = strtol(argv[0], NULL, 10);
    char **a = argv + 1, **b = a;

    while (*b != NULL && strcmp(*b, "--") != 0)
        b++;
    if (count <= 0 || *b == NULL)
        return 2;
    *b++ = NULL;
    for (long i = 0; i < count; i++) {
        int64_t first = run(a), second = run(b);
        if (first < 0 || second < 0)
            return 1;
        (void)printf("%.1f %.1f\n", (double)first / 1000, (double)second / 1000);
    }
    return 0;
}

/* The reply carries its request's number, 8 bytes from offset 4 (base/wire.h). */
static int
serve(const char *path, const char *file)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    unsigned char request[16384], reply[65536];
    size_t len = 0;

    FILE *f = fopen(file, "rb");
    if (f == NULL || (len = fread(reply, 1, sizeof(reply), f)) < 16)
        return 1;
    (void)fclose(f);
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    int listener = socket(AF_UNIX, SOCK_SEQPACKET, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        listen(listener, 8) != 0)
        return 1;
    for (int peer; (peer = accept(listener, NULL, NULL)) >= 0; (void)close(peer)) {
        if (recv(peer, request, sizeof(request), 0) < 16)
            continue;
        memcpy(reply + 4, request + 4, 8);
        (void)send(peer, reply, len, MSG_NOSIGNAL);
    }
    return 1;
}

int
main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "print") == 0)
        return write(STDOUT_FILENO, LINE, sizeof(LINE) - 1) == (ssize_t)sizeof(LINE) - 1 ? 0 : 1;
    if (argc > 4 && strcmp(argv[1], "time") == 0)
        return measure(argv + 2);
    if (argc == 4 && strcmp(argv[1], "serve") == 0)
        return serve(argv[2], argv[3]);
    return 2;
}
