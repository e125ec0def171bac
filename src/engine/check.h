/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* system check: what is damaged, and making it such that it can be had again. */
#include "base/err.h"
#include "store/check.h"

struct engine;

struct check_options {
	bool is_deep; /* layers are put together again and their digests compared */
	bool repairs;
};

/**
 * Check the store (store/check.h). Repairing takes damaged objects out of the way, into
 * quarantine/, makes records again from what they came from, and deletes what killed commands
 * left; nothing sound is touched. A layer or a document that is gone is brought by the next load or
 * pull of its image, alone.
 * @return 0, whatever was found; -1 when the check itself failed
 */
int engine_check(struct engine *engine, const struct check_options *options,
		 struct check_report *out, struct err *err);

/** Is anything damaged or missing that was not repaired? What only takes room does not count. */
bool check_is_sound(const struct check_report *report);
