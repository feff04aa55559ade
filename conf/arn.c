/*
 * Taking the ARNs of IAM apart.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "conf/arn.h"

#include <string.h>

#include "conf/charset.h"

enum { ARN_MIN = 20, ARN_MAX = 2048 }; /* STS API reference, RoleArn and PrincipalArn */
enum {
    ROLE_NAME_MAX = 64,
    NAME_MAX_CHARS = 128,
    PATH_CHARS_MAX = 511
}; /* a path has a "/" in front */

/* Copy up to the separator and step over it; false where it is missing or the part too long. */
static bool
part(const char **cursor, char separator, char *to, size_t size)
{
    const char *end = strchr(*cursor, separator);

    if (end == NULL || (size_t)(end - *cursor) >= size)
        return false;
    size_t len = (size_t)(end - *cursor);
    memcpy(to, *cursor, len);
    to[len] = '\0';
    *cursor = end + 1;
    return true;
}

static bool
is_partition(const char *text)
{
    return strcmp(text, "aws") == 0 || strcmp(text, "aws-us-gov") == 0 ||
           strcmp(text, "aws-cn") == 0;
}

static bool
is_account(const char *text)
{
    return strcmp(text, "aws") == 0 || (strlen(text) == 12 && strspn(text, "0123456789") == 12);
}

/* A path and a name: no empty step, so neither "//" nor a "/" at the end. */
static bool
is_name(const char *text)
{
    if (*text == '\0' || *text == '/' || strstr(text, "//") != NULL)
        return false;
    for (const char *p = text; *p != '\0'; p++)
        if (*p != '/' && !charset_in_session_name((unsigned char)*p))
            return false;
    return text[strlen(text) - 1] != '/';
}

/* What IAM gives a thing of that type for a name (IAM API reference): so long at most behind its path, and of these characters. */
static bool
is_name_of(const char *type, const char *text)
{
    const char *slash = strrchr(text, '/');
    const char *name = slash != NULL ? slash + 1 : text;

    if (strcmp(type, "role") == 0)
        return strlen(name) <= ROLE_NAME_MAX && (size_t)(name - text) <= PATH_CHARS_MAX;
    if (strcmp(type, "policy") == 0)
        return strlen(name) <= NAME_MAX_CHARS && (size_t)(name - text) <= PATH_CHARS_MAX;
    if (strcmp(type, "saml-provider") == 0)
        return slash == NULL && strlen(name) <= NAME_MAX_CHARS && strpbrk(name, "+=,@") == NULL;
    return true;
}

int
arn_parse(const char *text, struct arn *ret)
{
    struct arn arn = {.name = ""};
    const char *p = text;
    char word[8];
    size_t len = strlen(text);

    if (len < ARN_MIN || len > ARN_MAX)
        return FED_E_INVALID;
    if (!part(&p, ':', word, sizeof(word)) || strcmp(word, "arn") != 0)
        return FED_E_INVALID;
    if (!part(&p, ':', arn.partition, sizeof(arn.partition)) || !is_partition(arn.partition))
        return FED_E_INVALID;
    if (!part(&p, ':', word, sizeof(word)) || strcmp(word, "iam") != 0)
        return FED_E_INVALID;
    if (!part(&p, ':', word, sizeof(word)) || word[0] != '\0')
        return FED_E_INVALID;
    if (!part(&p, ':', arn.account, sizeof(arn.account)) || !is_account(arn.account))
        return FED_E_INVALID;
    if (!part(&p, '/', arn.type, sizeof(arn.type)) || !is_name(p) || !is_name_of(arn.type, p))
        return FED_E_INVALID;
    arn.name = p;
    *ret = arn;
    return 0;
}

bool
arn_region_fits(const char *partition, const char *region)
{
    const char *of = "aws";

    if (strncmp(region, "cn-", 3) == 0)
        of = "aws-cn";
    else if (strncmp(region, "us-gov-", 7) == 0)
        of = "aws-us-gov";
    return strcmp(partition, of) == 0;
}
