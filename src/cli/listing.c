/* SPDX-License-Identifier: Apache-2.0 */
/* Rows into tables, JSON lines or templates. Rows know Docker's field names, so that scripts work.
 */
#include "cli/listing.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "cli/output.h"
#include "format/ago.h"
#include "format/json_text.h"
#include "format/printable.h"
#include "format/table.h"
#include "format/template.h"

#include <json-c/json.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void template_done(struct template **template)
{
	template_free(*template);
}
#define AUTO_TEMPLATE AUTO(struct template *, template_done)

struct json_object *listing_add_row(struct json_object *rows, const struct strv *labels)
{
	struct json_object *row = json_object_new_object();
	/* Only read back; json-c's interface knows no const. */
	json_object_set_userdata(row, (void *)(uintptr_t)labels, NULL);
	json_object_array_add(rows, row);
	return row;
}

void listing_set(struct json_object *row, const char *name, const char *value)
{
	json_object_object_add(row, name, json_object_new_string(value));
}

void listing_set_time(struct json_object *row, const char *since, const char *at, uint64_t time_ns)
{
	if (time_ns == 0) {
		listing_set(row, since, "N/A");
		listing_set(row, at, "N/A");
		return;
	}
	char ago[AGO_SIZE], date[64];
	uint64_t now_ns = clock_realtime_ns();
	time_t seconds = (time_t)(time_ns / 1000000000u);
	struct tm utc;
	ago_format(now_ns > time_ns ? now_ns - time_ns : 0, ago);
	gmtime_r(&seconds, &utc);
	strftime(date, sizeof(date), "%Y-%m-%d %H:%M:%S +0000 UTC", &utc);
	AUTO_FREE char *text = mem_printf("%s ago", ago);
	listing_set(row, since, text);
	listing_set(row, at, date);
}

void listing_set_labels(struct json_object *row, const struct strv *labels)
{
	AUTO(struct buf, buf_done) text = { 0 };
	for (size_t i = 0; i < labels->len; i++)
		buf_addf(&text, "%s%s", i > 0 ? "," : "", labels->items[i]);
	listing_set(row, "Labels", buf_str(&text));
}

/* {{.Label "key"}}: its value; in a header the key itself. */
static struct json_object *row_method(struct json_object *dot, const char *name,
				      const char *argument)
{
	if (strcmp(name, "Label") != 0 || dot == NULL)
		return NULL;
	const struct strv *labels = json_object_get_userdata(dot);
	if (labels == NULL)
		return json_object_new_string(argument);
	const char *value = strv_env_get(labels, argument);
	return json_object_new_string(value != NULL ? value : "");
}

static const char *row_text(struct json_object *row, const char *name)
{
	const char *text = json_object_get_string(json_object_object_get(row, name));
	return text != NULL ? text : "";
}

static void add_cell(struct table *table, const char *text)
{
	AUTO(struct buf, buf_done) cell = { 0 };
	printable_add(&cell, text, PRINTABLE_LINE);
	strv_add_take(&table->cells, buf_take(&cell));
}

static const char *header_of(const struct listing *listing, const char *name)
{
	for (const struct listing_field *field = listing->fields; field->name != NULL; field++)
		if (strcmp(field->name, name) == 0)
			return field->header;
	return name;
}

static unsigned width_of_output(void)
{
	return output_is_terminal(STDOUT_FILENO) ? output_width(STDOUT_FILENO, 0) : 0;
}

static int print_usual(const struct listing *listing, struct json_object *rows, struct err *err)
{
	AUTO(struct table, table_done) table = { 0 };
	unsigned flexible = 0;
	for (const char *const *column = listing->columns; *column != NULL; column++) {
		add_cell(&table, header_of(listing, *column));
		for (const char *const *name = listing->flexible; *name != NULL; name++)
			if (strcmp(*name, *column) == 0)
				flexible |= 1u << table.columns;
		table.columns++;
	}
	for (size_t i = 0; i < json_object_array_length(rows); i++)
		for (const char *const *column = listing->columns; *column != NULL; column++)
			add_cell(&table, row_text(json_object_array_get_idx(rows, i), *column));
	AUTO(struct buf, buf_done) out = { 0 };
	table_add_to(&out, &table, width_of_output(), flexible);
	return output_write(&out, err);
}

