/* SPDX-License-Identifier: Apache-2.0 */
/* onggi system df: what takes how much of the disk. */
#include "engine/usage.h"

#include "base/json.h"
#include "base/mem.h"
#include "cli/facts.h"
#include "cli/listing.h"
#include "cli/output.h"
#include "cli/verb.h"
#include "format/bytes.h"
#include "format/reference.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

struct df_input {
	bool verbose, why;
	char *format;
};

static void df_done(void *pointer)
{
	struct df_input *input = pointer;
	free(input->format);
}

static void set_size(struct json_object *row, const char *name, uint64_t bytes)
{
	char text[BYTES_TEXT_SIZE];
	bytes_format_decimal(bytes, text);
	listing_set(row, name, text);
}

static void set_count(struct json_object *row, const char *name, size_t count)
{
	AUTO_FREE char *text = mem_printf("%zu", count);
	listing_set(row, name, text);
}

static void set_id(struct json_object *row, const char *hex)
{
	AUTO_FREE char *id = mem_strndup(hex, ID_SHORT_LEN);
	listing_set(row, "ID", id);
}

/* The short form of a full name. Owned. */
static char *familiar(const char *full)
{
	AUTO(struct reference, reference_done) reference = { 0 };
	return reference_parse(full, &reference, NULL) == 0 ? reference_familiar(&reference)
							    : mem_strdup(full);
}

/* --- the summary --- */

struct total {
	size_t count, active;
	uint64_t bytes, free_bytes;
};

static void add_total(struct json_object *rows, const char *type, const struct total *total)
{
	char freed[BYTES_TEXT_SIZE];
	struct json_object *row = listing_add_row(rows, NULL);
	bytes_format_decimal(total->free_bytes, freed);
	AUTO_FREE char *reclaimable = total->bytes > 0
					      ? mem_printf("%s (%" PRIu64 "%%)", freed,
							   (uint64_t)((double)total->free_bytes *
								      100 / (double)total->bytes))
					      : mem_strdup(freed);
	listing_set(row, "Type", type);
	set_count(row, "TotalCount", total->count);
	set_count(row, "Active", total->active);
	set_size(row, "Size", total->bytes);
	listing_set(row, "Reclaimable", reclaimable);
}

static struct total total_images(const struct usage *usage)
{
	struct total total = { .count = usage->images.len };
	for (size_t i = 0; i < usage->images.len; i++)
		total.active += usage->of_images[i].containers > 0;
	for (size_t i = 0; i < usage->layers_len; i++) {
		const struct usage_layer *layer = &usage->layers[i];
		if (layer->images == 0)
			continue;
		total.bytes += layer->size_bytes;
		total.free_bytes += layer->is_active ? 0 : layer->size_bytes;
	}
	return total;
}

static struct total total_containers(const struct usage *usage)
{
	struct total total = { .count = usage->containers.len };
	for (size_t i = 0; i < usage->containers.len; i++) {
		bool is_running = usage->containers.items[i].status == CONTAINER_RUNNING;
		total.active += is_running;
		total.bytes += usage->container_bytes[i];
		total.free_bytes += is_running ? 0 : usage->container_bytes[i];
	}
	return total;
}

static struct total total_rest(const struct usage *usage)
{
	struct total total = { .count = usage->rest_len };
	for (size_t i = 0; i < usage->rest_len; i++)
		total.bytes += usage->rest[i].size_bytes;
	for (size_t i = 0; i < usage->layers_len; i++) {
		if (usage->layers[i].images > 0)
			continue;
		total.count++;
		total.bytes += usage->layers[i].size_bytes;
	}
	total.free_bytes = total.bytes;
	return total;
}

