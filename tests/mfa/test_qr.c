/*
 * The terminal picture, read back: as modules against libqrencode's own, and as an image by an
 * independent reader (zbarimg) where there is one.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <qrencode.h>

#include "mfa/qr.h"
#include "tests/base/skip.h"

enum { SIDE_MAX = 200, PIXELS = 4 };

static const char uri[] = "otpauth://totp/Example:alice%40corp.example.com?secret="
                          "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Example&algorithm=SHA1"
                          "&digits=6&period=30";

struct picture {
    int width, height;
    bool ink[SIDE_MAX][SIDE_MAX];
};

/* What a terminal would show: half blocks to pixels, escape sequences skipped. */
static void
show(const char *text, struct picture *ret)
{
    int row = 0, column = 0;

    memset(ret, 0, sizeof(*ret));
    while (*text != '\0') {
        if (*text == '\033') {
            text += strcspn(text, "m") + 1;
            continue;
        }
        if (*text == '\n') {
            row += 2;
            ret->width = column > ret->width ? column : ret->width;
            column = 0;
            text++;
            continue;
        }
        bool upper = false, lower = false;
        if (*text == ' ') {
            text++;
        } else {
            assert_memory_equal(text, "\342\226", 2);
            upper = text[2] == '\200' || text[2] == '\210';
            lower = text[2] == '\204' || text[2] == '\210';
            assert_true(upper || lower);
            text += 3;
        }
        assert_true(row + 1 < SIDE_MAX && column < SIDE_MAX);
        ret->ink[row][column] = upper;
        ret->ink[row + 1][column] = lower;
        column++;
    }
    ret->height = row;
}

static struct picture picture;

static void
draw(const char *text, bool colour)
{
    struct fed_secret drawn = FED_SECRET_INIT(64 * 1024);

    assert_int_equal(qr_draw(text, colour, &drawn), 0);
    show(fed_secret_str(&drawn), &picture);
    fed_secret_done(&drawn);
}

static void
assert_modules(bool dark_is_ink)
{
    QRcode *code = QRcode_encodeString8bit(uri, 0, QR_ECLEVEL_L);

    assert_non_null(code);
    assert_int_equal(picture.width, code->width + 8);
    for (int row = 0; row < picture.height; row++) {
        for (int column = 0; column < picture.width; column++) {
            int y = row - 4, x = column - 4;
            bool inside = y >= 0 && x >= 0 && y < code->width && x < code->width;
            bool dark = inside && (code->data[y * code->width + x] & 1) != 0;
            assert_int_equal(picture.ink[row][column], dark == dark_is_ink);
        }
    }
    QRcode_free(code);
}

static void
test_modules_with_colours(void **state)
{
    (void)state;
    draw(uri, true);
    assert_modules(true);
}

static void
test_modules_without_colours(void **state)
{
    (void)state;
    draw(uri, false);
    assert_modules(false);
}

/* Each line sets its own colours and puts them back: a pager may show lines one by one. */
static void
test_colours_are_explicit(void **state)
{
    struct fed_secret drawn = FED_SECRET_INIT(64 * 1024);

    (void)state;
    assert_int_equal(qr_draw(uri, true, &drawn), 0);
    for (const char *line = fed_secret_str(&drawn); *line != '\0';) {
        size_t len = strcspn(line, "\n");
        assert_memory_equal(line, "\033[38;5;16;48;5;231m", 19);
        assert_memory_equal(line + len - 4, "\033[0m", 4);
        line += len + 1;
    }
    fed_secret_clear(&drawn);
    assert_int_equal(qr_draw(uri, false, &drawn), 0);
    assert_null(strchr(fed_secret_str(&drawn), '\033'));
    fed_secret_done(&drawn);
}

static void
write_image(const char *path)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    (void)fprintf(f, "P1 %d %d\n", picture.width * PIXELS, picture.height * PIXELS);
    for (int y = 0; y < picture.height * PIXELS; y++)
        for (int x = 0; x < picture.width * PIXELS; x++)
            (void)fprintf(f, "%d\n", picture.ink[y / PIXELS][x / PIXELS]);
    assert_int_equal(fclose(f), 0);
}

static void
test_a_reader_reads_it(void **state)
{
    char path[] = "/tmp/test_qr.XXXXXX.pbm", command[128], said[1024] = "";

    (void)state;
    if (access("/usr/bin/zbarimg", X_OK) != 0)
        SKIP("there is no zbarimg: make deps");
    int fd = mkstemps(path, 4);
    assert_true(fd >= 0);
    (void)close(fd);
    draw(uri, true);
    write_image(path);
    (void)snprintf(command, sizeof(command), "/usr/bin/zbarimg -q --raw %s 2>/dev/null", path);
    FILE *f = popen(command, "r");
    assert_non_null(f);
    size_t n = fread(said, 1, sizeof(said) - 1, f);
    (void)pclose(f);
    (void)unlink(path);
    said[n] = '\0';
    said[strcspn(said, "\n")] = '\0';
    assert_string_equal(said, uri);
}

static void
test_too_big(void **state)
{
    static char text[4096];
    struct fed_secret small = FED_SECRET_INIT(100), large = FED_SECRET_INIT(1024 * 1024);

    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    assert_int_equal(qr_draw(text, true, &large), FED_E_TOO_BIG);
    assert_int_equal(qr_draw(uri, true, &small), FED_E_TOO_BIG);
    assert_int_equal(small.len, 0);
    fed_secret_done(&small);
    fed_secret_done(&large);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_too_big),
        cmocka_unit_test(test_modules_with_colours),
        cmocka_unit_test(test_modules_without_colours),
        cmocka_unit_test(test_colours_are_explicit),
        cmocka_unit_test(test_a_reader_reads_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
