/*
 * Templates such as "%{user}" or "cost-%{ad:department}": their syntax, and what AWS takes of the text that
 * they become. The configuration checks them when it loads; the bridge walks them with the same
 * iterator to expand them, and checks the result with the same rules (I-61).
 *
 *     template = *( literal / "%{" NAME "}" )
 *
 * NAME is one of user upn sid domain host rhost tty service session mfa mfa-time, or ad:ATTRIBUTE.
 * There is no escape: '%', '{' and '}' are characters that AWS takes nowhere.
 *
 * Nothing here allocates, blocks or keeps state; any thread.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CONF_TEMPLATE_H
#define CONF_TEMPLATE_H

#include <stddef.h>

#include "base/err.h"

enum { TEMPLATE_WHY_MAX = 256, TEMPLATE_ATTRIBUTE_MAX = 64 };

/* Where the text goes, which decides its characters and its length (STS API reference). */
enum template_kind {
    TEMPLATE_SESSION_NAME,    /* RoleSessionName: 2 to 64 of [\w+=,.@-] */
    TEMPLATE_SOURCE_IDENTITY, /* SourceIdentity: the same */
    TEMPLATE_TAG_VALUE,       /* 0 to 256 of [\p{L}\p{Z}\p{N}_.:/=+\-@] */
    TEMPLATE_TAG_KEY,         /* 1 to 128 of them, not "aws:"; a literal, never expanded */
};

enum template_what {
    TEMPLATE_END, /* nothing is left */
    TEMPLATE_LITERAL,
    TEMPLATE_USER,
    TEMPLATE_UPN,
    TEMPLATE_SID,
    TEMPLATE_DOMAIN,
    TEMPLATE_HOST,
    TEMPLATE_RHOST,
    TEMPLATE_TTY,
    TEMPLATE_SERVICE,
    TEMPLATE_SESSION,
    TEMPLATE_MFA,
    TEMPLATE_MFA_TIME,
    TEMPLATE_AD, /* an attribute of the person's entry */
};

/* One step through a template; text is a view on the template and has no NUL. */
struct template_piece {
    enum template_what what;
    const char *text; /* LITERAL: the characters; AD: the attribute's name; else the NAME itself */
    size_t len;
};

/*
 * The piece at the cursor, and step over it:
 *
 *     const char *cursor = role->session_name;
 *     struct template_piece piece;
 *     while ((r = template_next(&cursor, &piece)) == 0 && piece.what != TEMPLATE_END)
 *         r = add(&piece);
 *
 * Returns 0, or FED_E_INVALID for "%{" without "}" and for an unknown NAME, with ret_piece->text where it
 * begins and the cursor unmoved; never for a template of a struct conf, which was checked.
 */
FED_MUST_USE int template_next(const char **cursor, struct template_piece *ret_piece);

/*
 * May this template stand in the configuration: syntax, the literals' characters, and no more literal text than
 * the kind allows?
 *   why     on failure "what is wrong: remedy", for the end of an error line; why_size at least
 *           TEMPLATE_WHY_MAX
 * Returns 0 or FED_E_INVALID.
 */
FED_MUST_USE int template_check(
    enum template_kind kind, const char *template, char *why, size_t why_size);

/*
 * Would AWS take this text, which a template became? UTF-8, characters, length. The caller then
 * refuses; it never changes the text. why as above.
 * Returns 0 or FED_E_INVALID.
 */
FED_MUST_USE int template_check_value(
    enum template_kind kind, const char *text, char *why, size_t why_size);

#endif
