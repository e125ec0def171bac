/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A request to CRIU as words: the verb, then for each option its name (that of the field in
 * criu.proto) and its value; an option that is a message has the values of all its fields. The
 * worker looks the names up, so that there is one table of them.
 */
#include "base/strv.h"

#include <stdbool.h>
#include <stdint.h>

#define CRIU_VERB_DUMP     "DUMP"
#define CRIU_VERB_RESTORE  "RESTORE"
#define CRIU_VERB_PRE_DUMP "PRE_DUMP"
#define CRIU_VERB_FEATURES "FEATURE_CHECK"
#define CRIU_VERB_VERSION  "VERSION"

/** Begin a request. */
void request_begin(struct strv *request, const char *verb);

/** Append an option. Text that is NULL, and a flag that is false, are left out. */
void request_add_text(struct strv *request, const char *name, const char *value);
void request_add_int(struct strv *request, const char *name, int64_t value);
void request_add_flag(struct strv *request, const char *name, bool value);

/** Append an option of two fields, in the order of the field numbers. */
void request_add_pair(struct strv *request, const char *name, const char *first,
		      const char *second);

/** Append an external mount: what is mounted at `place` goes by `name` in the images; at a restore
 *  it is the other way round, and `name` is where it is on the host.
 *  Source: criu(8) --external mnt[KEY]:VAL */
void request_add_mount(struct strv *request, const char *place, const char *name);
