/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A union on kernels that take all layers in one string (Linux below 6.8). */
#include "kernel/union/overlay.h"

/**
 * As overlay_mount. The layers are opened first and named by their descriptors' numbers, so that
 * several hundred fit into one page of options and no character needs escaping.
 * With idmap_userns_fd the layers' mounts are attached in a mount namespace of their own meanwhile.
 *
 * @return owned detached mount fd; ERR_UNSUPPORTED when the string would not fit
 */
int overlay_mount_classic(const struct overlay *overlay, struct err *err);
