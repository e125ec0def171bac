/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Where a container's record is:
 *   containers/ID/record      durable; kept containers only; before the start and after the end
 *   containers/ID/record.1    its previous generation
 *   run/containers/ID/record  volatile; throw-away containers, and the others while they run
 * The volatile one is the newer where there are both; a reboot takes it away.
 */
#include "store/container.h"

/** Write where it belongs. */
int container_record_write(const struct container_lease *lease, const struct container *container,
			   struct err *err);

/**
 * Read by full id. A damaged durable record is replaced by its previous generation; without one
 * the whole container goes to quarantine/.
 * @return 0; -1 ERR_NOT_FOUND (also after quarantine), ERR_SYSTEM
 */
int container_record_read(const struct store *store, const char *id, struct container *out,
			  struct err *err);

struct container_path {
	char text[ID_LEN + 64];
};
/** "ID/child", for the directories of struct store. */
struct container_path container_path(const char *id, const char *child);

/** Has it any directory? */
bool container_exists(const struct store *store, const char *id);

/** Remove both directories; its record and name are gone, its lock is held or nobody's. */
void container_remove_dirs(const struct store *store, const char *id);

/**
 * After a reboot: give every kept container its name back, and record as ended what was not. Under
 * the exclusive store lock.
 */
int container_after_boot(const struct store *store, struct err *err);
