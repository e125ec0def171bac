/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Landlock: no file is opened, made or removed but below the descriptors named here; no TCP; no
 * signal and no abstract socket to anybody outside.
 * Source: landlock(7), Linux >= 5.13; newer rights as far as the kernel has them
 */
#include "base/err.h"

/**
 * Restrict the calling thread for good.
 * @write_fd @read_fd  directories, or -1
 * @return 0 also where the kernel has no Landlock: the other walls stand
 */
int landlock_restrict(int write_fd, int read_fd, struct err *err);
