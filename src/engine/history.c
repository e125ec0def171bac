/* SPDX-License-Identifier: Apache-2.0 */
/*
 * history: which step made which layer. Nobody but the image says so, and what it says need not fit
 * its layers: then the layers are right.
 */
#include "engine/history.h"

#include "base/mem.h"
#include "engine/engine.h"
#include "store/layer.h"

#include <stdlib.h>
#include <string.h>

void history_done(struct history *history)
{
	image_config_done(&history->config);
	free(history->steps);
	memset(history, 0, sizeof(*history));
}

static int layer_size(const struct engine *engine, const struct image *image, size_t i,
		      uint64_t *out, struct err *err)
{
	struct layer_info info;
	if (i >= image->layers.len)
		return 0;
	if (layer_info(&engine->store, image->layers.items[i], &info, err) < 0)
		return -1;
	*out = info.size_bytes;
	return 0;
}

static void reverse(struct history_step *steps, size_t len)
{
	for (size_t i = 0; i < len / 2; i++) {
		struct history_step other = steps[i];
		steps[i] = steps[len - 1 - i];
		steps[len - 1 - i] = other;
	}
}

static int fill(const struct engine *engine, const struct image *image, struct history *history,
		struct err *err)
{
	const struct image_config *config = &history->config;
	size_t layers = 0;
	history->steps = mem_alloc(config->history_len + image->layers.len + 1,
				   sizeof(*history->steps));
	for (size_t i = 0; i < config->history_len; i++) {
		struct history_step *row = &history->steps[history->len++];
		row->step = &config->history[i];
		if (!row->step->is_empty &&
		    layer_size(engine, image, layers++, &row->size_bytes, err) < 0)
			return -1;
	}
	for (; layers < image->layers.len; layers++)
		if (layer_size(engine, image, layers, &history->steps[history->len++].size_bytes,
			       err) < 0)
			return -1;
	reverse(history->steps, history->len);
	return 0;
}

int engine_history(struct engine *engine, const char *reference, struct history *out,
		   struct err *err)
{
	AUTO(struct image, image_done) image = { 0 };
	AUTO(struct history, history_done) history = { 0 };
	if (image_find(&engine->store, reference, &image, err) < 0 ||
	    image_load_config(&engine->store, image.id, &history.config, err) < 0 ||
	    fill(engine, &image, &history, err) < 0)
		return -1;
	memcpy(history.id, image.id, sizeof(history.id));
	*out = history;
	memset(&history, 0, sizeof(history));
	return 0;
}
