/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A union on kernels that take all layers in one string (Linux below 6.8). */
#include "kernel/union/overlay.h"

/**
 * As overlay_mount. The layers are opened first and named by their descriptors' numbers, so that
 * several hundred fit into one page of options and no character needs escaping.
 * @return owned detached mount fd; ERR_UNSUPPORTED when the string would not fit
 */
int overlay_mount_classic(const struct overlay *overlay, struct err *err);

/* Steps of overlay_mount that the variants share; fs_fd is a configuration context. */
int overlay_set_options(int fs_fd, const struct overlay *overlay, struct err *err);
int overlay_create(int fs_fd, const struct overlay *overlay, struct err *err);
