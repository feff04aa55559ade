/*
 * libcurl, held short. Handles wait in a stack; each keeps its connections, DNS answers and TLS sessions.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/https.h"

#include <curl/curl.h>
#include <errno.h>
#include <jansson.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "bridge/wipe.h"

enum { CONNECT_TIMEOUT_MS = 3000, CONNECTIONS_EACH = 4 };

struct https {
    const char *ca_file, *proxy;
    pthread_mutex_t lock; /* of the stack */
    CURL *idle[HTTPS_IDLE_MOST];
    size_t n_idle;
};

/* One transfer, as its callbacks see it. */
struct transfer {
    struct curl_slist *headers;
    struct fed_secret body;
    size_t budget; /* bytes that headers and body may still take */
    int error;     /* of a callback */
};

int
https_global_init(void)
{
    /* libcurl would write every TLS session's keys to the file that this variable names. */
    (void)unsetenv("SSLKEYLOGFILE");
    json_set_alloc_funcs(wipe_malloc, wipe_free); /* what it reads of metadata services is secret */
    CURLcode c = curl_global_init_mem(
        CURL_GLOBAL_DEFAULT, wipe_malloc, wipe_free, wipe_realloc, wipe_strdup, wipe_calloc);
    return c == CURLE_OK ? 0 : FED_E_SYSTEM;
}

/* A link is fine here, unlike for keys: that is how distributions lay out their roots. */
static int
check_ca_file(const char *path, char *why)
{
    const char *what = NULL;
    X509_STORE *store = NULL;
    struct stat st;

    if (stat(path, &st) != 0)
        what = strerror(errno);
    else if (!S_ISREG(st.st_mode))
        what = "not a regular file: name a file of PEM certificates";
    else if ((st.st_uid != 0 && st.st_uid != geteuid()) || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        what = "could be changed by others than root: chown root, chmod go-w";
    else if ((store = X509_STORE_new()) == NULL)
        return FED_E_NOMEM;
    else if (X509_STORE_load_file(store, path) != 1)
        what = "no certificate in PEM form in it: name the file of the roots to trust";
    X509_STORE_free(store);
    ERR_clear_error();
    if (what == NULL)
        return 0;
    (void)snprintf(why, HTTPS_WHY_MAX, "\"%.120s\": %s", path, what);
    return FED_E_CONFIG;
}

int
https_new(const char *ca_file, const char *proxy, struct https **ret, char *why)
{
    int r = ca_file != NULL ? check_ca_file(ca_file, why) : 0;
    if (r != 0)
        return r;
    struct https *https = calloc(1, sizeof(*https));
    if (https == NULL)
        return FED_E_NOMEM;
    https->ca_file = ca_file;
    https->proxy = proxy;
    (void)pthread_mutex_init(&https->lock, NULL);
    *ret = https;
    return 0;
}

void
https_free(struct https *https)
{
    if (https == NULL)
        return;
    while (https->n_idle > 0)
        curl_easy_cleanup(https->idle[--https->n_idle]);
    (void)pthread_mutex_destroy(&https->lock);
    free(https);
}

static CURL *
take_handle(struct https *https)
{
    CURL *curl = NULL;

    (void)pthread_mutex_lock(&https->lock);
    if (https->n_idle > 0)
        curl = https->idle[--https->n_idle];
    (void)pthread_mutex_unlock(&https->lock);
    return curl != NULL ? curl : curl_easy_init();
}

static void
give_handle(struct https *https, CURL *curl)
{
    curl_easy_reset(curl); /* forgets every option and pointer, keeps the connections */
    (void)pthread_mutex_lock(&https->lock);
    if (https->n_idle < HTTPS_IDLE_MOST) {
        https->idle[https->n_idle++] = curl;
        curl = NULL;
    }
    (void)pthread_mutex_unlock(&https->lock);
    if (curl != NULL)
        curl_easy_cleanup(curl);
}

static bool
spend(struct transfer *t, size_t len)
{
    if (len > t->budget) {
        t->error = FED_E_TOO_BIG;
        return false;
    }
    t->budget -= len;
    return true;
}

static size_t
on_header(char *data, size_t size, size_t n, void *arg)
{
    (void)data;
    return spend(arg, size * n) ? size * n : 0;
}

static size_t
on_body(char *data, size_t size, size_t n, void *arg)
{
    struct transfer *t = arg;
    size_t len = size * n;

    if (!spend(t, len))
        return 0;
    int r = fed_secret_add(&t->body, data, len);
    if (r != 0)
        t->error = r;
    return r == 0 ? len : 0;
}

static CURLcode
set_safety(struct https *https, CURL *curl, bool is_local)
{
    const char *proxy = https->proxy != NULL && !is_local ? https->proxy : "";
    CURLcode c;

    if ((c = curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, is_local ? "http,https" : "https")) !=
            0 ||
        (c = curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L)) != 0 ||
        (c = curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L)) != 0 ||
        (c = curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L)) != 0 ||
        (c = curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2)) != 0 ||
        /* Set but empty, both keep the environment out. */
        (c = curl_easy_setopt(curl, CURLOPT_PROXY, proxy)) != 0 ||
        (c = curl_easy_setopt(curl, CURLOPT_NOPROXY, "")) != 0 ||
        (c = curl_easy_setopt(curl, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L)) != 0 ||
        (c = curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED)) != 0 ||
        (c = curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L)) != 0)
        return c;
    if (https->ca_file == NULL)
        return CURLE_OK;
    /* The folder too, or the system's roots would be trusted besides. */
    if ((c = curl_easy_setopt(curl, CURLOPT_CAINFO, https->ca_file)) != 0)
        return c;
    return curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
}

