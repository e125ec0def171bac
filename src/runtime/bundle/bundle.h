/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A bundle: a directory with a config.json and, usually, a root file system.
 * Source: OCI runtime-spec bundle.md, config.md
 */
#include "base/buf.h"
#include "base/err.h"
#include "oci/spec.h"
#include "runtime/bundle/record.h"

struct bundle {
	char *path;         /* absolute, without symlinks */
	struct buf config;  /* config.json as it was read */
	char *seccomp_json; /* the filter's profile; NULL: none */
	char *cgroups_path; /* linux.cgroupsPath as it is written; NULL: absent */
	struct spec spec;
	bool names_cgroup; /* linux.cgroupsPath is in the configuration */
};

/**
 * Read a bundle. What the specification leaves to the runtime is decided here: relative paths are
 * below the bundle, capabilities that are not listed are not had, the default devices may be used
 * after the rules of the configuration, a cgroup path is absolute in its hierarchy (that of a
 * container without one is "/ID").
 *
 * @dir     the bundle
 * @config  file name of the configuration, relative to the bundle; NULL: config.json
 * @id      of the container it will be
 * @out     bundle_done() it
 * @return  0; -1 with what spec_parse says, or ERR_SYSTEM
 */
int bundle_open(const char *dir, const char *config, const char *id, struct bundle *out,
		struct err *err);

/** The bundle of a container that there is, from the configuration it was created with. */
int bundle_reopen(const struct record *record, struct bundle *out, struct err *err);
void bundle_done(struct bundle *bundle);
