/*
 * The four sources of base credentials.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/base_credential.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "bridge/https.h"
#include "bridge/keys_text.h"
#include "bridge/metadata.h"
#include "conf/arn.h"
#include "conf/keyfile.h"

enum { TOKEN_MOST = 20000, KEY_FILE_MOST = 64 * 1024, DURATION_S = 3600 };

struct base_credential {
    const struct conf_aws *conf;
    struct sts *sts;
    struct https *https;
    char *url;             /* container */
    char *authorization;   /* container: the file of the header's value, NULL = none */
    struct conf_role role; /* web-identity: the role that is taken first */
    struct arn arn;
    char *session_name;
};

/* ---- What the platform says in the service's variables ---- */

static int
missing(char *why, const char *what)
{
    (void)snprintf(why, STS_WHY_MAX, "base-credential in [aws]: %s", what);
    return FED_E_CONFIG;
}

/* A copy of a variable, NULL when it is not set or empty; *r tells about memory. */
static char *
variable(const char *name, int *r)
{
    const char *value = getenv(name);
    char *copy = NULL;

    if (value != NULL && *value != '\0' && (copy = strdup(value)) == NULL)
        *r = FED_E_NOMEM;
    return copy;
}

static int
set_up_container(struct base_credential *base, char *why)
{
    int r = 0;
    char *relative = variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", &r);

    if (relative != NULL &&
        (*relative != '/' || asprintf(&base->url, METADATA_CONTAINER "%s", relative) < 0))
        base->url = NULL;
    if (relative == NULL)
        base->url = variable("AWS_CONTAINER_CREDENTIALS_FULL_URI", &r);
    free(relative);
    base->authorization = variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", &r);
    if (r != 0)
        return r;
    if (base->url == NULL)
        return missing(why, "container: the service's environment has neither "
                            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor …_FULL_URI: run in ECS or "
                            "EKS, or set one in the unit");
    if (!metadata_is_safe(base->url))
        return missing(why, "container: AWS_CONTAINER_CREDENTIALS_FULL_URI is neither https nor an "
                            "address of this host or the platform");
    return 0;
}

static int
set_up_web_identity(struct base_credential *base, char *why)
{
    static char name[] = "base-credential";
    int r = 0;

    base->role.name = name;
    base->role.arn = variable("AWS_ROLE_ARN", &r);
    base->session_name = variable("AWS_ROLE_SESSION_NAME", &r);
    if (r == 0 && base->session_name == NULL && (base->session_name = strdup("awsfed")) == NULL)
        r = FED_E_NOMEM;
    if (r != 0)
        return r;
    if (base->role.arn == NULL || arn_parse(base->role.arn, &base->arn) != 0 ||
        strcmp(base->arn.type, "role") != 0)
        return missing(why, "web-identity: the service's environment must name the role that the "
                            "token is for: set AWS_ROLE_ARN in the unit");
    base->role.partition = base->arn.partition;
    return 0;
}

int
base_credential_new(
    const struct conf_aws *conf, struct sts *sts, struct base_credential **ret, char *why)
{
    struct base_credential *base = calloc(1, sizeof(*base));
    int r;

    if (base == NULL)
        return FED_E_NOMEM;
    base->conf = conf;
    base->sts = sts;
    r = https_new(conf->ca_file, NULL, &base->https, why);
    if (r == 0 && conf->base == CONF_BASE_CONTAINER)
        r = set_up_container(base, why);
    if (r == 0 && conf->base == CONF_BASE_WEB_IDENTITY)
        r = set_up_web_identity(base, why);
    if (r != 0)
        base_credential_free(base);
    else
        *ret = base;
    return r;
}

void
base_credential_free(struct base_credential *base)
{
    if (base == NULL)
        return;
    https_free(base->https);
    free(base->url);
    free(base->authorization);
    free(base->role.arn);
    free(base->session_name);
    free(base);
}

/* ---- Fetching ---- */

/*
 * A token that the platform renews: a link is fine (Kubernetes swaps the folder behind one), and so is its being read by
 * others, whom the platform chose; that others could write it is not.
 */
