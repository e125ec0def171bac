/* SPDX-License-Identifier: Apache-2.0 */
/* onggi-runtime list: all containers below the state directory. */
#include "cli/oci/oci.h"
#include "cli/oci/summary.h"
#include "cli/output.h"

#include "base/mem.h"
#include "format/printable.h"
#include "format/table.h"

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

/* From a file, and perhaps not there. */
static void add_cell(struct table *table, const char *text)
{
	AUTO(struct buf, buf_done) cell = { 0 };
	printable_add(&cell, text != NULL ? text : "", PRINTABLE_LINE);
	strv_add_take(&table->cells, buf_take(&cell));
}

static void add_table(const struct bundle_summary *items, size_t len, struct buf *out)
{
	static const char *const headers[] = {
		"ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"
	};
	AUTO(struct table, table_done) table = { .columns = ARRAY_LEN(headers) };
	for (size_t i = 0; i < ARRAY_LEN(headers); i++)
		strv_add(&table.cells, headers[i]);
	for (size_t i = 0; i < len; i++) {
		const struct bundle_summary *item = &items[i];
		strv_add(&table.cells, item->id);
		strv_add_take(&table.cells, mem_printf("%d", (int)item->pid));
		strv_add(&table.cells, bundle_status_name(item->status));
		add_cell(&table, item->bundle);
		add_cell(&table, item->created);
		strv_add_take(&table.cells, oci_user_name(item->owner));
	}
	table_add_to(out, &table, 0, 0);
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
