/*
 * awsfed-admin whois: who got the credential with an access key id, as CloudTrail or an alarm names one. The audit trail says it
 * of all there were, the bridge of those it still has; either alone will do.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/admin/words.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "bridge/admin/files.h"
#include "bridge/instant.h"
#include "conf/arn.h"

enum { KEY_LEAST = 16, KEY_MOST = 128, USES_MOST = 50 };

struct whois {
    const char *key;
    json_t *found; /* what is known; in the order in which it is printed */
    json_t *uses, *sessions;
    bool in_trail, in_bridge;
    struct trail_told told;
    char why[TRAIL_WHY_MAX]; /* why the trail was not read; "" = it was */
};

/* ---- What there is ---- */

static void
put_text(json_t *to, const char *key, const char *text)
{
    if (text != NULL && *text != '\0')
        (void)json_object_set_new(to, key, json_string(text));
}

static void
put_time(json_t *to, const char *key, int64_t when_s)
{
    char text[INSTANT_SIZE];

    if (when_s != 0 && instant_write(when_s, text))
        put_text(to, key, text);
}

static void
put_account(json_t *to, const char *role_arn)
{
    struct arn arn;

    if (role_arn != NULL && arn_parse(role_arn, &arn) == 0)
        put_text(to, "account", arn.account);
}

/* The line that was written when AWS gave it. */
static void
take_issue(struct whois *w, const struct audit_line *line)
{
    json_t *to = w->found;

    w->in_trail = true;
    put_text(to, "user", line->user);
    put_text(to, "sid", line->sid);
    put_text(to, "role", line->role);
    put_text(to, "role_arn", line->role_arn);
    put_account(to, line->role_arn);
    put_text(to, "session_name", line->session_name);
    put_text(to, "source_identity", line->source_identity);
    put_time(to, "issued", line->time_s);
    put_time(to, "expires", line->expires_s);
    put_text(to, "host", line->host);
    put_text(to, "rhost", line->rhost);
    put_text(to, "ticket", line->ticket);
}

static int
look_for_key(void *arg, const struct audit_line *line)
{
    struct whois *w = arg;

    if (line->access_key_id == NULL || strcmp(line->access_key_id, w->key) != 0 || !line->granted)
        return 0;
    if (strcmp(line->event, "credential") == 0) {
        take_issue(w, line);
    } else if (json_array_size(w->uses) < USES_MOST) {
        json_t *use = json_object();
        put_text(use, "event", line->event);
        put_time(use, "time", line->time_s);
        (void)json_array_append_new(w->uses, use);
    }
    return 0;
}

/* The login sessions that the ticket came of. */
static int
look_for_sessions(void *arg, const struct audit_line *line)
{
    struct whois *w = arg;
    const char *ticket = json_string_value(json_object_get(w->found, "ticket"));

    if (line->ticket == NULL || strcmp(line->ticket, ticket) != 0 || !line->granted ||
        strcmp(line->event, "session-open") != 0 || json_array_size(w->sessions) == USES_MOST)
        return 0;
    json_t *session = json_object();
    put_text(session, "session", line->session);
    put_time(session, "opened", line->time_s);
    put_text(session, "service", line->service);
    put_text(session, "tty", line->tty);
    put_text(session, "rhost", line->rhost);
    (void)json_array_append_new(w->sessions, session);
    return 0;
}

static void
ask_trail(const struct admin *admin, struct whois *w)
{
    struct trail_told ignored;
    char why[TRAIL_WHY_MAX];
    struct conf *conf = files_conf(admin->conf_dir);

    if (conf == NULL) {
        (void)snprintf(w->why, sizeof(w->why),
            "the configuration, which says where it is, cannot "
            "be read");
        return;
    }
    struct trail_options options = files_trail(conf);
    options.needle = w->key;
    options.field = "AWSFED_ACCESS_KEY_ID";
    int r = trail_each(&options, look_for_key, w, &w->told, w->why);
    if (r != 0 && w->why[0] == '\0')
        (void)snprintf(w->why, sizeof(w->why), "%s", fed_strerror(r));
    options.needle = json_string_value(json_object_get(w->found, "ticket"));
    options.field = "AWSFED_TICKET";
    if (r == 0 && options.needle != NULL)
        r = trail_each(&options, look_for_sessions, w, &ignored, why);
    conf_free(conf);
}

/* ---- What the bridge has ---- */

static void
take_held(struct whois *w, const struct wire_msg *ticket, const struct wire_msg *held)
{
    json_t *to = w->found;

    w->in_bridge = true;
    if (w->in_trail)
        return;
    put_text(to, "user", wire_text(ticket, WIRE_USER));
    put_text(to, "sid", wire_text(ticket, WIRE_SID));
    put_text(to, "role", wire_text(held, WIRE_ROLE_NAME));
    put_text(to, "role_arn", wire_text(held, WIRE_ROLE_ARN));
    put_text(to, "account", wire_text(held, WIRE_ACCOUNT));
    put_text(to, "session_arn", wire_text(held, WIRE_SESSION_ARN));
    put_time(to, "expires", (int64_t)wire_number(held, WIRE_EXPIRES, 0));
    put_text(to, "rhost", wire_text(ticket, WIRE_RHOST));
    put_text(to, "ticket", wire_text(ticket, WIRE_TICKET_ID));
}

