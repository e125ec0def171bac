/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rendering of the board's spans. The board holds only row numbers and clock readings; every word
 * comes from the step table and the plan.
 */
#include "runtime/boot/trace.h"

#include "base/mem.h"
#include "runtime/boot/steps.h"

#include <stdlib.h>
#include <string.h>

/* One line of the trace, whatever it came from. */
struct line {
	const char *proc;
	int track;
	const char *name;
	char *argument; /* owned; "" when there is none */
	uint64_t start_ns, end_ns;
	bool is_done;
};

static char *argument_of(const struct boot_plan *plan, const struct boot_op *op)
{
	struct buf text = { 0 };
	const struct boot_step *step = boot_step(op->step);
	if (step->describe != NULL)
		step->describe(plan, op, &text);
	return buf_take(&text);
}

static int by_start(const void *a, const void *b)
{
	const struct line *x = a, *y = b;
	return x->start_ns < y->start_ns ? -1 : x->start_ns > y->start_ns;
}

static int track_of(enum boot_proc proc)
{
	return (int)proc + 1; /* 0 is the engine */
}

static struct line *collect(const struct boot *boot, const struct boot_trace_extra *extras,
			    size_t extras_len, size_t *out_len)
{
	size_t spans = atomic_load(&boot->board->spans_len);
	if (spans > boot->spans_capacity)
		spans = boot->spans_capacity;
	struct line *lines = mem_alloc(spans + extras_len, sizeof(*lines));
	for (size_t i = 0; i < spans; i++) {
		const struct boot_span *span = &boot->board->spans[i];
		const struct boot_op *op = &boot->plan->ops[span->proc][span->op];
		lines[i] = (struct line){
			.proc = boot_proc_name((enum boot_proc)span->proc),
			.track = track_of((enum boot_proc)span->proc),
			.name = boot_step(op->step)->name,
			.argument = argument_of(boot->plan, op),
			.start_ns = span->start_ns,
			.end_ns = span->is_done ? span->end_ns : span->start_ns,
			.is_done = span->is_done || op->step == STEP_EXEC,
		};
	}
	for (size_t i = 0; i < extras_len; i++)
		lines[spans + i] = (struct line){
			.proc = "engine",
			.track = 0,
			.name = extras[i].name,
			.argument = mem_strdup(""),
			.start_ns = extras[i].start_ns,
			.end_ns = extras[i].end_ns,
			.is_done = true,
		};
	*out_len = spans + extras_len;
	qsort(lines, *out_len, sizeof(*lines), by_start);
	return lines;
}

static double us(uint64_t ns)
{
	return (double)ns / 1000.0;
}

static void tree_line(const struct line *line, uint64_t base_ns, struct buf *out)
{
	static const char indent[] = "      ";
	int depth = strcmp(line->proc, "inner") == 0 ? 4 : strcmp(line->proc, "outer") == 0 ? 2 : 0;
	buf_addf(out, "%9.1f %9.1f  %.*s%s: %s", us(line->start_ns - base_ns),
		 us(line->end_ns - line->start_ns), depth, indent, line->proc, line->name);
	if (line->argument[0] != '\0')
		buf_addf(out, " %s", line->argument);
	buf_add_str(out, line->is_done ? "\n" : "   <- ended here\n");
}

static void json_line(const struct line *line, uint64_t base_ns, struct buf *out)
{
	buf_addf(out, "{\"process\":\"%s\",\"step\":", line->proc);
	buf_add_json_str(out, line->name);
	buf_add_str(out, ",\"argument\":");
	buf_add_json_str(out, line->argument);
	buf_addf(out, ",\"start_us\":%.1f,\"duration_us\":%.1f,\"done\":%s}\n",
		 us(line->start_ns - base_ns), us(line->end_ns - line->start_ns),
		 line->is_done ? "true" : "false");
}

static void perfetto_line(const struct line *line, uint64_t base_ns, struct buf *out)
{
	buf_add_str(out, "{\"ph\":\"X\",\"cat\":\"boot\",\"name\":");
	buf_add_json_str(out, line->name);
	buf_addf(out, ",\"pid\":1,\"tid\":%d,\"ts\":%.3f,\"dur\":%.3f,\"args\":{\"argument\":",
		 line->track, us(line->start_ns - base_ns), us(line->end_ns - line->start_ns));
	buf_add_json_str(out, line->argument);
	buf_add_str(out, "}}");
}

static void perfetto_names(struct buf *out)
{
	static const char *const names[] = { "engine", "parent", "outer", "inner" };
	buf_add_str(out, "{\"traceEvents\":[\n");
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		buf_addf(out,
			 "{\"ph\":\"M\",\"name\":\"thread_name\",\"pid\":1,\"tid\":%zu,"
			 "\"args\":{\"name\":\"%s\"}},\n",
			 i, names[i]);
}

void boot_trace_format(const struct boot *boot, const struct boot_trace_extra *extras,
		       size_t extras_len, enum boot_trace_format format, struct buf *out)
{
	size_t len;
	struct line *lines = collect(boot, extras, extras_len, &len);
	uint64_t base_ns = len > 0 ? lines[0].start_ns : 0;
	if (format == BOOT_TRACE_TREE)
		buf_add_str(out, " start us  took us  process: step argument\n");
	if (format == BOOT_TRACE_PERFETTO)
		perfetto_names(out);
	for (size_t i = 0; i < len; i++) {
		if (format == BOOT_TRACE_TREE)
			tree_line(&lines[i], base_ns, out);
		else if (format == BOOT_TRACE_JSON)
			json_line(&lines[i], base_ns, out);
		else
			perfetto_line(&lines[i], base_ns, out);
		if (format == BOOT_TRACE_PERFETTO)
			buf_add_str(out, i + 1 < len ? ",\n" : "\n]}\n");
		free(lines[i].argument);
	}
	free(lines);
}

void boot_trace_tell(const struct boot *boot, void (*say)(const char *line))
{
	AUTO(struct buf, buf_done) text = { 0 };
	if (say == NULL || boot->board == NULL)
		return;
	boot_trace_format(boot, NULL, 0, BOOT_TRACE_TREE, &text);
	char *next = text.data;
	for (char *line; (line = strsep(&next, "\n")) != NULL;)
		if (line[0] != '\0')
			say(line);
}
