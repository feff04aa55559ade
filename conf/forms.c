/*
 * Checks on single texts of the configuration.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "conf/forms.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "conf/arn.h"
#include "conf/pattern.h"
#include "conf/sections.h"
#include "conf/template.h"

enum { PATH_MAX_BYTES = 4095, DN_MAX = 1023, URI_MAX = 1024, NETBIOS_MAX = 15 };

int
form_refuse(char *remedy, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    (void)vsnprintf(remedy, FORM_REMEDY_MAX, format, ap);
    va_end(ap);
    return FED_E_CONFIG;
}

static bool
is_digits(const char *text)
{
    return *text != '\0' && text[strspn(text, "0123456789")] == '\0';
}

int
form_path(const char *text, bool quoted, char *remedy)
{
    (void)quoted;
    if (text[0] != '/')
        return form_refuse(remedy, "write an absolute path, one that begins with \"/\"");
    if (strlen(text) > PATH_MAX_BYTES)
        return form_refuse(remedy, "write a path of at most %d bytes", PATH_MAX_BYTES);
    for (const char *p = text; p != NULL; p = strchr(p + 1, '/')) {
        size_t step = strcspn(p + 1, "/");
        if ((step == 1 && p[1] == '.') || (step == 2 && p[1] == '.' && p[2] == '.'))
            return form_refuse(remedy, "write the path without \".\" and \"..\"");
    }
    return 0;
}

int
form_account(const char *text, bool quoted, char *remedy)
{
    (void)quoted;
    if (text_check_name(text) != 0)
        return form_refuse(remedy, "write an account's name: no \":\", \"/\" or leading \"-\"");
    return 0;
}

int
form_users_name(const char *text, bool quoted, char *remedy)
{
    (void)quoted;
    if (text_check_name(text) != 0 || strpbrk(text, "\\=,") != NULL)
        return form_refuse(remedy, "write a user as \"alice\" or \"alice@corp.example.com\"");
    return 0;
}

/* S-1-AUTHORITY-SUB…, in decimal; the full check is done where it is turned into bytes. */
static bool
is_sid(const char *text)
{
    size_t parts = 0;

    for (const char *p = text + 4; *p != '\0'; parts++) {
        size_t len = strspn(p, "0123456789");
        if (len == 0 || len > 15 || (p[len] != '-' && p[len] != '\0') ||
            (p[len] == '-' && p[len + 1] == '\0'))
            return false;
        p += len + (p[len] == '-');
    }
    return parts >= 2 && parts <= 16;
}

/* An attribute type (or an OID), "=", something. Only the beginning: the directory knows the rest. */
static bool
begins_like_dn(const char *text)
{
    size_t type = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.");

    return type > 0 && text[type] == '=' && text[type + 1] != '\0';
}

int
form_group(const char *text, bool quoted, char *remedy)
{
    if (strncmp(text, "S-1-", 4) == 0) {
        if (!is_sid(text))
            return form_refuse(
                remedy, "\"%.80s\" is no SID: write it as in S-1-5-21-1-2-3-513", text);
        return 0;
    }
    if (strchr(text, '=') == NULL) {
        const char *slash = strchr(text, '\\');
        if (slash != NULL && (slash == text || slash[1] == '\0' || strchr(slash + 1, '\\') != NULL))
            return form_refuse(
                remedy, "write group \"%.80s\" as NAME, NETBIOS\\NAME, a DN or a SID", text);
        return 0;
    }
    /* A name has no '=': MS-ADTS 3.1.1.6 forbids it in sAMAccountName. */
    if (!quoted)
        return form_refuse(remedy,
            "\"%.80s\" looks like a piece of a DN that does not end in its domain (DC=): put the "
            "DN in "
            "double quotes, as in \"CN=Admins,OU=Groups,DC=corp,DC=example\"",
            text);
    return form_dn(text, quoted, remedy);
}

int
form_dn(const char *text, bool quoted, char *remedy)
{
    (void)quoted;
    if (!begins_like_dn(text) || strlen(text) > DN_MAX || text[strlen(text) - 1] == ',')
        return form_refuse(
            remedy, "\"%.80s\" is no DN: write one as in CN=Name,OU=Unit,DC=corp", text);
    return 0;
}

