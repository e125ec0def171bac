/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "runtime/bundle/bundle.h"

/** Compile the bundle's system call filter, or find it in the cache below the state directory, and
 *  put it into its spec. @return 0, also when there is none; -1 */
int filter_load(struct bundle *bundle, int root_fd, struct err *err);
