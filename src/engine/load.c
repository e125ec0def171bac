/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load: images from an archive into the store. The worker says what is in it; layers are unpacked
 * side by side, and those that the store has are not read again. An image is recorded when all its
 * layers are committed, so a failed load leaves layers at most, and those go with the next sweep.
 */
#include "engine/load.h"

#include "base/mem.h"
#include "engine/engine.h"
#include "engine/unpacking.h"
#include "format/reference.h"
#include "store/image.h"
#include "store/layer.h"
#include "sys/fd.h"
#include "sys/rooted.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct loading {
	struct engine *engine;
	struct unpacking unpacking;
	int archive_fd, spool_fd;
	load_progress *progress; /* or NULL */
	void *arg;
	const char *what; /* for progress */
	uint64_t total_bytes;
};

/* The layers of one image. */
struct image_loading {
	struct loading *loading;
	const struct unpack_layer_ref *refs;
	size_t len;
	uint64_t *layer_done_bytes; /* of each */
};

void load_result_done(struct load_result *result)
{
	strv_done(&result->names);
}

static void tell(void *arg, uint64_t done_bytes)
{
	struct loading *loading = arg;
	if (loading->progress != NULL)
		loading->progress(loading->arg, loading->what, done_bytes, loading->total_bytes);
}

static int open_blob(const struct loading *loading, const struct unpack_layer_ref *ref,
		     struct err *err)
{
	if (ref->is_blob_file) {
		AUTO_FREE char *path = mem_printf("blobs/sha256/%s", ref->digest);
		return rooted_open(loading->archive_fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0,
				   err);
	}
	int from_fd = ref->is_in_spool ? loading->spool_fd : loading->archive_fd;
	int fd = fcntl(from_fd, F_DUPFD_CLOEXEC, 0);
	return fd >= 0 ? fd : err_sys(err, "duplicate the archive's descriptor");
}

static int open_layer(void *arg, size_t index, struct unpack_layer *layer, struct err *err)
{
	const struct image_loading *image = arg;
	const struct unpack_layer_ref *ref = &image->refs[index];
	layer->blob_fd = open_blob(image->loading, ref, err);
	layer->is_region = true;
	layer->offset = ref->offset;
	layer->length = ref->length;
	layer->digest = ref->digest[0] != '\0' ? ref->digest : NULL;
	return layer->blob_fd < 0 ? -1 : 0;
}

/* All layers as one: they are read at the same time. */
static void tell_layer(void *arg, size_t index, enum unpacking_state state, uint64_t done_bytes)
{
	struct image_loading *image = arg;
	struct loading *loading = image->loading;
	uint64_t length = image->refs[index].length;
	if (state == UNPACKING_WAITS || (state == UNPACKING_RUNS && done_bytes == 0))
		return;
	if (state == UNPACKING_IS_THERE)
		loading->total_bytes -= length;
	else
		image->layer_done_bytes[index] = state == UNPACKING_RUNS ? done_bytes : length;
	uint64_t sum = 0;
	for (size_t i = 0; i < image->len; i++)
		sum += image->layer_done_bytes[i];
	if (state != UNPACKING_IS_THERE)
		tell(loading, sum);
}

static int load_layers(struct loading *loading, const struct unpack_image *image,
		       struct unpacking_stack *stack, struct err *err)
{
	AUTO(struct strv, strv_done) diff_ids = { 0 };
	AUTO_FREE uint64_t *done_bytes = mem_alloc(image->layers_len, sizeof(*done_bytes));
	struct image_loading job = { loading, image->layers, image->layers_len, done_bytes };
	const struct unpacking_hooks hooks = { .arg = &job,
					       .open = open_layer,
					       .progress = tell_layer };
	loading->what = "layers";
	loading->total_bytes = 0;
	for (size_t i = 0; i < image->layers_len; i++) {
		strv_add(&diff_ids, image->layers[i].diff_id);
		loading->total_bytes += image->layers[i].length;
	}
	int rc = unpacking_layers(&loading->unpacking, loading->engine, &diff_ids, &hooks, stack,
				  err);
	loading->what = "";
	return rc;
}

