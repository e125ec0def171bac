/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What a caller says about a checkpoint, or about the restore from one: runc's options. */
#include <stdbool.h>
#include <stdint.h>

#define CHECKPOINT_IMAGE_PATH "checkpoint" /* in the current directory */

/** How CRIU saves and restores control groups: its own numbers. Source: criu(8) --manage-cgroups */
enum checkpoint_cgroups {
	CHECKPOINT_CGROUPS_IGNORE = 0,
	CHECKPOINT_CGROUPS_SOFT = 3,
	CHECKPOINT_CGROUPS_FULL = 4,
	CHECKPOINT_CGROUPS_STRICT = 5,
	CHECKPOINT_CGROUPS_DEFAULT = 6,
};

struct checkpoint_options {
	const char *criu;       /* its program, or name in PATH; NULL: "criu" */
	const char *image_path; /* directory of the images */
	const char *work_path;  /* of CRIU's log; NULL: the images' */
	enum checkpoint_cgroups cgroups;
	bool tcp_established, ext_unix_sk, shell_job, file_locks, auto_dedup, lazy_pages;

	/* checkpoint */
	const char *parent_path; /* of an earlier one, relative to image_path; NULL: none */
	bool leave_running, pre_dump;
	const char *page_server; /* address that pages are sent to; NULL: files */
	uint16_t page_server_port;
	int status_fd; /* a NUL byte is written there when pages may be asked for; -1: none */

	/* restore */
	const char *lsm_profile, *lsm_mount_context; /* "type:name", NULL: as they were */
};
