/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/boot/explain.h"

#include "runtime/boot/steps.h"

#include <string.h>

static void add_argument(const struct boot_plan *plan, const struct boot_op *op, struct buf *out)
{
	const struct boot_step *step = boot_step(op->step);
	if (step->describe != NULL)
		step->describe(plan, op, out);
}

/* The row's sentence with its argument in place of "%s". */
static void add_sentence(const struct boot_plan *plan, const struct boot_op *op, struct buf *out)
{
	const char *means = boot_step(op->step)->means;
	const char *place = strstr(means, "%s");
	if (place == NULL) {
		buf_add_str(out, means);
		return;
	}
	buf_add(out, means, (size_t)(place - means));
	add_argument(plan, op, out);
	buf_add_str(out, place + 2);
}

static void add_shell(const struct boot_plan *plan, const struct boot_op *op, struct buf *out)
{
	const struct boot_step *step = boot_step(op->step);
	if (step->shell == NULL)
		return;
	AUTO(struct buf, buf_done) shell = { 0 };
	step->shell(plan, op, &shell);
	if (shell.len == 0)
		return;
	AUTO_FREE char *text = buf_take(&shell);
	char *rest = text;
	for (char *line; (line = strsep(&rest, "\n")) != NULL;)
		buf_addf(out, "        $ %s\n", line);
}

void boot_explain_text(const struct boot_plan *plan, struct buf *out)
{
	static const char *const titles[] = {
		"parent, on the host",
		"outer, preparing namespaces",
		"inner, becoming the container",
	};
	for (int proc = 0; proc < BOOT_PROC_COUNT; proc++) {
		if (plan->len[proc] == 0)
			continue;
		buf_addf(out, "%s%s\n", proc > 0 ? "\n" : "", titles[proc]);
		for (size_t i = 0; i < plan->len[proc]; i++) {
			const struct boot_op *op = &plan->ops[proc][i];
			buf_addf(out, "  %3zu. ", i);
			add_sentence(plan, op, out);
			buf_add_char(out, '\n');
			add_shell(plan, op, out);
		}
	}
}

static void add_json_row(const struct boot_plan *plan, enum boot_proc proc, size_t i,
			 struct buf *out)
{
	const struct boot_op *op = &plan->ops[proc][i];
	const struct boot_step *step = boot_step(op->step);
	AUTO(struct buf, buf_done) argument = { 0 };
	AUTO(struct buf, buf_done) sentence = { 0 };
	AUTO(struct buf, buf_done) shell = { 0 };
	add_argument(plan, op, &argument);
	add_sentence(plan, op, &sentence);
	if (step->shell != NULL)
		step->shell(plan, op, &shell);
	buf_addf(out, "{\"process\":\"%s\",\"number\":%zu,\"step\":", boot_proc_name(proc), i);
	buf_add_json_str(out, step->name);
	buf_add_str(out, ",\"argument\":");
	buf_add_json_str(out, buf_str(&argument));
	buf_add_str(out, ",\"means\":");
	buf_add_json_str(out, buf_str(&sentence));
	buf_add_str(out, ",\"breaks\":");
	buf_add_json_str(out, step->breaks);
	buf_add_str(out, ",\"shell\":");
	buf_add_json_str(out, buf_str(&shell));
	buf_add_char(out, '}');
}

void boot_explain_json(const struct boot_plan *plan, struct buf *out)
{
	const char *separator = "[\n";
	for (int proc = 0; proc < BOOT_PROC_COUNT; proc++) {
		for (size_t i = 0; i < plan->len[proc]; i++) {
			buf_add_str(out, separator);
			add_json_row(plan, (enum boot_proc)proc, i, out);
			separator = ",\n";
		}
	}
	buf_add_str(out, "\n]\n");
}

void boot_table_markdown(struct buf *out)
{
	buf_add_str(out, "| process | step | what it does | its place |\n|---|---|---|---|\n");
	for (int id = 0; id < STEP_COUNT; id++) {
		const struct boot_step *step = boot_step((enum boot_step_id)id);
		buf_addf(out, "| %s | %s | ", boot_proc_name(step->proc), step->name);
		const char *place = strstr(step->means, "%s");
		if (place == NULL)
			buf_add_str(out, step->means);
		else
			buf_addf(out, "%.*s…%s", (int)(place - step->means), step->means,
				 place + 2);
		buf_addf(out, " | %s |\n", step->breaks);
	}
}
