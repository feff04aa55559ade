/*
 * Kerberos's refusals.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ldap/refusal.h"

#include <errno.h>
#include <time.h>

#include "ldap/why.h"

/*
 * The newest key that we have is not the account's. Where the controller says so it has counted that, as it counts
 * wrong passwords: no other is asked then.
 */
static int
wrong_key(krb5_error_code code, const char *name, const struct hostkeys *keys, char *why)
{
    return why_not(why, code == KRB5KDC_ERR_PREAUTH_FAILED ? FED_E_DENIED : FED_E_NOT_FOUND,
        "the key of \"%.64s\" (version %u) in \"%.64s\" is not the account's: %s", name,
        hostkeys_account(keys)->version, hostkeys_path(keys),
        hostkeys_was_replaced(keys)
            ? "the file was replaced since the start: restart awsfed-bridge"
            : "its password was changed: \"adcli update\" or \"net ads keytab create\"");
}

/*
 * Both clocks are whole seconds here; five minutes is what a domain allows by default. Which of the two is wrong cannot be told by
 * one controller: with a clock that is wrong it must not keep us from the others.
 */
int
refusal_clock(int64_t server_s, char *why)
{
    int64_t behind_s = server_s - (int64_t)time(NULL);

    if (server_s == 0 || behind_s == 0)
        return why_not(why, FED_E_CLOCK,
            "Kerberos: this host's clock and the domain controller's differ: set up NTP");
    return why_not(why, FED_E_CLOCK,
        "Kerberos: this host's clock is %lld seconds %s the domain controller's: set up NTP",
        (long long)(behind_s > 0 ? behind_s : -behind_s), behind_s > 0 ? "behind" : "ahead of");
}

/*
 * Refusals that are about the account alone: the text around its name, NULL when it is none of these. They come in the clear and
 * cost no try, and a controller may not have heard yet of an account just made: another has its say too.
 */
static const char *
account_text(krb5_error_code code)
{
    switch (code) {
    case KRB5KDC_ERR_C_PRINCIPAL_UNKNOWN:
        return "is no account of the domain: join it again, or name another in service-dn";
    case KRB5KDC_ERR_CLIENT_REVOKED:
        return "is disabled or locked in the domain: enable it";
    case KRB5KDC_ERR_KEY_EXP:
        return "has a password that expired: \"adcli update\" or \"net ads changetrustpw\"";
    case KRB5KDC_ERR_ETYPE_NOSUPP:
        return "may not use AES: set its msDS-SupportedEncryptionTypes to 24";
    default:
        return NULL;
    }
}

int
refusal(krb5_context context, krb5_error_code code, const char *name, const char *host,
    const struct hostkeys *keys, int64_t server_s, char *why)
{
    const char *text = account_text(code);

    if (host == NULL && text != NULL)
        return why_not(why, FED_E_NOT_FOUND, "Kerberos: \"%.96s\" %s", name, text);
    switch (code) {
    case ENOMEM:
        return why_not(why, FED_E_NOMEM, "out of memory");
    case KRB5KDC_ERR_PREAUTH_FAILED:
    case KRB5KRB_AP_ERR_BAD_INTEGRITY:
        if (host == NULL)
            return wrong_key(code, name, keys, why);
        break;
    case KRB5KRB_AP_ERR_SKEW:
    case KRB5KRB_AP_ERR_TKT_NYV:
    case KRB5_KDCREP_SKEW:
        return refusal_clock(server_s, why);
    case KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN:
        if (host != NULL)
            return why_not(why, FED_E_NOT_FOUND,
                "Kerberos: no domain controller is called \"%.96s\": name it in full in "
                "\"servers\"",
                host);
        break;
    default:
        break;
    }
    const char *said = krb5_get_error_message(context, code);
    int r = why_not(why, FED_E_DIRECTORY, "Kerberos: %s", said);
    krb5_free_error_message(context, said);
    return r;
}
