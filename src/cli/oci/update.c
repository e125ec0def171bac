/* SPDX-License-Identifier: Apache-2.0 */
/* onggi-runtime update: limits of a container that lives, by options or by a document. */
#include "cli/oci/oci.h"

#include "base/mem.h"
#include "base/warn.h"
#include "format/bytes.h"
#include "format/number.h"
#include "kernel/cgroup/limits.h"
#include "oci/spec_parse.h"
#include "sys/fd.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct update_input {
	char *resources;
	struct bundle_update_options update;
	bool has_kernel_memory;
};

static void update_done(void *pointer)
{
	struct update_input *input = pointer;
	free(input->resources);
	free(input->update.l3_schema);
	free(input->update.memory_schema);
	cgroup_limits_done(&input->update.limits);
}

/* "64m", or -1: no limit */
static int set_size(const struct option_row *row, void *target, const char *value, struct err *err)
{
	struct cgroup_value *out = (struct cgroup_value *)(void *)((char *)target + row->offset);
	uint64_t bytes = 0;
	bool is_unlimited = strcmp(value, "-1") == 0;
	if (!is_unlimited && bytes_parse(value, &bytes, err) < 0)
		return err_context(err, "invalid value for %s", row->name);
	if (bytes > INT64_MAX)
		return err_set(err, ERR_INVALID, "invalid value for %s: too large", row->name);
	*out = (struct cgroup_value){ .is_set = true, .value = is_unlimited ? -1 : (int64_t)bytes };
	return 0;
}

/* A whole number; an empty text changes nothing. `extra` is the smallest. */
static int set_number(const struct option_row *row, void *target, const char *value,
		      struct err *err)
{
	struct cgroup_value *out = (struct cgroup_value *)(void *)((char *)target + row->offset);
	int64_t min = row->extra != 0 ? 0 : INT64_MIN;
	if (value[0] == '\0')
		return 0;
	if (number_parse_signed(value, min, INT64_MAX, &out->value, err) < 0)
		return err_context(err, "invalid value for %s", row->name);
	out->is_set = true;
	return 0;
}

/* 0 changes nothing, a negative number takes the limit away. */
static int set_pids(const struct option_row *row, void *target, const char *value, struct err *err)
{
	struct update_input *input = target;
	struct cgroup_value number = { 0 };
	if (number_parse_signed(value, INT64_MIN, INT64_MAX, &number.value, err) < 0)
		return err_context(err, "invalid value for %s", row->name);
	number.is_set = number.value != 0;
	input->update.limits.pids_max = number;
	return 0;
}

/* "0-3,7"; an empty text changes nothing. */
static int set_list(const struct option_row *row, void *target, const char *value, struct err *err)
{
	char **out = (char **)(void *)((char *)target + row->offset);
	if (value[strspn(value, "0123456789,-")] != '\0')
		return err_set(err, ERR_INVALID, "invalid value for %s: not a list like \"0-3,7\"",
			       row->name);
	free(*out);
	*out = value[0] != '\0' ? mem_strdup(value) : NULL;
	return 0;
}

static int set_kernel_memory(const struct option_row *row UNUSED, void *target,
			     const char *value UNUSED, struct err *err UNUSED)
{
	((struct update_input *)target)->has_kernel_memory = true;
	return 0;
}

#define AT(member)   offsetof(struct update_input, member)
#define NOT_NEGATIVE 1

