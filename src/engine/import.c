/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import: a root file system in a tarball becomes an image of one layer. What comes out of the
 * archive decides the layer's identity; the rest of the config is the caller's.
 */
#include "base/mem.h"
#include "engine/engine.h"
#include "engine/load.h"
#include "engine/unpacking.h"
#include "format/reference.h"
#include "store/image.h"
#include "store/layer.h"
#include "sys/fd.h"

#include <string.h>

static int add_image(const struct engine *engine, const struct image_config *config,
		     const struct unpacking_stack *stack, const char *diff_id,
		     const struct strv *names, char out_id[65], struct err *err)
{
	/* Borrowed from the caller's, but for the layers. */
	struct image_config whole = *config;
	AUTO(struct strv, strv_done) diff_ids = { 0 };
	strv_add_take(&diff_ids, mem_printf("sha256:%s", diff_id));
	whole.diff_ids = diff_ids;
	AUTO_FREE char *json = image_config_format(&whole);
	return image_add(&engine->store, json, strlen(json), &stack->names, names, out_id, err);
}

int engine_import(struct engine *engine, int archive_fd, const struct image_config *config,
		  const char *name, char out_id[65], struct err *err)
{
	AUTO(struct unpacking, unpacking_done) unpacking = { 0 };
	AUTO(struct unpacking_stack, unpacking_stack_done) stack = { 0 };
	AUTO(struct reference, reference_done) reference = { 0 };
	AUTO(struct strv, strv_done) names = { 0 };
	struct unpack_layer layer = { .blob_fd = archive_fd };
	struct unpack_totals totals;
	if (name != NULL && reference_parse(name, &reference, err) < 0)
		return -1;
	if (reference.digest != NULL)
		return err_set(err, ERR_INVALID, "%s: an import cannot be given a digest", name);
	if (name != NULL)
		strv_add_take(&names, reference_format(&reference));
	AUTO_FD lease_fd = layer_lease(&engine->store, err);
	if (lease_fd < 0)
		return -1;
	unpacking_init(&unpacking, engine);
	if (unpacking_layer(&unpacking, engine, &layer, &stack, &totals, err) < 0)
		return err_context(err, "read the archive");
	return add_image(engine, config, &stack, totals.diff_id, &names, out_id, err);
}
