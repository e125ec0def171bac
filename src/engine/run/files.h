/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The files of /etc that are made anew for each container: hosts, hostname, resolv.conf. They live
 * in the run directory and are bound over the image's, so that no layer holds them.
 */
#include "engine/run/draft.h"

/**
 * Write them into the container's run directory.
 * @return 0; -1 ERR_INVALID for a host name, address or option with a control character in it:
 *         nobody may add a line of his own
 */
int run_files_write(const struct run_draft *draft, int run_dir_fd, struct err *err);
