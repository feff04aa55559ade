/*
 * Up to two signers beside the keeper.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/signers.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <systemd/sd-daemon.h>

#include "base/log.h"
#include "bridge/signer.h"

enum { KINDS = SIGNER_OIDC + 1 };

struct one {
    struct keeper *own;   /* NULL: the key is in a file */
    struct keeper *signs; /* own, or the keeper */
    const struct signers *signers;
    struct loop *loop;
    struct watch *watch;
};

struct signers {
    struct one of[KINDS];
    pthread_mutex_t lock; /* of token_key, until it is there */
    bool has_token_key;
    struct jwk token_key;
};

static int
start_one(
    struct one *one, const struct conf *conf, enum signer_key which, char *why, size_t why_size)
{
    const char *certificate = which == SIGNER_SAML ? conf->saml.certificate : NULL;

    if (!signer_wanted(conf, which))
        return 0;
    int r = signer_start(conf, which, certificate, &one->own, why, why_size);
    if (r != 0)
        return r;
    one->signs = one->own;
    if (why[0] != '\0')
        fed_log_error("%s; nobody gets credentials that need it until that has changed", why);
    why[0] = '\0';
    return 0;
}

int
signers_start(const struct conf *conf, struct keeper *keeper, struct signers **ret, char *why,
    size_t why_size)
{
    struct signers *s = calloc(1, sizeof(*s));
    const struct jwk *key;
    int r = 0;

    if (s == NULL)
        return FED_E_NOMEM;
    (void)pthread_mutex_init(&s->lock, NULL);
    for (unsigned i = 0; i < KINDS; i++)
        s->of[i] = (struct one){.signs = keeper, .signers = s};
    for (unsigned i = 0; i < KINDS && r == 0; i++)
        r = start_one(&s->of[i], conf, (enum signer_key)i, why, why_size);
    if (r == 0 && conf->oidc.key != NULL && s->of[SIGNER_OIDC].own == NULL)
        r = signers_token_key(s, &key);
    if (r != 0) {
        signers_stop(s);
        return r;
    }
    *ret = s;
    return 0;
}

void
signers_stop(struct signers *s)
{
    if (s == NULL)
        return;
    for (unsigned i = 0; i < KINDS; i++)
        keeper_stop(s->of[i].own);
    if (s->has_token_key)
        jwk_done(&s->token_key);
    (void)pthread_mutex_destroy(&s->lock);
    free(s);
}

/* ---- Its end ---- */

bool
signers_complaint(const struct signers *s, char *ret, size_t size)
{
    bool saml = s->of[SIGNER_SAML].own != NULL && keeper_is_gone(s->of[SIGNER_SAML].own);
    bool oidc = s->of[SIGNER_OIDC].own != NULL && keeper_is_gone(s->of[SIGNER_OIDC].own);

    ret[0] = '\0';
    if (!saml && !oidc)
        return false;
    (void)snprintf(ret, size,
        "the process that signs with %s%s%s has ended, and AWS roles that need it cannot be given: "
        "the "
        "administrator has to restart awsfed-bridge, which signs nobody out",
        saml ? "[saml] key" : "", saml && oidc ? " and " : "", oidc ? "[oidc] key" : "");
    return true;
}

static void
on_gone(void *arg)
{
    struct one *one = arg;
    char text[256];

    if (signers_complaint(one->signers, text, sizeof(text))) {
        fed_log_error("%s; people can log in", text);
        (void)sd_notifyf(0, "STATUS=%s", text);
    }
    loop_unwatch(one->loop, one->watch);
    one->watch = NULL;
}

int
signers_watch(struct signers *s, struct loop *loop)
{
    int r = 0;

    for (unsigned i = 0; i < KINDS && r == 0; i++) {
        struct one *one = &s->of[i];
        one->loop = loop;
        if (one->own != NULL)
            r = loop_watch(loop, keeper_fd(one->own), 0, on_gone, one, &one->watch);
    }
    return r;
}

void
signers_unwatch(struct signers *s, struct loop *loop)
{
    for (unsigned i = 0; i < KINDS; i++) {
        loop_unwatch(loop, s->of[i].watch);
        s->of[i].watch = NULL;
    }
}

/* ---- The questions ---- */

int
signers_sign(struct signers *s, const void *data, size_t len, struct fed_secret *ret)
{
    return keeper_sign(s->of[SIGNER_SAML].signs, data, len, ret);
}

int
signers_token(struct signers *s, const void *data, size_t len, struct fed_secret *ret)
{
    return keeper_token(s->of[SIGNER_OIDC].signs, data, len, ret);
}

static int
read_token_key(struct signers *s)
{
    struct fed_secret der = FED_SECRET_INIT(1024);

    int r = keeper_public(s->of[SIGNER_OIDC].signs, &der);
    if (r == 0)
        r = jwk_of_der(der.data, der.len, &s->token_key);
    fed_secret_done(&der);
    return r;
}

int
signers_token_key(struct signers *s, const struct jwk **ret)
{
    int r = 0;

    (void)pthread_mutex_lock(&s->lock);
    if (!s->has_token_key && (r = read_token_key(s)) == 0)
        s->has_token_key = true;
    (void)pthread_mutex_unlock(&s->lock);
    if (r == 0)
        *ret = &s->token_key;
    return r;
}
