/*
 * The secret buffer: its limit, its growth, and that nothing of it stays behind.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/secret.h"
#include "tests/base/memory.h"
#include "tests/base/skip.h"
#include "tests/base/sanitized.h"

static void
limit_is_kept(void **state)
{
    struct fed_secret s = FED_SECRET_INIT(8);

    (void)state;
    assert_int_equal(fed_secret_add(&s, "123456789", 9), FED_E_TOO_BIG);
    assert_int_equal(s.len, 0);
    assert_int_equal(fed_secret_add(&s, "12345678", 8), 0);
    assert_int_equal(fed_secret_add_byte(&s, '9'), FED_E_TOO_BIG);
    assert_int_equal(fed_secret_add_str(&s, "9"), FED_E_TOO_BIG);
    assert_int_equal(fed_secret_addf(&s, "%d", 9), FED_E_TOO_BIG);
    assert_int_equal(fed_secret_add(&s, "", SIZE_MAX), FED_E_TOO_BIG);
    assert_int_equal(fed_secret_resize(&s, 9), FED_E_TOO_BIG);
    assert_int_equal(fed_secret_set(&s, "123456789", 9), FED_E_TOO_BIG);
    assert_string_equal(fed_secret_str(&s), "12345678");
    fed_secret_done(&s);
}

static void
nothing_fits_limit_zero(void **state)
{
    struct fed_secret s = FED_SECRET_INIT(0);

    (void)state;
    assert_int_equal(fed_secret_add(&s, "1", 1), FED_E_TOO_BIG);
    assert_int_equal(fed_secret_add(&s, NULL, 0), 0);
    assert_string_equal(fed_secret_str(&s), "");
    fed_secret_done(&s);
}

static void
empty_and_null_are_accepted(void **state)
{
    struct fed_secret s = FED_SECRET_INIT(10);

    (void)state;
    assert_string_equal(fed_secret_str(&s), "");
    fed_secret_clear(&s);
    fed_secret_done(&s);
    fed_secret_done(&s);
    fed_secret_done(NULL);
    fed_wipe_str(NULL);
    assert_int_equal(fed_secret_add(&s, NULL, 0), 0);
    fed_secret_done(&s);
}

static void
grow(struct fed_secret *s)
{
    for (unsigned i = 0; i < 10000; i++)
        assert_int_equal(fed_secret_add_byte(s, (unsigned char)(i % 251)), 0);
    assert_int_equal(s->len, 10000);
    for (unsigned i = 0; i < 10000; i++)
        assert_int_equal(s->data[i], i % 251);
    assert_int_equal(s->data[s->len], 0);
}

static void
growing_keeps_the_content(void **state)
{
    struct fed_secret s, locked;

    (void)state;
    fed_secret_init(&s, 10000);
    fed_secret_init_locked(&locked, 10000);
    grow(&s);
    grow(&locked);
    assert_true(fed_secret_equal(s.data, s.len, locked.data, locked.len));
    assert_int_equal(fed_secret_set(&locked, "short", 5), 0);
    assert_true(locked.locked);
    assert_string_equal(fed_secret_str(&locked), "short");
    fed_secret_done(&s);
    fed_secret_done(&locked);
}

static void
resizing_wipes_what_it_cuts_off(void **state)
{
    struct fed_secret s = FED_SECRET_INIT(100);

    (void)state;
    assert_int_equal(fed_secret_add_str(&s, "abcdef"), 0);
    assert_int_equal(fed_secret_resize(&s, 2), 0);
    assert_string_equal(fed_secret_str(&s), "ab");
    for (size_t i = 2; i < 6; i++)
        assert_int_equal(s.data[i], 0);
    assert_int_equal(fed_secret_addf(&s, "%s-%04d", "x", 7), 0);
    assert_string_equal(fed_secret_str(&s), "abx-0007");
    fed_secret_clear(&s);
    assert_int_equal(s.len, 0);
    for (size_t i = 0; i < s.cap; i++)
        assert_int_equal(s.data[i], 0);
    fed_secret_done(&s);
}

static void
moving_leaves_the_source_empty(void **state)
{
    struct fed_secret a = FED_SECRET_INIT(10), b = FED_SECRET_INIT(20);

    (void)state;
    assert_int_equal(fed_secret_add_str(&a, "old"), 0);
    assert_int_equal(fed_secret_add_str(&b, "fresh"), 0);
    fed_secret_move(&a, &b);
    assert_string_equal(fed_secret_str(&a), "fresh");
    assert_string_equal(fed_secret_str(&b), "");
    assert_int_equal(fed_secret_add_str(&b, "again"), 0);
    fed_secret_done(&a);
    fed_secret_done(&b);
}

static void
equal_compares_length_and_bytes(void **state)
{
    (void)state;
    assert_false(fed_secret_equal("abc", 3, "abd", 3));
    assert_false(fed_secret_equal("abc", 3, "abc", 2));
    assert_false(fed_secret_equal("", 0, "a", 1));
    assert_true(fed_secret_equal("a\0b", 3, "a\0b", 3));
    assert_true(fed_secret_equal(NULL, 0, "", 0));
}

static const unsigned char masked[] = {'b' ^ MEMORY_MASK, 'u' ^ MEMORY_MASK, 'r' ^ MEMORY_MASK,
    'n' ^ MEMORY_MASK, '-' ^ MEMORY_MASK, 'a' ^ MEMORY_MASK, 'f' ^ MEMORY_MASK, 't' ^ MEMORY_MASK,
    'e' ^ MEMORY_MASK, 'r' ^ MEMORY_MASK, '-' ^ MEMORY_MASK, 'r' ^ MEMORY_MASK, 'e' ^ MEMORY_MASK,
    'a' ^ MEMORY_MASK, 'd' ^ MEMORY_MASK, 'i' ^ MEMORY_MASK, 'n' ^ MEMORY_MASK, 'g' ^ MEMORY_MASK,
    '-' ^ MEMORY_MASK, '8' ^ MEMORY_MASK, 'K' ^ MEMORY_MASK, '-' ^ MEMORY_MASK, 'a' ^ MEMORY_MASK,
    'n' ^ MEMORY_MASK, 'd' ^ MEMORY_MASK, '-' ^ MEMORY_MASK, 'q' ^ MEMORY_MASK, 'u' ^ MEMORY_MASK,
    'i' ^ MEMORY_MASK, 't' ^ MEMORY_MASK, 'e' ^ MEMORY_MASK, '-' ^ MEMORY_MASK, 'a' ^ MEMORY_MASK,
    '-' ^ MEMORY_MASK, 'l' ^ MEMORY_MASK, 'o' ^ MEMORY_MASK, 't' ^ MEMORY_MASK, '-' ^ MEMORY_MASK,
    'm' ^ MEMORY_MASK, 'o' ^ MEMORY_MASK, 'r' ^ MEMORY_MASK, 'e' ^ MEMORY_MASK};

/* Fill, grow several times (each leaves a block behind), replace, move, cut. */
static void
use_secret(struct fed_secret *s, struct fed_secret *other, const char *text)
{
    for (unsigned i = 0; i < 40; i++)
        assert_int_equal(fed_secret_add_str(s, text), 0);
    assert_int_equal(fed_secret_set(s, text, strlen(text)), 0);
    fed_secret_move(other, s);
    assert_int_equal(fed_secret_add_str(s, text), 0);
    assert_int_equal(fed_secret_resize(s, 1), 0);
}

