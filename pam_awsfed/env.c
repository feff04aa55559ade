/*
 * Tokens and settings in the PAM environment.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "pam_awsfed/env.h"

#include <stdbool.h>
#include <string.h>

#include "base/text.h"

enum { ASSIGNMENT_MAX = 1024 };

static bool
is_token(const char *text)
{
    size_t len = strnlen(text, ENV_TOKEN_MAX + 1);

    if (len == 0 || len > ENV_TOKEN_MAX)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (text[i] <= ' ' || text[i] > '~')
            return false;
    }
    return true;
}

int
env_get(pam_handle_t *pamh, const char *name, struct fed_secret *ret_token)
{
    const char *value = pam_getenv(pamh, name);

    *ret_token = FED_SECRET_INIT(ENV_TOKEN_MAX);
    if (value == NULL)
        return FED_E_NOT_FOUND;
    if (!is_token(value))
        return FED_E_INVALID;
    return fed_secret_add_str(ret_token, value);
}

int
env_put(pam_handle_t *pamh, const char *name, const char *token)
{
    struct fed_secret line = FED_SECRET_INIT(ASSIGNMENT_MAX);
    int r;

    if (token == NULL || !is_token(token))
        return FED_E_INVALID;
    if ((r = fed_secret_add_str(&line, name)) == 0 && (r = fed_secret_add_byte(&line, '=')) == 0 &&
        (r = fed_secret_add_str(&line, token)) == 0 &&
        pam_putenv(pamh, fed_secret_str(&line)) != PAM_SUCCESS)
        r = FED_E_NOMEM;
    fed_secret_done(&line);
    return r;
}

static bool
is_ours(const char *name, size_t len)
{
    if (strncmp(name, "AWS_", 4) != 0 && strncmp(name, "AWSFED_", 7) != 0)
        return false;
    if ((len == strlen(ENV_RECEIPT) && memcmp(name, ENV_RECEIPT, len) == 0) ||
        (len == strlen(ENV_SESSION) && memcmp(name, ENV_SESSION, len) == 0))
        return false;
    for (size_t i = 0; i < len; i++) {
        bool letter = name[i] >= 'A' && name[i] <= 'Z';
        bool digit = name[i] >= '0' && name[i] <= '9';
        if (!letter && !digit && name[i] != '_')
            return false;
    }
    return true;
}

int
env_put_assignment(pam_handle_t *pamh, const char *assignment)
{
    char clean[ASSIGNMENT_MAX];
    const char *equals = strchr(assignment, '=');

    if (equals == NULL || !is_ours(assignment, (size_t)(equals - assignment)))
        return FED_E_INVALID;
    /* Unchanged by cleaning: there was nothing to clean, and nothing was cut off. */
    if (strcmp(text_clean(clean, sizeof(clean), assignment), assignment) != 0)
        return FED_E_INVALID;
    return pam_putenv(pamh, assignment) == PAM_SUCCESS ? 0 : FED_E_NOMEM;
}

void
env_drop(pam_handle_t *pamh, const char *name)
{
    if (pam_getenv(pamh, name) != NULL)
        (void)pam_putenv(pamh, name);
}
