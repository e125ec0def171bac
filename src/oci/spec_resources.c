/* SPDX-License-Identifier: Apache-2.0 */
/* "linux.resources" of config.json: the control group's limits, as they are written. */
#include "base/mem.h"
#include "base/warn.h"
#include "oci/spec_parse.h"
#include "oci/spec_read.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

static int read_value(const struct json_at *object, const char *key, struct cgroup_value *out,
		      struct err *err)
{
	int got = json_get_int64(object, key, &out->value, err);
	if (got > 0)
		out->is_set = true;
	return got;
}

static int read_memory(const struct json_at *resources, struct cgroup_limits *limits,
		       struct err *err)
{
	struct json_at memory;
	struct cgroup_value kernel = { 0 };
	bool ignored = false;
	int got = json_get_object(resources, "memory", &memory, err);
	if (got <= 0)
		return got;
	if (read_value(&memory, "limit", &limits->memory.limit_bytes, err) < 0 ||
	    read_value(&memory, "reservation", &limits->memory.reservation_bytes, err) < 0 ||
	    read_value(&memory, "swap", &limits->memory.swap_bytes, err) < 0 ||
	    read_value(&memory, "kernel", &kernel, err) < 0 ||
	    read_value(&memory, "kernelTCP", &limits->memory.kernel_tcp_bytes, err) < 0 ||
	    read_value(&memory, "swappiness", &limits->memory.swappiness, err) < 0 ||
	    json_get_bool(&memory, "disableOOMKiller", &limits->memory.oom_kill_disabled, err) <
		    0 ||
	    json_get_bool(&memory, "useHierarchy", &ignored, err) < 0 ||
	    json_get_bool(&memory, "checkBeforeUpdate", &limits->memory.checks_usage, err) < 0)
		return -1;
	struct json_at swappiness = json_member(&memory, "swappiness");
	if (limits->memory.swappiness.value < 0 || limits->memory.swappiness.value > 100)
		return json_err(&swappiness, err, "not between 0 and 100");
	if (kernel.is_set)
		warn_say("linux.resources.memory.kernel is ignored: Linux 5.16 and later have no "
			 "such limit");
	return 0;
}

/* "0-3,7" */
static int read_cpu_list(const struct json_at *cpu, const char *key, char **out, struct err *err)
{
	int got = json_get_str(cpu, key, out, err);
	struct json_at at = json_member(cpu, key);
	if (got > 0 && (*out)[strspn(*out, "0123456789,-")] != '\0')
		return json_err(&at, err, "not a list like \"0-3,7\"");
	/* An empty one is what engines write for none. */
	if (got > 0 && (*out)[0] == '\0')
		free(ptr_take(out));
	return got;
}

static int read_cpu(const struct json_at *resources, struct cgroup_limits *limits, struct err *err)
{
	struct json_at cpu;
	int got = json_get_object(resources, "cpu", &cpu, err);
	if (got <= 0)
		return got;
	return read_value(&cpu, "shares", &limits->cpu.shares, err) < 0 ||
			       read_value(&cpu, "quota", &limits->cpu.quota_us, err) < 0 ||
			       read_value(&cpu, "burst", &limits->cpu.burst_us, err) < 0 ||
			       read_value(&cpu, "period", &limits->cpu.period_us, err) < 0 ||
			       read_value(&cpu, "realtimeRuntime", &limits->cpu.rt_runtime_us,
					  err) < 0 ||
			       read_value(&cpu, "realtimePeriod", &limits->cpu.rt_period_us, err) <
				       0 ||
			       read_value(&cpu, "idle", &limits->cpu.idle, err) < 0 ||
			       read_cpu_list(&cpu, "cpus", &limits->cpu.cpus, err) < 0 ||
			       read_cpu_list(&cpu, "mems", &limits->cpu.mems, err) < 0
		       ? -1
		       : 0;
}

