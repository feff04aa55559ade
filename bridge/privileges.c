/*
 * Dropping root.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/privileges.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

int
privileges_find(const char *user, struct identity_ids *ret, char *why, size_t why_size)
{
    if (geteuid() != 0) {
        *ret = (struct identity_ids){.uid = geteuid(), .gid = getegid()};
        return 0;
    }
    errno = 0;
    const struct passwd *account = getpwnam(user);
    if (account == NULL) {
        (void)snprintf(why, why_size,
            "[bridge] user: there is no account \"%s\": create it with "
            "\"adduser --system --group --no-create-home %s\"",
            user, user);
        return FED_E_CONFIG;
    }
    if (account->pw_uid == 0) {
        (void)snprintf(why, why_size,
            "[bridge] user: \"%s\" is root: name an account of the bridge's own", user);
        return FED_E_CONFIG;
    }
    *ret = (struct identity_ids){.uid = account->pw_uid, .gid = account->pw_gid};
    return 0;
}

static int
become(const struct identity_ids *ids)
{
    if (setgroups(1, &ids->gid) != 0 || setresgid(ids->gid, ids->gid, ids->gid) != 0 ||
        setresuid(ids->uid, ids->uid, ids->uid) != 0)
        return FED_E_SYSTEM;
    /* The proof: root must be out of reach by every way there is. */
    if (setuid(0) == 0 || seteuid(0) == 0 || setgid(0) == 0 || geteuid() != ids->uid)
        return FED_E_SYSTEM;
    return 0;
}

int
privileges_drop(const struct identity_ids *ids)
{
    const struct rlimit none = {0, 0};

    if (geteuid() == 0 && become(ids) != 0)
        return FED_E_SYSTEM;
    if (setrlimit(RLIMIT_CORE, &none) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return FED_E_SYSTEM;
    return 0;
}
