/*
 * awsfed-admin saml: the keys of the SAML provider, and the metadata that IAM is given.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_ADMIN_SAML_H
#define BRIDGE_ADMIN_SAML_H

#include "base/secret.h"
#include "conf/conf.h"

enum { ADMIN_SAML_METADATA_MAX = 128 * 1024 };

/*
 * awsfed-admin saml init             make the key and the certificate that [saml] names; never overwrites
 * awsfed-admin saml metadata [--output FILE]   write the IdP metadata, to standard output without FILE
 * awsfed-admin saml rotate [--finish]   change the key (bridge/admin/rotate.h)
 *
 *   argc, argv   from "saml" on: argv[0] is "saml"
 *   conf_dir     the configuration's folder; needs the right to read it, not a running bridge
 * Speaks to standard output and standard error. Returns the exit status: 0 done, 2 usage, 1 else.
 */
int admin_saml(int argc, char **argv, const char *conf_dir);

/* The metadata of [saml], appended to ret (initialised). 0, or an error, which has been printed. */
int admin_saml_metadata(const struct conf_saml *saml, struct fed_secret *ret);

#endif
