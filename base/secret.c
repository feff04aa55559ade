/*
 * The secret buffer. Growing copies, wipes the old bytes and frees them; realloc would leave them.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/secret.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { FIRST_CAP = 64 };

void
fed_secret_init(struct fed_secret *s, size_t limit)
{
    *s = FED_SECRET_INIT(limit);
}

void
fed_secret_init_locked(struct fed_secret *s, size_t limit)
{
    *s = FED_SECRET_INIT(limit);
    s->locked = true;
}

static size_t
round_to_page(size_t n)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);

    return (n + page - 1) / page * page;
}

/* A locked secret has pages of its own: mlock and MADV_DONTDUMP work on whole pages. */
static unsigned char *
allocate(size_t *cap, bool locked)
{
    if (!locked)
        return calloc(1, *cap);
    *cap = round_to_page(*cap);
    unsigned char *p = mmap(NULL, *cap, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        return NULL;
    (void)mlock(p, *cap);
    (void)madvise(p, *cap, MADV_DONTDUMP);
    return p;
}

static void
release(struct fed_secret *s)
{
    if (s->data == NULL)
        return;
    explicit_bzero(s->data, s->cap);
    if (s->locked)
        (void)munmap(s->data, s->cap);
    else
        free(s->data);
    s->data = NULL;
    s->len = s->cap = 0;
}

void
fed_secret_done(struct fed_secret *s)
{
    if (s != NULL)
        release(s);
}

void
fed_secret_clear(struct fed_secret *s)
{
    if (s->data != NULL)
        explicit_bzero(s->data, s->cap);
    s->len = 0;
}

/* Room for len bytes and a NUL; len is within the limit already. */
static int
reserve(struct fed_secret *s, size_t len)
{
    if (s->data != NULL && len < s->cap)
        return 0;

    size_t cap = s->cap != 0 ? s->cap : FIRST_CAP;
    while (cap <= len)
        cap = cap > SIZE_MAX / 2 ? len + 1 : cap * 2;
    unsigned char *grown = allocate(&cap, s->locked);
    if (grown == NULL)
        return FED_E_NOMEM;
    size_t used = s->len;
    if (used != 0)
        memcpy(grown, s->data, used);
    release(s);
    s->data = grown;
    s->cap = cap;
    s->len = used;
    return 0;
}

int
fed_secret_resize(struct fed_secret *s, size_t len)
{
    if (len > s->limit || len == SIZE_MAX)
        return FED_E_TOO_BIG;
    int r = reserve(s, len);
    if (r != 0)
        return r;
    if (len < s->len)
        explicit_bzero(s->data + len, s->len - len);
    s->len = len;
    s->data[len] = '\0';
    return 0;
}

int
fed_secret_add(struct fed_secret *s, const void *data, size_t len)
{
    if (len > s->limit - s->len)
        return FED_E_TOO_BIG;
    int r = reserve(s, s->len + len);
    if (r != 0)
        return r;
    if (len != 0)
        memcpy(s->data + s->len, data, len);
    s->len += len;
    s->data[s->len] = '\0';
    return 0;
}

int
fed_secret_add_str(struct fed_secret *s, const char *text)
{
    return fed_secret_add(s, text, strlen(text));
}

int
fed_secret_add_byte(struct fed_secret *s, unsigned char byte)
{
    return fed_secret_add(s, &byte, 1);
}

int
fed_secret_addf(struct fed_secret *s, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    int need = vsnprintf(NULL, 0, format, ap);
    va_end(ap);
    if (need < 0)
        return FED_E_INVALID;
    if ((size_t)need > s->limit - s->len)
        return FED_E_TOO_BIG;
    int r = reserve(s, s->len + (size_t)need);
    if (r != 0)
        return r;
    va_start(ap, format);
    (void)vsnprintf((char *)s->data + s->len, (size_t)need + 1, format, ap);
    va_end(ap);
    s->len += (size_t)need;
    return 0;
}

int
fed_secret_set(struct fed_secret *s, const void *data, size_t len)
{
    struct fed_secret fresh = FED_SECRET_INIT(s->limit);

    fresh.locked = s->locked;
    int r = fed_secret_add(&fresh, data, len);
    if (r != 0)
        return r;
    release(s);
    *s = fresh;
    return 0;
}

void
fed_secret_move(struct fed_secret *to, struct fed_secret *from)
{
    release(to);
    *to = *from;
    *from = FED_SECRET_INIT(to->limit);
    from->locked = to->locked;
}

const char *
fed_secret_str(const struct fed_secret *s)
{
    return s->data != NULL ? (const char *)s->data : "";
}

bool
fed_secret_equal(const void *a, size_t a_len, const void *b, size_t b_len)
{
    const volatile unsigned char *x = a;
    const volatile unsigned char *y = b;
    unsigned char difference = 0;

    if (a_len != b_len)
        return false;
    for (size_t i = 0; i < a_len; i++)
        difference |= (unsigned char)(x[i] ^ y[i]);
    return difference == 0;
}

void
fed_wipe_str(char *text)
{
    if (text == NULL)
        return;
    explicit_bzero(text, strlen(text));
    free(text);
}
