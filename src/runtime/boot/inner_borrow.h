/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What a container borrows from its host where it may not have one of its own: for the mounts of
 * the inner process, while host paths are still there.
 */
#include "runtime/boot/boot.h"

struct mount_options;

/**
 * A file system that the kernel did not let us make (`err` says why) as a copy of the host's: sysfs
 * without a network namespace of our own, procfs or mqueue where the container shares the host's
 * namespace. Attributes are those of `options`, and what is locked stays.
 * @return owned mount fd, `err` cleared; -1 with `err`, perhaps with a hint, where that would be
 *         another thing than was asked for
 */
int inner_borrow_fs(const struct boot *boot, const struct spec_mount *mount,
		    const struct mount_options *options, struct err *err);

/**
 * The control groups for a container without one of its own: on v2 below its cgroup namespace, else
 * the host's tree as it is.
 * @return owned mount fd, or -1
 */
int inner_borrow_cgroups(const struct boot *boot, const struct mount_options *options,
			 struct err *err);
