/* SPDX-License-Identifier: Apache-2.0 */
/* A JSON writer of our own: json-c indents by two, escapes slashes and lets C1 controls through. */
#include "format/json_text.h"

#include "format/printable.h"

#include <json-c/json.h>

struct json_writer {
	struct buf *out;
	enum json_style style;
	int depth;
};

static void write_value(struct json_writer *writer, struct json_object *value);

static void write_break(struct json_writer *writer)
{
	if (writer->style == JSON_TEXT_INDENTED)
		buf_addf(writer->out, "\n%*s", 4 * writer->depth, "");
}

static void write_string(struct json_writer *writer, const char *text)
{
	AUTO(struct buf, buf_done) quoted = { 0 };
	buf_add_json_str(&quoted, text);
	printable_add(writer->out, buf_str(&quoted), PRINTABLE_LINE);
}

static void write_object(struct json_writer *writer, struct json_object *value)
{
	bool is_first = true;
	buf_add_char(writer->out, '{');
	writer->depth++;
	json_object_object_foreach (value, key, member) {
		if (!is_first)
			buf_add_char(writer->out, ',');
		is_first = false;
		write_break(writer);
		write_string(writer, key);
		buf_add_str(writer->out, writer->style == JSON_TEXT_INDENTED ? ": " : ":");
		write_value(writer, member);
	}
	writer->depth--;
	if (!is_first)
		write_break(writer);
	buf_add_char(writer->out, '}');
}

static void write_array(struct json_writer *writer, struct json_object *value)
{
	size_t len = json_object_array_length(value);
	buf_add_char(writer->out, '[');
	writer->depth++;
	for (size_t i = 0; i < len; i++) {
		if (i > 0)
			buf_add_char(writer->out, ',');
		write_break(writer);
		write_value(writer, json_object_array_get_idx(value, i));
	}
	writer->depth--;
	if (len > 0)
		write_break(writer);
	buf_add_char(writer->out, ']');
}

static void write_value(struct json_writer *writer, struct json_object *value)
{
	switch (json_object_get_type(value)) {
	case json_type_object:
		write_object(writer, value);
		break;
	case json_type_array:
		write_array(writer, value);
		break;
	case json_type_string:
		write_string(writer, json_object_get_string(value));
		break;
	default:
		buf_add_str(writer->out, json_object_to_json_string(value));
		break;
	}
}

void json_text_add(struct buf *out, struct json_object *value, enum json_style style)
{
	struct json_writer writer = { .out = out, .style = style };
	write_value(&writer, value);
}
