/*
 * The filter is words: a row fits when it has each of them somewhere, whatever the case of ASCII letters.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/login/choice.h"

#include <string.h>

enum { PAGE = 10, CTRL_D = 4, CTRL_N = 14, CTRL_P = 16, CTRL_U = 21, CTRL_W = 23, ESCAPE = 27 };

enum key { KEY_NONE, KEY_UP, KEY_DOWN, KEY_PAGE_UP, KEY_PAGE_DOWN, KEY_HOME, KEY_END, KEY_ESCAPE };

static char
lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool
has_word(const char *text, const char *word, size_t len)
{
    for (; *text != '\0'; text++) {
        size_t i = 0;
        while (i < len && lower(text[i]) == lower(word[i]))
            i++;
        if (i == len)
            return true;
    }
    return false;
}

static bool
fits(const char *text, const char *filter)
{
    while (*filter != '\0') {
        size_t len = strcspn(filter, " ");
        if (len > 0 && !has_word(text, filter, len))
            return false;
        filter += len + (filter[len] == ' ');
    }
    return true;
}

static void
apply_filter(struct choice *c)
{
    c->n_left = 0;
    c->at = 0;
    for (size_t i = 0; i < c->count; i++) {
        if (fits(c->texts[i], c->filter))
            c->left[c->n_left++] = i;
    }
}

void
choice_init(struct choice *c, const char *const *texts, size_t count)
{
    *c =
        (struct choice){.texts = texts, .count = count < CHOICE_ROWS_MAX ? count : CHOICE_ROWS_MAX};
    apply_filter(c);
}

/* An escape sequence of cursor keys, as VT100, xterm and the console send them; *ret_taken bytes of it. */
static enum key
read_escape(const char *p, size_t len, size_t *ret_taken)
{
    static const struct {
        const char *text;
        enum key key;
    } keys[] = {{"A", KEY_UP}, {"B", KEY_DOWN}, {"H", KEY_HOME}, {"F", KEY_END}, {"1~", KEY_HOME},
        {"4~", KEY_END}, {"5~", KEY_PAGE_UP}, {"6~", KEY_PAGE_DOWN}};

    *ret_taken = len < 2 ? 1 : 2;
    if (len < 2)
        return KEY_ESCAPE;
    if (p[1] != '[' && p[1] != 'O')
        return KEY_NONE; /* Alt and a key */
    /* Parameters, then a final byte from '@' to '~' (ECMA-48, 5.4). */
    size_t end = 2;
    while (end < len && (p[end] < '@' || p[end] > '~'))
        end++;
    end += end < len;
    *ret_taken = end;
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        if (end - 2 == strlen(keys[i].text) && memcmp(p + 2, keys[i].text, end - 2) == 0)
            return keys[i].key;
    }
    return KEY_NONE;
}

static void
move(struct choice *c, enum key key)
{
    size_t last = c->n_left > 0 ? c->n_left - 1 : 0;

    switch (key) {
    case KEY_UP:
        c->at = c->at > 0 ? c->at - 1 : last; /* round, so that the last one is near */
        break;
    case KEY_DOWN:
        c->at = c->at < last ? c->at + 1 : 0;
        break;
    case KEY_PAGE_UP:
        c->at = c->at > PAGE ? c->at - PAGE : 0;
        break;
    case KEY_PAGE_DOWN:
        c->at = last - c->at > PAGE ? c->at + PAGE : last;
        break;
    case KEY_HOME:
        c->at = 0;
        break;
    case KEY_END:
        c->at = last;
        break;
    case KEY_NONE:
    case KEY_ESCAPE:
        break;
    }
}

/* Take one character, of however many bytes, or the last word. */
static void
shorten(struct choice *c, bool word)
{
    size_t len = strlen(c->filter);

    if (word) {
        while (len > 0 && c->filter[len - 1] == ' ')
            len--;
        while (len > 0 && c->filter[len - 1] != ' ')
            len--;
    } else {
        while (len > 0 && ((unsigned char)c->filter[--len] & 0xc0) == 0x80)
            continue;
    }
    c->filter[len] = '\0';
    apply_filter(c);
}

static void
lengthen(struct choice *c, char byte)
{
    size_t len = strlen(c->filter);

    if ((unsigned char)byte < 0x20 || byte == 0x7f || len + 1 >= sizeof(c->filter))
        return;
    c->filter[len] = byte;
    c->filter[len + 1] = '\0';
    apply_filter(c);
}

static enum choice_state
plain_key(struct choice *c, char byte)
{
    switch (byte) {
    case '\r':
    case '\n':
        return c->n_left > 0 ? CHOICE_TAKEN : CHOICE_OPEN;
    case CTRL_D:
        return CHOICE_LEFT;
    case CTRL_N:
        move(c, KEY_DOWN);
        break;
    case CTRL_P:
        move(c, KEY_UP);
        break;
    case CTRL_U:
        c->filter[0] = '\0';
        apply_filter(c);
        break;
    case CTRL_W:
        shorten(c, true);
        break;
    case '\b':
    case 0x7f:
        shorten(c, false);
        break;
    default:
        lengthen(c, byte);
        break;
    }
    return CHOICE_OPEN;
}

enum choice_state
choice_keys(struct choice *c, const char *bytes, size_t len)
{
    enum choice_state state = CHOICE_OPEN;

    while (len > 0 && state == CHOICE_OPEN) {
        size_t taken = 1;
        if (*bytes == ESCAPE) {
            enum key key = read_escape(bytes, len, &taken);
            if (key == KEY_ESCAPE)
                return CHOICE_LEFT;
            move(c, key);
        } else {
            state = plain_key(c, *bytes);
        }
        bytes += taken;
        len -= taken;
    }
    return state;
}

size_t
choice_row(const struct choice *c)
{
    return c->n_left > 0 ? c->left[c->at] : c->count;
}
