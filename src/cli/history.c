/* SPDX-License-Identifier: Apache-2.0 */
/* onggi history: the steps an image was made in. */
#include "engine/history.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "cli/listing.h"
#include "cli/verb.h"
#include "format/bytes.h"
#include "format/printable.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#define CREATED_BY_CHARS_MAX 45 /* as Docker cuts it */
#define MISSING              "<missing>"

struct history_input {
	bool human, no_trunc, quiet;
	char *format;
};

static void history_input_init(void *pointer)
{
	struct history_input *input = pointer;
	input->human = true;
}

static void history_input_done(void *pointer)
{
	struct history_input *input = pointer;
	free(input->format);
}

/* Only what the last step made has an id of its own here. */
static char *step_id(const struct history *history, size_t i, bool no_trunc)
{
	if (i > 0)
		return mem_strdup(MISSING);
	return no_trunc ? mem_printf("sha256:%s", history->id)
			: mem_strndup(history->id, ID_SHORT_LEN);
}

static void set_size(struct json_object *row, uint64_t size_bytes, bool human)
{
	char size[BYTES_TEXT_SIZE];
	AUTO_FREE char *exact = mem_printf("%" PRIu64, size_bytes);
	bytes_format_decimal(size_bytes, size);
	listing_set(row, "Size", human ? size : exact);
}

/* What a command was is told in one line; tabs are how people wrap them. */
static void set_created_by(struct json_object *row, const char *text, bool no_trunc)
{
	AUTO(struct buf, buf_done) shown = { 0 };
	AUTO_FREE char *line = mem_strdup(text != NULL ? text : "");
	for (char *tab = line; (tab = strchr(tab, '\t')) != NULL;)
		*tab = ' ';
	printable_add_cut(&shown, line, no_trunc ? 0 : CREATED_BY_CHARS_MAX);
	listing_set(row, "CreatedBy", buf_str(&shown));
}

static void add_row(struct json_object *rows, const struct history *history, size_t i,
		    const struct history_input *input)
{
	static const struct image_step nothing = { 0 };
	const struct history_step *at = &history->steps[i];
	const struct image_step *step = at->step != NULL ? at->step : &nothing;
	AUTO_FREE char *id = step_id(history, i, input->no_trunc);
	uint64_t created_ns = 0;
	if (step->created != NULL)
		clock_parse_rfc3339(step->created, &created_ns);
	struct json_object *row = listing_add_row(rows, NULL);
	listing_set(row, "ID", id);
	listing_set_time(row, "CreatedSince", "CreatedAt", created_ns);
	if (!input->human && step->created != NULL)
		listing_set(row, "CreatedSince", step->created);
	set_created_by(row, step->created_by, input->no_trunc);
	set_size(row, at->size_bytes, input->human);
	listing_set(row, "Comment", step->comment != NULL ? step->comment : "");
}

static const struct listing_field fields[] = {
	{ "ID", "IMAGE" },
	{ "CreatedSince", "CREATED" },
	{ "CreatedAt", "CREATED AT" },
	{ "CreatedBy", "CREATED BY" },
	{ "Size", "SIZE" },
	{ "Comment", "COMMENT" },
	{ 0 },
};
static const char *const columns[] = { "ID", "CreatedSince", "CreatedBy", "Size", "Comment", NULL };
static const char *const flexible[] = { "CreatedBy", "Comment", NULL };

static int history_verb(struct cli *cli, void *pointer, const struct strv *operands,
			struct err *err)
{
	const struct history_input *input = pointer;
	AUTO(struct history, history_done) history = { 0 };
	struct engine *engine = cli_engine(cli, err);
	if (engine == NULL || engine_history(engine, operands->items[0], &history, err) < 0)
		return -1;
	struct listing listing = { fields, columns, flexible };
	AUTO_JSON struct json_object *rows = json_object_new_array();
	for (size_t i = 0; i < history.len; i++)
		add_row(rows, &history, i, input);
	return listing_print(&listing, rows, input->quiet ? "{{.ID}}" : input->format, err);
}

static const struct option_row rows[] = {
	{ .name = "format",
	  .type = OPTION_STRING,
	  .argument = "template",
	  .offset = offsetof(struct history_input, format),
	  .help = "table, table TEMPLATE, json, or a Go template: {{.ID}} {{.CreatedBy}}" },
	{ .name = "human",
	  .letter = 'H',
	  .type = OPTION_FLAG,
	  .offset = offsetof(struct history_input, human),
	  .help = "Sizes and times for people (the default; --human=false: bytes and dates)" },
	{ .name = "no-trunc",
	  .type = OPTION_FLAG,
	  .offset = offsetof(struct history_input, no_trunc),
	  .help = "Show whole commands and IDs" },
	{ .name = "platform", .type = OPTION_REFUSED },
	{ .name = "quiet",
	  .letter = 'q',
	  .type = OPTION_FLAG,
	  .offset = offsetof(struct history_input, quiet),
	  .help = "Show only IDs" },
	{ 0 },
};

const struct verb verb_history = {
	.name = "history",
	.operands = "IMAGE",
	.summary = "Show the steps an image was made in",
	.details =
		"The last step comes first. Only the image itself has an id; the steps before it "
		"are "
		"<missing>, as images that are pulled or loaded bring none. SIZE is of the files "
		"of the step's layer, unpacked. Whoever made the image wrote the rest.",
	.examples = "  onggi history debian:12\n  onggi history --no-trunc --format "
		    "'{{.CreatedBy}}' debian:12",
	.options = { { rows } },
	.input_size = sizeof(struct history_input),
	.init = history_input_init,
	.done = history_input_done,
	.operands_min = 1,
	.operands_max = 1,
	.complete_operands = COMPLETE_IMAGES,
	.run = history_verb,
};
