/* SPDX-License-Identifier: Apache-2.0 */
/* onggi inspect: everything that is known about containers and images, as JSON or by a template. */
#include "base/json.h"
#include "cli/output.h"
#include "cli/several.h"
#include "cli/verb.h"
#include "format/json_text.h"
#include "format/template.h"

#include <json-c/json.h>
#include <string.h>

#define INSPECT_MAX (16u << 20)

struct inspect_input {
	char *type, *format;
	struct engine *engine;     /* borrowed */
	struct template *template; /* owned */
	struct json_object *found; /* owned */
};

static void inspect_done(void *pointer)
{
	struct inspect_input *input = pointer;
	free(input->type);
	free(input->format);
	template_free(input->template);
	json_object_put(input->found);
}

static bool wants(const struct inspect_input *input, const char *type)
{
	return input->type == NULL || strcmp(input->type, type) == 0;
}

/* Containers first, then images: Docker's order. @return owned JSON text or NULL */
static char *find_text(const struct inspect_input *input, const char *name, struct err *err)
{
	struct err cause = { 0 };
	if (wants(input, "container")) {
		char *text = engine_inspect_container(input->engine, name, &cause);
		if (text != NULL)
			return text;
	}
	if (wants(input, "image") && (!err_is_set(&cause) || cause.kind == ERR_NOT_FOUND)) {
		err_clear(&cause);
		char *text = engine_inspect_image(input->engine, name, &cause);
		if (text != NULL)
			return text;
	}
	if (cause.kind == ERR_NOT_FOUND && input->type == NULL)
		err_set(&cause, ERR_NOT_FOUND, "no such object: %s", name);
	*err = cause;
	return NULL;
}

static int inspect_one(void *arg, const char *operand, struct err *err)
{
	struct inspect_input *input = arg;
	AUTO_FREE char *text = find_text(input, operand, err);
	AUTO_JSON struct json_object *object = NULL;
	struct json_source source = { .what = operand, .max_bytes = INSPECT_MAX };
	if (text == NULL || json_parse_strict(text, strlen(text), &source, &object, err) < 0)
		return -1;
	if (input->template == NULL) {
		json_object_array_add(input->found, ptr_take(&object));
		return 0;
	}
	AUTO(struct buf, buf_done) out = { 0 };
	if (template_eval(input->template, object, NULL, &out, err) < 0)
		return -1;
	buf_add_char(&out, '\n');
	return output_write(&out, err);
}

static int inspect_verb(struct cli *cli, void *pointer, const struct strv *operands,
			struct err *err)
{
	struct inspect_input *input = pointer;
	if (input->type != NULL && strcmp(input->type, "container") != 0 &&
	    strcmp(input->type, "image") != 0)
		return err_set(err, ERR_INVALID,
			       "unknown type: \"%s\": must be one of \"container\", \"image\"",
			       input->type);
	bool is_json = input->format == NULL || input->format[0] == '\0' ||
		       strcmp(input->format, "json") == 0;
	if (!is_json && (input->template = template_parse(input->format, err)) == NULL)
		return -1;
	input->found = json_object_new_array();
	input->engine = cli_engine(cli, err);
	if (input->engine == NULL || engine_recover(input->engine, err) < 0)
		return -1;
	int status = several_each(operands, false, inspect_one, input);
	if (!is_json)
		return status;
	AUTO(struct buf, buf_done) out = { 0 };
	bool is_compact = input->format != NULL && input->format[0] != '\0';
	json_text_add(&out, input->found, is_compact ? JSON_TEXT_COMPACT : JSON_TEXT_INDENTED);
	buf_add_char(&out, '\n');
	return output_write(&out, err) < 0 ? -1 : status;
}

#define AT(member) offsetof(struct inspect_input, member)
static const struct option_row rows[] = {
	{ .name = "format",
	  .letter = 'f',
	  .type = OPTION_STRING,
	  .argument = "template",
	  .offset = AT(format),
	  .help = "json, or a Go template: {{.State.Status}}" },
	{ .name = "platform", .type = OPTION_REFUSED },
	{ .name = "size", .letter = 's', .type = OPTION_REFUSED },
	{ .name = "type",
	  .type = OPTION_STRING,
	  .argument = "type",
	  .offset = AT(type),
	  .complete = COMPLETE_WORDS,
	  .words = "container image",
	  .help = "Look only for a container, or only for an image" },
	{ 0 },
};

const struct verb verb_inspect = {
	.name = "inspect",
	.operands = "NAME|ID [NAME|ID...]",
	.summary = "Show everything about containers and images",
	.details = "What is not found is said on the standard error; the others are shown all the "
		   "same, and the exit status is 1.",
	.examples = "  onggi inspect web\n"
		    "  onggi inspect -f '{{.State.Status}} {{.State.ExitCode}}' web",
	.options = { { rows } },
	.input_size = sizeof(struct inspect_input),
	.done = inspect_done,
	.operands_min = 1,
	.operands_max = OPERANDS_ANY,
	.complete_operands = COMPLETE_CONTAINERS,
	.run = inspect_verb,
};
