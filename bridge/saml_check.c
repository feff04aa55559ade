/*
 * What AWS accepts as session name, source identity and tags, checked before an assertion is made: AWS
 * answers a bad one with a bare ValidationError, hours after the configuration was written.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html and the STS API reference.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/saml.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

enum { NAME_LEAST = 2, NAME_MOST = 64, TAGS_MOST = 50, KEY_MOST = 128, VALUE_MOST = 256 };

/* "KEY: value "VALUE" is wrong: what"; the value comes from the directory, so it is cleaned. */
static int
complain(char *why, const char *key, const char *value, const char *what)
{
    char seen[129];

    (void)snprintf(
        why, SAML_WHY_MAX, "%s: \"%s\" %s", key, text_clean(seen, sizeof(seen), value), what);
    text_clean_in_place(why, false);
    return FED_E_INVALID;
}

static bool
is_name_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("_+=,.@-", c) != NULL);
}

/* [\w+=,.@-]{2,64}: there is no ':' in it, so a source identity cannot begin with "aws:" either. */
static int
check_name(char *why, const char *key, const char *value)
{
    size_t len = strlen(value);

    if (len < NAME_LEAST || len > NAME_MOST)
        return complain(why, key, value, "must have 2 to 64 characters for AWS");
    for (size_t i = 0; i < len; i++) {
        if (!is_name_character(value[i]))
            return complain(why, key, value,
                "has a character other than letters, digits and _+=,.@-, which AWS refuses");
    }
    return 0;
}

static size_t
count_characters(const char *text)
{
    size_t n = 0;

    for (; *text != '\0'; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80;
    return n;
}

/*
 * [\p{L}\p{Z}\p{N}_.:/=+\-@]*: of ASCII exactly; beyond it every character passes, since telling letters
 * from symbols takes Unicode's tables, and AWS has them.
 */
static bool
is_tag_text(const char *text)
{
    if (!text_is_utf8(text, strlen(text)))
        return false;
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < 0x80 && !is_name_character(*text) &&
            strchr(" :/", *text) == NULL)
            return false;
        if (*text == ',')
            return false;
    }
    return true;
}

static bool
is_reserved(const char *text)
{
    return strncasecmp(text, "aws:", 4) == 0;
}

static int
check_tag(char *why, const struct saml_request *request, size_t i)
{
    const char *key = request->tags[i].key, *value = request->tags[i].value;

    if (*key == '\0' || count_characters(key) > KEY_MOST || !is_tag_text(key))
        return complain(
            why, "tags", key, "is no key for AWS: 1 to 128 letters, digits, blanks and _.:/=+-@");
    if (is_reserved(key))
        return complain(why, "tags", key, "begins with aws:, which AWS keeps for itself");
    if (count_characters(value) > VALUE_MOST || !is_tag_text(value)) {
        char what[160];
        (void)snprintf(what, sizeof(what),
            "as the value of \"%.60s\" is refused by AWS: up to 256 letters, digits, blanks and "
            "_.:/=+-@",
            key);
        return complain(why, "tags", value, what);
    }
    for (size_t j = 0; j < i; j++) {
        if (text_equal_nocase(request->tags[j].key, key))
            return complain(why, "tags", key, "stands twice; AWS does not tell the case of keys");
    }
    return 0;
}

static int
check_transitive(char *why, const struct saml_request *request)
{
    for (size_t i = 0; i < request->n_transitive; i++) {
        size_t j = 0;
        while (j < request->n_tags && strcmp(request->tags[j].key, request->transitive[i]) != 0)
            j++;
        if (j == request->n_tags)
            return complain(why, "transitive-tags", request->transitive[i], "is none of tags");
    }
    return 0;
}

int
saml_check(const struct saml_request *request, char *why)
{
    int r = check_name(why, "session-name", request->session_name);

    if (r == 0 && request->source_identity != NULL)
        r = check_name(why, "source-identity", request->source_identity);
    if (r == 0 && request->n_tags > TAGS_MOST)
        r = complain(why, "tags", request->tags[TAGS_MOST].key, "is one more than the 50 of AWS");
    for (size_t i = 0; r == 0 && i < request->n_tags; i++)
        r = check_tag(why, request, i);
    return r != 0 ? r : check_transitive(why, request);
}
