/*
 * Everybody who is enrolled, page by page: each once, in whatever order the store tells them, and however many there are.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/handle_people.c" /* the pages are its own affair */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { MOST = 5 * PAGE };

/* The n-th of a number of people, who stand in the store in an order of its own. */
static void
row_of(unsigned n, unsigned of, struct store_row *ret)
{
    unsigned who = (n * 7919U) % of;

    memset(ret, 0, sizeof(*ret));
    (void)snprintf(ret->sid, sizeof(ret->sid), "S-1-5-21-1-2-3-%u", who + 1000);
    (void)snprintf(ret->name, sizeof(ret->name), "u%u@corp.example.com", who);
}

static size_t
walk(unsigned of, unsigned char seen[MOST])
{
    struct page *page = calloc(1, sizeof(*page));
    char after[STORE_SID_MAX] = "";
    struct store_row row;
    size_t pages = 0;

    memset(seen, 0, MOST);
    do {
        *page = (struct page){.after = after};
        for (unsigned n = 0; n < of; n++) {
            row_of(n, of, &row);
            assert_int_equal(take_row(&row, page), 0);
        }
        for (size_t i = 0; i < page->n; i++) {
            unsigned long rid = strtoul(strrchr(page->people[i].sid, '-') + 1, NULL, 10);
            assert_int_equal(seen[rid - 1000]++, 0);
            assert_true(strcmp(page->people[i].sid, after) > 0);
            (void)snprintf(row.name, sizeof(row.name), "u%lu@corp.example.com", rid - 1000);
            assert_string_equal(page->people[i].name, row.name);
            memcpy(after, page->people[i].sid, sizeof(after));
        }
        pages++;
    } while (page->more);
    free(page);
    return pages;
}

static void
everybody_is_on_one_page(void **state)
{
    static const struct {
        unsigned people;
        size_t pages;
    } table[] = {
        {0, 1}, {1, 1}, {PAGE - 1, 1}, {PAGE, 1}, {PAGE + 1, 2}, {2 * PAGE, 2}, {5 * PAGE - 3, 5}};
    unsigned char seen[MOST];
    (void)state;

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        assert_int_equal(walk(table[i].people, seen), table[i].pages);
        for (unsigned n = 0; n < table[i].people; n++)
            assert_int_equal(seen[n], 1);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(everybody_is_on_one_page)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
