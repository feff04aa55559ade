/*
 * The path that SDKs take: one question, one write, no file opened.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/login/credentials.h"

#include "bridge/login/json.h"
#include "bridge/login/output.h"
#include "bridge/login/roles.h"

enum { TEXT_MAX = 2048 };

void
credentials_ask(const struct options *o, struct answer *a)
{
    struct wire_out out;

    ask_begin(&out, ASK_CREDENTIALS);
    wire_put_text(&out, WIRE_ROLE_NAME, o->role);
    if (o->duration_s != 0)
        wire_put_number(&out, WIRE_DURATION, o->duration_s);
    ask(o->socket, &out, ASK_CREDENTIALS_MS, a);
}

/* NULL for what is absent or empty: neither is a credential. */
static const char *
text_of(const struct wire_msg *msg, enum wire_tag tag)
{
    const char *text = wire_text(msg, tag);

    return text != NULL && *text != '\0' ? text : NULL;
}

int
credentials_read(const struct answer *a, struct credentials *ret_credentials)
{
    const struct wire_msg *msg = &a->reply.msg;
    struct credentials c = {
        .access_key = text_of(msg, WIRE_ACCESS_KEY),
        .secret_key = text_of(msg, WIRE_SECRET_KEY),
        .session_token = text_of(msg, WIRE_SESSION_TOKEN),
        .account = text_of(msg, WIRE_ACCOUNT),
        .region = text_of(msg, WIRE_REGION),
    };

    if (c.access_key == NULL || c.secret_key == NULL || c.session_token == NULL ||
        !wire_has(msg, WIRE_EXPIRES) ||
        when_rfc3339(wire_number(msg, WIRE_EXPIRES, 0), c.expiration) != 0)
        return FED_E_PROTO;
    *ret_credentials = c;
    return 0;
}

/* Not a role of theirs: is it one, but for a letter or its end? */
static enum outcome
complain_of_role(const struct options *o, const struct answer *a)
{
    struct fed_secret text = FED_SECRET_INIT(TEXT_MAX);
    struct answer roles = ANSWER_INIT;

    ask_plain(o->socket, ASK_ROLES, ASK_SOON_MS, &roles);
    const char *meant = roles.error == 0 ? roles_nearest(&roles.reply.msg, o->role) : NULL;
    if (meant != NULL && answer_text(a, &text) == 0)
        output_complain("%s; did you mean \"%s\"?", fed_secret_str(&text), meant);
    else
        (void)answer_complain(a);
    fed_secret_done(&text);
    answer_done(&roles);
    return outcome_of(a->error);
}

enum outcome
credentials_complain(const struct options *o, const struct answer *a)
{
    if (a->error == FED_E_ROLE && o->role != NULL)
        return complain_of_role(o, a);
    if (a->error != FED_E_FRESH_CODE || o->role == NULL || wire_has(&a->reply.msg, WIRE_MESSAGE))
        return answer_complain(a);
    /* Plain awsfed-login would find the ticket good and ask for nothing. */
    output_complain(
        "role \"%s\" needs a fresh one-time code; run awsfed-login --role %s", o->role, o->role);
    return outcome_of(a->error);
}

enum outcome
credentials_process(const struct options *o)
{
    struct answer a = ANSWER_INIT;
    struct credentials c;
    struct json j;
    enum outcome outcome;

    json_init(&j, OUTPUT_MAX);
    credentials_ask(o, &a);
    if (a.error != 0) {
        outcome = credentials_complain(o, &a);
        goto out;
    }
    if ((a.error = credentials_read(&a, &c)) != 0) {
        outcome = answer_complain(&a);
        goto out;
    }
    json_open(&j, NULL, '{');
    json_number(&j, "Version", 1);
    json_text(&j, "AccessKeyId", c.access_key);
    json_text(&j, "SecretAccessKey", c.secret_key);
    json_text(&j, "SessionToken", c.session_token);
    json_text(&j, "Expiration", c.expiration);
    if (c.account != NULL)
        json_text(&j, "AccountId", c.account);
    json_close(&j, '}');
    outcome = output_write(&j.bytes, json_finish(&j));

out:
    json_done(&j);
    answer_done(&a);
    return outcome;
}