/* libcurl copies the text, and wipes its copy when it frees it (https_global_init). */
static CURLcode
add_header(struct transfer *t, const char *text)
{
    struct curl_slist *grown = curl_slist_append(t->headers, text);

    if (grown == NULL)
        return CURLE_OUT_OF_MEMORY;
    t->headers = grown;
    return CURLE_OK;
}

/* Signed is what libcurl finds in its list of headers, Host, and the date that it adds itself. */
static CURLcode
set_signer(CURL *curl, const struct https_signer *signer, struct transfer *t)
{
    struct fed_secret token = FED_SECRET_INIT(HTTPS_REPLY_MAX);
    char scope[96];
    CURLcode c = CURLE_OK;

    int n = snprintf(scope, sizeof(scope), "aws:amz:%s:%s", signer->region,
        signer->service != NULL ? signer->service : "sts");
    if (n < 0 || (size_t)n >= sizeof(scope))
        return CURLE_BAD_FUNCTION_ARGUMENT;
    if (signer->session_token->len > 0) {
        c = fed_secret_addf(
                &token, "X-Amz-Security-Token: %s", fed_secret_str(signer->session_token)) == 0
                ? add_header(t, fed_secret_str(&token))
                : CURLE_OUT_OF_MEMORY;
        fed_secret_done(&token);
    }
    if (c != 0 || (c = curl_easy_setopt(curl, CURLOPT_AWS_SIGV4, scope)) != 0 ||
        (c = curl_easy_setopt(curl, CURLOPT_USERNAME, fed_secret_str(signer->access_key))) != 0)
        return c;
    return curl_easy_setopt(curl, CURLOPT_PASSWORD, fed_secret_str(signer->secret_key));
}

static CURLcode
set_form(CURL *curl, const struct fed_secret *form)
{
    CURLcode c;

    if ((c = curl_easy_setopt(curl, CURLOPT_POST, 1L)) != 0 ||
        (c = curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)form->len)) != 0)
        return c;
    return curl_easy_setopt(curl, CURLOPT_POSTFIELDS, fed_secret_str(form)); /* not copied */
}

