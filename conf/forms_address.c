/*
 * Checks on the addresses of the configuration: of servers, networks, and what is reached by HTTP.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "conf/forms.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "conf/network.h"
#include "conf/sections.h"

/* HOST, perhaps with :PORT; refuses schemes, paths, user names and IPv6 literals. */
static bool
is_host_port(const char *text)
{
    char host[256];
    uint64_t port = 1;
    size_t len = strcspn(text, ":");

    if (len >= sizeof(host))
        return false;
    memcpy(host, text, len);
    host[len] = '\0';
    if (text[len] == ':' && (text_to_u64(text + len + 1, &port) != 0 || port < 1 || port > 65535))
        return false;
    return section_is_dns_name(host);
}

int
form_server(const char *text, bool quoted, char *remedy)
{
    (void)quoted;
    if (strstr(text, "://") != NULL)
        return form_refuse(
            remedy, "\"%.80s\" is a URL: write HOST or HOST:PORT, and choose with transport", text);
    if (!is_host_port(text))
        return form_refuse(remedy,
            "\"%.80s\" is no server: write HOST or HOST:PORT, with the name in its certificate",
            text);
    return 0;
}

int
form_network(const char *text, bool quoted, char *remedy)
{
    (void)quoted;
    if (!network_valid(text))
        return form_refuse(remedy,
            "\"%.80s\" is no network: write an address, or one with a prefix, as in 10.20.0.0/16",
            text);
    return 0;
}

/* Behind "://": HOST or HOST:PORT, perhaps with the slash that many write there. */
static bool
is_origin(const char *text)
{
    char host[FORM_REMEDY_MAX];
    size_t len = strlen(text);

    if (len > 0 && text[len - 1] == '/')
        len--;
    if (len >= sizeof(host))
        return false;
    memcpy(host, text, len);
    host[len] = '\0';
    return is_host_port(host);
}

int
form_https(const char *text, bool quoted, char *remedy)
{
    (void)quoted;
    if (strncmp(text, "https://", 8) != 0 || !is_origin(text + 8))
        return form_refuse(
            remedy, "write https://HOST or https://HOST:PORT, with nothing after it");
    return 0;
}

/* Apart from an address, an issuer is a text that is compared: AWS and we must write it alike. */
int
form_issuer_url(const char *text, bool quoted, char *remedy)
{
    char host[256];
    const char *path = strncmp(text, "https://", 8) == 0 ? strchr(text + 8, '/') : NULL;
    size_t len = strlen(text);

    (void)quoted;
    int n = snprintf(host, sizeof(host), "%.*s",
        path != NULL ? (int)(path - text - 8) : (int)(sizeof(host) - 1),
        text + (len < 8 ? len : 8));
    if (strncmp(text, "https://", 8) != 0 || n < 0 || (size_t)n >= sizeof(host) ||
        !is_host_port(host) || text[len - 1] == '/' || len > 255 ||
        strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._~:/[]-") !=
            len)
        return form_refuse(remedy,
            "write https://HOST or https://HOST/PATH, no slash at its end, at most 255 characters");
    return 0;
}

int
form_proxy(const char *text, bool quoted, char *remedy)
{
    size_t skip = strncmp(text, "https://", 8) == 0 ? 8 : 7;

    (void)quoted;
    if (strchr(text, '@') != NULL)
        return form_refuse(
            remedy, "leave the user and password out: a proxy that asks is not supported");
    if (strncmp(text, "http", 4) != 0 || strncmp(text + skip - 3, "://", 3) != 0 ||
        !is_origin(text + skip))
        return form_refuse(remedy, "write http://HOST:PORT or https://HOST:PORT");
    return 0;
}
