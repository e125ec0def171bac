/* SPDX-License-Identifier: Apache-2.0 */
/* onggi info: what is stored, and what this machine offers. */
#include "base/json.h"
#include "cli/facts.h"
#include "cli/verb.h"
#include "format/bytes.h"
#include "kernel/cgroup/cgroup.h"

#include <json-c/json.h>
#include <sys/sysinfo.h>
#include <unistd.h>

struct info_input {
	char *format;
};

static void info_done(void *pointer)
{
	struct info_input *input = pointer;
	free(input->format);
}

struct info {
	size_t containers, running, images;
	const char *cgroups; /* "1", "2", "hybrid", "none" */
	long cpus;
	uint64_t memory_bytes;
};

static int info_collect(struct engine *engine, struct info *out, struct err *err)
{
	static const char *const modes[] = { [CGROUP_NONE] = "none",
					     [CGROUP_V2] = "2",
					     [CGROUP_V1] = "1",
					     [CGROUP_HYBRID] = "hybrid" };
	AUTO(struct container_list, container_list_done) containers = { 0 };
	AUTO(struct image_list, image_list_done) images = { 0 };
	struct cgroup_layout layout;
	struct sysinfo system;
	if (container_list(&engine->store, &containers, err) < 0 ||
	    image_list(&engine->store, &images, err) < 0 ||
	    cgroup_layout_detect(NULL, &layout, err) < 0)
		return -1;
	*out = (struct info){ .containers = containers.len,
			      .images = images.len,
			      .cgroups = modes[layout.mode],
			      .cpus = sysconf(_SC_NPROCESSORS_ONLN) };
	for (size_t i = 0; i < containers.len; i++)
		out->running += containers.items[i].status == CONTAINER_RUNNING;
	if (sysinfo(&system) == 0)
		out->memory_bytes = (uint64_t)system.totalram * system.mem_unit;
	return 0;
}

static void set_text(struct json_object *facts, const char *name, const char *value)
{
	json_object_object_add(facts, name, json_object_new_string(value));
}

static void set_number(struct json_object *facts, const char *name, uint64_t value)
{
	json_object_object_add(facts, name, json_object_new_uint64(value));
}

static struct json_object *info_facts(const struct info *info, const struct store *store)
{
	struct json_object *facts = json_object_new_object();
	set_number(facts, "Containers", info->containers);
	set_number(facts, "ContainersRunning", info->running);
	set_number(facts, "ContainersPaused", 0);
	set_number(facts, "ContainersStopped", info->containers - info->running);
	set_number(facts, "Images", info->images);
	set_text(facts, "Driver", "overlay");
	set_text(facts, "CgroupDriver", "cgroupfs");
	set_text(facts, "CgroupVersion", info->cgroups);
	set_text(facts, "KernelVersion", facts_kernel());
	set_text(facts, "OSType", "linux");
	set_text(facts, "Architecture", facts_architecture());
	set_number(facts, "NCPU", (uint64_t)info->cpus);
	set_number(facts, "MemTotal", info->memory_bytes);
	set_text(facts, "DockerRootDir", store->root_path);
	set_text(facts, "RunRootDir", store->run_path);
	set_text(facts, "ServerVersion", ONGGI_VERSION);
	return facts;
}

static int info_verb(struct cli *cli, void *pointer, const struct strv *operands, struct err *err)
{
	const struct info_input *input = pointer;
	struct info info;
	char memory[BYTES_TEXT_SIZE];
	(void)operands;
	struct engine *engine = cli_engine(cli, err);
	if (engine == NULL || engine_recover(engine, err) < 0 ||
	    info_collect(engine, &info, err) < 0)
		return -1;
	AUTO_JSON struct json_object *facts = info_facts(&info, &engine->store);
	AUTO(struct buf, buf_done) text = { 0 };
	bytes_format_binary(info.memory_bytes, memory);
	buf_addf(&text,
		 "Onggi version:   " ONGGI_VERSION "\n"
		 "Containers:      %zu (%zu running)\n"
		 "Images:          %zu\n"
		 "Root:            %s\n"
		 "Run root:        %s\n"
		 "Control groups:  version %s\n"
		 "Kernel version:  %s\n"
		 "Architecture:    %s\n"
		 "CPUs:            %ld\n"
		 "Total memory:    %s\n",
		 info.containers, info.running, info.images, engine->store.root_path,
		 engine->store.run_path, info.cgroups, facts_kernel(), facts_architecture(),
		 info.cpus, memory);
	return facts_print(facts, buf_str(&text), input->format, err);
}

static const struct option_row rows[] = {
	{ .name = "format",
	  .letter = 'f',
	  .type = OPTION_STRING,
	  .argument = "template",
	  .offset = offsetof(struct info_input, format),
	  .help = "json, or a Go template: {{.Images}}" },
	{ 0 },
};

const struct verb verb_info = {
	.name = "info",
	.summary = "Show what is stored and what this machine offers",
	.options = { { rows } },
	.input_size = sizeof(struct info_input),
	.done = info_done,
	.run = info_verb,
};
