/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Warnings from floors that never print. A degraded feature says so once; the face decides where
 * the sentence goes. Without a sink, warnings are dropped.
 */
#include "base/attr.h"

typedef void warn_sink(const char *text);

/** Install the sink (the face does, once, in main). NULL removes it. @return the one before */
warn_sink *warn_to(warn_sink *sink);

/** Say one sentence: what was not done, and why. Each distinct text is said once per process. */
void warn_say(const char *fmt, ...) PRINTF_LIKE(1, 2);

/** Pass on a sentence that another process of ours has said, whether it was said here before. */
void warn_pass_on(const char *text);
