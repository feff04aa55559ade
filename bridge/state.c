/*
 * The state's JSON, by jansson:
 *
 *     {"version": 1, "boot": "…",
 *      "tickets": [{"id": "…", "uid": 2001, "user": "alice", "domain": "corp.example.com", "sid": "S-1-5-21-…", …}],
 *      "sessions": [{"name": "SHA-256 in hex", "endpoint": "SHA-256 in hex or empty", "uid": 2001, "pid": 4711, …}]}
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/state.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { VERSION = 1, HEX_SIZE = 2 * TOKEN_HASH_SIZE + 1 };

void
state_done(struct state *s)
{
    if (s == NULL)
        return;
    free(s->tickets);
    free(s->sessions);
    *s = (struct state){.boot = ""};
}

/* ---- Writing ---- */

static const char *
to_hex(const unsigned char hash[TOKEN_HASH_SIZE], char to[HEX_SIZE])
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < TOKEN_HASH_SIZE; i++) {
        to[2 * i] = digits[hash[i] >> 4];
        to[2 * i + 1] = digits[hash[i] & 15];
    }
    to[HEX_SIZE - 1] = '\0';
    return to;
}

static json_t *
format_ticket(const struct state_ticket *t)
{
    return json_pack("{s:s, s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:s, s:s, "
                     "s:s, s:s}",
        "id", t->id, "uid", (json_int_t)t->uid, "user", t->user, "domain", t->domain, "sid", t->sid,
        "dn", t->dn, "sam", t->sam, "upn", t->upn, "factors", (json_int_t)t->factors, "password",
        (json_int_t)t->password_s, "code", (json_int_t)t->code_s, "started",
        (json_int_t)t->started_s, "ends", (json_int_t)t->ends_s, "service", t->service, "rhost",
        t->rhost, "tty", t->tty, "use", t->use);
}

static json_t *
format_session(const struct state_session *s)
{
    char name[HEX_SIZE], endpoint[HEX_SIZE] = "";

    if (s->has_endpoint)
        (void)to_hex(s->endpoint_hash, endpoint);
    return json_pack("{s:s, s:s, s:b, s:I, s:I, s:I}", "name", to_hex(s->name_hash, name),
        "endpoint", endpoint, "lingers", s->lingers ? 1 : 0, "uid", (json_int_t)s->uid, "pid",
        (json_int_t)s->process.pid, "process-started", (json_int_t)s->process.started);
}

int
state_format(const struct state *s, struct fed_secret *ret)
{
    json_t *tickets = json_array(), *sessions = json_array();
    int r = FED_E_NOMEM;

    for (size_t i = 0; i < s->n_tickets; i++) {
        if (json_array_append_new(tickets, format_ticket(&s->tickets[i])) != 0)
            goto out;
    }
    for (size_t i = 0; i < s->n_sessions; i++) {
        if (json_array_append_new(sessions, format_session(&s->sessions[i])) != 0)
            goto out;
    }
    json_t *all = json_pack("{s:i, s:s, s:O, s:O}", "version", VERSION, "boot", s->boot, "tickets",
        tickets, "sessions", sessions);
    char *text = all != NULL ? json_dumps(all, JSON_INDENT(1) | JSON_PRESERVE_ORDER) : NULL;
    if (text != NULL && (r = fed_secret_add_str(ret, text)) == 0)
        r = fed_secret_add_byte(ret, '\n');
    free(text);
    json_decref(all);

out:
    json_decref(tickets);
    json_decref(sessions);
    return r;
}

/* ---- Reading ---- */

static bool
take(char *to, size_t size, const char *from)
{
    size_t len = strlen(from);

    if (len >= size)
        return false;
    memcpy(to, from, len + 1);
    return true;
}

static bool
is_hex(const char *text, size_t len)
{
    return strlen(text) == len && strspn(text, "0123456789abcdef") == len;
}

static bool
from_hex(const char *text, unsigned char to[TOKEN_HASH_SIZE])
{
    static const char digits[] = "0123456789abcdef";

    if (!is_hex(text, HEX_SIZE - 1))
        return false;
    for (size_t i = 0; i < TOKEN_HASH_SIZE; i++) {
        size_t high = (size_t)(strchr(digits, text[2 * i]) - digits);
        size_t low = (size_t)(strchr(digits, text[2 * i + 1]) - digits);
        to[i] = (unsigned char)(high << 4 | low);
    }
    return true;
}

static bool
is_uid(json_int_t n)
{
    return n >= 0 && n < UINT32_MAX;
}

static bool
is_time(json_int_t n)
{
    return n >= 0 && n <= INT64_C(1) << 40;
}

