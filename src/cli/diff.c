/* SPDX-License-Identifier: Apache-2.0 */
/* onggi diff: what a container has changed. */
#include "cli/verb.h"
#include "engine/changes.h"

#include "base/json.h"
#include "base/mem.h"
#include "cli/listing.h"
#include "cli/output.h"
#include "format/printable.h"

#include <json-c/json.h>
#include <stdlib.h>

struct diff_input {
	char *format;
};

static void diff_done(void *pointer)
{
	struct diff_input *input = pointer;
	free(input->format);
}

static const char *const letters[] = {
	[CHANGE_MODIFIED] = "C", [CHANGE_ADDED] = "A", [CHANGE_DELETED] = "D"
};

static const struct listing_field fields[] = { { "Type", "CHANGE TYPE" },
					       { "Path", "PATH" },
					       { 0 } };
static const char *const columns[] = { "Type", "Path", NULL };
static const char *const flexible[] = { NULL };

static int print_lines(const struct change_list *list, struct err *err)
{
	AUTO(struct buf, buf_done) text = { 0 };
	for (size_t i = 0; i < list->len; i++) {
		buf_addf(&text, "%s ", letters[list->items[i].kind]);
		printable_add(&text, list->items[i].path, PRINTABLE_LINE);
		buf_add_char(&text, '\n');
	}
	return output_write(&text, err);
}

static int diff_verb(struct cli *cli, void *pointer, const struct strv *operands, struct err *err)
{
	const struct diff_input *input = pointer;
	AUTO(struct change_list, change_list_done) list = { 0 };
	struct engine *engine = cli_engine(cli, err);
	if (engine == NULL || engine_diff(engine, operands->items[0], &list, err) < 0)
		return -1;
	if (input->format == NULL)
		return print_lines(&list, err);
	struct listing listing = { fields, columns, flexible };
	AUTO_JSON struct json_object *rows = json_object_new_array();
	for (size_t i = 0; i < list.len; i++) {
		struct json_object *row = listing_add_row(rows, NULL);
		listing_set(row, "Type", letters[list.items[i].kind]);
		listing_set(row, "Path", list.items[i].path);
	}
	return listing_print(&listing, rows, input->format, err);
}

static const struct option_row rows[] = {
	{ .name = "format",
	  .type = OPTION_STRING,
	  .argument = "template",
	  .offset = offsetof(struct diff_input, format),
	  .help = "table, table TEMPLATE, json, or a Go template: {{.Type}} {{.Path}}" },
	{ 0 },
};

const struct verb verb_diff = {
	.name = "diff",
	.operands = "CONTAINER",
	.summary = "Show what a container has changed in its file system",
	.details = "A: added, C: changed, D: deleted, against the container's image. A directory "
		   "in which "
		   "something changed is changed itself. What is mounted into the container is not "
		   "looked at.",
	.examples = "  onggi diff web",
	.options = { { rows } },
	.input_size = sizeof(struct diff_input),
	.done = diff_done,
	.operands_min = 1,
	.operands_max = 1,
	.complete_operands = COMPLETE_CONTAINERS,
	.run = diff_verb,
};