int
form_service_name(const char *text, bool quoted, char *remedy)
{
    const char *at = strchr(text, '@');

    if (strchr(text, '=') != NULL)
        return form_dn(text, quoted, remedy);
    if (at == NULL || text_check_name(text) != 0 || !section_is_dns_name(at + 1))
        return form_refuse(remedy,
            "write the DN of the service account, as in CN=svc,OU=Service,DC=corp, or its UPN");
    return 0;
}

int
form_netbios(const char *text, bool quoted, char *remedy)
{
    (void)quoted;
    if (strlen(text) > NETBIOS_MAX || strpbrk(text, "\\/:*?\"<>|@,= ") != NULL)
        return form_refuse(remedy, "write the NetBIOS name, at most 15 characters, as in CORP");
    return 0;
}

/* Two or more words of letters, the last part digits: eu-central-1, us-iso-east-1. */
static bool
is_region(const char *text)
{
    unsigned words = 0;

    if (strlen(text) > 32)
        return false;
    for (;; words++) {
        size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz");
        if (len == 0)
            break;
        if (text[len] != '-')
            return false;
        text += len + 1;
    }
    return words >= 2 && is_digits(text) && strlen(text) <= 2;
}

int
form_region(const char *text, bool quoted, char *remedy)
{
    (void)quoted;
    if (!is_region(text))
        return form_refuse(remedy, "\"%.40s\" is no region: write one as in eu-central-1", text);
    return 0;
}

int
form_role_arn(const char *text, bool quoted, char *remedy)
{
    struct arn arn;

    (void)quoted;
    if (arn_parse(text, &arn) != 0 || strcmp(arn.type, "role") != 0 ||
        strcmp(arn.account, "aws") == 0)
        return form_refuse(remedy,
            "write the role's ARN, as in arn:aws:iam::111122223333:role/Admin (20 to 2048 "
            "characters; partition aws, aws-us-gov or aws-cn)");
    return 0;
}

int
form_provider_arn(const char *text, bool quoted, char *remedy)
{
    struct arn arn;

    (void)quoted;
    if (arn_parse(text, &arn) != 0 || strcmp(arn.type, "saml-provider") != 0 ||
        strcmp(arn.account, "aws") == 0)
        return form_refuse(remedy, "write the SAML provider's ARN, as in "
                                   "arn:aws:iam::111122223333:saml-provider/awsfed");
    return 0;
}

int
form_policy_arn(const char *text, bool quoted, char *remedy)
{
    struct arn arn;

    (void)quoted;
    if (arn_parse(text, &arn) != 0 || strcmp(arn.type, "policy") != 0)
        return form_refuse(remedy,
            "\"%.80s\" is no policy: write its ARN, as in arn:aws:iam::aws:policy/ReadOnlyAccess",
            text);
    return 0;
}

int
form_pattern(const char *text, bool quoted, char *remedy)
{
    (void)quoted;
    return pattern_check(text, remedy) == 0 ? 0 : FED_E_CONFIG;
}

/* A template is right when what it becomes for some group is. */
static int
check_expanded(form_check *form, const char *text, char *remedy)
{
    char *expanded = pattern_expand(text, &pattern_sample);

    if (expanded == NULL)
        return FED_E_NOMEM;
    int r = form(expanded, false, remedy);
    free(expanded);
    return r;
}

int
form_pattern_role_arn(const char *text, bool quoted, char *remedy)
{
    (void)quoted;
    int r = check_expanded(form_role_arn, text, remedy);

    if (r == FED_E_CONFIG)
        return form_refuse(remedy,
            "write the ARN with {account} and {role}, as in arn:aws:iam::{account}:role/{role}");
    return r;
}

int
form_pattern_provider_arn(const char *text, bool quoted, char *remedy)
{
    (void)quoted;
    int r = check_expanded(form_provider_arn, text, remedy);

    if (r == FED_E_CONFIG)
        return form_refuse(remedy, "write the SAML provider's ARN with {account}, as in "
                                   "arn:aws:iam::{account}:saml-provider/awsfed");
    return r;
}

int
form_pattern_policy_arn(const char *text, bool quoted, char *remedy)
{
    (void)quoted;
    return check_expanded(form_policy_arn, text, remedy);
}

