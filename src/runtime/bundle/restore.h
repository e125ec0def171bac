/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "runtime/bundle/launch.h"

/** May it be restored here, as far as can be told before anything is made? */
int restore_check(const struct launch *launch, struct err *err);

/**
 * What a boot is to run, this is to restore: the processes come from images, into a control group
 * that is made for them. Afterwards launch->boot has them as a boot would.
 * @return 0; -1: what is left, launch_undo() takes away
 */
int restore(struct launch *launch, struct err *err);
