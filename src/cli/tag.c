/* SPDX-License-Identifier: Apache-2.0 */
/* onggi tag: one more name for an image. */
#include "cli/verb.h"

static int tag_verb(struct cli *cli, void *input UNUSED, const struct strv *operands,
		    struct err *err)
{
	AUTO(struct image, image_done) image = { 0 };
	const struct engine *engine = cli_engine(cli, err);
	if (engine == NULL || image_find(&engine->store, operands->items[0], &image, err) < 0)
		return -1;
	return image_tag(&engine->store, image.id, operands->items[1], err);
}

const struct verb verb_tag = {
	.name = "tag",
	.operands = "IMAGE NAME[:TAG]",
	.summary = "Give an image one more name",
	.details =
		"A name that led to another image leads to this one from then on. Without :TAG the "
		"tag is latest. Nothing is copied.",
	.examples = "  onggi tag debian:12 localhost:5000/debian:12",
	.operands_min = 2,
	.operands_max = 2,
	.complete_operands = COMPLETE_IMAGES,
	.run = tag_verb,
};
