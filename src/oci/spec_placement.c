/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a process runs and what it shares: memory policy, processors of exec'd processes, cache
 * classes, execution domain, network devices. Names become numbers here; the machine is not asked.
 */
#include "base/bit_list.h"
#include "base/mem.h"
#include "base/warn.h"
#include "kernel/net/device.h"
#include "oci/spec_parse.h"
#include "oci/spec_read.h"

#include <json-c/json.h>
#include <linux/mempolicy.h>
#include <stdlib.h>
#include <sys/personality.h>

/* linux/mempolicy.h of the build may be older than the kernel it runs on. */
#define MPOL_WEIGHTED_INTERLEAVE_NUMBER 6
#define MPOL_PREFERRED_MANY_NUMBER      5

static const struct spec_word mempolicy_modes[] = {
	{ "MPOL_DEFAULT", MPOL_DEFAULT },
	{ "MPOL_PREFERRED", MPOL_PREFERRED },
	{ "MPOL_BIND", MPOL_BIND },
	{ "MPOL_INTERLEAVE", MPOL_INTERLEAVE },
	{ "MPOL_LOCAL", MPOL_LOCAL },
	{ "MPOL_PREFERRED_MANY", MPOL_PREFERRED_MANY_NUMBER },
	{ "MPOL_WEIGHTED_INTERLEAVE", MPOL_WEIGHTED_INTERLEAVE_NUMBER },
	{ NULL, 0 },
};

static const struct spec_word mempolicy_flags[] = {
	{ "MPOL_F_STATIC_NODES", 1 << 15 },
	{ "MPOL_F_RELATIVE_NODES", 1 << 14 },
	{ "MPOL_F_NUMA_BALANCING", 1 << 13 },
	{ NULL, 0 },
};

const char *spec_mempolicy_mode(size_t index)
{
	return mempolicy_modes[index].word;
}

const char *spec_mempolicy_flag(size_t index)
{
	return mempolicy_flags[index].word;
}

/* An error of a lower floor, told with its place. */
static int fail_at(const struct json_at *at, const struct err *cause, struct err *err)
{
	return json_err(at, err, "%s", cause->text);
}

int spec_read_memory_policy(const struct json_at *object, struct spec *spec, struct err *err)
{
	struct mempolicy *out = &spec->mempolicy;
	struct json_at policy, flags;
	struct err cause = { 0 };
	uint64_t mode = 0, flag = 0;
	int got = json_get_object(object, "memoryPolicy", &policy, err);
	if (got <= 0)
		return got;
	if (json_need(spec_read_word(&policy, "mode", mempolicy_modes, &mode, err), &policy, "mode",
		      err) < 0 ||
	    json_get_str(&policy, "nodes", &out->nodes, err) < 0)
		return -1;
	got = json_get_array(&policy, "flags", &flags, err);
	for (size_t i = 0, len = got > 0 ? json_len(&flags) : 0; i < len; i++) {
		struct json_at item = json_item(&flags, i);
		if (spec_find_word(&item, mempolicy_flags, &flag, err) < 0)
			return -1;
		out->flags |= (uint32_t)flag;
	}
	out->mode = (uint32_t)mode;
	out->is_set = true;
	if (got >= 0 && mempolicy_check(out, &cause) < 0)
		return fail_at(&policy, &cause, err);
	return got < 0 ? -1 : 0;
}

static int read_cpu_set(const struct json_at *object, const char *key, char **out, struct err *err)
{
	uint64_t mask[BIT_LIST_WORDS];
	struct err cause = { 0 };
	struct json_at at = json_member(object, key);
	int got = json_get_str(object, key, out, err);
	if (got <= 0)
		return got;
	if ((*out)[0] == '\0') {
		free(ptr_take(out));
		return 0;
	}
	return bit_list_parse(*out, mask, &cause) < 0 ? fail_at(&at, &cause, err) : 0;
}