/* 0, or why the bridge could not be asked. */
static int
ask_bridge(const struct admin *admin, struct whois *w)
{
    const char *ticket = json_string_value(json_object_get(w->found, "ticket"));
    struct wire_msg row, held;
    struct client_reply reply;
    struct wire_out out;

    admin_request(&out, ASK_WHOIS);
    wire_put_text(&out, WIRE_ACCESS_KEY, w->key);
    wire_put_text(&out, WIRE_TICKET_ID, ticket);
    int r = admin_try(admin, &out, &reply);
    if (r != 0) {
        put_text(w->found, "ticket_state", "unknown");
        return r;
    }
    bool live = wire_group_at(&reply.msg, WIRE_TICKET, 0, &row);
    if (live && wire_group_at(&reply.msg, WIRE_HELD, 0, &held))
        take_held(w, &row, &held);
    put_text(w->found, "ticket_state", live ? "live" : "ended");
    if (live) {
        put_time(w->found, "ticket_started", (int64_t)wire_number(&row, WIRE_STARTED, 0));
        put_time(w->found, "ticket_ends", (int64_t)wire_number(&row, WIRE_EXPIRES, 0));
    }
    client_reply_done(&reply);
    return 0;
}

/* ---- Saying it ---- */

static void
print_list(const char *title, const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *key;
        json_t *value;
        (void)printf("%-17s", i == 0 ? title : "");
        json_object_foreach(json_array_get(list, i), key, value)
        {
            char clean[512];
            (void)printf("%s  ", text_clean(clean, sizeof(clean), json_string_value(value)));
        }
        (void)putchar('\n');
    }
}

/* What stands in the file may have been written there by anybody who can: so it is cleaned for the terminal. */
static void
print_text(const struct whois *w)
{
    const char *key;
    json_t *value;

    json_object_foreach(w->found, key, value)
    {
        char clean[1024], title[32];
        (void)snprintf(title, sizeof(title), "%s", key);
        for (char *p = title; *p != '\0'; p++)
            if (*p == '_')
                *p = ' ';
        (void)printf(
            "%-17s%s\n", title, text_clean(clean, sizeof(clean), json_string_value(value)));
    }
    print_list("sessions", w->sessions);
    print_list("handed out", w->uses);
    (void)printf("%-17s%s%s%s\n", "found in", w->in_trail ? "the audit trail" : "",
        w->in_trail && w->in_bridge ? ", " : "", w->in_bridge ? "the bridge's cache" : "");
}

static int
print_json(const struct whois *w)
{
    (void)json_object_set(w->found, "sessions", w->sessions);
    (void)json_object_set(w->found, "handed_out", w->uses);
    (void)json_object_set_new(w->found, "in_audit_trail", json_boolean(w->in_trail));
    (void)json_object_set_new(w->found, "in_cache", json_boolean(w->in_bridge));
    char *text = json_dumps(w->found, JSON_COMPACT | JSON_ENSURE_ASCII);
    int status = text != NULL ? files_print(text, strlen(text)) : ADMIN_FAILED;
    free(text);
    return status == ADMIN_DONE ? files_print("\n", 1) : status;
}

/* Where it was looked for in vain, or not at all: so that nobody takes the one for the other. */
static void
say_gaps(const struct whois *w, int bridge_error)
{
    char clean[TRAIL_WHY_MAX];

    if (w->why[0] != '\0')
        (void)fprintf(stderr, "awsfed-admin: the audit trail was not read: %s\n",
            text_clean(clean, sizeof(clean), w->why));
    if (w->told.unread > 0)
        (void)fprintf(stderr, "awsfed-admin: %u file(s) of the audit trail were not read: %s\n",
            w->told.unread, text_clean(clean, sizeof(clean), w->told.what));
    if (w->told.torn > 0)
        (void)fprintf(stderr,
            "awsfed-admin: %" PRIu64 " line(s) that have this id are torn, and say no more\n",
            w->told.torn);
    if (bridge_error != 0)
        (void)fprintf(
            stderr, "awsfed-admin: the bridge was not asked: %s\n", fed_strerror(bridge_error));
}

static int
run(const struct admin *admin, struct whois *w, bool as_json)
{
    put_text(w->found, "access_key_id", w->key);
    ask_trail(admin, w);
    int bridge_error = ask_bridge(admin, w);
    say_gaps(w, bridge_error);
    if (!w->in_trail && !w->in_bridge) {
        (void)fprintf(stderr,
            "awsfed-admin: no credential with the access key id %s is known here%s\n", w->key,
            strncmp(w->key, "AKIA", 4) == 0
                ? ": it is a long-lived key of an IAM user, and awsfed gives out none"
                : "");
        return ADMIN_FAILED;
    }
    if (as_json)
        return print_json(w);
    print_text(w);
    return ADMIN_DONE;
}

/* STS: 16 to 128 characters; those of AWS's keys are capitals and digits. */
static bool
is_key_id(const char *text)
{
    size_t len = strlen(text);

    return len >= KEY_LEAST && len <= KEY_MOST &&
           strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == len;
}

int
word_whois(const struct admin *admin, int argc, char **argv)
{
    struct whois w = {.key = NULL};
    bool as_json = false;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0)
            as_json = true;
        else if (w.key == NULL && argv[i][0] != '-')
            w.key = argv[i];
        else
            return admin_usage("whois takes one ACCESS-KEY-ID, and perhaps --json");
    }
    if (w.key == NULL || !is_key_id(w.key))
        return admin_usage("whois takes an access key id as AWS writes it, such as "
                           "ASIAIOSFODNN7EXAMPLE");
    w.found = json_object();
    w.uses = json_array();
    w.sessions = json_array();
    int status = w.found != NULL && w.uses != NULL && w.sessions != NULL ? run(admin, &w, as_json)
                                                                         : ADMIN_FAILED;
    json_decref(w.found);
    json_decref(w.uses);
    json_decref(w.sessions);
    return status;
}
