/*
 * SRV records by glibc's resolver: one query each, its answer walked here.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ldap/srv.h"

#include <arpa/nameser.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/text.h"

enum { QUESTION_FIXED = 4, RECORD_FIXED = 10, SRV_FIXED = 6, ASK_SECONDS = 1, ASK_TIMES = 2 };

static bool
is_host(const char *name)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789.-_";
    size_t len = strlen(name);

    return len > 0 && len < SRV_HOST_SIZE && name[0] != '.' && name[0] != '-' &&
           strspn(name, allowed) == len;
}

/* What is left of an answer. */
struct view {
    const unsigned char *start, *p, *end;
};

static unsigned
get16(const unsigned char *p)
{
    return (unsigned)p[0] << 8 | p[1];
}

/* Pass over a name and n bytes after it; lends those bytes, or NULL where they are not all there. */
static const unsigned char *
after_name(struct view *v, ptrdiff_t n)
{
    int skip = dn_skipname(v->p, v->end);
    const unsigned char *found = v->p + (skip < 0 ? 0 : skip);

    if (skip < 0 || v->end - found < n)
        return NULL;
    v->p = found + n;
    return found;
}

/* One record's data: priority, weight, port (2 bytes each), then the name. False = not one to use. */
static bool
read_record(const struct view *v, const unsigned char *data, size_t len, struct srv *ret)
{
    char name[NS_MAXDNAME];

    if (len <= SRV_FIXED || ns_name_uncompress(v->start, v->end, data + SRV_FIXED, name,
                                sizeof(name)) != (int)len - SRV_FIXED)
        return false;
    ret->priority = (uint16_t)get16(data);
    ret->weight = (uint16_t)get16(data + 2);
    ret->port = (uint16_t)get16(data + 4);
    if (strlen(name) >= sizeof(ret->host))
        return false;
    (void)text_lower(ret->host, sizeof(ret->host), name);
    return is_host(ret->host);
}

/* The records of the answer section. */
static int
read_records(struct view *v, unsigned n, struct srv_list *ret)
{
    for (unsigned i = 0; i < n; i++) {
        const unsigned char *fixed = after_name(v, RECORD_FIXED), *data = v->p;
        if (fixed == NULL || v->end - data < (ptrdiff_t)get16(fixed + 8))
            return FED_E_DIRECTORY;
        v->p += get16(fixed + 8);
        if (get16(fixed) != ns_t_srv || get16(fixed + 2) != ns_c_in || ret->n == SRV_MAX)
            continue;
        ret->items[ret->n].ttl_s = (uint32_t)get16(fixed + 4) << 16 | get16(fixed + 6);
        ret->n += read_record(v, data, get16(fixed + 8), &ret->items[ret->n]);
    }
    return 0;
}

/*
 * RFC 1035 section 4.1: number, flags, counts of questions, answers, authorities, others; 2 bytes each. The
 * records after the answers are not ours to read.
 */
int
srv_parse(const void *data, size_t len, struct srv_list *ret)
{
    enum { FLAG_ANSWER = 0x8000, FLAG_CUT = 0x0200, RCODE = 0xf };
    const unsigned char *header = data;
    struct view v = {data, header + NS_HFIXEDSZ, header + len};
    unsigned flags;

    if (len < NS_HFIXEDSZ || len > SRV_ANSWER_MAX)
        return FED_E_DIRECTORY;
    flags = get16(header + 2);
    if ((flags & FLAG_ANSWER) == 0 || (flags & FLAG_CUT) != 0)
        return FED_E_DIRECTORY;
    for (unsigned i = 0; i < get16(header + 4); i++)
        if (after_name(&v, QUESTION_FIXED) == NULL)
            return FED_E_DIRECTORY;
    if ((flags & RCODE) != ns_r_noerror && (flags & RCODE) != ns_r_nxdomain)
        return FED_E_DIRECTORY;
    ret->n = 0;
    return (flags & RCODE) == ns_r_nxdomain ? 0 : read_records(&v, get16(header + 6), ret);
}

/* ---- The order ---- */

static uint32_t
kernel_random(size_t i)
{
    uint32_t random = 0;

    (void)i;
    /* Without randomness this host prefers one server for a while, no worse. */
    if (getrandom(&random, sizeof(random), GRND_NONBLOCK) != sizeof(random))
        random = 0;
    return random;
}

/* Weight 0 comes first among equals, so that it has a chance at all (RFC 2782, "Weight"). */
static int
compare(const void *a, const void *b)
{
    const struct srv *x = a, *y = b;

    if (x->priority != y->priority)
        return x->priority < y->priority ? -1 : 1;
    return (x->weight != 0) - (y->weight != 0);
}

static void
move_to(struct srv *items, size_t from, size_t to)
{
    struct srv moved = items[from];

    memmove(items + to + 1, items + to, (from - to) * sizeof(*items));
    items[to] = moved;
}

void
srv_order(struct srv_list *list, uint32_t (*random)(size_t i))
{
    if (random == NULL)
        random = kernel_random;
    if (list->n > 1)
        qsort(list->items, list->n, sizeof(list->items[0]), compare);
    for (size_t i = 0; i < list->n; i++) {
        uint32_t sum = 0, at = 0, drawn;
        size_t end = i, j = i;

        for (; end < list->n && list->items[end].priority == list->items[i].priority; end++)
            sum += list->items[end].weight;
        drawn = random(i) % (sum + 1);
        for (; j + 1 < end; j++) {
            at += list->items[j].weight;
            if (at >= drawn)
                break;
        }
        move_to(list->items, j, i);
    }
}

/* ---- The question ---- */

int
srv_ask(const char *name, struct srv_list *ret)
{
    struct __res_state state = {0};
    unsigned char *answer;
    int len, r = FED_E_DIRECTORY;

    if (res_ninit(&state) != 0)
        return FED_E_DIRECTORY;
    state.retrans = ASK_SECONDS;
    state.retry = ASK_TIMES;
    answer = malloc(SRV_ANSWER_MAX);
    if (answer == NULL) {
        r = FED_E_NOMEM;
        goto out;
    }

    len = res_nquery(&state, name, ns_c_in, ns_t_srv, answer, SRV_ANSWER_MAX);
    if (len < 0 && state.res_h_errno != HOST_NOT_FOUND && state.res_h_errno != NO_DATA)
        goto out;
    if (len < 0) {
        ret->n = 0;
        r = 0;
        goto out;
    }
    r = srv_parse(answer, (size_t)(len < SRV_ANSWER_MAX ? len : SRV_ANSWER_MAX), ret);
out:
    free(answer);
    res_nclose(&state);
    return r;
}
