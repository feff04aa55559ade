/*
 * The terminal picture of a QR code: one character cell shows two modules, the upper and the lower,
 * so that modules come out about square.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "mfa/qr.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include <qrencode.h>

enum { QUIET = 4 }; /* ISO/IEC 18004: light modules around the symbol */

/* Black and white of the fixed colour cube: entries 0 to 15 are whatever the theme says. */
#define DARK_ON_LIGHT "\033[38;5;16;48;5;231m"
#define PLAIN         "\033[0m"

/* Dark or light? Outside the symbol everything is light. */
static bool
is_dark(const QRcode *code, int row, int column)
{
    if (row < 0 || column < 0 || row >= code->width || column >= code->width)
        return false;
    return (code->data[row * code->width + column] & 1) != 0;
}

static int
draw_row(const QRcode *code, int row, bool colour, struct fed_secret *ret)
{
    /* By which halves of the cell are inked: none, upper, lower, both. */
    static const char *const cells[] = {" ", "\342\226\200", "\342\226\204", "\342\226\210"};
    int r = colour ? fed_secret_add_str(ret, DARK_ON_LIGHT) : 0;

    for (int column = -QUIET; column < code->width + QUIET && r == 0; column++) {
        /* With colours the ink is dark; without, the terminal's ink is taken to be the light one. */
        bool upper = is_dark(code, row, column) == colour;
        bool lower = is_dark(code, row + 1, column) == colour;
        r = fed_secret_add_str(ret, cells[(upper ? 1 : 0) + (lower ? 2 : 0)]);
    }
    if (r == 0)
        r = fed_secret_add_str(ret, colour ? PLAIN "\n" : "\n");
    return r;
}

int
qr_draw(const char *text, bool colour, struct fed_secret *ret)
{
    int r = 0;

    /* Level L: on a screen nothing is dirty or torn, and the picture should fit 24 lines if it can. */
    QRcode *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_L);
    if (code == NULL)
        return errno == ENOMEM ? FED_E_NOMEM : FED_E_TOO_BIG;
    size_t before = ret->len;
    for (int row = -QUIET; row < code->width + QUIET && r == 0; row += 2)
        r = draw_row(code, row, colour, ret);
    /* Half a picture is nothing; taking it back cannot fail, as the room is there. */
    if (r != 0 && ret->len > before && fed_secret_resize(ret, before) != 0)
        fed_secret_clear(ret);

    explicit_bzero(code->data, (size_t)code->width * (size_t)code->width);
    QRcode_free(code);
    return r;
}
