/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Container names: run/names/NAME is a symlink whose text is the id. Making a symlink is
 * exclusive, so a name has one owner without any lock. The durable owner of a name is the
 * container's record; after a reboot the symlinks are made again from those (container_recover.c).
 */
#include "base/err.h"
#include "base/id.h"
#include "base/strv.h"
#include "store/store.h"

/** ERR_CONFLICT names the container that has it. */
int names_reserve(const struct store *store, const char *name, const char *id, struct err *err);

/** @return 1 with the id, 0 when nobody has it */
int names_lookup(const struct store *store, const char *name, char out_id[ID_SIZE]);

/** Give it up, if `id` has it. */
void names_release(const struct store *store, const char *name, const char *id);

/**
 * Names of containers that have no directory any more, and, unless `id` is NULL, those of `id`.
 * Without the exclusive store lock it is a guess: a container may just be made.
 */
int names_stale(const struct store *store, const char *id, struct strv *out, struct err *err);

/** Take them away. Called under the exclusive store lock. */
int names_sweep(const struct store *store, const char *id, struct err *err);
