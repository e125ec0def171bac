/* SPDX-License-Identifier: Apache-2.0 */
/* onggi explain: what `run` with the same options would do, without doing it. */
#include "cli/output.h"
#include "cli/run_input.h"
#include "cli/verb.h"

static int explain_verb(struct cli *cli, void *pointer, const struct strv *operands,
			struct err *err)
{
	struct run_input *input = pointer;
	if (run_input_finish(input, operands, err) < 0)
		return -1;
	struct engine *engine = cli_engine_bare(cli, err);
	if (engine == NULL)
		return -1;
	AUTO_FREE char *text = engine_explain(engine, &input->options, input->is_json, err);
	if (text == NULL)
		return -1;
	AUTO(struct buf, buf_done) out = { 0 };
	buf_add_str(&out, text);
	if (out.len > 0 && out.data[out.len - 1] != '\n')
		buf_add_char(&out, '\n');
	return output_write(&out, err);
}

static const struct option_row rows[] = {
	{ .name = "json",
	  .type = OPTION_FLAG,
	  .group = "Options of explain",
	  .help = "Print the plan as JSON",
	  .offset = offsetof(struct run_input, is_json) },
	{ 0 },
};

const struct verb verb_explain = {
	.name = "explain",
	.operands = "IMAGE [COMMAND] [ARG...]",
	.summary = "Show step by step how a container would be made, without making it",
	.details =
		"Takes the options of onggi run and prints the plan: one sentence per step, with "
		"the shell commands that would do the same. Nothing is created.",
	.examples = "  onggi explain --rm debian:12 true\n"
		    "  onggi explain --isolate chroot debian:12 true",
	.options = { { rows, run_option_rows, run_refused_rows } },
	.input_size = sizeof(struct run_input),
	.init = run_input_init,
	.done = run_input_done,
	.operands_max = OPERANDS_ANY,
	.stop_at_operand = true,
	.failure_status = EXIT_USAGE,
	.complete_operands = COMPLETE_IMAGES,
	.run = explain_verb,
};
