/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "engine/run.h"

/**
 * See that the sources of all binds exist, making those directories that may be made, and that the
 * propagation asked for is possible.
 * @return 0; -1 ERR_INVALID naming the source
 */
int run_sources_prepare(const struct run_options *options, struct err *err);