static int read_device_number(const struct json_at *item, struct cgroup_throttle *out,
			      struct err *err)
{
	return json_need(json_get_uint32(item, "major", &out->major, err), item, "major", err) <
				       0 ||
			       json_need(json_get_uint32(item, "minor", &out->minor, err), item,
					 "minor", err) < 0
		       ? -1
		       : 0;
}

static void add_throttle(struct cgroup_throttles *out, const struct cgroup_throttle *row)
{
	out->items = spec_grow(out->items, &out->len, sizeof(*row));
	out->items[out->len - 1] = *row;
}

static int read_throttles(const struct json_at *io, const char *key, struct cgroup_throttles *out,
			  struct err *err)
{
	struct json_at list;
	int got = json_get_array(io, key, &list, err);
	for (size_t i = 0, len = got > 0 ? json_len(&list) : 0; i < len; i++) {
		struct json_at item = json_item(&list, i);
		struct cgroup_throttle row = { 0 };
		if (read_device_number(&item, &row, err) < 0 ||
		    json_need(json_get_uint64(&item, "rate", &row.value, err), &item, "rate", err) <
			    0)
			return -1;
		add_throttle(out, &row);
	}
	return got < 0 ? -1 : 0;
}

static int read_weights(const struct json_at *item, struct spec *spec, struct err *err)
{
	struct cgroup_throttle weight = { 0 }, leaf;
	if (read_device_number(item, &weight, err) < 0)
		return -1;
	leaf = weight;
	int has_weight = json_get_uint64(item, "weight", &weight.value, err);
	int has_leaf = json_get_uint64(item, "leafWeight", &leaf.value, err);
	if (has_weight < 0 || has_leaf < 0)
		return -1;
	if (has_weight == 0 && has_leaf == 0)
		return json_err(item, err, "weight and leafWeight are missing");
	if (has_weight > 0)
		add_throttle(&spec->limits.io.weight_device, &weight);
	if (has_leaf > 0)
		add_throttle(&spec->limits.io.leaf_weight_device, &leaf);
	return 0;
}

