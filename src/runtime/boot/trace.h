/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A boot as it happened: each step with its process, argument and microseconds. */
#include "base/buf.h"
#include "runtime/boot/boot.h"

/** A span of the caller's own, outside the plan ("find image", "clean up"). */
struct boot_trace_extra {
	const char *name;
	uint64_t start_ns, end_ns; /* CLOCK_MONOTONIC */
};

enum boot_trace_format {
	BOOT_TRACE_TREE,     /* for people */
	BOOT_TRACE_JSON,     /* one object per line */
	BOOT_TRACE_PERFETTO, /* Chrome trace events: ui.perfetto.dev, chrome://tracing */
};

/** Append the trace of a finished (or failed) boot. Times are relative to the first span. */
void boot_trace_format(const struct boot *boot, const struct boot_trace_extra *extras,
		       size_t extras_len, enum boot_trace_format format, struct buf *out);

/** Tell `say` each step with its time, a line each. Nothing without a trace, or without `say`. */
void boot_trace_tell(const struct boot *boot, void (*say)(const char *line));
