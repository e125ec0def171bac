/* SPDX-License-Identifier: Apache-2.0 */
/* prune: each image is looked at again when its turn comes, under the store's lock; what is freed
 * is deleted at the end, under none. */
#include "engine/prune.h"

#include "engine/engine.h"
#include "store/layer.h"

int engine_prune_images(struct engine *engine, const struct prune_images *which,
			struct image_removed *out, struct err *err)
{
	AUTO(struct image_list, image_list_done) images = { 0 };
	if (image_list(&engine->store, &images, err) < 0)
		return -1;
	for (size_t i = 0; i < images.len; i++) {
		const struct image *image = &images.items[i];
		if ((image->names.len > 0 && !which->with_names) ||
		    !which->is_wanted(which->arg, image))
			continue;
		if (image_prune(&engine->store, image->id, which->with_names, out, err) < 0)
			return err_context(err, "prune image %.12s", image->id);
	}
	return layer_sweep(&engine->store, &out->deleted, &out->freed_bytes, err);
}
