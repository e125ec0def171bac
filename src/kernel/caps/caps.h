/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Capabilities: all five sets as bit masks.
 * Source: capabilities(7), capget(2), prctl(2)
 */
#include "base/err.h"
#include "base/strv.h"

#include <stdbool.h>
#include <stdint.h>

/** Bit n is capability n. */
struct caps {
	uint64_t bounding;
	uint64_t effective;
	uint64_t permitted;
	uint64_t inheritable;
	uint64_t ambient;
};

/** Number of "CAP_CHOWN", "cap_chown" or "chown", or -1. */
int caps_by_name(const char *name);

/** "CAP_CHOWN" for 0; NULL beyond the table. */
const char *caps_name(int cap);

/** Every capability this kernel has (from CAP_LAST_CAP by prctl, no /proc needed). */
uint64_t caps_all(void);

/** The 11 of the default profile; `docker` gives Docker's 14. */
uint64_t caps_default(void);
uint64_t caps_docker(void);

/**
 * Apply Docker's --cap-add/--cap-drop to a mask: names with or without CAP_, any case, "ALL".
 * add ALL: every capability but those dropped by name; else drop ALL: only those added; else the
 * drops come first, then the adds. Either list may be NULL.
 * @return 0, or -1 ERR_INVALID naming the unknown capability
 */
int caps_tweak(uint64_t *mask, const struct strv *add, const struct strv *drop, struct err *err);

/**
 * Drop from the bounding set what is not in caps->bounding. Needs CAP_SETPCAP; before the user
 * changes. Capabilities the kernel does not know are skipped; what is gone already is no error.
 */
int caps_apply_bounding(const struct caps *caps, struct err *err);

/** Set permitted, effective, inheritable, then raise exactly the ambient set. After the user has
 *  changed (with PR_SET_KEEPCAPS held until now). A capability we do not have is dropped with one
 *  warning; the bounding set is not touched. */
int caps_apply(const struct caps *caps, struct err *err);

/** Is capability number `cap` among the caller's effective ones? One system call. */
bool caps_has_effective(int cap);

/** Read the caller's own five sets. */
int caps_read_self(struct caps *out, struct err *err);
