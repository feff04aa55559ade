/*
 * Where a signing key lies that is not in a file: the PKCS#11 URI (RFC 7512) of a private key in a token, read by p11-kit's
 * parser and held against what a service can work with:
 *
 *   pkcs11:token=awsfed;object=saml?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/etc/awsfed/saml.pin
 *
 * It names the module's library, the token (token, serial, model, manufacturer: whichever tell it apart), the key (object, id,
 * type=private), and the file of the PIN. A PIN in it (pin-value) would be a secret in the configuration, and is refused.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CONF_KEY_URI_H
#define CONF_KEY_URI_H

#include <stdbool.h>

#include <p11-kit/uri.h>

#include "base/err.h"
#include "conf/forms.h"

/* Is this the URI of a key, whatever it says; or else a path? */
bool key_uri_is(const char *text);

struct key_uri {
    P11KitUri *uri;     /* for p11_kit_uri_match_token_info and …_match_attributes */
    const char *module; /* absolute path; these two are views into uri */
    const char *pin;    /* absolute path, NULL = the token asks for none */
};

/*
 * Read one; nothing is opened. ret on success, freed with key_uri_done. FED_E_CONFIG with what to write instead in
 * remedy (FORM_REMEDY_MAX bytes, never with anything of a PIN), FED_E_NOMEM.
 */
FED_MUST_USE int key_uri_parse(const char *text, struct key_uri *ret, char *remedy);
void key_uri_done(struct key_uri *uri); /* NULL and zeroes are accepted */

/* For the table of keys: an absolute path, or such a URI. */
form_check form_key;

#endif
