/* SPDX-License-Identifier: Apache-2.0 */
/* onggi image unmount: images leave their directories. */
#include "engine/image_mount.h"

#include "cli/output.h"
#include "cli/several.h"
#include "cli/verb.h"

#include <stdlib.h>
#include <string.h>

struct unmount_input {
	bool all, force;
	struct engine *engine; /* borrowed */
};

static int unmount_one(const struct unmount_input *input, const struct mount_mark *mark,
		       struct err *err)
{
	if (engine_unmount_image(input->engine, mark, input->force, err) < 0)
		return -1;
	return output_line(err, "%s", mark->path);
}

/* @operand  an image, with all its mounts; a directory; NULL: every image */
static int unmount(void *arg, const char *operand, struct err *err)
{
	const struct unmount_input *input = arg;
	AUTO(struct mount_mark_list, mount_mark_list_done) marks = { 0 };
	AUTO(struct image, image_done) image = { 0 };
	AUTO_FREE char *path = operand != NULL ? realpath(operand, NULL) : NULL;
	size_t found = 0;
	struct err why = { 0 };
	if (mount_mark_list(&input->engine->store, &marks, err) < 0)
		return -1;
	if (operand != NULL && image_find(&input->engine->store, operand, &image, &why) < 0)
		image.id[0] = '\0';
	for (size_t i = 0; i < marks.len; i++) {
		const struct mount_mark *mark = &marks.items[i];
		if (operand != NULL && strcmp(mark->image_id, image.id) != 0 &&
		    (path == NULL || strcmp(mark->path, path) != 0))
			continue;
		if (unmount_one(input, mark, err) < 0)
			return -1;
		found++;
	}
	if (found == 0 && operand != NULL)
		return err_set(err, ERR_NOT_FOUND, "%.256s is not mounted", operand);
	return 0;
}

static int unmount_verb(struct cli *cli, void *pointer, const struct strv *operands,
			struct err *err)
{
	struct unmount_input *input = pointer;
	if (input->all == (operands->len > 0))
		return err_set(err, ERR_INVALID, "either images and directories, or --all");
	input->engine = cli_engine(cli, err);
	if (input->engine == NULL || engine_recover(input->engine, err) < 0)
		return -1;
	return input->all ? unmount(input, NULL, err)
			  : several_each(operands, false, unmount, input);
}

static const struct option_row rows[] = {
	{ .name = "all",
	  .letter = 'a',
	  .type = OPTION_FLAG,
	  .offset = offsetof(struct unmount_input, all),
	  .help = "Unmount all images" },
	{ .name = "force",
	  .letter = 'f',
	  .type = OPTION_FLAG,
	  .offset = offsetof(struct unmount_input, force),
	  .help = "Also while it is in use: it goes when its last user does" },
	{ 0 },
};

const struct verb verb_image_unmount = {
	.name = "image unmount",
	.operands = "[IMAGE|DIRECTORY...]",
	.summary = "Unmount images from the host",
	.details = "An image is unmounted wherever it is mounted, a directory alone. The paths are "
		   "printed. What 'umount' has unmounted need not be unmounted here.",
	.examples = "  onggi image unmount debian:12\n  onggi image unmount --all",
	.options = { { rows } },
	.input_size = sizeof(struct unmount_input),
	.operands_max = OPERANDS_ANY,
	.complete_operands = COMPLETE_IMAGES,
	.run = unmount_verb,
};
