/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/strv.h"
#include "store/store.h"

#include <stdint.h>

/**
 * Move those of the named layers that no image reaches into staging/, where store_sweep_staging
 * deletes them. Does nothing while somebody holds a lease. Under the exclusive store lock.
 * @out_removed  gets "sha256:DIFF_ID" of each; may be NULL
 * @out_bytes    grows by their sizes; may be NULL
 */
int sweep_layers(const struct store *store, const struct strv *names, struct strv *out_removed,
		 uint64_t *out_bytes, struct err *err);

/**
 * Delete a directory of staging/ whose lock the caller has. The lock goes last: whoever comes by
 * while a big tree is being deleted would take it for nobody's, and delete along until the end.
 * @deadline_ns  of the monotonic clock
 * @return 1; 0 time was up: the rest is for whoever comes next; -1
 */
int sweep_staged(int staging_fd, const char *name, uint64_t deadline_ns, struct err *err);