/* I-57: after growing, replacing, moving and freeing, no copy is left in the process. */
static void
nothing_stays_in_memory(void **state)
{
    struct fed_secret s = FED_SECRET_INIT(4096), other = FED_SECRET_INIT(4096), locked;

    (void)state;
    if (SANITIZED)
        SKIP("a sanitizer keeps copies");
    fed_secret_init_locked(&locked, 65536);
    char *text = memory_unmask(masked, sizeof(masked));
    use_secret(&s, &other, text);
    use_secret(&locked, &other, text);
    assert_true(memory_count(masked, sizeof(masked)) >= 2); /* the search finds what is there */
    fed_wipe_str(text);
    fed_secret_done(&s);
    fed_secret_done(&other);
    fed_secret_done(&locked);
    assert_int_equal(memory_count(masked, sizeof(masked)), 0);
}

/* The flags of the mapping that holds an address, as /proc/self/smaps has them: "rd wr ... dd". */
static void
read_flags(const void *address, char *to, size_t size)
{
    char line[512];
    bool inside = false;
    FILE *f = fopen("/proc/self/smaps", "re");

    assert_non_null(f);
    to[0] = '\0';
    while (fgets(line, sizeof(line), f) != NULL) {
        char *end;
        unsigned long from = strtoul(line, &end, 16);
        if (end != line && *end == '-') {
            unsigned long until = strtoul(end + 1, NULL, 16);
            inside = (unsigned long)address >= from && (unsigned long)address < until;
        } else if (inside && strncmp(line, "VmFlags:", 8) == 0) {
            (void)snprintf(to, size, "%s", line + 8);
        }
    }
    fclose(f);
}

/* I-57: memory that outlives a request is locked and left out of core dumps. */
static void
locked_memory_is_kept_out_of_cores(void **state)
{
    struct fed_secret s;
    char flags[512];

    (void)state;
    fed_secret_init_locked(&s, 100);
    assert_int_equal(fed_secret_add_str(&s, "key"), 0);
    read_flags(s.data, flags, sizeof(flags));
    assert_non_null(strstr(flags, " dd"));
    if (!SANITIZED) /* they make mlock do nothing */
        assert_non_null(strstr(flags, " lo"));
    fed_secret_done(&s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limit_is_kept),
        cmocka_unit_test(nothing_fits_limit_zero),
        cmocka_unit_test(empty_and_null_are_accepted),
        cmocka_unit_test(growing_keeps_the_content),
        cmocka_unit_test(resizing_wipes_what_it_cuts_off),
        cmocka_unit_test(moving_leaves_the_source_empty),
        cmocka_unit_test(equal_compares_length_and_bytes),
        cmocka_unit_test(nothing_stays_in_memory),
        cmocka_unit_test(locked_memory_is_kept_out_of_cores),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
