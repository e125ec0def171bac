/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The lowest layer under every image: the empty directories and files that a container's own
 * mounts go on (/proc, /dev, /sys, /etc/hosts, ...). An image's own entries lie above it and win;
 * what an image lacks is there without being made anew in each container's writable layer, which
 * would cost a copy of /etc, and show in what the container changed.
 */
#include "base/err.h"
#include "store/store.h"

/** Path of the layer below the store's root, for overlay's list. */
#define SKELETON_PATH "skeleton"

/** Make it if it is not there; cheap when it is (one look). Safe to repeat after a kill: the last
 *  file made is the one looked for. */
int skeleton_ensure(const struct store *store, struct err *err);