int
form_tag_key(const char *text, bool quoted, char *remedy)
{
    char why[TEMPLATE_WHY_MAX];

    (void)quoted;
    if (template_check_value(TEMPLATE_TAG_KEY, text, why, sizeof(why)) != 0)
        return form_refuse(remedy, "tag key \"%.64s\": %s", text, why);
    return 0;
}

int
form_uri(const char *text, bool quoted, char *remedy)
{
    size_t scheme =
        strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-");

    (void)quoted;
    if (scheme == 0 || text[scheme] != ':' || text[scheme + 1] == '\0' ||
        strpbrk(text, " \"<>") != NULL || strlen(text) > URI_MAX)
        return form_refuse(remedy,
            "write a URI of at most %d characters, as in https://jump.corp.example.com/awsfed",
            URI_MAX);
    return 0;
}

int
form_audience(const char *text, bool quoted, char *remedy)
{
    size_t len = strlen(text);

    (void)quoted;
    if (len > 255 ||
        strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:/-") != len)
        return form_refuse(remedy, "write at most 255 of A-Z a-z 0-9 . _ : / -");
    return 0;
}

int
form_base_credential(const char *text, bool quoted, char *remedy)
{
    char why[FORM_REMEDY_MAX];
    size_t skip = 0;

    if (strcmp(text, "imds") == 0 || strcmp(text, "container") == 0)
        return 0;
    if (strncmp(text, "web-identity:", 13) == 0)
        skip = 13;
    else if (strncmp(text, "file:", 5) == 0)
        skip = 5;
    if (skip == 0 || form_path(text + skip, quoted, why) != 0)
        return form_refuse(remedy,
            "write \"imds\", \"container\", or \"web-identity:\" or \"file:\" "
            "and an absolute path");
    return 0;
}

int
form_external_id(const char *text, bool quoted, char *remedy)
{
    size_t len = strlen(text);

    (void)quoted;
    if (len < 2 || len > 1224 ||
        strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+=,.@:/-") !=
            len)
        return form_refuse(remedy, "write 2 to 1224 of A-Z a-z 0-9 _ + = , . @ : / -");
    return 0;
}

int
form_audit(const char *text, bool quoted, char *remedy)
{
    char why[FORM_REMEDY_MAX];

    if (strcmp(text, "journal") == 0)
        return 0;
    if (strncmp(text, "file:", 5) != 0 || form_path(text + 5, quoted, why) != 0)
        return form_refuse(remedy, "write \"journal\" or \"file:\" and an absolute path");
    return 0;
}

/* More is checked where the address is used, by who knows its form; a password must not even be reported there. */
static int
check_postgresql(const char *rest, char *remedy)
{
    const char *at = strchr(rest, '@');
    const char *colon = at != NULL ? memchr(rest, ':', (size_t)(at - rest)) : NULL;

    if (colon != NULL || strstr(rest, "password=") != NULL)
        return form_refuse(remedy,
            "take the password out: write it to a file in the form of .pgpass, of "
            "the bridge's user with mode 0600, and add \"?passfile=/PATH\"");
    if (rest[0] == '\0' || strlen(rest) > URI_MAX)
        return form_refuse(remedy, "write postgresql://USER@HOST/DATABASE?sslrootcert=/PATH");
    return 0;
}

/* A name goes into requests as it is: letters, digits and hyphens (RFC 4512 section 2.5). */
static bool
is_attribute(const char *text)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
    size_t len = strlen(text);

    return len > 0 && len <= 64 && strspn(text, allowed) == len;
}

int
form_store(const char *text, bool quoted, char *remedy)
{
    char why[FORM_REMEDY_MAX];

    if (strncmp(text, "postgresql://", 13) == 0)
        return check_postgresql(text + 13, remedy);
    if (strncmp(text, "directory:", 10) == 0 && is_attribute(text + 10))
        return 0;
    if (strncmp(text, "sqlite:", 7) != 0 || form_path(text + 7, quoted, why) != 0)
        return form_refuse(remedy,
            "write \"sqlite:\" and an absolute path, postgresql://…, or \"directory:\" and the "
            "name of an attribute");
    return 0;
}

int
form_issuer(const char *text, bool quoted, char *remedy)
{
    (void)quoted;
    if (strchr(text, ':') != NULL)
        return form_refuse(
            remedy, "leave out the \":\", at which authenticator apps cut the issuer");
    return 0;
}
