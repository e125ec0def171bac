/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The store: everything Onggi keeps. Two roots:
 *
 *   root (durable, /var/lib/onggi, 0700)           run root (gone after a reboot, /run/onggi, 0700)
 *     blobs/sha256/HEX   configs and manifests       containers/ID/{lock,state,hosts,...}
 *     layers/NAME/{record,fs/}                       names/NAME -> ID
 *     images/HEX         one record per image        cache/seccomp/
 *     refs/...           name:tag -> image           mnt/   an empty directory to mount on
 *     containers/ID/{record,upper/,work/}
 *     staging/           work in progress, deletable when its lock is free
 *
 * Order for every durable object: data durable, rename, directory fsync, record durable, visible.
 * Locks die with their owner (sys/lock.h), so what a dead process left is found and undone by the
 * next command.
 */
#include "base/err.h"
#include "base/id.h"

#include <stdbool.h>

struct store {
	char *root_path; /* absolute */
	char *run_path;  /* absolute */
	int root_fd;	 /* O_PATH | O_DIRECTORY, like all below */
	int run_fd;
	int layers_fd;
	int containers_fd;     /* root/containers */
	int run_containers_fd; /* run/containers */
};

#define STORE_ROOT_DEFAULT     "/var/lib/onggi"
#define STORE_RUN_ROOT_DEFAULT "/run/onggi"

/**
 * Open both roots, making what is missing (0700, owner checked: a root that others may write to is
 * refused with a hint). After a reboot (boot id changed) the run root's leftovers go.
 */
int store_open(const char *root_path, const char *run_path, struct store *out, struct err *err);

void store_close(struct store *store);
