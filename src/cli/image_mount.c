/* SPDX-License-Identifier: Apache-2.0 */
/* onggi image mount: an image as a directory of the host; or which are. */
#include "engine/image_mount.h"

#include "base/json.h"
#include "base/mem.h"
#include "cli/listing.h"
#include "cli/output.h"
#include "cli/verb.h"
#include "format/reference.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

struct mount_input {
	char *format;
};

static void mount_done(void *pointer)
{
	struct mount_input *input = pointer;
	free(input->format);
}

/* A name of the image, in short. Owned. */
static char *name_of(const struct store *store, const char *image_id)
{
	AUTO(struct image, image_done) image = { 0 };
	AUTO(struct reference, reference_done) reference = { 0 };
	if (image_find(store, image_id, &image, NULL) < 0 ||
	    image_load_names(store, &image, NULL) < 0 || image.names.len == 0 ||
	    reference_parse(image.names.items[0], &reference, NULL) < 0)
		return mem_strdup("<none>");
	return reference_familiar(&reference);
}

static const struct listing_field fields[] = {
	{ "ID", "IMAGE ID" },
	{ "Image", "IMAGE" },
	{ "Path", "MOUNTED AT" },
	{ 0 },
};
static const char *const columns[] = { "ID", "Image", "Path", NULL };
static const char *const flexible[] = { NULL };
static const struct listing listing = { fields, columns, flexible };

static int list_mounts(const struct store *store, const char *format, struct err *err)
{
	AUTO(struct mount_mark_list, mount_mark_list_done) marks = { 0 };
	AUTO_JSON struct json_object *rows = json_object_new_array();
	if (mount_mark_list(store, &marks, err) < 0)
		return -1;
	for (size_t i = 0; i < marks.len; i++) {
		struct json_object *row = listing_add_row(rows, NULL);
		AUTO_FREE char *id = mem_strndup(marks.items[i].image_id, ID_SHORT_LEN);
		AUTO_FREE char *name = name_of(store, marks.items[i].image_id);
		listing_set(row, "ID", id);
		listing_set(row, "Image", name);
		listing_set(row, "Path", marks.items[i].path);
	}
	return listing_print(&listing, rows, format, err);
}

static int mount_verb(struct cli *cli, void *pointer, const struct strv *operands, struct err *err)
{
	const struct mount_input *input = pointer;
	AUTO_FREE char *path = NULL;
	struct engine *engine = cli_engine(cli, err);
	if (engine == NULL || engine_recover(engine, err) < 0)
		return -1;
	if (operands->len == 0)
		return list_mounts(&engine->store, input->format, err);
	if (engine_mount_image(engine, operands->items[0],
			       operands->len > 1 ? operands->items[1] : NULL, &path, err) < 0)
		return -1;
	return output_line(err, "%s", path);
}

static const struct option_row rows[] = {
	{ .name = "format",
	  .type = OPTION_STRING,
	  .argument = "template",
	  .offset = offsetof(struct mount_input, format),
	  .help = "Of the list: table, table TEMPLATE, json, or a Go template: {{.ID}} {{.Path}}" },
	{ 0 },
};

const struct verb verb_image_mount = {
	.name = "image mount",
	.operands = "[IMAGE [DIRECTORY]]",
	.summary = "Mount an image read-only on the host, or list what is mounted",
	.details =
		"Without a directory it is mounted at a place below the run root. The path is "
		"printed. Device files and setuid bits mean nothing there. The mount stays until "
		"'onggi image unmount' or a reboot, and the image cannot be removed as long.\n\n"
		"Templates for the list know .ID .Image and .Path.",
	.examples = "  ls $(onggi image mount debian:12)\n"
		    "  onggi image mount debian:12 /mnt\n"
		    "  onggi image unmount debian:12",
	.options = { { rows } },
	.input_size = sizeof(struct mount_input),
	.done = mount_done,
	.operands_max = 2,
	.complete_operands = COMPLETE_IMAGES,
	.run = mount_verb,
};
