/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The values of --mount, --volume and --tmpfs. */
#include "base/err.h"
#include "base/strv.h"

#include <stdbool.h>

enum mount_flag_type { MOUNT_FLAG_BIND, MOUNT_FLAG_TMPFS };

/** What happens to mounts below the source of a bind. */
enum mount_flag_recursion {
	MOUNT_RECURSION_DEFAULT, /* they come along; read-only with the rest where the kernel can */
	MOUNT_RECURSION_DISABLED, /* they stay behind */
	MOUNT_RECURSION_WRITABLE, /* they come along and stay writable below a read-only bind */
	MOUNT_RECURSION_READONLY, /* they come along read-only, or it is an error */
};

struct mount_flag {
	enum mount_flag_type type;
	char *source; /* as given; NULL for tmpfs */
	char *target; /* absolute */
	bool is_readonly;
	enum mount_flag_recursion recursion;
	char *propagation;   /* "rslave", ...; NULL: the default */
	struct strv options; /* the rest: "noexec", "size=64m", "mode=1777" */
};
void mount_flag_done(struct mount_flag *flag);

/**
 * --mount type=bind|tmpfs,source=...,target=...,key[=value],...
 * @return 0; -1 ERR_INVALID, or ERR_UNSUPPORTED for volumes, images, pipes and clusters
 */
int mount_flag_parse(const char *text, struct mount_flag *out, struct err *err);

/** --volume SOURCE:TARGET[:OPTION,...]; a name or nothing as the source is ERR_UNSUPPORTED. */
int volume_flag_parse(const char *text, struct mount_flag *out, struct err *err);

/** --tmpfs TARGET[:OPTION,...]; noexec, nosuid and nodev hold unless told otherwise. */
int tmpfs_flag_parse(const char *text, struct mount_flag *out, struct err *err);
