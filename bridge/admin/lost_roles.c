/*
 * Twelve hours of the audit trail, of one person.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/admin/lost_roles.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "bridge/admin/files.h"
#include "bridge/trail.h"

enum { LONGEST_S = 12 * 3600 }; /* no credential and no console session of AWS's lasts longer */

struct search {
    const char *sid;
    const struct wire_msg *known;
    int64_t now_s;
    bool more;
    struct lost_roles *found;
};

static bool
is_known(const struct search *s, const char *arn)
{
    struct wire_msg row;

    for (size_t i = 0; wire_group_at(s->known, WIRE_REVOCATION, i, &row); i++) {
        const char *theirs = wire_text(&row, WIRE_ROLE_ARN);
        if (theirs != NULL && strcmp(theirs, arn) == 0)
            return true;
    }
    for (size_t i = 0; i < s->found->n; i++) {
        if (strcmp(s->found->of[i].arn, arn) == 0)
            return true;
    }
    return false;
}

/* A console session has no end of its own in the trail; and what is the way to a role never leaves the bridge. */
static bool
may_be_good(const struct search *s, const struct audit_line *line)
{
    bool given = strcmp(line->event, "credential") == 0 || strcmp(line->event, "console") == 0;

    return given && line->granted && line->way_to == NULL &&
           (line->expires_s == 0 || line->expires_s > s->now_s);
}

static int
look(void *arg, const struct audit_line *line)
{
    struct search *s = arg;
    struct lost_role *role = &s->found->of[s->found->n];

    if (line->sid == NULL || strcmp(line->sid, s->sid) != 0 || !may_be_good(s, line) ||
        line->role == NULL || line->role_arn == NULL || strlen(line->role) >= sizeof(role->name) ||
        strlen(line->role_arn) >= sizeof(role->arn) || is_known(s, line->role_arn))
        return 0;
    if (s->found->n == LOST_ROLES_MOST) {
        s->more = true;
        return 0;
    }
    memcpy(role->name, line->role, strlen(line->role) + 1);
    memcpy(role->arn, line->role_arn, strlen(line->role_arn) + 1);
    s->found->n++;
    return 0;
}

static void
read_trail(const struct conf *conf, struct search *s)
{
    struct trail_options options = files_trail(conf);
    char why[TRAIL_WHY_MAX] = "", clean[TRAIL_WHY_MAX];
    struct trail_told told;

    options.since_s = s->now_s - LONGEST_S;
    options.needle = s->sid;
    options.field = "AWSFED_SID";
    int r = trail_each(&options, look, s, &told, why);

    if (r != 0)
        (void)snprintf(s->found->why, LOST_ROLES_WHY_MAX, "the audit trail was not read: %s",
            text_clean(clean, sizeof(clean), why[0] != '\0' ? why : fed_strerror(r)));
    else if (told.unread > 0 || told.torn > 0)
        (void)snprintf(s->found->why, LOST_ROLES_WHY_MAX,
            "a part of the audit trail was not read: %s",
            text_clean(clean, sizeof(clean), told.what[0] != '\0' ? told.what : "torn lines"));
    else if (s->more)
        (void)snprintf(s->found->why, LOST_ROLES_WHY_MAX, "they are more than %d", LOST_ROLES_MOST);
}

void
lost_roles_find(const struct admin *admin, const char *sid, const struct wire_msg *known,
    struct lost_roles *ret)
{
    struct search s = {.sid = sid, .known = known, .now_s = (int64_t)time(NULL), .found = ret};
    struct conf *conf = files_conf(admin->conf_dir);

    ret->n = 0;
    ret->why[0] = '\0';
    if (conf == NULL)
        (void)snprintf(ret->why, sizeof(ret->why),
            "the audit trail was not read: the configuration, which says where it is, cannot be "
            "read");
    else
        read_trail(conf, &s);
    conf_free(conf);
}
