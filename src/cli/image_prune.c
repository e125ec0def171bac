/* SPDX-License-Identifier: Apache-2.0 */
/* onggi image prune: images that nobody uses go. */
#include "engine/prune.h"

#include "cli/confirm.h"
#include "cli/listing.h"
#include "cli/output.h"
#include "cli/verb.h"
#include "format/bytes.h"

#include <string.h>

struct prune_input {
	bool all, force;
	struct strv filters;
	uint64_t until_ns; /* the last `until`; 0 none */
};

static void prune_done(void *pointer)
{
	struct prune_input *input = pointer;
	strv_done(&input->filters);
}

static bool has_label(const void *object, const char *value)
{
	const struct image *image = object;
	return filter_matches_label(&image->config.labels, value);
}

static bool lacks_label(const void *object, const char *value)
{
	return !has_label(object, value);
}

static bool is_wanted(const void *arg, const struct image *image)
{
	const struct prune_input *input = arg;
	return (input->until_ns == 0 || image->created_ns < input->until_ns) &&
	       filter_all(&input->filters, "label", has_label, image) &&
	       filter_all(&input->filters, "label!", lacks_label, image);
}

static int read_filters(struct prune_input *input, struct err *err)
{
	if (filter_check(&input->filters, "label label! until", err) < 0)
		return -1;
	for (size_t i = 0; i < input->filters.len; i++)
		if (strncmp(input->filters.items[i], "until=", 6) == 0 &&
		    filter_time(input->filters.items[i] + 6, &input->until_ns, err) < 0)
			return -1;
	return 0;
}

static int print_removed(const struct image_removed *removed, struct err *err)
{
	char freed[BYTES_TEXT_SIZE];
	AUTO(struct buf, buf_done) text = { 0 };
	if (removed->untagged.len + removed->deleted.len > 0)
		buf_add_str(&text, "Deleted Images:\n");
	for (size_t i = 0; i < removed->untagged.len; i++)
		buf_addf(&text, "untagged: %s\n", removed->untagged.items[i]);
	for (size_t i = 0; i < removed->deleted.len; i++)
		buf_addf(&text, "deleted: %s\n", removed->deleted.items[i]);
	bytes_format_decimal(removed->freed_bytes, freed);
	buf_addf(&text, "%sTotal reclaimed space: %s\n", text.len > 0 ? "\n" : "", freed);
	return output_write(&text, err);
}

static int prune_verb(struct cli *cli, void *pointer, const struct strv *operands UNUSED,
		      struct err *err)
{
	struct prune_input *input = pointer;
	AUTO(struct image_removed, image_removed_done) removed = { 0 };
	struct prune_images which = { .with_names = input->all,
				      .is_wanted = is_wanted,
				      .arg = input };
	if (read_filters(input, err) < 0)
		return -1;
	if (!input->force &&
	    confirm(input->all ? "This will remove all images without at least one container "
				 "associated to them."
			       : "This will remove all dangling images.",
		    "image prune", err) < 0)
		return -1;
	struct engine *engine = cli_engine(cli, err);
	if (engine == NULL || engine_recover(engine, err) < 0)
		return -1;
	int rc = engine_prune_images(engine, &which, &removed, err);
	struct err ignored = { 0 }; /* what went wrong before counts more */
	int printed = print_removed(&removed, rc < 0 ? &ignored : err);
	return rc < 0 || printed < 0 ? -1 : EXIT_OK;
}

#define AT(member) offsetof(struct prune_input, member)
static const struct option_row rows[] = {
	{ .name = "all",
	  .letter = 'a',
	  .type = OPTION_FLAG,
	  .offset = AT(all),
	  .help = "Remove all images that no container uses, not only those without a name" },
	{ .name = "filter",
	  .type = OPTION_LIST,
	  .argument = "name=value",
	  .offset = AT(filters),
	  .help = "Remove only what matches: until (made before this time, or this long ago), "
		  "label, label!" },
	{ .name = "force",
	  .letter = 'f',
	  .type = OPTION_FLAG,
	  .offset = AT(force),
	  .help = "Do not ask" },
	{ 0 },
};

const struct verb verb_image_prune = {
	.name = "image prune",
	.summary = "Remove images that nobody uses",
	.details = "Images that no container uses, running or not, and that have no name; with "
		   "--all, also those that have one. Their layers go with them, unless another "
		   "image has them.\n\n"
		   "Filters: until=24h, until=2026-01-31, until=1769860000; label=KEY, "
		   "label=KEY=VALUE, label!=KEY, label!=KEY=VALUE. Several have to match all.",
	.examples = "  onggi image prune\n"
		    "  onggi image prune -af --filter until=240h --filter label!=keep",
	.options = { { rows } },
	.input_size = sizeof(struct prune_input),
	.done = prune_done,
	.run = prune_verb,
};
