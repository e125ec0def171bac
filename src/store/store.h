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
 *     manifests/...      what images were pulled by  boot   -> the boot id this root belongs to
 *     containers/ID/{record,upper/,work/}
 *     staging/           work in progress, deletable when its lock is free
 *     quarantine/        damaged objects, for a person to look at
 *     lock, leases       see store_lock, layer_lease
 *
 * Order for every durable object: data durable, rename, directory fsync, record durable, visible.
 * Locks die with their owner (sys/lock.h), so what a dead process left is found and undone by the
 * next command.
 */
#include "base/err.h"
#include "base/id.h"
#include "sys/lock.h"

#include <stdbool.h>

struct store {
	char *root_path; /* absolute */
	char *run_path;  /* absolute */
	int root_fd;     /* O_PATH | O_DIRECTORY, like all below */
	int run_fd;
	int layers_fd;
	int containers_fd;     /* root/containers */
	int run_containers_fd; /* run/containers */
};

#define STORE_ROOT_DEFAULT     "/var/lib/onggi"
#define STORE_RUN_ROOT_DEFAULT "/run/onggi"

/**
 * Open both roots, making what is missing (0700; a root that belongs to somebody else or that
 * others may enter is refused with a hint). After a reboot (boot id changed) the run root's
 * leftovers go, names are rebuilt from the records, and kept containers that ran have ended (255).
 *
 * @return 0, or -1: ERR_INVALID (relative path, loose root), ERR_CONFLICT (the store is in use
 *         with another run root in this boot), ERR_SYSTEM
 */
int store_open(const char *root_path, const char *run_path, struct store *out, struct err *err);

/** Close its descriptors and free what it holds. */
void store_close(struct store *store);

#define STORE_LOCK_TIMEOUT_MS 10000

/**
 * The store's own lock, first in the order of locks. Shared: while something is made that is not
 * visible yet (a container, a staging directory). Exclusive: while something is taken away, so
 * that what it was checked against stays true. Held for microseconds.
 * @return owned fd whose close releases it, or -1
 */
int store_lock(const struct store *store, enum lock_mode mode, struct err *err);

/** Remove what dead processes left in staging/. Returns the number removed, or -1. */
int store_sweep_staging(const struct store *store, struct err *err);

/** The same for about a second: for those who came for something else. What a killed deletion left
 *  of a big layer takes several of them. */
int store_sweep_some(const struct store *store, struct err *err);