static CURLcode
set_request(CURL *curl, const struct https_request *request, struct transfer *t)
{
    long all = (long)request->timeout_ms;
    long connect = all < CONNECT_TIMEOUT_MS ? all : CONNECT_TIMEOUT_MS;
    CURLcode c;

    if ((c = curl_easy_setopt(curl, CURLOPT_URL, request->url)) != 0 ||
        (c = curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, all)) != 0 ||
        (c = curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, connect)) != 0 ||
        (c = curl_easy_setopt(curl, CURLOPT_MAXCONNECTS, (long)CONNECTIONS_EACH)) != 0 ||
        (c = curl_easy_setopt(curl, CURLOPT_USERAGENT, "awsfed/" AWSFED_VERSION)) != 0 ||
        (request->form != NULL && (c = set_form(curl, request->form)) != 0) ||
        (request->method != NULL &&
            (c = curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method)) != 0) ||
        (request->header != NULL && (c = add_header(t, request->header)) != 0) ||
        (request->signer != NULL && (c = set_signer(curl, request->signer, t)) != 0))
        return c;
    return curl_easy_setopt(curl, CURLOPT_HTTPHEADER, t->headers);
}

static CURLcode
set_callbacks(CURL *curl, struct transfer *t, char *text)
{
    CURLcode c;

    if ((c = curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header)) != 0 ||
        (c = curl_easy_setopt(curl, CURLOPT_HEADERDATA, t)) != 0 ||
        (c = curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body)) != 0 ||
        (c = curl_easy_setopt(curl, CURLOPT_WRITEDATA, t)) != 0)
        return c;
    return curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, text);
}

/* libcurl's result, translated once. */
static int
translate(CURLcode c, const struct transfer *t)
{
    if (t->error != 0)
        return t->error;
    switch (c) {
    case CURLE_OK:
        return 0;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
        return FED_E_TLS;
    case CURLE_OPERATION_TIMEDOUT:
        return FED_E_TIMEOUT;
    case CURLE_OUT_OF_MEMORY:
        return FED_E_NOMEM;
    default:
        return FED_E_AWS_UNAVAILABLE;
    }
}

static void
read_headers(CURL *curl, struct https_reply *reply)
{
    struct curl_header *header;

    (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &reply->status);
    if (curl_easy_header(curl, "Date", 0, CURLH_HEADER, -1, &header) == CURLHE_OK) {
        time_t date = curl_getdate(header->value, NULL);
        reply->has_date = date != -1;
        reply->skew_s = reply->has_date ? (int64_t)time(NULL) - (int64_t)date : 0;
    }
    if (curl_easy_header(curl, "x-amzn-RequestId", 0, CURLH_HEADER, -1, &header) == CURLHE_OK)
        (void)text_clean(reply->request_id, sizeof(reply->request_id), header->value);
}

int
https_send(
    struct https *https, const struct https_request *request, struct https_reply *ret, char *why)
{
    struct transfer t = {.body = FED_SECRET_INIT(HTTPS_REPLY_MAX), .budget = HTTPS_REPLY_MAX};
    char text[CURL_ERROR_SIZE] = "";
    struct https_reply reply = {.status = 0};
    CURL *curl = take_handle(https);
    CURLcode c;

    if (curl == NULL)
        return FED_E_NOMEM;
    if ((c = set_safety(https, curl, request->is_local)) == 0 &&
        (c = set_request(curl, request, &t)) == 0 && (c = set_callbacks(curl, &t, text)) == 0)
        c = curl_easy_perform(curl);
    int r = translate(c, &t);
    if (r == 0) {
        read_headers(curl, &reply);
        fed_secret_init(&reply.body, HTTPS_REPLY_MAX);
        fed_secret_move(&reply.body, &t.body);
        *ret = reply;
    } else {
        (void)text_clean(why, HTTPS_WHY_MAX,
            r == FED_E_TOO_BIG ? "the reply is larger than any of AWS's"
            : text[0] != '\0'  ? text
                               : curl_easy_strerror(c));
    }
    give_handle(https, curl);
    curl_slist_free_all(t.headers);
    fed_secret_done(&t.body);
    return r;
}

void
https_reply_done(struct https_reply *reply)
{
    if (reply != NULL)
        fed_secret_done(&reply->body);
}