static int print_summary(const struct usage *usage, const char *format, struct err *err)
{
	static const struct listing_field fields[] = {
		{ "Type", "TYPE" }, { "TotalCount", "TOTAL" },        { "Active", "ACTIVE" },
		{ "Size", "SIZE" }, { "Reclaimable", "RECLAIMABLE" }, { 0 },
	};
	static const char *const columns[] = { "Type", "TotalCount",  "Active",
					       "Size", "Reclaimable", NULL };
	static const char *const flexible[] = { NULL };
	static const struct listing listing = { fields, columns, flexible };
	AUTO_JSON struct json_object *rows = json_object_new_array();
	struct total images = total_images(usage), containers = total_containers(usage);
	struct total rest = total_rest(usage);
	add_total(rows, "Images", &images);
	add_total(rows, "Containers", &containers);
	add_total(rows, "Left over", &rest);
	return listing_print(&listing, rows, format, err);
}

/* --- in detail --- */

static struct json_object *image_rows(const struct usage *usage)
{
	struct json_object *rows = json_object_new_array();
	for (size_t i = 0; i < usage->images.len; i++) {
		const struct image *image = &usage->images.items[i];
		const struct usage_image *of = &usage->of_images[i];
		struct json_object *row = listing_add_row(rows, &image->config.labels);
		AUTO_FREE char *name = familiar(image->names.len > 0 ? image->names.items[0]
								     : "<none>");
		char *slash = strrchr(name, '/');
		char *colon = strchr(slash != NULL ? slash : name, ':');
		if (colon != NULL)
			*colon = '\0';
		listing_set(row, "Repository", name);
		listing_set(row, "Tag", colon != NULL ? colon + 1 : "<none>");
		set_id(row, image->id);
		listing_set_time(row, "CreatedSince", "CreatedAt", image->created_ns);
		set_size(row, "Size", of->shared_bytes + of->unique_bytes);
		set_size(row, "SharedSize", of->shared_bytes);
		set_size(row, "UniqueSize", of->unique_bytes);
		set_count(row, "Containers", of->containers);
	}
	return rows;
}

static struct json_object *container_rows(const struct usage *usage)
{
	static const char *const words[] = { [CONTAINER_CREATED] = "created",
					     [CONTAINER_RUNNING] = "running",
					     [CONTAINER_EXITED] = "exited" };
	struct json_object *rows = json_object_new_array();
	for (size_t i = 0; i < usage->containers.len; i++) {
		const struct container *container = &usage->containers.items[i];
		struct json_object *row = listing_add_row(rows, &container->labels);
		set_id(row, container->id);
		listing_set(row, "Image",
			    container->image != NULL    ? container->image
			    : container->rootfs != NULL ? container->rootfs
							: "");
		set_size(row, "Size", usage->container_bytes[i]);
		listing_set_time(row, "RunningFor", "CreatedAt", container->created_ns);
		listing_set(row, "State", words[container->status]);
		listing_set(row, "Names", container->name != NULL ? container->name : "");
	}
	return rows;
}

static void add_object(struct json_object *rows, const char *type, const char *id,
		       uint64_t size_bytes, const char *why)
{
	struct json_object *row = listing_add_row(rows, NULL);
	listing_set(row, "Type", type);
	listing_set(row, "ID", id);
	set_size(row, "Size", size_bytes);
	listing_set(row, "KeptBy", why);
}

static struct json_object *rest_rows(const struct usage *usage)
{
	struct json_object *rows = json_object_new_array();
	for (size_t i = 0; i < usage->layers_len; i++)
		if (usage->layers[i].images == 0)
			add_object(rows, "layer", usage->layers[i].name,
				   usage->layers[i].size_bytes,
				   "nothing: `image prune` deletes it");
	for (size_t i = 0; i < usage->rest_len; i++)
		add_object(rows, "file", usage->rest[i].path, usage->rest[i].size_bytes,
			   usage->rest[i].reason);
	return rows;
}

static const struct listing_field object_fields[] = {
	{ "Type", "TYPE" }, { "ID", "ID" }, { "Size", "SIZE" }, { "KeptBy", "KEPT BY" }, { 0 },
};
static const char *const object_columns[] = { "Type", "ID", "Size", "KeptBy", NULL };
static const char *const object_flexible[] = { "KeptBy", NULL };
static const struct listing object_listing = { object_fields, object_columns, object_flexible };

