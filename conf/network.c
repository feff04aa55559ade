/*
 * Networks, by inet_pton alone: the old notations that inet_aton also takes ("127.1", octal) are refused.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "conf/network.h"

#include <arpa/inet.h>
#include <string.h>

enum { ADDRESS_SIZE = 16, BITS_V6 = 128, BITS_V4 = 32, TEXT_MAX = INET6_ADDRSTRLEN + 4 };

/* Every address as IPv6, the IPv4 ones mapped (RFC 4291 section 2.5.5.2). */
static bool
parse_address(const char *text, unsigned char ret[ADDRESS_SIZE], bool *ret_v4)
{
    static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

    memcpy(ret, mapped, sizeof(mapped));
    *ret_v4 = inet_pton(AF_INET, text, ret + sizeof(mapped)) == 1;
    return *ret_v4 || inet_pton(AF_INET6, text, ret) == 1;
}

/* The length of a prefix, without sign, blank or leading zero. */
static bool
parse_bits(const char *text, unsigned most, unsigned *ret)
{
    size_t n = strlen(text);
    unsigned value = 0;

    if (n == 0 || n > 3 || strspn(text, "0123456789") != n || (n > 1 && text[0] == '0'))
        return false;
    for (size_t i = 0; i < n; i++)
        value = 10 * value + (unsigned)(text[i] - '0');
    *ret = value;
    return value <= most;
}

static bool
parse_network(const char *text, unsigned char ret[ADDRESS_SIZE], unsigned *ret_bits)
{
    char address[TEXT_MAX];
    size_t n = strcspn(text, "/");
    unsigned bits = 0;
    bool v4 = false;

    if (n >= sizeof(address))
        return false;
    memcpy(address, text, n);
    address[n] = '\0';
    if (!parse_address(address, ret, &v4))
        return false;
    unsigned most = v4 ? BITS_V4 : BITS_V6;
    if (text[n] == '\0')
        bits = most;
    else if (!parse_bits(text + n + 1, most, &bits))
        return false;
    *ret_bits = bits + BITS_V6 - most;
    return true;
}

/* Bit i of an address, from the left. */
static unsigned
bit(const unsigned char address[ADDRESS_SIZE], unsigned i)
{
    return (unsigned)address[i / 8] >> (7 - i % 8) & 1U;
}

bool
network_valid(const char *text)
{
    unsigned char network[ADDRESS_SIZE];
    unsigned bits = 0;

    if (!parse_network(text, network, &bits))
        return false;
    for (unsigned i = bits; i < BITS_V6; i++) {
        if (bit(network, i) != 0)
            return false;
    }
    return true;
}

static bool
begins_like(const unsigned char a[ADDRESS_SIZE], const unsigned char b[ADDRESS_SIZE], unsigned bits)
{
    for (unsigned i = 0; i < bits; i++) {
        if (bit(a, i) != bit(b, i))
            return false;
    }
    return true;
}

bool
network_has(const char *network, const char *address)
{
    unsigned char left[ADDRESS_SIZE], right[ADDRESS_SIZE];
    unsigned bits = 0;
    bool v4;

    return address != NULL && parse_network(network, left, &bits) &&
           parse_address(address, right, &v4) && begins_like(left, right, bits);
}

bool
network_covers(const char *outer, const char *inner)
{
    unsigned char left[ADDRESS_SIZE], right[ADDRESS_SIZE];
    unsigned bits = 0, inner_bits = 0;

    return parse_network(outer, left, &bits) && parse_network(inner, right, &inner_bits) &&
           bits <= inner_bits && begins_like(left, right, bits);
}
