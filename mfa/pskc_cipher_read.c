/*
 * Expat finds the few elements that matter by their path. Values end up in fixed buffers.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "mfa/pskc_cipher_parts.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <expat.h>

#include "mfa/base64.h"

enum {
    PATH_MAX_LEN = 256,
    TEXT_MAX = 1024, /* of a value */
    MOST = 200000,   /* key packages */
    ITERATIONS_MAX = 10000000,
};

#define NAMESPACE "urn:ietf:params:xml:ns:keyprov:pskc|"
#define SECRET    "KeyContainer/KeyPackage/Key/Data/Secret"
#define PBKDF2    "KeyContainer/EncryptionKey/DerivedKey/KeyDerivationMethod/PBKDF2-params"

struct reading {
    XML_Parser parser;
    struct pskc_cipher *c;
    char path[PATH_MAX_LEN];
    char text[TEXT_MAX];
    size_t text_len, secret_from;
    bool too_long;
    const char *why;
    int error;
};

/* ---- Reading ---- */

static void
fail(struct reading *in, const char *why)
{
    if (in->error == 0) {
        in->error = FED_E_INVALID;
        in->why = why;
    }
    (void)XML_StopParser(in->parser, XML_FALSE);
}

/* The byte of the document where what is told of begins, and the one behind it. */
static size_t
begin_of(struct reading *in)
{
    return (size_t)XML_GetCurrentByteIndex(in->parser);
}

static size_t
end_of(struct reading *in)
{
    return begin_of(in) + (size_t)XML_GetCurrentByteCount(in->parser);
}

static void
end_text(struct reading *in)
{
    in->text_len = 0;
    in->too_long = false;
}

static const char *
local(const char *name)
{
    const char *bar = strrchr(name, '|');

    return bar != NULL ? bar + 1 : name;
}

static const char *
attribute(const char **attributes, const char *name)
{
    for (; *attributes != NULL; attributes += 2) {
        if (strcmp(attributes[0], name) == 0)
            return attributes[1];
    }
    return NULL;
}