static int print_tables(struct json_object *facts, struct err *err)
{
	static const struct listing_field image_fields[] = {
		{ "Repository", "REPOSITORY" },
		{ "Tag", "TAG" },
		{ "ID", "IMAGE ID" },
		{ "CreatedSince", "CREATED" },
		{ "Size", "SIZE" },
		{ "SharedSize", "SHARED SIZE" },
		{ "UniqueSize", "UNIQUE SIZE" },
		{ "Containers", "CONTAINERS" },
		{ 0 },
	};
	static const char *const image_columns[] = { "Repository",   "Tag",        "ID",
						     "CreatedSince", "Size",       "SharedSize",
						     "UniqueSize",   "Containers", NULL };
	static const struct listing_field container_fields[] = {
		{ "ID", "CONTAINER ID" },
		{ "Image", "IMAGE" },
		{ "Size", "SIZE" },
		{ "RunningFor", "CREATED" },
		{ "State", "STATUS" },
		{ "Names", "NAMES" },
		{ 0 },
	};
	static const char *const container_columns[] = { "ID",    "Image", "Size", "RunningFor",
							 "State", "Names", NULL };
	static const char *const flexible[] = { "Repository", "Tag", "Image", "Names", NULL };
	static const struct listing images = { image_fields, image_columns, flexible };
	static const struct listing containers = { container_fields, container_columns, flexible };
	if (output_line(err, "Images space usage:\n") < 0 ||
	    listing_print(&images, json_object_object_get(facts, "Images"), NULL, err) < 0 ||
	    output_line(err, "\nContainers space usage:\n") < 0 ||
	    listing_print(&containers, json_object_object_get(facts, "Containers"), NULL, err) <
		    0 ||
	    output_line(err, "\nLeft over:\n") < 0)
		return -1;
	return listing_print(&object_listing, json_object_object_get(facts, "LeftOver"), NULL, err);
}

static int print_details(const struct usage *usage, const char *format, struct err *err)
{
	AUTO_JSON struct json_object *facts = json_object_new_object();
	json_object_object_add(facts, "Images", image_rows(usage));
	json_object_object_add(facts, "Containers", container_rows(usage));
	json_object_object_add(facts, "LeftOver", rest_rows(usage));
	if (format == NULL || format[0] == '\0' || strcmp(format, "table") == 0)
		return print_tables(facts, err);
	return facts_print(facts, NULL, format, err);
}

/* --- what keeps what --- */

static void add_reason(struct buf *why, const char *kind, const char *name)
{
	buf_addf(why, "%s%s%s%s", why->len > 0 ? ", " : "", kind, kind[0] != '\0' ? " " : "", name);
}

static void add_images(const struct usage *usage, struct json_object *rows)
{
	for (size_t i = 0; i < usage->images.len; i++) {
		const struct image *image = &usage->images.items[i];
		AUTO(struct buf, buf_done) why = { 0 };
		AUTO_FREE char *id = mem_strndup(image->id, ID_SHORT_LEN);
		for (size_t k = 0; k < image->names.len; k++) {
			AUTO_FREE char *name = familiar(image->names.items[k]);
			add_reason(&why, "name", name);
		}
		for (size_t k = 0; k < usage->containers.len; k++) {
			const struct container *container = &usage->containers.items[k];
			if (container->image_id != NULL &&
			    strcmp(container->image_id, image->id) == 0)
				add_reason(&why, "container", container->name);
		}
		if (why.len == 0)
			add_reason(&why, "", "nothing: `image prune` removes it");
		add_object(rows, "image", id,
			   usage->of_images[i].shared_bytes + usage->of_images[i].unique_bytes,
			   buf_str(&why));
	}
}

