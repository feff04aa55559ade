/*
 * From a configuration to the options of a signer.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/signer.h"

#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bridge/privileges.h"
#include "bridge/signer_process.h"
#include "conf/key_uri.h"

enum { GROUPS_MOST = 64 };

static const char *
key_of(const struct conf *conf, enum signer_key which)
{
    return which == SIGNER_SAML ? conf->saml.key : conf->oidc.key;
}

bool
signer_wanted(const struct conf *conf, enum signer_key which)
{
    return key_of(conf, which) != NULL && key_uri_is(key_of(conf, which));
}

static void
run(int fd, const void *options)
{
    signer_process(fd, options);
}

/* The user, and the groups by which it reaches the token: softhsm, pkcs11, whatever the packages made. */
static int
find_user(const struct conf *conf, gid_t groups[GROUPS_MOST], struct keeper_box_ids *ret, char *why,
    size_t why_size)
{
    const char *user =
        conf->bridge.signer_user != NULL ? conf->bridge.signer_user : conf->bridge.user;
    struct identity_ids ids;
    int n = GROUPS_MOST;

    int r = privileges_find(user, &ids, why, why_size);
    if (r != 0)
        return r;
    *ret = (struct keeper_box_ids){.uid = ids.uid, .gid = ids.gid, .groups = groups};
    if (geteuid() != 0)
        return 0;
    if (getgrouplist(user, ids.gid, groups, &n) < 0) {
        (void)snprintf(why, why_size, "\"%s\" is in more than %d groups: take it out of some", user,
            GROUPS_MOST);
        return FED_E_CONFIG;
    }
    ret->n_groups = (size_t)n;
    return 0;
}

/* The lines of a signer say which key they are about. */
static int
say_which(const char *name, int r, const char *text, char *why, size_t why_size)
{
    (void)snprintf(
        why, why_size, "%s%s%s", text[0] != '\0' ? name : "", text[0] != '\0' ? ": " : "", text);
    return r;
}

int
signer_start(const struct conf *conf, enum signer_key which, const char *certificate,
    struct keeper **ret, char *why, size_t why_size)
{
    const char *name = which == SIGNER_SAML ? "[saml] key" : "[oidc] key";
    gid_t groups[GROUPS_MOST];
    char text[512] = "";
    struct signer_options options = {
        .uri = key_of(conf, which), .certificate = certificate, .may_be_ec = which == SIGNER_OIDC};
    const struct keeper_program program = {name, run, &options};

    int r = find_user(conf, groups, &options.ids, text, sizeof(text));
    if (r == 0)
        r = keeper_launch(&program, ret, text, sizeof(text));
    return say_which(name, r, r != 0 && text[0] == '\0' ? fed_strerror(r) : text, why, why_size);
}