/* By the last part: the same algorithm goes by several addresses. */
static bool
ends_with(const char *text, const char *end)
{
    size_t len = text != NULL ? strlen(text) : 0, end_len = strlen(end);

    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

static size_t
key_size_of(const char *algorithm)
{
    return ends_with(algorithm, "#aes128-cbc")   ? 16
           : ends_with(algorithm, "#aes192-cbc") ? 24
           : ends_with(algorithm, "#aes256-cbc") ? 32
                                                 : 0;
}

/* "…#hmac-sha1" of MACMethod, "…#hmac-sha256" of PRF and others; none is SHA-1 for a PRF. */
static const EVP_MD *
digest_of(const char *algorithm)
{
    return ends_with(algorithm, "hmac-sha1")     ? EVP_sha1()
           : ends_with(algorithm, "hmac-sha256") ? EVP_sha256()
           : ends_with(algorithm, "hmac-sha512") ? EVP_sha512()
                                                 : NULL;
}

static void
new_package(struct reading *in)
{
    struct pskc_cipher *c = in->c;

    if (c->n == MOST) {
        fail(in, "too many keys");
        return;
    }
    if (c->n == c->room) {
        size_t room = c->room == 0 ? 16 : 2 * c->room;
        struct pskc_package *packages = reallocarray(c->packages, room, sizeof(*packages));
        if (packages == NULL) {
            in->error = FED_E_NOMEM;
            (void)XML_StopParser(in->parser, XML_FALSE);
            return;
        }
        c->packages = packages;
        c->room = room;
    }
    memset(&c->packages[c->n], 0, sizeof(*c->packages));
    c->packages[c->n++].line = (unsigned)XML_GetCurrentLineNumber(in->parser);
}

static struct pskc_package *
last(struct reading *in)
{
    return &in->c->packages[in->c->n - 1]; /* inside of one, as the path says */
}

/* What an element says by its attributes, or by being there. */
static void
begin_element(struct reading *in, const char **attributes)
{
    struct pskc_cipher *c = in->c;
    const char *algorithm = attribute(attributes, "Algorithm"), *path = in->path;

    if (strcmp(path, "KeyContainer/KeyPackage") == 0) {
        new_package(in);
    } else if (strcmp(path, "KeyContainer/EncryptionKey") == 0) {
        c->key_from = begin_of(in);
    } else if (strcmp(path, SECRET) == 0) {
        in->secret_from = begin_of(in);
    } else if (strcmp(path, "KeyContainer/EncryptionKey/DerivedKey/KeyDerivationMethod") == 0) {
        c->derived = true;
        if (!ends_with(algorithm, "#pbkdf2"))
            fail(in, "the key is derived in a way that is not known");
    } else if (strcmp(path, PBKDF2 "/PRF") == 0) {
        c->prf = algorithm != NULL ? digest_of(algorithm) : EVP_sha1();
        if (c->prf == NULL)
            fail(in, "the key is derived with a function that is not known");
    } else if (strcmp(path, "KeyContainer/MACMethod") == 0) {
        c->mac_from = begin_of(in);
        if ((c->mac_method = digest_of(algorithm)) == NULL)
            fail(in, "a MAC algorithm that is not known");
    } else if (strcmp(path, "KeyContainer/MACMethod/MACKey/EncryptionMethod") == 0) {
        if ((c->mac_key.key_size = key_size_of(algorithm)) == 0)
            fail(in, "the MAC key is encrypted in a way that is not known");
    } else if (strcmp(path, SECRET "/EncryptedValue") == 0) {
        c->locked = last(in)->locked = true;
    } else if (strcmp(path, SECRET "/EncryptedValue/EncryptionMethod") == 0) {
        if ((last(in)->secret.key_size = key_size_of(algorithm)) == 0)
            fail(in, "encrypted in a way that is not known: aes128-cbc to aes256-cbc are");
    } else if (ends_with(path, "/EncryptedValue")) {
        fail(in, "something other than the secret is encrypted");
    }
}

static void
on_start(void *arg, const char *name, const char **attributes)
{
    struct reading *in = arg;
    size_t len = strlen(in->path), more = strlen(local(name));

    end_text(in);
    if (len == 0 && strcmp(name, NAMESPACE "KeyContainer") != 0) {
        fail(in, "not a PSKC file (RFC 6030)");
        return;
    }
    if (more + 2 > sizeof(in->path) - len) {
        fail(in, "deeper than such files are");
        return;
    }
    if (len > 0)
        in->path[len++] = '/';
    memcpy(in->path + len, local(name), more + 1);
    begin_element(in, attributes);
}

/* White space is for the eye. What is too long is none of the values that matter, or a wrong one. */
static void
on_text(void *arg, const char *text, int len)
{
    struct reading *in = arg;

    for (int i = 0; i < len; i++) {
        if (strchr(" \t\r\n", text[i]) != NULL)
            continue;
        in->too_long |= in->text_len == sizeof(in->text);
        if (!in->too_long)
            in->text[in->text_len++] = text[i];
    }
}

static void
take_value(struct reading *in, struct pskc_value *ret)
{
    struct fed_secret bytes = FED_SECRET_INIT(PSKC_VALUE_MAX);

    if (ret->len != 0 || in->too_long || base64_read(in->text, in->text_len, &bytes) != 0) {
        fail(in, "a value that is not base64, too long, or there twice");
    } else {
        memcpy(ret->bytes, bytes.data, bytes.len);
        ret->len = bytes.len;
    }
    fed_secret_done(&bytes);
}

static void
take_number(struct reading *in, unsigned long most, unsigned long *ret)
{
    unsigned long value = 0;

    for (size_t i = 0; i < in->text_len && i < 9; i++) {
        if (in->text[i] < '0' || in->text[i] > '9')
            value = most + 1;
        else if (value <= most)
            value = 10 * value + (unsigned long)(in->text[i] - '0');
    }
    if (in->text_len == 0 || in->text_len > 9 || value == 0 || value > most)
        fail(in, "a number that is none, or too large");
    *ret = value;
}

/* The ends of what libpskc is not to see. One Secret a package: another would be another's. */
static void
end_range(struct reading *in)
{
    struct pskc_cipher *c = in->c;

    if (strcmp(in->path, "KeyContainer/EncryptionKey") == 0) {
        c->key_to = end_of(in);
    } else if (strcmp(in->path, "KeyContainer/MACMethod") == 0) {
        c->mac_to = end_of(in);
    } else if (strcmp(in->path, SECRET) == 0 && last(in)->locked) {
        if (last(in)->to != 0)
            fail(in, "a second secret");
        last(in)->from = in->secret_from;
        last(in)->to = end_of(in);
    }
}

static void
on_end(void *arg, const char *name)
{
    struct reading *in = arg;
    struct pskc_cipher *c = in->c;
    const char *path = in->path;

    (void)name;
    if (in->error != 0)
        return;
    if (strcmp(path, PBKDF2 "/Salt/Specified") == 0)
        take_value(in, &c->salt);
    else if (strcmp(path, PBKDF2 "/IterationCount") == 0)
        take_number(in, ITERATIONS_MAX, &c->iterations);
    else if (strcmp(path, PBKDF2 "/KeyLength") == 0)
        take_number(in, 32, &c->key_length);
    else if (strcmp(path, "KeyContainer/MACMethod/MACKey/CipherData/CipherValue") == 0)
        take_value(in, &c->mac_key);
    else if (strcmp(path, SECRET "/EncryptedValue/CipherData/CipherValue") == 0)
        take_value(in, &last(in)->secret);
    else if (strcmp(path, SECRET "/ValueMAC") == 0)
        take_value(in, &last(in)->mac);
    else
        end_range(in);
    char *slash = strrchr(in->path, '/');
    *(slash != NULL ? slash : in->path) = '\0';
    end_text(in);
}

static void
on_doctype(void *arg, const char *name, const char *system_id, const char *public_id, int subset)
{
    (void)name, (void)system_id, (void)public_id, (void)subset;
    fail(arg, "a document type, which such files have not");
}

/* CBC without a MAC could be changed unseen: what is encrypted needs both. */
static const char *
check(const struct pskc_cipher *c, unsigned *ret_line)
{
    *ret_line = 0;
    if (!c->locked)
        return NULL;
    if (c->mac_method == NULL)
        return "encrypted without a MACMethod: it could have been changed";
    if (c->derived && (c->salt.len == 0 || c->iterations == 0))
        return "a derived key without salt or IterationCount";
    for (size_t i = 0; i < c->n; i++) {
        const struct pskc_package *p = &c->packages[i];
        *ret_line = p->line;
        if (p->locked && (p->mac.len == 0 || p->secret.len == 0 || p->secret.key_size == 0))
            return "an encrypted secret without its CipherValue, algorithm or ValueMAC";
    }
    return NULL;
}

int
pskc_cipher_read(const void *data, size_t len, struct pskc_cipher **ret, unsigned *ret_line,
    const char **ret_why)
{
    struct reading in = {.c = calloc(1, sizeof(*in.c))};
    int r = FED_E_NOMEM;

    if (in.c == NULL || (in.parser = XML_ParserCreateNS(NULL, '|')) == NULL)
        goto out;
    in.c->prf = EVP_sha1();
    in.c->key = in.c->mac = FED_SECRET_INIT(PSKC_VALUE_MAX);
    XML_SetUserData(in.parser, &in);
    XML_SetElementHandler(in.parser, on_start, on_end);
    XML_SetCharacterDataHandler(in.parser, on_text);
    XML_SetStartDoctypeDeclHandler(in.parser, on_doctype);
    bool well = len <= INT32_MAX &&
                XML_Parse(in.parser, data, (int)len, XML_TRUE) == XML_STATUS_OK && in.error == 0;
    r = in.error;
    if (r == 0 && !well) {
        r = FED_E_INVALID;
        in.why = "not well-formed XML";
    }
    *ret_line = (unsigned)XML_GetCurrentLineNumber(in.parser);
    if (r == 0 && (in.why = check(in.c, ret_line)) != NULL)
        r = FED_E_INVALID;
    *ret_why = in.why;
    if (r == 0) {
        *ret = in.c;
        in.c = NULL;
    }

out:
    if (in.parser != NULL)
        XML_ParserFree(in.parser);
    explicit_bzero(in.text, sizeof(in.text)); /* a plain secret, perhaps */
    pskc_cipher_free(in.c);
    return r;
}