static void add_layers(const struct usage *usage, struct json_object *rows)
{
	for (size_t i = 0; i < usage->layers_len; i++) {
		const struct usage_layer *layer = &usage->layers[i];
		AUTO(struct buf, buf_done) why = { 0 };
		for (size_t k = 0; k < usage->images.len; k++) {
			AUTO_FREE char *id = mem_strndup(usage->images.items[k].id, ID_SHORT_LEN);
			if (usage_has_layer(&usage->images.items[k], layer))
				add_reason(&why, "image", id);
		}
		if (why.len > 0)
			add_object(rows, "layer", layer->name, layer->size_bytes, buf_str(&why));
	}
}

static void add_containers(const struct usage *usage, struct json_object *rows)
{
	for (size_t i = 0; i < usage->containers.len; i++) {
		const struct container *container = &usage->containers.items[i];
		AUTO_FREE char *id = mem_strndup(container->id, ID_SHORT_LEN);
		AUTO_FREE char *why = container->status == CONTAINER_RUNNING
					      ? mem_printf("name %s, it runs", container->name)
					      : mem_printf("name %s: `rm` removes it",
							   container->name);
		add_object(rows, "container", id, usage->container_bytes[i], why);
	}
}

static int print_why(const struct usage *usage, const char *format, struct err *err)
{
	AUTO_JSON struct json_object *rows = json_object_new_array();
	AUTO_JSON struct json_object *rest = rest_rows(usage);
	add_images(usage, rows);
	add_layers(usage, rows);
	add_containers(usage, rows);
	for (size_t i = 0; i < json_object_array_length(rest); i++)
		json_object_array_add(rows, json_object_get(json_object_array_get_idx(rest, i)));
	return listing_print(&object_listing, rows, format, err);
}

static int df_verb(struct cli *cli, void *pointer, const struct strv *operands UNUSED,
		   struct err *err)
{
	const struct df_input *input = pointer;
	AUTO(struct usage, usage_done) usage = { 0 };
	if (input->why && input->verbose)
		return err_set(err, ERR_INVALID, "--why and --verbose do not go together");
	struct engine *engine = cli_engine(cli, err);
	if (engine == NULL || engine_recover(engine, err) < 0 ||
	    engine_usage(engine, &usage, err) < 0)
		return -1;
	return input->why       ? print_why(&usage, input->format, err)
	       : input->verbose ? print_details(&usage, input->format, err)
				: print_summary(&usage, input->format, err);
}

static const struct option_row rows[] = {
	{ .name = "format",
	  .type = OPTION_STRING,
	  .argument = "template",
	  .offset = offsetof(struct df_input, format),
	  .help = "table, table TEMPLATE, json, or a Go template: {{.Type}} {{.Size}}" },
	{ .name = "verbose",
	  .letter = 'v',
	  .type = OPTION_FLAG,
	  .offset = offsetof(struct df_input, verbose),
	  .help = "Show each image and each container" },
	{ .name = "why",
	  .type = OPTION_FLAG,
	  .offset = offsetof(struct df_input, why),
	  .help = "Show for each object what keeps it" },
	{ 0 },
};

const struct verb verb_system_df = {
	.name = "system df",
	.summary = "Show what takes how much of the disk",
	.details =
		"A layer that several images have counts once; an image's unique size is what its "
		"removal would free. A container's size is what it has written. Left over is what "
		"belongs to nothing: layers that no image has, work of other commands in "
		"progress, and damaged records that were moved out of the way.\n\n"
		"Templates know .Type .TotalCount .Active .Size .Reclaimable; with --why .Type .ID "
		".Size .KeptBy; with --verbose one object is shown, with the lists .Images, "
		".Containers and .LeftOver.",
	.examples = "  onggi system df\n"
		    "  onggi system df --why\n"
		    "  onggi system df -v --format json",
	.options = { { rows } },
	.input_size = sizeof(struct df_input),
	.done = df_done,
	.run = df_verb,
};
