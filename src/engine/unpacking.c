/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between the store and the unpack worker: where a layer is made, what it may see of the layers
 * below, and when it counts.
 */
#include "engine/unpacking.h"

#include "base/mem.h"
#include "kernel/mount/mount.h"
#include "kernel/union/overlay.h"
#include "store/layer.h"
#include "sys/fd.h"
#include "sys/rooted.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

void unpacking_init(struct unpacking *unpacking, const struct engine *engine)
{
	memset(unpacking, 0, sizeof(*unpacking));
	unpacking->path = mem_printf("%s/onggi-unpack", engine->libexec_path);
	unpacking->run.worker_path = unpacking->path;
}

void unpacking_done(struct unpacking *unpacking)
{
	free(unpacking->path);
	memset(unpacking, 0, sizeof(*unpacking));
}

void unpacking_stack_done(struct unpacking_stack *stack)
{
	strv_done(&stack->names);
}

int unpacking_spool(const struct engine *engine, struct err *err)
{
	AUTO_FD dir_fd = rooted_open_nosymlink(engine->store.root_fd, "staging",
					       O_RDONLY | O_DIRECTORY, 0, err);
	if (dir_fd < 0)
		return -1;
	int fd = openat(dir_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR))
		return fd >= 0 ? fd : err_sys(err, "make a temporary file in the store");
	/* A file system without O_TMPFILE: a name for a moment. */
	char name[32];
	snprintf(name, sizeof(name), "spool-%d", (int)getpid());
	fd = openat(dir_fd, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_sys(err, "make a temporary file in the store");
	unlinkat(dir_fd, name, 0);
	return fd;
}

/* The layers below as the container would see them: overlayfs itself applies their deletions. */
int unpacking_view(const struct store *store, const struct strv *names, struct err *err)
{
	AUTO(struct strv, strv_done) lower = { 0 };
	for (size_t i = names->len; i > 0; i--)
		strv_add_take(&lower, mem_printf("%s/fs", names->items[i - 1]));
	if (lower.len == 1) {
		AUTO_FD dir_fd = rooted_open_nosymlink(store->layers_fd, lower.items[0],
						       O_PATH | O_DIRECTORY, 0, err);
		return dir_fd < 0 ? -1 : unpack_view(dir_fd, err);
	}
	struct overlay overlay = {
		.base_dir_fd = store->layers_fd,
		.lower = (const char *const *)lower.items,
		.lower_len = lower.len,
		.idmap_userns_fd = -1,
	};
	AUTO_FD fd = overlay_mount(&overlay, err);
	if (fd < 0 || mount_set_attrs(fd,
				      MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
					      MOUNT_ATTR_NOEXEC,
				      0, false, err) < 0)
		return -1;
	return fd_take(&fd);
}

bool unpacking_find(const struct engine *engine, struct unpacking_stack *stack, const char *diff_id)
{
	char chain_id[DIGEST_HEX_SIZE];
	layer_chain_id(stack->chain_id, diff_id, chain_id);
	char *name = layer_find(&engine->store, chain_id);
	if (name == NULL)
		return false;
	strv_add_take(&stack->names, name);
	memcpy(stack->chain_id, chain_id, sizeof(chain_id));
	return true;
}

static int unpack_and_commit(const struct unpacking *unpacking, const struct store *store,
			     struct unpack_layer *layer, struct layer_staging *staging,
			     struct unpacking_stack *stack, struct unpack_totals *out,
			     struct err *err)
{
	struct unpack_totals totals;
	char chain_id[DIGEST_HEX_SIZE];
	layer->dir_fd = staging->dir_fd;
	layer->recipe_fd = staging->recipe_fd;
	if (unpack_layer(&unpacking->run, layer, &totals, err) < 0)
		return -1;
	layer_chain_id(stack->chain_id, totals.diff_id, chain_id);
	char *name = layer_commit(store, staging, chain_id, totals.diff_id, totals.bytes, err);
	if (name == NULL)
		return -1;
	strv_add_take(&stack->names, name);
	memcpy(stack->chain_id, chain_id, sizeof(chain_id));
	*out = totals;
	return 0;
}

int unpacking_layer(const struct unpacking *unpacking, const struct engine *engine,
		    struct unpack_layer *layer, struct unpacking_stack *stack,
		    struct unpack_totals *out, struct err *err)
{
	struct layer_staging staging = { .dir_fd = -1, .recipe_fd = -1, .lock_fd = -1 };
	AUTO_FD below_fd = -1;
	if (stack->names.len > 0 &&
	    (below_fd = unpacking_view(&engine->store, &stack->names, err)) < 0)
		return err_context(err, "show the layers below");
	layer->lower_fd = below_fd;
	if (layer_stage(&engine->store, &staging, err) < 0)
		return -1;
	if (unpack_and_commit(unpacking, &engine->store, layer, &staging, stack, out, err) == 0)
		return 0;
	layer_abort(&engine->store, &staging);
	return -1;
}
