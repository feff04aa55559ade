/*
 * What an auditor wants to know of a stretch of time: who signed in and with what, who was refused, which roles were handed out how
 * often; and, of those who are enrolled, what they have and do not use. Counted line by line: the memory that it takes grows with
 * people and roles, never with lines, and has a bound.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_REPORT_H
#define BRIDGE_REPORT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "bridge/trail.h"
#include "conf/conf.h"

/* Beyond these, what more there is is counted as one, and the report says so. */
enum { REPORT_PEOPLE_MOST = 50000, REPORT_NAMES_MOST = 2000 };

struct report;

/* One who is enrolled, as the bridge tells of them. */
struct report_person {
    const char *name, *sid;
    int standing; /* 0, or the error that keeps them out; one of class UNAVAILABLE: nothing is known of them */
    int64_t enrolled_s, last_code_s; /* Unix seconds; 0 = never */
    uint64_t tokens, codes_left, codes_made, n_roles;
    const char *const *roles; /* the names of n_named of them, NULL = none */
    size_t n_named;
};

/*
 *   since_s, until_s   Unix seconds: what it is about
 *   unused_s           a second factor is called unused after so long
 * Returns 0 or FED_E_NOMEM.
 */
FED_MUST_USE int report_new(
    int64_t since_s, int64_t until_s, int64_t unused_s, struct report **ret);
void report_free(struct report *report);

/* Count a line: a trail_fn with a struct report as its argument. 0 or FED_E_NOMEM. */
FED_MUST_USE int report_line(void *report, const struct audit_line *line);

/* After all lines: somebody enrolled; a role of the configuration. 0 or FED_E_NOMEM. */
FED_MUST_USE int report_person(struct report *report, const struct report_person *person);
FED_MUST_USE int report_role(struct report *report, const struct conf_role *role);

/* What the trail's reading was like; and that the people could not be asked for (why, NULL = they were). */
void report_told(struct report *report, const struct trail_told *told, const char *why_no_people);

/* Is anything missing that was asked for? */
bool report_is_whole(const struct report *report);

/*
 * Write it: one JSON object; a CSV (RFC 4180) of section,subject,sid,item,count,time, of which no cell is a formula to a
 * spreadsheet; or text for people. None has control characters. 0 or FED_E_SYSTEM (errno says why).
 */
FED_MUST_USE int report_json(const struct report *report, FILE *to);
FED_MUST_USE int report_csv(const struct report *report, FILE *to);
FED_MUST_USE int report_text(const struct report *report, FILE *to);

/* The object that all three are made of; borrowed. */
const json_t *report_object(const struct report *report);

#endif
