/*
 * Files in ~/.aws hold any bytes: the lines are the file, our block goes in and out, and the rest is as it was (I-68).
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdint.h>
#include <stdlib.h>

#include "bridge/login/block.c"
#include "bridge/login/ini.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST = 1024 * 1024 };

static void
must(int result)
{
    if (result != 0)
        abort();
}

/* Every line, as a whole and in its parts, lies where the last one ended. */
static void
check_lines(const char *data, size_t size)
{
    struct ini_line line;
    struct ini ini;
    size_t at = 0;

    ini_begin(&ini, data, size);
    for (; ini_next(&ini, &line); at += line.len) {
        if (line.text != data + at || line.len == 0 || line.len > size - at)
            abort();
        if (line.name_len > line.len || line.value_len > line.len)
            abort();
        (void)ini_is_profile(&line, true, "a");
        (void)ini_is_key(&line, "a");
    }
    if (at != size)
        abort();
}

/* Put a block in; then the text without it is the text that was. */
static void
check_block(const struct fed_secret *before)
{
    struct fed_secret content = FED_SECRET_INIT(64), after = FED_SECRET_INIT(MOST);
    struct fed_secret again = FED_SECRET_INIT(MOST), diff = FED_SECRET_INIT(4 * MOST);
    struct block old, new;
    size_t line;

    if (block_find(before->data, before->len, &old, &line) == 0) {
        must(fed_secret_add_str(&content, "[x]\n"));
        must(block_put(before, &old, &content, &after));
        must(block_find(after.data, after.len, &new, &line));
        must(new.from == new.to);
        must(after.len - new.to != before->len - old.to);
        must(old.from > 0 && memcmp(after.data, before->data, old.from) != 0);
        must(before->len > old.to &&
             memcmp(after.data + new.to, before->data + old.to, before->len - old.to) != 0);
        must(block_put(&after, &new, &content, &again));
        must(again.len != after.len || memcmp(again.data, after.data, after.len) != 0);
        must(block_diff("f", before, &after, &diff));
    }
    fed_secret_done(&content);
    fed_secret_done(&after);
    fed_secret_done(&again);
    fed_secret_done(&diff);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fed_secret before = FED_SECRET_INIT(MOST);

    if (size > 64 * 1024)
        return 0;
    check_lines((const char *)data, size);
    must(fed_secret_add(&before, data, size));
    check_block(&before);
    fed_secret_done(&before);
    return 0;
}