static int print_json(struct json_object *rows, struct err *err)
{
	AUTO(struct buf, buf_done) out = { 0 };
	for (size_t i = 0; i < json_object_array_length(rows); i++) {
		json_text_add(&out, json_object_array_get_idx(rows, i), JSON_TEXT_COMPACT);
		buf_add_char(&out, '\n');
	}
	return output_write(&out, err);
}

/* Shells pass \t and \n on as they are written; Docker takes them as tab and newline. */
static char *unescape(const char *format)
{
	AUTO(struct buf, buf_done) text = { 0 };
	for (const char *s = format; *s != '\0'; s++) {
		if (s[0] == '\\' && (s[1] == 't' || s[1] == 'n'))
			buf_add_char(&text, *++s == 't' ? '\t' : '\n');
		else
			buf_add_char(&text, *s);
	}
	return buf_take(&text);
}

/* What the template makes of a row, with one newline at the end. */
static int row_format(const struct template *template, struct json_object *row, struct buf *out,
		      struct err *err)
{
	if (template_eval(template, row, row_method, out, err) < 0)
		return -1;
	buf_add_char(out, '\n');
	return 0;
}

static void add_line_cells(struct table *table, const char *line, size_t columns)
{
	AUTO(struct strv, strv_done) cells = { 0 };
	strv_split(&cells, line, '\t');
	for (size_t i = 0; i < columns; i++)
		strv_add(&table->cells, i < cells.len ? cells.items[i] : "");
}

static int print_table(const struct listing *listing, struct json_object *rows,
		       const struct template *template, struct err *err)
{
	AUTO_JSON struct json_object *header = json_object_new_object();
	AUTO(struct buf, buf_done) text = { 0 };
	for (const struct listing_field *field = listing->fields; field->name != NULL; field++)
		listing_set(header, field->name, field->header);
	if (row_format(template, header, &text, err) < 0)
		return -1;
	for (size_t i = 0; i < json_object_array_length(rows); i++)
		if (row_format(template, json_object_array_get_idx(rows, i), &text, err) < 0)
			return -1;

	AUTO(struct table, table_done) table = { 0 };
	AUTO(struct strv, strv_done) lines = { 0 };
	strv_split(&lines, buf_str(&text), '\n');
	for (size_t i = 0; i < lines.len; i++) {
		size_t columns = 1;
		for (const char *s = lines.items[i]; *s != '\0'; s++)
			columns += *s == '\t';
		table.columns = columns > table.columns ? columns : table.columns;
	}
	for (size_t i = 0; i + 1 < lines.len; i++)
		add_line_cells(&table, lines.items[i], table.columns);
	AUTO(struct buf, buf_done) out = { 0 };
	table_add_to(&out, &table, 0, 0);
	return output_write(&out, err);
}

static int print_template(struct json_object *rows, const struct template *template,
			  struct err *err)
{
	AUTO(struct buf, buf_done) out = { 0 };
	for (size_t i = 0; i < json_object_array_length(rows); i++)
		if (row_format(template, json_object_array_get_idx(rows, i), &out, err) < 0)
			return -1;
	return output_write(&out, err);
}

int listing_print(const struct listing *listing, struct json_object *rows, const char *format,
		  struct err *err)
{
	if (format == NULL || format[0] == '\0' || strcmp(format, "table") == 0)
		return print_usual(listing, rows, err);
	if (strcmp(format, "json") == 0)
		return print_json(rows, err);
	bool is_table = strncmp(format, "table ", 6) == 0;
	AUTO_FREE char *text = unescape(is_table ? format + 6 : format);
	AUTO_TEMPLATE template = template_parse(text, err);
	if (template == NULL)
		return -1;
	return is_table ? print_table(listing, rows, template, err)
			: print_template(rows, template, err);
}