static int read_block_io(const struct json_at *resources, struct spec *spec, struct err *err)
{
	struct cgroup_limits *limits = &spec->limits;
	struct json_at io;
	int got = json_get_object(resources, "blockIO", &io, err);
	if (got <= 0)
		return got;
	struct {
		const char *key;
		struct cgroup_throttles *out;
	} rows[] = {
		{ "throttleReadBpsDevice", &limits->io.read_bps },
		{ "throttleWriteBpsDevice", &limits->io.write_bps },
		{ "throttleReadIOPSDevice", &limits->io.read_iops },
		{ "throttleWriteIOPSDevice", &limits->io.write_iops },
	};
	if (read_value(&io, "weight", &limits->io.weight, err) < 0 ||
	    read_value(&io, "leafWeight", &limits->io.leaf_weight, err) < 0 ||
	    spec_read_each(&io, "weightDevice", read_weights, spec, err) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (read_throttles(&io, rows[i].key, rows[i].out, err) < 0)
			return -1;
	return 0;
}

static int read_device_rule(const struct json_at *item, struct spec *spec, struct err *err)
{
	static const struct spec_word types[] = {
		{ "a", 'a' }, { "c", 'c' }, { "b", 'b' }, { "", 'a' }, { NULL, 0 },
	};
	bool allow = false;
	uint64_t type = 'a';
	int64_t major = -1, minor = -1;
	AUTO_FREE char *access = NULL;
	if (json_need(json_get_bool(item, "allow", &allow, err), item, "allow", err) < 0 ||
	    spec_read_word(item, "type", types, &type, err) < 0 ||
	    json_get_int64(item, "major", &major, err) < 0 ||
	    json_get_int64(item, "minor", &minor, err) < 0 ||
	    json_get_str(item, "access", &access, err) < 0)
		return -1;
	if (major < -1 || minor < -1 || major > UINT32_MAX || minor > UINT32_MAX)
		return json_err(item, err, "no such device number");
	/* Some write "a", for all, beside the letters: runc takes it for nothing. */
	if (access != NULL && access[strspn(access, "rwma")] != '\0')
		return json_err(item, err, "access is not of \"rwm\"");
	char letters[4] = "", *end = letters;
	for (const char *all = "rwm"; *all != '\0'; all++)
		if (access != NULL && strchr(access, *all) != NULL)
			*end++ = *all;
	bool is_any = access == NULL || access[0] == '\0';
	cgroup_limits_add_device(&spec->limits, allow, (char)type, major, minor,
				 is_any ? "rwm" : letters);
	return 0;
}

static int read_hugetlb(const struct json_at *item, struct spec *spec, struct err *err)
{
	struct cgroup_limits *limits = &spec->limits;
	limits->hugetlb = spec_grow(limits->hugetlb, &limits->hugetlb_len,
				    sizeof(*limits->hugetlb));
	struct cgroup_hugetlb *row = &limits->hugetlb[limits->hugetlb_len - 1];
	if (json_need(json_get_str(item, "pageSize", &row->page_size, err), item, "pageSize", err) <
		    0 ||
	    json_need(json_get_uint64(item, "limit", &row->limit_bytes, err), item, "limit", err) <
		    0)
		return -1;
	/* It becomes part of a file name. */
	size_t digits = strspn(row->page_size, "0123456789");
	const char *unit = row->page_size + digits;
	if (digits == 0 ||
	    (strcmp(unit, "KB") != 0 && strcmp(unit, "MB") != 0 && strcmp(unit, "GB") != 0))
		return json_err(item, err, "pageSize is not like \"2MB\"");
	return 0;
}

static int read_net_priority(const struct json_at *item, struct spec *spec, struct err *err)
{
	struct cgroup_limits *limits = &spec->limits;
	limits->net_priorities = spec_grow(limits->net_priorities, &limits->net_priorities_len,
					   sizeof(*limits->net_priorities));
	struct cgroup_net_priority *row = &limits->net_priorities[limits->net_priorities_len - 1];
	if (json_need(json_get_str(item, "name", &row->interface, err), item, "name", err) < 0 ||
	    json_need(json_get_uint32(item, "priority", &row->priority, err), item, "priority",
		      err) < 0)
		return -1;
	/* One line "name priority" is written to the kernel. */
	if (row->interface[strcspn(row->interface, " \t\r\n/")] != '\0')
		return json_err(item, err, "not the name of a network interface");
	return 0;
}

static int read_network(const struct json_at *resources, struct spec *spec, struct err *err)
{
	struct json_at network;
	uint32_t class_id = 0;
	int got = json_get_object(resources, "network", &network, err);
	if (got <= 0)
		return got;
	got = json_get_uint32(&network, "classID", &class_id, err);
	if (got > 0)
		spec->limits.net_class_id = (struct cgroup_value){ .is_set = true,
								   .value = class_id };
	return got < 0 ? -1 : spec_read_each(&network, "priorities", read_net_priority, spec, err);
}

static int read_rdma(const struct json_at *resources, struct cgroup_limits *limits, struct err *err)
{
	struct json_at map;
	int got = json_get_object(resources, "rdma", &map, err);
	if (got <= 0)
		return got;
	json_object_object_foreach (map.value, device, value) {
		struct json_at at = { .value = value, .parent = &map, .key = device };
		limits->rdma = spec_grow(limits->rdma, &limits->rdma_len, sizeof(*limits->rdma));
		struct cgroup_rdma *row = &limits->rdma[limits->rdma_len - 1];
		uint32_t handles = 0, objects = 0;
		row->device = mem_strdup(device);
		if (!json_object_is_type(value, json_type_object))
			return json_err(&at, err, "expected an object");
		int has_handles = json_get_uint32(&at, "hcaHandles", &handles, err);
		int has_objects = json_get_uint32(&at, "hcaObjects", &objects, err);
		if (has_handles < 0 || has_objects < 0)
			return -1;
		if (has_handles == 0 && has_objects == 0)
			return json_err(&at, err, "hcaHandles and hcaObjects are missing");
		if (device[0] == '\0' || device[strcspn(device, " \t\n=/")] != '\0')
			return json_err(&at, err, "not the name of an RDMA device");
		row->handles = (struct cgroup_value){ has_handles > 0, handles };
		row->objects = (struct cgroup_value){ has_objects > 0, objects };
	}
	return 0;
}

/* Keys are names of control files and values go into them, a line at a time. */
static int read_unified(const struct json_at *resources, struct cgroup_limits *limits,
			struct err *err)
{
	struct json_at unified = json_member(resources, "unified");
	if (json_get_map(resources, "unified", &limits->unified, err) < 0)
		return -1;
	for (size_t i = 0; i < limits->unified.len; i++) {
		const char *entry = limits->unified.items[i];
		size_t name_len = strcspn(entry, "=");
		if (memchr(entry, '/', name_len) != NULL || entry[0] == '.' || name_len == 0 ||
		    memchr(entry, '.', name_len) == NULL)
			return json_err(&unified, err, "%.64s is not a control file", entry);
	}
	return 0;
}

static int read_pids(const struct json_at *resources, struct cgroup_limits *limits, struct err *err)
{
	struct json_at pids;
	int got = json_get_object(resources, "pids", &pids, err);
	if (got <= 0)
		return got;
	got = read_value(&pids, "limit", &limits->pids_max, err);
	/* -1 is unlimited; 0, which could not even start, was "not set" before 1.3. */
	if (got > 0 && limits->pids_max.value <= 0)
		limits->pids_max.value = -1;
	return got;
}

int spec_read_resources(const struct json_at *resources, struct spec *spec, struct err *err)
{
	struct cgroup_limits *limits = &spec->limits;
	return spec_read_each(resources, "devices", read_device_rule, spec, err) < 0 ||
			       read_memory(resources, limits, err) < 0 ||
			       read_cpu(resources, limits, err) < 0 ||
			       read_pids(resources, limits, err) < 0 ||
			       read_block_io(resources, spec, err) < 0 ||
			       spec_read_each(resources, "hugepageLimits", read_hugetlb, spec,
					      err) < 0 ||
			       read_network(resources, spec, err) < 0 ||
			       read_unified(resources, limits, err) < 0 ||
			       read_rdma(resources, limits, err) < 0
		       ? -1
		       : 0;
}

/* 0 changes nothing, as everywhere in an update. */
static bool has_no_pids_limit(const struct json_at *root)
{
	struct json_at pids = json_member(root, "pids");
	int64_t limit = 0;
	return json_get_int64(&pids, "limit", &limit, NULL) <= 0 || limit == 0;
}

int spec_parse_resources(const char *json, size_t len, const char *what, struct cgroup_limits *out,
			 struct err *err)
{
	AUTO_JSON struct json_object *doc = NULL;
	AUTO(struct spec, spec_done) spec = { 0 };
	struct json_source source = { .what = what, .max_bytes = SPEC_JSON_MAX };
	if (json_parse_strict(json, len, &source, &doc, err) < 0)
		return -1;
	struct json_at root = json_root(doc);
	if (json_object_get_type(doc) != json_type_object)
		return json_err(&root, err, "%s: expected an object", what);
	if (spec_read_resources(&root, &spec, err) < 0)
		return err_context(err, "%s", what);
	if (has_no_pids_limit(&root))
		spec.limits.pids_max.is_set = false;
	/* Other programs add devices to a running container: ours are none of an update's business.
	 * Source: runc's update, which leaves them alone for the same reason */
	free(ptr_take(&spec.limits.devices));
	spec.limits.devices_len = 0;
	*out = spec.limits;
	spec.limits = (struct cgroup_limits){ 0 };
	return 0;
}
