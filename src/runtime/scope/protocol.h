/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Between us and the worker: one packet there, one back, over descriptor SCOPE_SOCK_FD. There:
 * NUL-terminated words, a verb, "user" or "system", the unit, and properties (scope/property.h).
 */
#include "base/err.h"
#include "kernel/cgroup/cgroup.h"

#define SCOPE_WORKER_NAME "onggi-systemd"
#define SCOPE_SOCK_FD     3
#define SCOPE_REQUEST_MAX 65536

#define SCOPE_VERB_START "start" /* the unit, with its properties */
#define SCOPE_VERB_SET   "set"   /* properties of one that is there */
#define SCOPE_VERB_STOP  "stop"
#define SCOPE_VERB_JOIN  "join" /* a process, whose pid stands in place of the properties */

enum scope_word { SCOPE_WORD_VERB, SCOPE_WORD_BUS, SCOPE_WORD_UNIT, SCOPE_WORD_PROPERTIES };

#define SCOPE_CALL_TIMEOUT_MS 25000 /* one method call: sd-bus's own default */
#define SCOPE_JOB_TIMEOUT_MS  30000 /* until systemd says that a job is done: as runc */
#define SCOPE_TIMEOUT_MS      40000 /* until the worker is taken to be lost */

struct scope_reply {
	struct err err;             /* kind ERR_NONE: it went well */
	char path[CGROUP_PATH_MAX]; /* start: the unit's cgroup */
};
