/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A union of idmapped layers: what is owned by 0 on disk is owned by the mapped 0 in it. */
#include "kernel/union/overlay.h"

/**
 * As overlay_mount, with idmap_userns_fd >= 0; the caller is root outside of that user namespace.
 * Below Linux 6.15 it goes the classic way; overlayfs knows idmapped layers from 5.19 on.
 * @return owned detached mount fd
 */
int overlay_mount_idmapped(const struct overlay *overlay, struct err *err);
