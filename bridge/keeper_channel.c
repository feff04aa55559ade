/*
 * One packet out, one packet in.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/keeper_channel.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

int
channel_send(int fd, const struct fed_secret *packet)
{
    ssize_t n;

    do
        n = send(fd, packet->data, packet->len, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    return n == (ssize_t)packet->len ? 0 : FED_E_KEEPER;
}

int
channel_say(int fd, enum keeper_question question, int status, const char *why)
{
    struct fed_secret packet = FED_SECRET_INIT(KEEPER_REPLY_MAX);
    struct keeper_reply words = {
        .question = question,
        .status = status,
        .text = (const unsigned char *)why,
        .text_len = strlen(why),
    };

    int r = keeper_wire_put_reply(&words, &packet);
    if (r == 0)
        r = channel_send(fd, &packet);
    fed_secret_done(&packet);
    return r;
}

int
channel_receive(int fd, size_t most, struct fed_secret *ret, size_t *ret_len)
{
    ssize_t n;

    int r = fed_secret_resize(ret, most);
    if (r != 0)
        return r;
    do
        n = recv(fd, ret->data, ret->len, MSG_TRUNC);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return FED_E_KEEPER;
    *ret_len = (size_t)n;
    return 0;
}
