/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "oci/spec.h"
#include "runtime/bundle/verbs.h"

/**
 * What exec runs: the process of the file, or the configuration's own changed by the options.
 * @return 0; -1 ERR_INVALID naming the option
 */
int exec_process_change(const struct bundle_exec_options *options, struct spec *spec,
			struct err *err);
