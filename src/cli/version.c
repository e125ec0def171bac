/* SPDX-License-Identifier: Apache-2.0 */
/* onggi version: which Onggi, on which kernel. */
#include "base/json.h"
#include "cli/facts.h"
#include "cli/verb.h"

#include <json-c/json.h>

struct version_input {
	char *format;
};

static void version_done(void *pointer)
{
	struct version_input *input = pointer;
	free(input->format);
}

static struct json_object *side(void)
{
	struct json_object *object = json_object_new_object();
	json_object_object_add(object, "Version", json_object_new_string(ONGGI_VERSION));
	json_object_object_add(object, "Os", json_object_new_string("linux"));
	json_object_object_add(object, "Arch", json_object_new_string(facts_architecture()));
	json_object_object_add(object, "KernelVersion", json_object_new_string(facts_kernel()));
	return object;
}

static int version_verb(struct cli *cli, void *pointer, const struct strv *operands,
			struct err *err)
{
	const struct version_input *input = pointer;
	(void)cli;
	(void)operands;
	/* Scripts ask Docker for .Client or .Server; here one program is both. */
	AUTO_JSON struct json_object *facts = json_object_new_object();
	json_object_object_add(facts, "Client", side());
	json_object_object_add(facts, "Server", side());
	AUTO(struct buf, buf_done) text = { 0 };
	buf_addf(&text, "Onggi " ONGGI_VERSION "\nOS/Arch:        linux/%s\nKernel version: %s\n",
		 facts_architecture(), facts_kernel());
	return facts_print(facts, buf_str(&text), input->format, err);
}

static const struct option_row rows[] = {
	{ .name = "format",
	  .letter = 'f',
	  .type = OPTION_STRING,
	  .argument = "template",
	  .offset = offsetof(struct version_input, format),
	  .help = "json, or a Go template: {{.Client.Version}}" },
	{ 0 },
};

const struct verb verb_version = {
	.name = "version",
	.summary = "Show the version",
	.examples = "  onggi version -f '{{.Client.Version}}'",
	.options = { { rows } },
	.input_size = sizeof(struct version_input),
	.done = version_done,
	.run = version_verb,
};
