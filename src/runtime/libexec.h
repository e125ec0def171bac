/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Where our other programs are. */
#include "base/err.h"

/**
 * The directory of the workers: beside our own binary in a build tree, PREFIX/libexec/onggi when
 * installed, or what SEAL_LIBEXEC_ENV says (runtime/seal.h).
 * @return owned; NULL with ERR_SYSTEM
 */
char *libexec_find(struct err *err);