/* Full names, or an error: an archive cannot give a tag to a digest, nor a name that is none. */
static int read_names(const struct strv *from, struct strv *full, struct strv *shown,
		      struct err *err)
{
	for (size_t i = 0; i < from->len; i++) {
		AUTO(struct reference, reference_done) reference = { 0 };
		if (reference_parse(from->items[i], &reference, err) < 0)
			return err_context(err, "the archive's image name %zu", i + 1);
		if (reference.digest != NULL)
			return err_set(err, ERR_INVALID,
				       "the archive names an image by a digest; it may only tag");
		strv_add_take(full, reference_format(&reference));
		strv_add_take(shown, reference_familiar(&reference));
	}
	return 0;
}

static int load_image(struct loading *loading, const struct unpack_image *image, struct strv *shown,
		      struct err *err)
{
	AUTO(struct unpacking_stack, unpacking_stack_done) stack = { 0 };
	AUTO(struct strv, strv_done) names = { 0 };
	char id[DIGEST_HEX_SIZE];
	size_t had = shown->len;
	if (image->layers_len == 0)
		return err_set(err, ERR_UNSUPPORTED, "an image without layers");
	if (read_names(&image->names, &names, shown, err) < 0)
		return -1;
	if (load_layers(loading, image, &stack, err) < 0)
		return -1;
	if (image_add(&loading->engine->store, image->config, image->config_len, &stack.names,
		      &names, id, err) < 0)
		return -1;
	if (shown->len == had)
		strv_add_take(shown, mem_printf("sha256:%s", id));
	return 0;
}

static int load_all(struct loading *loading, bool is_layout, struct strv *shown, struct err *err)
{
	AUTO(struct unpack_plan, unpack_plan_done) plan = { 0 };
	/* Until an image is recorded, nothing but this keeps its layers. */
	AUTO_FD lease_fd = layer_lease(&loading->engine->store, err);
	if (lease_fd < 0)
		return -1;
	if (!is_layout) {
		loading->spool_fd = unpacking_spool(loading->engine, err);
		if (loading->spool_fd < 0)
			return -1;
	}
	loading->what = "archive";
	if (unpack_index(&loading->unpacking.run, loading->archive_fd, loading->spool_fd, is_layout,
			 &plan, err) < 0)
		return err_context(err, "read the archive");
	for (size_t i = 0; i < plan.len; i++)
		if (load_image(loading, &plan.images[i], shown, err) < 0)
			return -1;
	return 0;
}

int engine_load(struct engine *engine, int archive_fd, load_progress *progress, void *arg,
		struct load_result *out, struct err *err)
{
	struct stat st;
	struct loading loading = {
		.engine = engine,
		.archive_fd = archive_fd,
		.spool_fd = -1,
		.progress = progress,
		.arg = arg,
	};
	AUTO(struct load_result, load_result_done) result = { 0 };
	if (fstat(archive_fd, &st) < 0)
		return err_sys(err, "look at the archive");
	unpacking_init(&loading.unpacking, engine);
	loading.unpacking.run.progress = tell;
	loading.unpacking.run.arg = &loading;
	int rc = load_all(&loading, S_ISDIR(st.st_mode), &result.names, err);
	fd_close(&loading.spool_fd);
	unpacking_done(&loading.unpacking);
	if (rc < 0)
		return -1;
	*out = result;
	memset(&result, 0, sizeof(result));
	return 0;
}

int engine_load_embedded(struct engine *engine, struct err *err)
{
	AUTO(struct image, image_done) image = { 0 };
	AUTO(struct unpacking, unpacking_done) unpacking = { 0 };
	AUTO(struct load_result, load_result_done) result = { 0 };
	if (image_find(&engine->store, ENGINE_EMBEDDED_IMAGE, &image, NULL) == 0)
		return 0;
	AUTO_FD archive_fd = unpacking_spool(engine, err);
	if (archive_fd < 0)
		return -1;
	unpacking_init(&unpacking, engine);
	if (unpack_embedded(&unpacking.run, archive_fd, err) < 0)
		return err_context(err, "take out the built-in image");
	if (lseek(archive_fd, 0, SEEK_SET) < 0) /* the worker left it at the end */
		return err_sys(err, "rewind the built-in image");
	return engine_load(engine, archive_fd, NULL, NULL, &result, err);
}
