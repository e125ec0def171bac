/* SPDX-License-Identifier: Apache-2.0 */
/* onggi-runtime list: all containers below the state directory. */
#include "cli/oci/oci.h"
#include "cli/oci/summary.h"
#include "cli/output.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

struct list_input {
	char *format;
	bool quiet;
};

static void list_done(void *pointer)
{
	free(((struct list_input *)pointer)->format);
}

static const struct option_row list_rows[] = {
	{ "format", 'f', OPTION_STRING, "format", NULL, NULL, "table or json (table)",
	  offsetof(struct list_input, format), .complete = COMPLETE_WORDS, .words = "table json" },
	{ "quiet", 'q', OPTION_FLAG, NULL, NULL, NULL, "Ids alone",
	  offsetof(struct list_input, quiet) },
	{ 0 },
};

#define COLUMNS 6

static void add_cell(struct buf *out, const char *text, size_t width, bool is_last)
{
	buf_add_str(out, text);
	for (size_t i = strlen(text); !is_last && i < width + 3; i++)
		buf_add_char(out, ' ');
	if (is_last)
		buf_add_char(out, '\n');
}

struct row {
	char *cells[COLUMNS]; /* owned */
};

static void row_done(struct row *row)
{
	for (size_t c = 0; c < COLUMNS; c++)
		free(row->cells[c]);
}

static void row_fill(struct row *row, const struct bundle_summary *item)
{
	const char *const texts[COLUMNS] = {
		item->id, NULL, bundle_status_name(item->status), item->bundle, item->created, NULL
	};
	for (size_t c = 0; c < COLUMNS; c++)
		row->cells[c] = texts[c] != NULL ? mem_strdup(texts[c]) : NULL;
	row->cells[1] = mem_printf("%d", (int)item->pid);
	row->cells[COLUMNS - 1] = oci_user_name(item->owner);
}

static const char *cell(const struct row *row, size_t column)
{
	static const char *const headers[COLUMNS] = { "ID",     "PID",     "STATUS",
						      "BUNDLE", "CREATED", "OWNER" };
	if (row == NULL)
		return headers[column];
	return row->cells[column] != NULL ? row->cells[column] : "";
}

static void add_table(const struct bundle_summary *items, size_t len, struct buf *out)
{
	struct row *rows = mem_alloc(len, sizeof(*rows));
	size_t widths[COLUMNS] = { 0 };
	for (size_t i = 0; i < len; i++)
		row_fill(&rows[i], &items[i]);
	for (size_t i = 0; i <= len; i++)
		for (size_t c = 0; c < COLUMNS; c++) {
			size_t width = strlen(cell(i > 0 ? &rows[i - 1] : NULL, c));
			widths[c] = width > widths[c] ? width : widths[c];
		}
	for (size_t i = 0; i <= len; i++)
		for (size_t c = 0; c < COLUMNS; c++)
			add_cell(out, cell(i > 0 ? &rows[i - 1] : NULL, c), widths[c],
				 c == COLUMNS - 1);
	for (size_t i = 0; i < len; i++)
		row_done(&rows[i]);
	free(rows);
}

static void add_ids(const struct bundle_summary *items, size_t len, struct buf *out)
{
	for (size_t i = 0; i < len; i++)
		buf_addf(out, "%s\n", items[i].id);
}

static void add_json(const struct bundle_summary *items, size_t len, struct buf *out)
{
	buf_add_char(out, '[');
	for (size_t i = 0; i < len; i++) {
		if (i > 0)
			buf_add_char(out, ',');
		oci_summary_json(&items[i], out);
	}
	buf_add_str(out, "]\n");
}

static int list_run(const struct oci_globals *globals, void *pointer,
		    const struct strv *operands UNUSED, struct err *err)
{
	const struct list_input *input = pointer;
	struct bundle_home home = oci_home(globals);
	AUTO(struct buf, buf_done) out = { 0 };
	struct bundle_summary *items = NULL;
	size_t len = 0;
	bool is_json = input->format != NULL && strcmp(input->format, "json") == 0;
	if (input->format != NULL && !is_json && strcmp(input->format, "table") != 0)
		return err_set(err, ERR_INVALID, "invalid format option: %s", input->format);
	if (bundle_list(&home, &items, &len, err) < 0)
		return -1;
	if (input->quiet)
		add_ids(items, len, &out);
	else if (is_json)
		add_json(items, len, &out);
	else
		add_table(items, len, &out);
	for (size_t i = 0; i < len; i++)
		bundle_summary_done(&items[i]);
	free(items);
	return output_write(&out, err);
}

const struct oci_verb oci_list = {
	.name = "list",
	.summary = "List the containers below the state directory",
	.details = "A table with the columns ID, PID, STATUS, BUNDLE, CREATED and OWNER; or a JSON "
		   "array of what state shows.",
	.options = { { list_rows } },
	.input_size = sizeof(struct list_input),
	.done = list_done,
	.run = list_run,
};