static int
read_token(const char *path, struct fed_secret *ret, char *why)
{
    const char *what = NULL;
    struct stat st;
    ssize_t n = 0;

    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    int r = fd < 0 ? 0 : fed_secret_resize(ret, ret->limit);
    if (r != 0)
        goto out;
    if (fd < 0 || fstat(fd, &st) != 0)
        what = strerror(errno);
    else if (!S_ISREG(st.st_mode) || (st.st_uid != 0 && st.st_uid != geteuid()) ||
             (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        what = "not a file, or others than root could write it: chown root, chmod go-w";
    else if ((n = read(fd, ret->data, ret->len)) < 0)
        what = strerror(errno);
    while (what == NULL && n > 0 && (ret->data[n - 1] == '\n' || ret->data[n - 1] == '\r'))
        n--;
    if (what == NULL && (n == 0 || (size_t)n == ret->len))
        what = "empty, or longer than a token";
    for (ssize_t i = 0; what == NULL && i < n; i++)
        if (ret->data[i] <= ' ' || ret->data[i] >= 0x7f)
            what = "not one line of printable characters";
    if (what != NULL) {
        (void)snprintf(why, STS_WHY_MAX, "\"%.200s\": %s", path, what);
        r = FED_E_AWS_UNAVAILABLE;
    } else {
        r = fed_secret_resize(ret, (size_t)n);
    }
out:
    if (fd >= 0)
        (void)close(fd);
    return r;
}

static int
fetch_container(
    struct base_credential *base, int64_t deadline_ms, struct sts_credential *ret, char *why)
{
    struct fed_secret token = FED_SECRET_INIT(TOKEN_MOST);
    int r = base->authorization != NULL ? read_token(base->authorization, &token, why) : 0;

    if (r == 0)
        r = metadata_container(base->https, base->url, base->authorization != NULL ? &token : NULL,
            deadline_ms, ret, why);
    fed_secret_done(&token);
    return r;
}

struct token_source {
    const char *path;
    char *why;
};

/* Read anew for each attempt: the platform may have changed it. */
static int
give_token(void *arg, int64_t duration_s, int64_t now_s, struct fed_secret *ret)
{
    const struct token_source *source = arg;
    struct fed_secret token = FED_SECRET_INIT(TOKEN_MOST);
    (void)duration_s, (void)now_s;

    int r = read_token(source->path, &token, source->why);
    if (r == 0)
        r = fed_secret_add(ret, token.data, token.len);
    fed_secret_done(&token);
    return r;
}

static int
fetch_web_identity(
    struct base_credential *base, int64_t deadline_ms, struct sts_credential *ret, char *why)
{
    char of_token[STS_WHY_MAX] = "";
    struct token_source source = {.path = base->conf->base_file, .why = of_token};
    struct sts_request request = {.how = STS_WITH_WEB_IDENTITY,
        .role = &base->role,
        .duration_s = DURATION_S,
        .timeout_ms = clock_left_ms(deadline_ms),
        .assertion = give_token,
        .assertion_arg = &source,
        .session_name = base->session_name};

    int r = sts_assume_role(base->sts, &request, ret, why, NULL);
    if (r != 0 && of_token[0] != '\0')
        (void)snprintf(why, STS_WHY_MAX, "%s", of_token);
    return r;
}

static int
fetch_file(const struct base_credential *base, struct sts_credential *ret, char *why)
{
    struct fed_secret text = FED_SECRET_INIT(KEY_FILE_MOST);
    int r = keyfile_read(base->conf->base_file, true, &text, why, STS_WHY_MAX);

    if (r == 0 && (r = keys_text_file(text.data, text.len, ret)) == FED_E_PROTO)
        (void)snprintf(why, STS_WHY_MAX,
            "\"%.200s\": no aws_access_key_id and aws_secret_access_key below [default]",
            base->conf->base_file);
    fed_secret_done(&text);
    return r == FED_E_PROTO || r == FED_E_CONFIG ? FED_E_AWS_UNAVAILABLE : r;
}

int
base_credential_fetch(void *arg, int64_t deadline_ms, struct sts_credential *ret, char *why)
{
    struct base_credential *base = arg;
    char detail[STS_WHY_MAX] = "";
    int r = FED_E_CONFIG;

    switch (base->conf->base) {
    case CONF_BASE_IMDS:
        r = metadata_instance(base->https, METADATA_INSTANCE, deadline_ms, ret, detail);
        break;
    case CONF_BASE_CONTAINER:
        r = fetch_container(base, deadline_ms, ret, detail);
        break;
    case CONF_BASE_WEB_IDENTITY:
        r = fetch_web_identity(base, deadline_ms, ret, detail);
        break;
    case CONF_BASE_FILE:
        r = fetch_file(base, ret, detail);
        break;
    case CONF_BASE_NONE:
        break;
    }
    if (r != 0)
        (void)snprintf(why, STS_WHY_MAX, "base-credential: %.480s",
            detail[0] != '\0' ? detail : fed_strerror(r));
    return r;
}
