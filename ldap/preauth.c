/*
 * Looking for counts of rounds in DER: in the e-data of a KRB-ERROR, in the padata of an AS-REP. No more of DER is known
 * here than that needs.
 *
 *   KRB-ERROR [APPLICATION 30] SEQUENCE { … [12] OCTET STRING of METHOD-DATA }
 *   AS-REP    [APPLICATION 11] SEQUENCE { … [2] METHOD-DATA … }
 *   METHOD-DATA  SEQUENCE OF SEQUENCE { [1] type INTEGER, [2] OCTET STRING, with type 19 of ETYPE-INFO2 }
 *   ETYPE-INFO2  SEQUENCE OF SEQUENCE { [0] etype, [1] salt, [2] OCTET STRING: for AES the count, 4 bytes }
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ldap/preauth.h"

#include <stdbool.h>

#include "ldap/why.h"

enum {
    INTEGER = 0x02,
    OCTETS = 0x04,
    SEQUENCE = 0x30,
    KRB_ERROR = 0x7e,
    AS_REP = 0x6b,
    FIELD = 0xa0,
    TYPE_ETYPE_INFO2 = 19,
};

struct der {
    const uint8_t *p;
    size_t len;
};

/*
 * Take the first element off from; false at the end. What is not whole, or in a form that DER has no use for here, spoils all:
 * libkrb5 might read it otherwise.
 */
static bool
take(struct der *from, uint8_t *ret_tag, struct der *ret, bool *spoilt)
{
    size_t head = 2, n = 0, len;

    if (from->len == 0)
        return false;
    *spoilt = true;
    if (from->len < head || (from->p[0] & 0x1f) == 0x1f)
        return false;
    len = from->p[1];
    if (len >= 0x80) {
        n = len & 0x7f;
        if (n == 0 || n > 3 || from->len - head < n)
            return false;
        len = 0;
        for (size_t i = 0; i < n; i++)
            len = len << 8 | from->p[head + i];
    }
    head += n;
    if (from->len - head < len)
        return false;
    *ret_tag = from->p[0];
    *ret = (struct der){from->p + head, len};
    from->p += head + len;
    from->len -= head + len;
    *spoilt = false;
    return true;
}

/* Go into the one element of in, which has to have this tag. */
static struct der
enter(struct der in, uint8_t tag, bool *spoilt)
{
    struct der inside = {NULL, 0};
    uint8_t found = 0;

    if (!take(&in, &found, &inside, spoilt) || found != tag || in.len > 0)
        *spoilt = true;
    return inside;
}

/* The content of a field of a sequence; false when there is none. */
static bool
field(struct der sequence, unsigned n, struct der *ret, bool *spoilt)
{
    uint8_t tag;

    while (take(&sequence, &tag, ret, spoilt))
        if (tag == (FIELD | n))
            return true;
    return false;
}

static uint64_t
number(struct der bytes, bool *spoilt)
{
    uint64_t n = 0;

    if (bytes.len == 0 || bytes.len > 8)
        *spoilt = true;
    for (size_t i = 0; i < bytes.len && i < 8; i++)
        n = n << 8 | bytes.p[i];
    return n;
}

/* Is the count, where one is said, one that we make keys by? */
static void
look_at_etype(struct der etype, bool *spoilt)
{
    struct der params;

    if (!field(etype, 2, &params, spoilt))
        return;
    struct der count = enter(params, OCTETS, spoilt);
    uint64_t n = number(count, spoilt);
    if (count.len != 4 || n < PREAUTH_ROUNDS_LEAST || n > PREAUTH_ROUNDS_MOST)
        *spoilt = true;
}

static void
look_at_method(struct der method, bool *spoilt)
{
    struct der type, value, one;
    uint8_t tag;

    if (!field(method, 1, &type, spoilt) ||
        number(enter(type, INTEGER, spoilt), spoilt) != TYPE_ETYPE_INFO2 ||
        !field(method, 2, &value, spoilt))
        return;
    struct der etypes = enter(enter(value, OCTETS, spoilt), SEQUENCE, spoilt);
    while (!*spoilt && take(&etypes, &tag, &one, spoilt))
        look_at_etype(one, spoilt);
}

/* METHOD-DATA; data of other kinds, which have no sequences in the sequence, are passed over. */
static void
look_at_methods(struct der methods, bool *spoilt)
{
    struct der all = enter(methods, SEQUENCE, spoilt), one;
    uint8_t tag;

    while (!*spoilt && take(&all, &tag, &one, spoilt))
        if (tag == SEQUENCE)
            look_at_method(one, spoilt);
}

int
preauth_look(const uint8_t *answer, size_t len, char *why)
{
    struct der message = {answer, len}, outer = {NULL, 0}, data;
    uint8_t tag = 0;
    bool spoilt = false;

    if (!take(&message, &tag, &outer, &spoilt) || (tag != KRB_ERROR && tag != AS_REP))
        return why_not(why, FED_E_DIRECTORY, "Kerberos: the answer is none");
    struct der fields = enter(outer, SEQUENCE, &spoilt);
    if (tag == KRB_ERROR && field(fields, 12, &data, &spoilt))
        look_at_methods(enter(data, OCTETS, &spoilt), &spoilt);
    else if (tag == AS_REP && field(fields, 2, &data, &spoilt))
        look_at_methods(data, &spoilt);
    return !spoilt ? 0
                   : why_not(why, FED_E_DIRECTORY,
                         "Kerberos: the answer wants a key to be made of the password as no domain "
                         "controller does");
}
