/*
 * IMDSv2 and the container endpoint.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/metadata.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "bridge/keys_text.h"

enum { TOKEN_MOST = 4096, HEADER_MOST = 16384, URL_MOST = 512, ROLE_MOST = 64, EACH_MS = 2000 };

#define ROLES "/latest/meta-data/iam/security-credentials/"

/* Two seconds are long on the way to one's own host; where nothing answers, nobody should wait for more. */
static int
ask(struct https *https, struct https_request *request, int64_t deadline_ms,
    struct https_reply *ret, char *why)
{
    char text[HTTPS_WHY_MAX] = "";
    int64_t left_ms = clock_left_ms(deadline_ms);

    request->is_local = true;
    request->timeout_ms = left_ms < EACH_MS ? left_ms : EACH_MS;
    int r = left_ms > 0 ? https_send(https, request, ret, text) : FED_E_TIMEOUT;
    if (r != 0)
        (void)snprintf(
            why, STS_WHY_MAX, "%.200s: %s", request->url, text[0] != '\0' ? text : fed_strerror(r));
    return r == FED_E_TOO_BIG ? FED_E_AWS_UNAVAILABLE : r;
}

static int
refuse(const char *url, long status, const char *what, char *why)
{
    (void)snprintf(why, STS_WHY_MAX, "%.200s: HTTP status %ld: %s", url, status, what);
    return status >= 500 || status == 429 ? FED_E_AWS_UNAVAILABLE : FED_E_AWS_REFUSED;
}

static int
take_keys(const char *url, const struct https_reply *reply, struct sts_credential *ret, char *why)
{
    int r = keys_text_json(reply->body.data, reply->body.len, (int64_t)time(NULL), ret);

    if (r != FED_E_PROTO)
        return r;
    (void)snprintf(why, STS_WHY_MAX,
        "%.200s: the answer has no keys that are good now; is that the metadata service?", url);
    return FED_E_AWS_UNAVAILABLE;
}

/* ---- IMDSv2 ---- */

/* The whole header of later requests, from the answer to PUT /latest/api/token. */
static int
get_token(struct https *https, const char *address, int64_t deadline_ms, struct fed_secret *ret,
    char *why)
{
    struct https_reply reply = {.status = 0};
    char url[URL_MOST];
    struct https_request request = {
        .url = url, .method = "PUT", .header = "X-aws-ec2-metadata-token-ttl-seconds: 300"};

    (void)snprintf(url, sizeof(url), "%s/latest/api/token", address);
    int r = ask(https, &request, deadline_ms, &reply, why);
    if (r != 0)
        return r;
    if (reply.status != 200)
        r = refuse(url, reply.status, "no token for IMDSv2: is instance metadata turned on?", why);
    else if (reply.body.len == 0 || reply.body.len > TOKEN_MOST ||
             strcspn(fed_secret_str(&reply.body), "\r\n \t") != reply.body.len)
        r = refuse(url, reply.status, "the answer is no token", why);
    else
        r = fed_secret_addf(ret, "X-aws-ec2-metadata-token: %s", fed_secret_str(&reply.body));
    https_reply_done(&reply);
    return r;
}

/* The name of the instance's role is the first line of the list. */
static int
get_role(struct https *https, const char *address, const char *token, int64_t deadline_ms,
    char ret[ROLE_MOST + 1], char *why)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+=,.@-";
    struct https_reply reply = {.status = 0};
    char url[URL_MOST];
    struct https_request request = {.url = url, .header = token};

    (void)snprintf(url, sizeof(url), "%s" ROLES, address);
    int r = ask(https, &request, deadline_ms, &reply, why);
    if (r != 0)
        return r;
    const char *text = fed_secret_str(&reply.body);
    size_t len = strspn(text, allowed);
    if (reply.status != 200)
        r = refuse(url, reply.status, "the instance has no role: attach an instance profile", why);
    else if (len == 0 || len > ROLE_MOST || (text[len] != '\0' && text[len] != '\n'))
        r = refuse(url, reply.status, "the answer is no role's name", why);
    else
        (void)snprintf(ret, ROLE_MOST + 1, "%.*s", (int)len, text);
    https_reply_done(&reply);
    return r;
}

int
metadata_instance(struct https *https, const char *address, int64_t deadline_ms,
    struct sts_credential *ret, char *why)
{
    struct fed_secret token = FED_SECRET_INIT(HEADER_MOST);
    struct https_reply reply = {.status = 0};
    char role[ROLE_MOST + 1] = "", url[URL_MOST];
    struct https_request request = {.url = url};

    int r = get_token(https, address, deadline_ms, &token, why);
    if (r == 0)
        r = get_role(https, address, fed_secret_str(&token), deadline_ms, role, why);
    if (r == 0) {
        (void)snprintf(url, sizeof(url), "%s" ROLES "%s", address, role);
        request.header = fed_secret_str(&token);
        r = ask(https, &request, deadline_ms, &reply, why);
    }
    if (r == 0)
        r = reply.status == 200 ? take_keys(url, &reply, ret, why)
                                : refuse(url, reply.status, "no keys of the instance's role", why);
    https_reply_done(&reply);
    fed_secret_done(&token);
    return r;
}

/* ---- Containers ---- */

bool
metadata_is_safe(const char *url)
{
    static const char *const hosts[] = {
        "169.254.170.2", "169.254.170.23", "[fd00:ec2::23]", "127.0.0.1", "[::1]", "localhost"};

    if (strncmp(url, "https://", 8) == 0)
        return url[8] != '\0' && url[8] != '/';
    if (strncmp(url, "http://", 7) != 0)
        return false;
    const char *host = url + 7;
    size_t len = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/?#@");
    if (host[len - (len > 0)] == '\0' || host[len] == '@')
        return false;
    const char *port = host + len;
    if (*port == ':')
        port += 1 + strspn(port + 1, "0123456789");
    if (*port != '/' && *port != '\0')
        return false;
    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++)
        if (strlen(hosts[i]) == len && strncmp(hosts[i], host, len) == 0)
            return true;
    return false;
}

int
metadata_container(struct https *https, const char *url, const struct fed_secret *authorization,
    int64_t deadline_ms, struct sts_credential *ret, char *why)
{
    struct fed_secret header = FED_SECRET_INIT(HEADER_MOST);
    struct https_reply reply = {.status = 0};
    struct https_request request = {.url = url};
    int r = 0;

    if (authorization != NULL) {
        r = fed_secret_addf(&header, "Authorization: %s", fed_secret_str(authorization));
        request.header = fed_secret_str(&header);
    }
    if (r == 0)
        r = ask(https, &request, deadline_ms, &reply, why);
    if (r == 0)
        r = reply.status == 200
                ? take_keys(url, &reply, ret, why)
                : refuse(url, reply.status, "the container endpoint gives no keys", why);
    https_reply_done(&reply);
    fed_secret_done(&header);
    return r;
}
