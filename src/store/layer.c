/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Layers on disk. A layer is unpacked in staging/ID/fs under a lock, gets its record beside it, is
 * made durable by one syncfs, and appears by one rename: under layers/ there is nothing half done.
 * What a layer holds, and who may use it, is not known here.
 */
#include "store/layer.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/json_write.h"
#include "base/mem.h"
#include "base/warn.h"
#include "store/record.h"
#include "store/scan.h"
#include "store/sweep.h"
#include "sys/fd.h"
#include "sys/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *hex_part(const char *digest)
{
	static const char prefix[] = "sha256:";
	bool has_prefix = strncmp(digest, prefix, sizeof(prefix) - 1) == 0;
	return has_prefix ? digest + sizeof(prefix) - 1 : digest;
}

void layer_chain_id(const char *parent_chain, const char *diff_id, char out[DIGEST_HEX_SIZE])
{
	const char *diff = hex_part(diff_id);
	if (parent_chain[0] == '\0') {
		snprintf(out, DIGEST_HEX_SIZE, "%s", diff);
		return;
	}
	AUTO_FREE char *both = mem_printf("sha256:%s sha256:%s", hex_part(parent_chain), diff);
	digest_of(both, strlen(both), out);
}

int layer_info(const struct store *store, const char *name, struct layer_info *out, struct err *err)
{
	char path[64];
	snprintf(path, sizeof(path), "%.32s/record", name);
	AUTO_JSON struct json_object *doc = NULL;
	if (record_read(store->layers_fd, path, &doc, err) < 0)
		return -1;
	struct json_at root = json_root(doc);
	AUTO_FREE char *chain = NULL, *diff = NULL;
	struct layer_info info = { 0 };
	if (json_need(json_get_str(&root, "chain", &chain, err), &root, "chain", err) < 0 ||
	    json_need(json_get_str(&root, "diff", &diff, err), &root, "diff", err) < 0 ||
	    json_get_uint64(&root, "size", &info.size_bytes, err) < 0 ||
	    json_get_uint64(&root, "created", &info.created_ns, err) < 0)
		return -1;
	snprintf(info.chain_id, sizeof(info.chain_id), "%s", chain);
	snprintf(info.diff_id, sizeof(info.diff_id), "%s", diff);
	*out = info;
	return 0;
}

/* 12 digits of the chain id; 16 when another chain has these 12 already; at last all of them. */
static const size_t name_lengths[] = { LAYER_NAME_LEN, LAYER_NAME_LEN + 4, DIGEST_HEX_LEN };

static bool has_chain(const struct store *store, const char *name, const char *chain_id)
{
	struct layer_info info;
	return layer_info(store, name, &info, NULL) == 0 && strcmp(info.chain_id, chain_id) == 0;
}

static bool is_digest(const char *hex)
{
	return strlen(hex) == DIGEST_HEX_LEN && id_is_prefix(hex);
}