int spec_read_exec_affinity(const struct json_at *process, struct spec_process *out,
			    struct err *err)
{
	struct json_at affinity;
	int got = json_get_object(process, "execCPUAffinity", &affinity, err);
	if (got <= 0)
		return got;
	return read_cpu_set(&affinity, "initial", &out->exec_affinity.initial, err) < 0
		       ? -1
		       : read_cpu_set(&affinity, "final", &out->exec_affinity.final, err);
}

/* An array of lines since 1.3.0; one text with all of them in its drafts. */
static int read_schemata(const struct json_at *rdt, struct strv *out, struct err *err)
{
	struct json_at at = json_member(rdt, "schemata");
	if (!json_object_is_type(at.value, json_type_string))
		return json_get_strv(rdt, "schemata", out, err);
	char *text = json_str(&at, err);
	if (text == NULL)
		return -1;
	strv_add_take(out, text);
	return 0;
}

int spec_read_intel_rdt(const struct json_at *object, struct spec *spec, struct err *err)
{
	struct rdt *out = &spec->rdt;
	struct json_at rdt;
	struct err cause = { 0 };
	int got = json_get_object(object, "intelRdt", &rdt, err);
	if (got <= 0 || json_len(&rdt) == 0)
		return got < 0 ? -1 : 0;
	/* enableCMT and enableMBM of older versions: the kernel always counts both. */
	if (json_get_str(&rdt, "closID", &out->class_id, err) < 0 ||
	    json_get_str(&rdt, "l3CacheSchema", &out->l3_schema, err) < 0 ||
	    json_get_str(&rdt, "memBwSchema", &out->memory_schema, err) < 0 ||
	    read_schemata(&rdt, &out->schemata, err) < 0 ||
	    json_get_bool(&rdt, "enableMonitoring", &out->monitors, err) < 0)
		return -1;
	if (out->class_id != NULL && out->class_id[0] == '\0')
		free(ptr_take(&out->class_id));
	if (rdt_check(out, &cause) < 0)
		return fail_at(&rdt, &cause, err);
	out->is_set = true;
	return 0;
}

int spec_read_personality(const struct json_at *object, struct spec *spec, struct err *err)
{
	static const struct spec_word domains[] = {
		{ "LINUX", PER_LINUX },
		{ "LINUX32", PER_LINUX32 },
		{ NULL, 0 },
	};
	struct json_at personality;
	AUTO(struct strv, strv_done) flags = { 0 };
	uint64_t domain = PER_LINUX;
	int got = json_get_object(object, "personality", &personality, err);
	if (got <= 0)
		return got;
	if (json_need(spec_read_word(&personality, "domain", domains, &domain, err), &personality,
		      "domain", err) < 0 ||
	    json_get_strv(&personality, "flags", &flags, err) < 0)
		return -1;
	/* config-linux.md: "Currently no flag values are supported." */
	for (size_t i = 0; i < flags.len; i++)
		warn_say("linux.personality.flags: unknown flag %.64s ignored", flags.items[i]);
	spec->persona = (struct persona){ .is_set = true, .domain = domain };
	return 0;
}

int spec_read_net_devices(const struct json_at *object, struct spec *spec, struct err *err)
{
	struct json_at map;
	int got = json_get_object(object, "netDevices", &map, err);
	if (got <= 0)
		return got;
	json_object_object_foreach (map.value, host_name, value) {
		struct json_at at = { .value = value, .parent = &map, .key = host_name };
		spec->net_devices = spec_grow(spec->net_devices, &spec->net_devices_len,
					      sizeof(*spec->net_devices));
		struct spec_net_device *device = &spec->net_devices[spec->net_devices_len - 1];
		if (!json_object_is_type(value, json_type_object))
			return json_err(&at, err, "expected an object");
		if (json_get_str(&at, "name", &device->name, err) < 0)
			return -1;
		device->host_name = mem_strdup(host_name);
		if (device->name != NULL && device->name[0] == '\0')
			free(ptr_take(&device->name));
		if (!net_device_name_is_valid(host_name) ||
		    (device->name != NULL && !net_device_name_is_valid(device->name)))
			return json_err(&at, err, "not the name of a network device");
	}
	return 0;
}
