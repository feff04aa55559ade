/*
 * Edit distance with neighbouring letters swapped counting as one edit (optimal string alignment).
 * SPDX-License-Identifier: Apache-2.0
 */
#include "conf/nearest.h"

#include <string.h>

enum { LONGEST = 40 };

static char
lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static unsigned
least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Both words are LONGEST long at most. */
static unsigned
distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    unsigned table[LONGEST + 1][LONGEST + 1];

    for (size_t i = 0; i <= a_len; i++)
        table[i][0] = (unsigned)i;
    for (size_t j = 0; j <= b_len; j++)
        table[0][j] = (unsigned)j;
    for (size_t i = 1; i <= a_len; i++) {
        for (size_t j = 1; j <= b_len; j++) {
            char x = lower(a[i - 1]), y = lower(b[j - 1]);
            unsigned n = least(table[i - 1][j], table[i][j - 1]) + 1;
            n = least(n, table[i - 1][j - 1] + (x != y));
            if (i > 1 && j > 1 && x == lower(b[j - 2]) && y == lower(a[i - 2]))
                n = least(n, table[i - 2][j - 2] + 1);
            table[i][j] = n;
        }
    }
    return table[a_len][b_len];
}

struct nearest
nearest_start(const char *typed)
{
    return (struct nearest){.typed = typed};
}

void
nearest_offer(struct nearest *nearest, const char *known)
{
    size_t typed_len = strlen(nearest->typed), known_len = strlen(known);

    if (typed_len > LONGEST || known_len > LONGEST)
        return;
    unsigned d = distance(nearest->typed, typed_len, known, known_len);
    if (d > 1 + known_len / 4)
        return;
    if (nearest->best == NULL || d < nearest->distance) {
        nearest->best = known;
        nearest->distance = d;
    }
}
