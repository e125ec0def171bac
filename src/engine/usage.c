/* SPDX-License-Identifier: Apache-2.0 */
/*
 * df: layers are counted once, whoever has them. Nothing is locked: what is made or removed
 * meanwhile is in the result or not.
 */
#include "engine/usage.h"

#include "base/mem.h"
#include "engine/engine.h"
#include "store/scan.h"
#include "sys/fd.h"
#include "sys/tree.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

void usage_done(struct usage *usage)
{
	for (size_t i = 0; i < usage->layers_len; i++)
		free(usage->layers[i].name);
	for (size_t i = 0; i < usage->rest_len; i++)
		free(usage->rest[i].path);
	free(usage->layers);
	free(usage->rest);
	free(usage->of_images);
	free(usage->container_bytes);
	image_list_done(&usage->images);
	container_list_done(&usage->containers);
	memset(usage, 0, sizeof(*usage));
}

bool usage_has_layer(const struct image *image, const struct usage_layer *layer)
{
	return strv_find(&image->layers, layer->name) >= 0;
}

static int compare_layers(const void *a, const void *b)
{
	const struct usage_layer *x = a, *y = b;
	return strcmp(x->name, y->name);
}

static struct usage_layer *find_layer(const struct usage *usage, const char *name)
{
	/* Only compared: nobody changes or keeps it. */
	const struct usage_layer key = { .name = (char *)(uintptr_t)name };
	return bsearch(&key, usage->layers, usage->layers_len, sizeof(key), compare_layers);
}

static int read_layers(const struct store *store, struct usage *usage, struct err *err)
{
	AUTO(struct strv, strv_done) names = { 0 };
	if (scan_names(store->layers_fd, ".", &names, err) < 0)
		return -1;
	usage->layers = mem_alloc(names.len + 1, sizeof(*usage->layers));
	for (size_t i = 0; i < names.len; i++) {
		struct layer_info info;
		if (layer_info(store, names.items[i], &info, NULL) < 0)
			continue; /* damaged, or gone: `system check` tells */
		struct usage_layer *layer = &usage->layers[usage->layers_len++];
		layer->name = mem_strdup(names.items[i]);
		layer->size_bytes = info.size_bytes;
		memcpy(layer->diff_id, info.diff_id, sizeof(layer->diff_id));
	}
	return 0;
}

static void count_images(struct usage *usage)
{
	usage->of_images = mem_alloc(usage->images.len + 1, sizeof(*usage->of_images));
	for (size_t i = 0; i < usage->images.len; i++) {
		const struct image *image = &usage->images.items[i];
		for (size_t k = 0; k < usage->containers.len; k++) {
			const char *id = usage->containers.items[k].image_id;
			if (id != NULL && strcmp(id, image->id) == 0)
				usage->of_images[i].containers++;
		}
		for (size_t k = 0; k < image->layers.len; k++) {
			struct usage_layer *layer = find_layer(usage, image->layers.items[k]);
			if (layer == NULL)
				continue;
			layer->images++;
			layer->is_active |= usage->of_images[i].containers > 0;
		}
	}
}

static void size_images(struct usage *usage)
{
	for (size_t i = 0; i < usage->images.len; i++) {
		const struct strv *layers = &usage->images.items[i].layers;
		for (size_t k = 0; k < layers->len; k++) {
			const struct usage_layer *layer = find_layer(usage, layers->items[k]);
			if (layer != NULL && layer->images > 1)
				usage->of_images[i].shared_bytes += layer->size_bytes;
			else if (layer != NULL)
				usage->of_images[i].unique_bytes += layer->size_bytes;
		}
	}
}

static int size_containers(const struct store *store, struct usage *usage, struct err *err)
{
	usage->container_bytes = mem_alloc(usage->containers.len + 1, sizeof(uint64_t));
	for (size_t i = 0; i < usage->containers.len; i++) {
		AUTO_FREE char *path = mem_printf("%s/upper", usage->containers.items[i].id);
		if (tree_size(store->containers_fd, path, &usage->container_bytes[i], err) < 0)
			return err_context(err, "container %s", usage->containers.items[i].name);
	}
	return 0;
}

static int add_rest(const struct store *store, const char *directory, const char *reason,
		    struct usage *usage, struct err *err)
{
	AUTO(struct strv, strv_done) names = { 0 };
	if (scan_names(store->root_fd, directory, &names, err) < 0)
		return -1;
	usage->rest = mem_realloc(usage->rest,
				  (usage->rest_len + names.len + 1) * sizeof(*usage->rest));
	for (size_t i = 0; i < names.len; i++) {
		AUTO_FREE char *path = mem_printf("%s/%s", directory, names.items[i]);
		uint64_t bytes;
		if (tree_size(store->root_fd, path, &bytes, err) < 0)
			return -1;
		usage->rest[usage->rest_len++] = (struct usage_rest){ ptr_take(&path), reason,
								      bytes };
	}
	return 0;
}

int engine_usage(struct engine *engine, struct usage *out, struct err *err)
{
	AUTO(struct usage, usage_done) usage = { 0 };
	const struct store *store = &engine->store;
	if (image_list(store, &usage.images, err) < 0 ||
	    container_list(store, &usage.containers, err) < 0 ||
	    read_layers(store, &usage, err) < 0 || size_containers(store, &usage, err) < 0 ||
	    add_rest(store, "staging", "work in progress, or being deleted", &usage, err) < 0 ||
	    add_rest(store, "quarantine", "damaged, kept to be looked at", &usage, err) < 0)
		return -1;
	count_images(&usage);
	size_images(&usage);
	*out = usage;
	memset(&usage, 0, sizeof(usage));
	return 0;
}
