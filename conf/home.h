/*
 * Which of the configured domains something belongs to, by the form that it is written in.
 * Pure; any thread.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CONF_HOME_H
#define CONF_HOME_H

#include <stddef.h>

#include "conf/conf.h"

enum {
    HOME_ANYWHERE = -1, /* nothing is said of a domain */
    HOME_NOWHERE = -2,  /* NETBIOS\name of no configured domain */
};

enum { HOME_NETBIOS_MAX = 64 };

/* "CORP" in CORP\alice, in lower case: what is configured, else the first label of the domain's name. */
void home_netbios(const struct conf_domain *domain, char ret[HOME_NETBIOS_MAX]);

/*
 * The domain (an index) of a configured group: of NETBIOS\name by the part before the backslash, of a DN by the base DN
 * that it ends in, the longest of several. A bare name and a SID are HOME_ANYWHERE, and so is a DN under none: base-dn
 * may be a part of the tree.
 *   ret_name   the group without its NETBIOS\, within group
 */
int home_of_group(const struct conf *conf, const char *group, const char **ret_name);

#endif
