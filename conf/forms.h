/*
 * The form of single texts in the configuration: is this a server, a region, a group? Each check
 * returns 0, or FED_E_CONFIG with what to write instead in remedy (FORM_REMEDY_MAX bytes).
 * Nothing here allocates, blocks or looks at the machine; any thread.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef CONF_FORMS_H
#define CONF_FORMS_H

#include <stdbool.h>

#include "base/err.h"

enum { FORM_REMEDY_MAX = 384 };

/* quoted: a comma in the text is meant, by double quotes or as part of a whole DN. Most do not care. */
typedef int form_check(const char *text, bool quoted, char *remedy);

/* Write a remedy; FED_E_CONFIG. */
FED_PRINTF(2, 3) int form_refuse(char *remedy, const char *format, ...);

form_check form_account;      /* text_check_name */
form_check form_group;        /* a name, a whole DN, a SID; not a DN cut at its commas */
form_check form_users_name;   /* sAMAccountName or UPN */
form_check form_server;       /* HOST or HOST:PORT */
form_check form_network;      /* see conf/network.h */
form_check form_dn;           /* CN=…,DC=… */
form_check form_service_name; /* a DN or a UPN: what AD takes in a simple bind */
form_check form_netbios;      /* MS-ADTS: 1 to 15 characters */
form_check form_region;       /* eu-central-1, us-gov-west-1 */
form_check form_role_arn;
form_check form_provider_arn;
form_check form_policy_arn;
form_check form_pattern;          /* AWS-{account}-{role} */
form_check form_pattern_role_arn; /* the three with {account} and {role} */
form_check form_pattern_provider_arn;
form_check form_pattern_policy_arn;
form_check form_tag_key;
form_check form_uri;        /* an entityID: SCHEME:…, at most 1024 characters */
form_check form_https;      /* https://HOST[:PORT] */
form_check form_issuer_url; /* https://HOST[:PORT][/PATH]: an OIDC issuer */
form_check form_audience;   /* 1 to 255 characters of [A-Za-z0-9._:/-], as IAM takes a client ID */
form_check form_base_credential; /* imds, container, web-identity:FILE, file:PATH */
form_check form_external_id;     /* 2 to 1224 characters of [\w+=,.@:/-] */
form_check form_proxy;           /* http[s]://HOST[:PORT], no password */
form_check form_audit;           /* journal or file:/PATH */
form_check form_store;  /* sqlite:/PATH, postgresql://…, no password, or directory:ATTRIBUTE */
form_check form_issuer; /* no ':', which ends the issuer in an otpauth URI */

/* An absolute path to a file or folder, without "." or ".." steps; quoted is not looked at. */
form_check form_path;

#endif