static const struct option_row update_rows[] = {
	{ "blkio-weight", 0, OPTION_CUSTOM, "weight", NULL, NULL, "Share of the disks, 10 to 1000",
	  AT(update.limits.io.weight), set_number, NOT_NEGATIVE },
	{ "cpu-burst", 0, OPTION_CUSTOM, "us", NULL, NULL,
	  "Unused processor time that may be spent later, in microseconds",
	  AT(update.limits.cpu.burst_us), set_number, NOT_NEGATIVE },
	{ "cpu-idle", 0, OPTION_CUSTOM, "0|1", NULL, NULL,
	  "1: only when nobody else wants the processor", AT(update.limits.cpu.idle), set_number,
	  NOT_NEGATIVE },
	{ "cpu-period", 0, OPTION_CUSTOM, "us", NULL, NULL,
	  "Length of the period that --cpu-quota is for, in microseconds",
	  AT(update.limits.cpu.period_us), set_number, NOT_NEGATIVE },
	{ "cpu-quota", 0, OPTION_CUSTOM, "us", NULL, NULL,
	  "Processor time in each period, in microseconds; -1: no limit",
	  AT(update.limits.cpu.quota_us), set_number },
	{ "cpu-rt-period", 0, OPTION_CUSTOM, "us", NULL, NULL,
	  "Length of the period of --cpu-rt-runtime, in microseconds (cgroup v1)",
	  AT(update.limits.cpu.rt_period_us), set_number, NOT_NEGATIVE },
	{ "cpu-rt-runtime", 0, OPTION_CUSTOM, "us", NULL, NULL,
	  "Real-time processor time in each period, in microseconds (cgroup v1)",
	  AT(update.limits.cpu.rt_runtime_us), set_number },
	{ "cpu-share", 0, OPTION_CUSTOM, "shares", NULL, NULL,
	  "Weight against other containers when processors are busy", AT(update.limits.cpu.shares),
	  set_number, NOT_NEGATIVE },
	{ "cpuset-cpus", 0, OPTION_CUSTOM, "list", NULL, NULL, "Processors it may use, as 0-3,7",
	  AT(update.limits.cpu.cpus), set_list },
	{ "cpuset-mems", 0, OPTION_CUSTOM, "list", NULL, NULL, "Memory nodes it may use",
	  AT(update.limits.cpu.mems), set_list },
	{ "kernel-memory", 0, OPTION_CUSTOM, "bytes", NULL, NULL, "Ignored",
	  .set = set_kernel_memory, .is_hidden = true },
	{ "kernel-memory-tcp", 0, OPTION_CUSTOM, "bytes", NULL, NULL, "Ignored",
	  .set = set_kernel_memory, .is_hidden = true },
	{ "l3-cache-schema", 0, OPTION_STRING, "schema", NULL, NULL,
	  "Part of the L3 cache, as L3:0=f (Intel RDT)", AT(update.l3_schema) },
	{ "mem-bw-schema", 0, OPTION_STRING, "schema", NULL, NULL,
	  "Share of the memory bandwidth, as MB:0=20 (Intel RDT)", AT(update.memory_schema) },
	{ "memory", 0, OPTION_CUSTOM, "bytes", NULL, NULL, "Most memory, as 512m; -1: no limit",
	  AT(update.limits.memory.limit_bytes), set_size },
	{ "memory-reservation", 0, OPTION_CUSTOM, "bytes", NULL, NULL,
	  "Memory that is left to it when memory is short",
	  AT(update.limits.memory.reservation_bytes), set_size },
	{ "memory-swap", 0, OPTION_CUSTOM, "bytes", NULL, NULL,
	  "Most memory and swap together; -1: no limit of swap",
	  AT(update.limits.memory.swap_bytes), set_size },
	{ "pids-limit", 0, OPTION_CUSTOM, "n", NULL, NULL, "Most tasks; -1: no limit",
	  .set = set_pids },
	{ "resources", 'r', OPTION_STRING, "file", NULL, NULL,
	  "A document like linux.resources of a configuration, - for the standard input: other "
	  "options are ignored then",
	  AT(resources), .complete = COMPLETE_FILES },
	{ 0 },
};

static int read_resources(const char *path, struct cgroup_limits *out, struct err *err)
{
	AUTO(struct buf, buf_done) text = { 0 };
	bool is_stdin = strcmp(path, "-") == 0;
	AUTO_FD file_fd = is_stdin ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	if (!is_stdin && file_fd < 0)
		return err_sys(err, "open %s", path);
	const char *what = is_stdin ? "the standard input" : path;
	if (fd_read_all(is_stdin ? STDIN_FILENO : file_fd, SPEC_JSON_MAX, what, &text, err) < 0)
		return -1;
	cgroup_limits_done(out);
	return spec_parse_resources(buf_str(&text), text.len, what, out, err);
}

/* An empty text changes nothing. */
static void drop_empty(char **text)
{
	if (*text != NULL && (*text)[0] == '\0')
		free(ptr_take(text));
}

static int update_run(const struct oci_globals *globals, void *pointer, const struct strv *operands,
		      struct err *err)
{
	struct update_input *input = pointer;
	struct bundle_home home = oci_home(globals);
	struct bundle_update_options *update = &input->update;
	drop_empty(&update->l3_schema);
	drop_empty(&update->memory_schema);
	drop_empty(&input->resources);
	if (input->resources != NULL && read_resources(input->resources, &update->limits, err) < 0)
		return -1;
	if (input->has_kernel_memory)
		warn_say("Kernel memory settings are ignored and will be removed");
	return bundle_update(&home, operands->items[0], update, err);
}

const struct oci_verb oci_update = {
	.name = "update",
	.operands = "CONTAINER-ID",
	.summary = "Change the limits of a container",
	.details = "What is not given stays as it is; so does the list of devices. Sizes have "
		   "units as 512m or 1g. A document has the members of linux.resources: memory, "
		   "cpu, pids, blockIO, hugepageLimits, network and unified.",
	.options = { { update_rows } },
	.input_size = sizeof(struct update_input),
	.done = update_done,
	.operands_len = 1,
	.run = update_run,
};