static bool
parse_ticket(json_t *json, struct state_ticket *t)
{
    const char *id, *user, *domain, *sid, *dn, *sam, *upn, *service, *rhost, *tty, *use;
    json_int_t uid, factors, password, code, started, ends;
    struct sid parsed;

    if (json_unpack_ex(json, NULL, JSON_STRICT,
            "{s:s, s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:s, s:s, s:s, s:s}",
            "id", &id, "uid", &uid, "user", &user, "domain", &domain, "sid", &sid, "dn", &dn, "sam",
            &sam, "upn", &upn, "factors", &factors, "password", &password, "code", &code, "started",
            &started, "ends", &ends, "service", &service, "rhost", &rhost, "tty", &tty, "use",
            &use) != 0)
        return false;
    if (!is_hex(id, TOKEN_SIZE - 1) || !is_uid(uid) || text_check_name(user) != 0 ||
        sid_from_text(sid, &parsed) != 0 || factors < 0 || factors > 255 || !is_time(password) ||
        !is_time(code) || !is_time(started) || !is_time(ends))
        return false;
    t->uid = (uid_t)uid;
    t->factors = (unsigned)factors;
    t->password_s = password;
    t->code_s = code;
    t->started_s = started;
    t->ends_s = ends;
    return take(t->id, sizeof(t->id), id) && take(t->user, sizeof(t->user), user) &&
           take(t->domain, sizeof(t->domain), domain) && take(t->sid, sizeof(t->sid), sid) &&
           take(t->dn, sizeof(t->dn), dn) && take(t->sam, sizeof(t->sam), sam) &&
           take(t->upn, sizeof(t->upn), upn) && take(t->service, sizeof(t->service), service) &&
           take(t->rhost, sizeof(t->rhost), rhost) && take(t->tty, sizeof(t->tty), tty) &&
           take(t->use, sizeof(t->use), use);
}

static bool
parse_session(json_t *json, struct state_session *s)
{
    json_int_t uid, pid, started;
    const char *name, *endpoint;
    int lingers;

    if (json_unpack_ex(json, NULL, JSON_STRICT, "{s:s, s:s, s:b, s:I, s:I, s:I}", "name", &name,
            "endpoint", &endpoint, "lingers", &lingers, "uid", &uid, "pid", &pid, "process-started",
            &started) != 0)
        return false;
    if (!is_uid(uid) || pid < 1 || pid > INT32_MAX || started < 0 || !from_hex(name, s->name_hash))
        return false;
    s->has_endpoint = *endpoint != '\0';
    s->lingers = lingers != 0;
    s->uid = (uid_t)uid;
    s->process = (struct process){.pid = (pid_t)pid, .started = (uint64_t)started};
    return !s->has_endpoint || from_hex(endpoint, s->endpoint_hash);
}

static int
parse_lists(json_t *tickets, json_t *sessions, struct state *s)
{
    size_t n_tickets = json_array_size(tickets), n_sessions = json_array_size(sessions);

    s->tickets = calloc(n_tickets + 1, sizeof(*s->tickets));
    s->sessions = calloc(n_sessions + 1, sizeof(*s->sessions));
    if (s->tickets == NULL || s->sessions == NULL)
        return FED_E_NOMEM;
    for (; s->n_tickets < n_tickets; s->n_tickets++) {
        if (!parse_ticket(json_array_get(tickets, s->n_tickets), &s->tickets[s->n_tickets]))
            return FED_E_INVALID;
    }
    for (; s->n_sessions < n_sessions; s->n_sessions++) {
        if (!parse_session(json_array_get(sessions, s->n_sessions), &s->sessions[s->n_sessions]))
            return FED_E_INVALID;
    }
    return 0;
}

int
state_parse(const void *data, size_t len, struct state *ret)
{
    json_t *all = json_loadb(data, len, JSON_REJECT_DUPLICATES, NULL), *tickets, *sessions;
    struct state s = {.boot = ""};
    const char *boot;
    int version, r = FED_E_INVALID;

    if (all == NULL ||
        json_unpack_ex(all, NULL, JSON_STRICT, "{s:i, s:s, s:o, s:o}", "version", &version, "boot",
            &boot, "tickets", &tickets, "sessions", &sessions) != 0 ||
        version != VERSION || !json_is_array(tickets) || !json_is_array(sessions) ||
        !take(s.boot, sizeof(s.boot), boot))
        goto out;
    r = parse_lists(tickets, sessions, &s);

out:
    json_decref(all);
    if (r != 0)
        state_done(&s);
    else
        *ret = s;
    return r;
}
