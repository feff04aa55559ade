/*
 * Marks, and a diff that needs no algorithm: one region of the file is changed, so what is equal at both
 * ends is its context.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/login/block.h"

#include <string.h>

#include "bridge/login/ini.h"

enum { CONTEXT = 3 };

/* Is this line a mark? Whatever follows the mark's words on the line is a remark. */
static bool
is_mark(const struct ini_line *line, const char *mark)
{
    size_t len = strlen(mark);

    return line->len >= len && memcmp(line->text, mark, len) == 0 &&
           (line->len == len || strchr(" :\r\n", line->text[len]) != NULL);
}

int
block_find(const void *data, size_t len, struct block *ret_block, size_t *ret_line)
{
    struct block block = {len, len};
    struct ini_line line;
    struct ini ini;
    bool open = false, closed = false;
    size_t at = 0, number = 0;

    ini_begin(&ini, data, len);
    for (; ini_next(&ini, &line); at += line.len) {
        bool begins = is_mark(&line, BLOCK_BEGIN), ends = is_mark(&line, BLOCK_END);
        if ((begins && (open || closed)) || (ends && !open)) {
            *ret_line = line.number;
            return FED_E_INVALID;
        }
        if (begins) {
            open = true;
            block.from = at;
            number = line.number;
        } else if (ends) {
            open = false;
            closed = true;
            block.to = at + line.len;
        }
    }
    if (open) {
        *ret_line = number;
        return FED_E_INVALID;
    }
    *ret_block = block;
    return 0;
}

static int
add_block(struct fed_secret *to, const struct fed_secret *content)
{
    int r = fed_secret_add_str(
        to, BLOCK_BEGIN ": by \"awsfed-login configure\", which writes these lines anew\n");

    if (r == 0)
        r = fed_secret_add(to, content->data, content->len);
    return r != 0 ? r : fed_secret_add_str(to, BLOCK_END "\n");
}

int
block_put(const struct fed_secret *before, const struct block *block,
    const struct fed_secret *content, struct fed_secret *ret_after)
{
    bool is_new = block->from == block->to;
    int r = fed_secret_add(ret_after, before->data, block->from);

    if (r != 0 || (is_new && content->len == 0))
        return r;
    if (is_new && before->len > 0)
        r = fed_secret_add_str(ret_after, before->data[before->len - 1] == '\n' ? "\n" : "\n\n");
    if (r == 0 && content->len > 0)
        r = add_block(ret_after, content);
    if (r == 0 && block->to < before->len)
        r = fed_secret_add(ret_after, before->data + block->to, before->len - block->to);
    return r;
}

/* ---- The difference ---- */

/* A text as lines: start is where the differing ones begin, end where they end, count how many there are. */
struct lines {
    const char *text;
    size_t len;
};

static size_t
line_at(const struct lines *l, size_t at)
{
    const char *newline = memchr(l->text + at, '\n', l->len - at);

    return newline != NULL ? (size_t)(newline - l->text) + 1 - at : l->len - at;
}

static size_t
count_lines(const struct lines *l, size_t from, size_t to)
{
    size_t n = 0;

    for (size_t at = from; at < to; at += line_at(l, at))
        n++;
    return n;
}

/* Back by up to n lines from the start of a line. */
static size_t
back(const struct lines *l, size_t at, size_t n)
{
    while (n-- > 0 && at > 0) {
        at--;
        while (at > 0 && l->text[at - 1] != '\n')
            at--;
    }
    return at;
}

static size_t
forward(const struct lines *l, size_t at, size_t n)
{
    while (n-- > 0 && at < l->len)
        at += line_at(l, at);
    return at;
}

static int
add_lines(struct fed_secret *to, char sign, const struct lines *l, size_t from, size_t end)
{
    int r = 0;

    while (r == 0 && from < end) {
        size_t n = line_at(l, from);
        if ((r = fed_secret_add_byte(to, (unsigned char)sign)) != 0 ||
            (r = fed_secret_add(to, l->text + from, n)) != 0)
            return r;
        from += n;
        if (l->text[from - 1] != '\n')
            r = fed_secret_add_str(to, "\n\\ No newline at end of file\n");
    }
    return r;
}

/* Bytes of whole lines that are equal at the beginning. */
static size_t
equal_head(const struct lines *a, const struct lines *b)
{
    size_t at = 0;

    while (at < a->len && at < b->len) {
        size_t n = line_at(a, at);
        if (n != line_at(b, at) || memcmp(a->text + at, b->text + at, n) != 0)
            break;
        at += n;
    }
    return at;
}

/* Bytes of whole lines that are equal at the end, beyond the head. */
static size_t
equal_tail(const struct lines *a, const struct lines *b, size_t head)
{
    size_t end_a = a->len, end_b = b->len;

    while (end_a > head && end_b > head) {
        size_t at_a = back(a, end_a, 1), at_b = back(b, end_b, 1);
        if (at_a < head || at_b < head || end_a - at_a != end_b - at_b ||
            memcmp(a->text + at_a, b->text + at_b, end_a - at_a) != 0)
            break;
        end_a = at_a;
        end_b = at_b;
    }
    return a->len - end_a;
}

/* "START,COUNT"; of no lines, START is the line before (as diff(1) has it). */
static int
add_range(struct fed_secret *to, char sign, const struct lines *l, size_t from, size_t end)
{
    size_t start = count_lines(l, 0, from), count = count_lines(l, from, end);

    return fed_secret_addf(to, "%c%zu,%zu ", sign, count > 0 ? start + 1 : start, count);
}

int
block_diff(const char *path, const struct fed_secret *before, const struct fed_secret *after,
    struct fed_secret *ret_diff)
{
    const struct lines a = {fed_secret_str(before), before->len};
    const struct lines b = {fed_secret_str(after), after->len};
    size_t head = equal_head(&a, &b), tail = equal_tail(&a, &b, head);
    int r;

    if (head == a.len && head == b.len)
        return 0;
    size_t from = back(&a, head, CONTEXT), end_a = a.len - tail, end_b = b.len - tail;
    size_t to_a = forward(&a, end_a, CONTEXT), to_b = forward(&b, end_b, CONTEXT);
    if ((r = fed_secret_addf(ret_diff, "--- %s\n+++ %s\n@@ ", path, path)) != 0 ||
        (r = add_range(ret_diff, '-', &a, from, to_a)) != 0 ||
        (r = add_range(ret_diff, '+', &b, from, to_b)) != 0 ||
        (r = fed_secret_add_str(ret_diff, "@@\n")) != 0 ||
        (r = add_lines(ret_diff, ' ', &a, from, head)) != 0 ||
        (r = add_lines(ret_diff, '-', &a, head, end_a)) != 0 ||
        (r = add_lines(ret_diff, '+', &b, head, end_b)) != 0)
        return r;
    return add_lines(ret_diff, ' ', &a, end_a, to_a);
}