char *layer_find(const struct store *store, const char *chain_id)
{
	const char *hex = hex_part(chain_id);
	if (!is_digest(hex))
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(name_lengths); i++) {
		AUTO_FREE char *name = mem_strndup(hex, name_lengths[i]);
		if (has_chain(store, name, hex))
			return ptr_take(&name);
		if (faccessat(store->layers_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
			return NULL;
	}
	return NULL;
}

int layer_open(const struct store *store, const char *name, int *out_dir_fd, int *out_recipe_fd,
	       struct err *err)
{
	char path[64];
	snprintf(path, sizeof(path), "%.32s/fs", name);
	AUTO_FD dir_fd = openat(store->layers_fd, path,
				O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	snprintf(path, sizeof(path), "%.32s/recipe", name);
	AUTO_FD recipe_fd = dir_fd >= 0 ? openat(store->layers_fd, path,
						 O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
					: -1;
	if (dir_fd < 0 && errno == ENOENT)
		return err_set(err, ERR_NOT_FOUND, "layer %.32s is not in the store (any more)",
			       name);
	if (recipe_fd < 0) {
		err_sys(err, "open %s", path);
		return err_hint(err, "load the image again: `onggi rmi -f` it first");
	}
	*out_dir_fd = fd_take(&dir_fd);
	*out_recipe_fd = fd_take(&recipe_fd);
	return 0;
}

/* @return 1 and why the layer called `name` is no whole one; 0: sound, or another chain's */
static int is_damaged(const struct store *store, const char *name, const char *chain_id,
		      struct err *out_why)
{
	struct layer_info info;
	AUTO_FD dir_fd = -1;
	AUTO_FD recipe_fd = -1;
	struct err why = { 0 };
	if (faccessat(store->layers_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	if (layer_info(store, name, &info, &why) == 0) {
		if (strcmp(info.chain_id, chain_id) != 0 ||
		    layer_open(store, name, &dir_fd, &recipe_fd, &why) == 0)
			return 0;
	} else if (why.kind != ERR_INVALID && why.kind != ERR_NOT_FOUND) {
		return 0; /* who knows: out of memory, descriptors */
	}
	err_set(out_why, ERR_INVALID, "layer %.64s is damaged: %s", name, why.text);
	return why.kind != ERR_SYSTEM || why.errnum == ENOENT || why.errnum == ENOTDIR;
}

int layer_set_damaged_aside(const struct store *store, const char *chain_id, struct err *err)
{
	const char *hex = hex_part(chain_id);
	for (size_t i = 0; is_digest(hex) && i < ARRAY_LEN(name_lengths); i++) {
		AUTO_FREE char *name = mem_strndup(hex, name_lengths[i]);
		struct err why = { 0 };
		if (is_damaged(store, name, hex, &why) == 0)
			continue;
		/* Exclusive, and asked again: somebody else may have mended it. */
		AUTO_FD lock_fd = store_lock(store, LOCK_EXCLUSIVE, err);
		if (lock_fd < 0)
			return -1;
		if (is_damaged(store, name, hex, &why) == 1)
			record_quarantine(store, store->layers_fd, name, why.text);
	}
	return 0;
}

int layer_lease(const struct store *store, struct err *err)
{
	return lock_take(store->root_fd, "leases", LOCK_SHARED, STORE_LOCK_TIMEOUT_MS, err);
}

struct staging_path {
	char text[sizeof("staging//record") + ID_SIZE];
};

static struct staging_path staging_path(const char *name, const char *child)
{
	struct staging_path path;
	snprintf(path.text, sizeof(path.text), "staging/%.64s%s%s", name,
		 child[0] != '\0' ? "/" : "", child);
	return path;
}

int layer_stage(const struct store *store, struct layer_staging *out, struct err *err)
{
	struct layer_staging staging = { .dir_fd = -1, .recipe_fd = -1, .lock_fd = -1 };
	id_new(staging.name);
	/* Shared: a sweep must not see the directory before its lock is taken. */
	AUTO_FD store_lock_fd = store_lock(store, LOCK_SHARED, err);
	if (store_lock_fd < 0)
		return -1;
	if (mkdirat(store->root_fd, staging_path(staging.name, "").text, 0700) < 0)
		return err_sys(err, "make a staging directory");
	int rc = lock_try(store->root_fd, staging_path(staging.name, "lock").text, LOCK_EXCLUSIVE,
			  &staging.lock_fd, err);
	if (rc == 0)
		err_set(err, ERR_CONFLICT, "a new staging directory is locked");
	struct staging_path fs = staging_path(staging.name, "fs");
	if (rc > 0 && mkdirat(store->root_fd, fs.text, 0755) == 0)
		staging.dir_fd = openat(store->root_fd, fs.text,
					O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (staging.dir_fd >= 0)
		staging.recipe_fd = openat(store->root_fd,
					   staging_path(staging.name, "recipe").text,
					   O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	/* By fchmod: the caller's umask has no say in a layer's modes. */
	if (rc > 0 && (staging.recipe_fd < 0 || fchmod(staging.dir_fd, 0755) < 0)) {
		err_sys(err, "make a staging directory");
		rc = -1;
	}
	if (rc <= 0) {
		layer_abort(store, &staging);
		return -1;
	}
	*out = staging;
	return 0;
}

static int write_layer_record(const struct store *store, const struct layer_staging *staging,
			      const struct layer_info *info, struct err *err)
{
	AUTO(struct buf, buf_done) json = { 0 };
	AUTO_FD dir_fd = openat(store->root_fd, staging_path(staging->name, "").text,
				O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0)
		return err_sys(err, "open the staging directory");
	buf_add_char(&json, '{');
	json_add_str(&json, "chain", info->chain_id);
	json_add_str(&json, "diff", info->diff_id);
	json_add_uint(&json, "size", info->size_bytes);
	json_add_uint(&json, "created", info->created_ns);
	buf_add_char(&json, '}');
	/* Volatile: the syncfs that follows covers it together with the tree. */
	return record_write(dir_fd, "record", &json, FILE_VOLATILE, err);
}

/* Move the durable staging directory to its name. @return owned name or NULL */
static char *publish(const struct store *store, const struct layer_staging *staging,
		     const char *chain_id, struct err *err)
{
	for (size_t i = 0; i < ARRAY_LEN(name_lengths); i++) {
		AUTO_FREE char *name = mem_strndup(chain_id, name_lengths[i]);
		if (renameat2(store->root_fd, staging_path(staging->name, "").text,
			      store->layers_fd, name, RENAME_NOREPLACE) == 0) {
			char lock[DIGEST_HEX_SIZE + sizeof("/lock")];
			snprintf(lock, sizeof(lock), "%s/lock", name);
			unlinkat(store->layers_fd, lock, 0);
			return scan_sync(store->layers_fd, ".", err) == 0 ? ptr_take(&name) : NULL;
		}
		if (errno != EEXIST && errno != ENOTEMPTY) {
			err_sys(err, "move the layer to layers/%s", name);
			return NULL;
		}
		if (has_chain(store, name, chain_id)) /* another process was faster */
			return ptr_take(&name);
	}
	err_set(err, ERR_CONFLICT, "every name for it is taken by a damaged layer");
	return NULL;
}

char *layer_commit(const struct store *store, struct layer_staging *staging, const char *chain_id,
		   const char *diff_id, uint64_t size_bytes, struct err *err)
{
	struct layer_info info = { .size_bytes = size_bytes, .created_ns = clock_realtime_ns() };
	if (!is_digest(hex_part(chain_id)) || !is_digest(hex_part(diff_id))) {
		err_set(err, ERR_INVALID, "commit layer: %.80s, %.80s: not digests", chain_id,
			diff_id);
		return NULL;
	}
	snprintf(info.chain_id, sizeof(info.chain_id), "%s", hex_part(chain_id));
	snprintf(info.diff_id, sizeof(info.diff_id), "%s", hex_part(diff_id));
	char *name = layer_find(store, info.chain_id);
	if (name == NULL && write_layer_record(store, staging, &info, err) == 0) {
		if (syncfs(staging->dir_fd) < 0)
			err_sys(err, "write the layer to disk");
		else
			name = publish(store, staging, info.chain_id, err);
	}
	if (name == NULL) {
		err_context(err, "commit layer %.12s", info.chain_id);
		return NULL;
	}
	layer_abort(store, staging); /* nothing left of it if it was published */
	return name;
}

void layer_abort(const struct store *store, struct layer_staging *staging)
{
	if (staging->name[0] == '\0')
		return;
	fd_close(&staging->dir_fd);
	fd_close(&staging->recipe_fd);
	struct err err = { 0 };
	AUTO_FD staging_fd = openat(store->root_fd, "staging", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (sweep_staged(staging_fd, staging->name, UINT64_MAX, &err) < 0)
		warn_say("a staging directory is left for the next command: %s", err.text);
	fd_close(&staging->lock_fd);
	*staging = (struct layer_staging){ .dir_fd = -1, .recipe_fd = -1, .lock_fd = -1 };
}
