/*
 * Naming a process for longer than its number lasts: the number and the moment it was started, which no other
 * process of the same boot has.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_PROCESS_H
#define BRIDGE_PROCESS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

struct process {
    pid_t pid;
    uint64_t started; /* clock ticks after the boot; 0 = not known */
};

enum { BOOT_ID_SIZE = 37 };

/* The start time from the bytes of /proc/PID/stat (proc(5)). 0 or FED_E_INVALID. Any bytes are safe. */
FED_MUST_USE int process_parse_stat(const char *data, size_t len, uint64_t *ret_started);

/* When was pid started? 0 when there is no such process or /proc hides it. Any thread. */
uint64_t process_started(pid_t pid);

/* A descriptor that becomes readable when the process ends, or -1 (it is gone, or is another one than described). */
int process_open(const struct process *process);

/* This boot's random name. 0 or FED_E_SYSTEM. */
FED_MUST_USE int process_boot_id(char ret[BOOT_ID_SIZE]);

#endif
