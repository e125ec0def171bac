/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What of a container's mounts is not the container's own: the sources of binds. CRIU saves them by
 * name, and is told at a restore what goes by that name now.
 */
#include "base/err.h"
#include "base/strv.h"
#include "kernel/cgroup/cgroup.h"
#include "oci/spec.h"

/** Can all mounts of the configuration be saved and restored? @return 0; -1 ERR_UNSUPPORTED */
int checkpoint_check_mounts(const struct spec *spec, struct err *err);

/**
 * Name all external mounts of a running container.
 * @root_fd  its root, as it sees it: tells which masked paths are files
 * @cgroup   its control group; NULL: none
 */
int checkpoint_name_mounts(const struct spec *spec, int root_fd, const struct cgroup *cgroup,
			   struct strv *request, struct err *err);

/** Say what goes by these names now. */
int checkpoint_find_mounts(const struct spec *spec, const struct cgroup *cgroup,
			   struct strv *request, struct err *err);

/**
 * Make a mount of the root file system at the host directory `place`, with all mount points that
 * the configuration needs: CRIU makes none. In a mount namespace of the caller's own.
 */
int checkpoint_make_root(const struct spec *spec, const char *place, struct err *err);
