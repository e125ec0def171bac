/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Instructions that change an image's configuration: import and commit --change. */
#include "base/err.h"
#include "oci/image_config.h"

/**
 * Apply one, as a Dockerfile has it: "CMD ...", "ENV A=1", "WORKDIR /srv", ...
 * (format/instruction.h)
 * @return 0, or -1 ERR_INVALID, ERR_UNSUPPORTED; the config is unchanged then
 */
int image_change_apply(struct image_config *config, const char *instruction, struct err *err);
