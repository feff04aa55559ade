/*
 * The trail in the journal. Anybody may write there and say to be awsfed-audit; what the journal itself says is who it was.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/trail.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-journal.h>

static int
add_matches(sd_journal *journal, const struct trail_options *o)
{
    char match[512];
    int r = sd_journal_add_match(journal, "SYSLOG_IDENTIFIER=awsfed-audit", 0);

    (void)snprintf(match, sizeof(match), "_UID=%u", (unsigned)o->uid);
    if (r >= 0)
        r = sd_journal_add_match(journal, match, 0);
    if (r < 0 || o->field == NULL || o->needle == NULL)
        return r;
    (void)snprintf(match, sizeof(match), "%s=%s", o->field, o->needle);
    return sd_journal_add_match(journal, match, 0);
}

static int
read_entries(sd_journal *journal, const struct trail_options *o, trail_fn *fn, void *arg,
    struct trail_told *told)
{
    static const char prefix[] = "MESSAGE=";
    const void *data;
    size_t len;
    int r = 0;

    while (r == 0 && (r = sd_journal_next(journal)) > 0) {
        r = sd_journal_get_data(journal, "MESSAGE", &data, &len);
        if (r < 0 || len < sizeof(prefix) - 1) {
            told->lines++;
            told->torn++;
            r = 0;
            continue;
        }
        r = trail_take(
            o, (const char *)data + sizeof(prefix) - 1, len - (sizeof(prefix) - 1), fn, arg, told);
        if (r != 0)
            return r;
    }
    return r < 0 ? FED_E_SYSTEM : 0;
}

/* Everybody may read their own journal: it opens, and has nothing of ours. Where the system's is closed, nothing was looked at. */
static bool
may_read(void)
{
    sd_journal *journal = NULL;
    bool may =
        sd_journal_open(&journal, SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_SYSTEM) >= 0 &&
        (sd_journal_has_persistent_files(journal) > 0 || sd_journal_has_runtime_files(journal) > 0);

    sd_journal_close(journal);
    return may;
}

int
trail_journal(
    const struct trail_options *o, trail_fn *fn, void *arg, struct trail_told *told, char *why)
{
    sd_journal *journal = NULL;

    if (!may_read()) {
        (void)snprintf(why, TRAIL_WHY_MAX,
            "this host has no journal, or you may not read it (root may, and the group "
            "systemd-journal)");
        return FED_E_NOT_FOUND;
    }
    int r = sd_journal_open(&journal, SD_JOURNAL_LOCAL_ONLY);
    if (r < 0) {
        (void)snprintf(why, TRAIL_WHY_MAX, "the journal cannot be opened: %s", strerror(-r));
        return r == -EACCES || r == -EPERM ? FED_E_PERMISSION : FED_E_NOT_FOUND;
    }
    (void)sd_journal_set_data_threshold(journal, AUDIT_LINE_MAX);
    r = add_matches(journal, o);
    if (r >= 0 && o->since_s > 0)
        r = sd_journal_seek_realtime_usec(journal, (uint64_t)o->since_s * 1000000);
    if (r < 0) {
        (void)snprintf(why, TRAIL_WHY_MAX, "the journal cannot be searched: %s", strerror(-r));
        r = FED_E_SYSTEM;
    } else {
        r = read_entries(journal, o, fn, arg, told);
        told->files = 1;
        if (r == FED_E_SYSTEM && why[0] == '\0')
            (void)snprintf(why, TRAIL_WHY_MAX, "the journal cannot be read to its end");
    }
    sd_journal_close(journal);
    return r;
}
