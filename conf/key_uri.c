/*
 * Reading the URI of a key, and refusing what a service could not honour.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "conf/key_uri.h"

#include <stdio.h>
#include <string.h>

static const char example[] =
    "pkcs11:token=LABEL;object=LABEL?module-path=/PATH.so&pin-source=file:/PATH";

bool
key_uri_is(const char *text)
{
    return strncmp(text, "pkcs11:", 7) == 0;
}

static int
refuse(char *remedy, const char *what)
{
    (void)snprintf(remedy, FORM_REMEDY_MAX, "%s, as in %s", what, example);
    return FED_E_CONFIG;
}

/* The path of pin-source: file:/PATH, file:///PATH or /PATH; NULL when it is something else. */
static const char *
pin_path(const char *source)
{
    const char *path = source;

    if (strncmp(path, "file:", 5) == 0)
        path += strncmp(path + 5, "///", 3) == 0 ? 7 : 5;
    return path[0] == '/' && path[1] != '/' ? path : NULL;
}

static bool
says_token(P11KitUri *uri)
{
    const CK_TOKEN_INFO *info = p11_kit_uri_get_token_info(uri);

    return info->label[0] != '\0' || info->serialNumber[0] != '\0' || info->model[0] != '\0' ||
           info->manufacturerID[0] != '\0';
}

static bool
says_library(P11KitUri *uri)
{
    const CK_INFO *info = p11_kit_uri_get_module_info(uri);

    return info->libraryDescription[0] != '\0' || info->manufacturerID[0] != '\0' ||
           info->libraryVersion.major != (CK_BYTE)-1 || info->libraryVersion.minor != (CK_BYTE)-1;
}

static bool
says_slot(P11KitUri *uri)
{
    const CK_SLOT_INFO *info = p11_kit_uri_get_slot_info(uri);

    return p11_kit_uri_get_slot_id(uri) != (CK_SLOT_ID)-1 || info->slotDescription[0] != '\0' ||
           info->manufacturerID[0] != '\0';
}

/* Private keys are all that we look for; the URI may say so. */
static bool
says_other_type(P11KitUri *uri)
{
    const CK_ATTRIBUTE *type = p11_kit_uri_get_attribute(uri, CKA_CLASS);
    CK_OBJECT_CLASS kind = CKO_PRIVATE_KEY;

    if (type != NULL && type->ulValueLen == sizeof(kind))
        memcpy(&kind, type->pValue, sizeof(kind));
    return kind != CKO_PRIVATE_KEY;
}

static int
check_module(const char *path, char *remedy)
{
    char why[FORM_REMEDY_MAX];

    if (path == NULL)
        return refuse(remedy, "name the library of the token's module with module-path");
    return form_path(path, false, why) == 0
               ? 0
               : refuse(remedy, "write an absolute path for module-path, without \".\" and \"..\"");
}

static int
check(struct key_uri *key, char *remedy)
{
    P11KitUri *uri = key->uri;
    const char *source = p11_kit_uri_get_pin_source(uri);
    char why[FORM_REMEDY_MAX];

    if (p11_kit_uri_get_pin_value(uri) != NULL)
        return refuse(remedy, "take pin-value out: write the PIN to a file of root's with mode 600 "
                              "and name that with "
                              "pin-source");
    if (p11_kit_uri_any_unrecognized(uri))
        return refuse(remedy, "there is something in it that is not understood: leave it out");
    if (says_slot(uri) || says_library(uri) || p11_kit_uri_get_module_name(uri) != NULL)
        return refuse(remedy,
            "leave slot-…, library-… and module-name out: say token, object and module-path");
    if (!says_token(uri))
        return refuse(remedy, "name the token with token (its label) or serial");
    if (p11_kit_uri_get_attribute(uri, CKA_LABEL) == NULL &&
        p11_kit_uri_get_attribute(uri, CKA_ID) == NULL)
        return refuse(remedy, "name the key with object (its label) or id");
    if (says_other_type(uri))
        return refuse(remedy, "write type=private or leave it out");
    key->module = p11_kit_uri_get_module_path(uri);
    key->pin = source != NULL ? pin_path(source) : NULL;
    if (source != NULL && (key->pin == NULL || form_path(key->pin, false, why) != 0))
        return refuse(remedy, "write pin-source as file: and an absolute path");
    return check_module(key->module, remedy);
}

int
key_uri_parse(const char *text, struct key_uri *ret, char *remedy)
{
    struct key_uri key = {.uri = p11_kit_uri_new()};

    if (key.uri == NULL)
        return FED_E_NOMEM;
    int code = p11_kit_uri_parse(text, P11_KIT_URI_FOR_ANY, key.uri);
    int r = code == P11_KIT_URI_OK          ? check(&key, remedy)
            : code == P11_KIT_URI_NO_MEMORY ? FED_E_NOMEM
                                            : refuse(remedy, "write the URI of a key (RFC 7512)");
    if (r != 0) {
        key_uri_done(&key);
        return r;
    }
    *ret = key;
    return 0;
}

void
key_uri_done(struct key_uri *uri)
{
    if (uri == NULL)
        return;
    p11_kit_uri_free(uri->uri);
    *uri = (struct key_uri){.uri = NULL};
}

int
form_key(const char *text, bool quoted, char *remedy)
{
    struct key_uri key;

    if (!key_uri_is(text))
        return form_path(text, quoted, remedy);
    int r = key_uri_parse(text, &key, remedy);
    if (r == 0)
        key_uri_done(&key);
    return r;
}
