/* SPDX-License-Identifier: Apache-2.0 */
/* "linux" of config.json, without its resources. */
#include "base/mem.h"
#include "oci/spec_read.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

static int read_namespace(const struct json_at *item, struct spec *spec, struct err *err)
{
	AUTO_FREE char *type = NULL;
	if (json_need(json_get_str(item, "type", &type, err), item, "type", err) < 0)
		return -1;
	for (int i = 0; i < NS_COUNT; i++) {
		if (strcmp(type, ns_info((enum ns_type)i)->name) != 0)
			continue;
		struct spec_namespace *ns = &spec->namespaces[i];
		if (ns->is_used)
			return json_err(item, err, "namespace %s is there twice", type);
		ns->is_used = true;
		return spec_read_path(item, "path", &ns->path, err) < 0 ? -1 : 0;
	}
	return json_err(item, err, "unknown namespace %.64s", type);
}

static int read_device(const struct json_at *item, struct spec *spec, struct err *err)
{
	static const struct spec_word types[] = {
		{ "c", 'c' }, { "b", 'b' }, { "u", 'u' }, { "p", 'p' }, { NULL, 0 },
	};
	struct spec_device *device = spec_add_device(spec);
	uint64_t type = 0;
	uint32_t mode = 0666;
	if (json_need(spec_read_path(item, "path", &device->path, err), item, "path", err) < 0 ||
	    json_need(spec_read_word(item, "type", types, &type, err), item, "type", err) < 0 ||
	    json_get_uint32(item, "fileMode", &mode, err) < 0 ||
	    json_get_uint32(item, "uid", &device->uid, err) < 0 ||
	    json_get_uint32(item, "gid", &device->gid, err) < 0)
		return -1;
	int has_major = json_get_uint32(item, "major", &device->major, err);
	int has_minor = json_get_uint32(item, "minor", &device->minor, err);
	if (has_major < 0 || has_minor < 0)
		return -1;
	if (type != 'p' && (has_major == 0 || has_minor == 0))
		return json_err(item, err, "major and minor are missing");
	/* 12 and 20 bits: include/linux/kdev_t.h */
	if (device->major > 0xfff || device->minor > 0xfffff)
		return json_err(item, err, "no such device number: %u:%u", device->major,
				device->minor);
	device->type = (char)type;
	device->mode = mode & 07777;
	return 0;
}

static int read_sysctls(const struct json_at *object, struct spec *spec, struct err *err)
{
	struct json_at map;
	int got = json_get_object(object, "sysctl", &map, err);
	if (got <= 0)
		return got;
	json_object_object_foreach (map.value, name, value) {
		struct json_at at = { .value = value, .parent = &map, .key = name };
		AUTO_FREE char *text = json_str(&at, err);
		if (text == NULL)
			return -1;
		spec_add_sysctl(spec, name, text);
	}
	return 0;
}

static int read_time_offsets(const struct json_at *object, struct spec *spec, struct err *err)
{
	static const char *const clocks[] = { "monotonic", "boottime" };
	struct json_at map;
	int got = json_get_object(object, "timeOffsets", &map, err);
	if (got <= 0)
		return got;
	json_object_object_foreach (map.value, name, value) {
		struct json_at at = { .value = value, .parent = &map, .key = name };
		if (strcmp(name, clocks[0]) != 0 && strcmp(name, clocks[1]) != 0)
			return json_err(&at, err, "no such clock");
	}
	spec->time_offsets_len = 0; /* what an annotation says */
	for (size_t i = 0; i < ARRAY_LEN(clocks); i++) {
		struct json_at at;
		struct ns_time_offset offset = { .is_boottime = i == 1 };
		got = json_get_object(&map, clocks[i], &at, err);
		if (got < 0 ||
		    (got > 0 && (json_get_int64(&at, "secs", &offset.secs, err) < 0 ||
				 json_get_uint32(&at, "nanosecs", &offset.nanosecs, err) < 0)))
			return -1;
		if (offset.nanosecs >= 1000000000)
			return json_err(&at, err, "nanosecs is a whole second or more");
		if (got > 0)
			spec->time_offsets[spec->time_offsets_len++] = offset;
	}
	return 0;
}

static int read_propagation(const struct json_at *object, struct spec *spec, struct err *err)
{
	static const char *const names[] = { "private", "slave", "shared", "unbindable" };
	AUTO_FREE char *text = NULL;
	int got = json_get_str(object, "rootfsPropagation", &text, err);
	if (got <= 0 || text[0] == '\0')
		return got < 0 ? -1 : 0;
	/* "rprivate" and its like are common; on a new tree both mean the same. */
	const char *plain = text[0] == 'r' ? text + 1 : text;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (strcmp(plain, names[i]) == 0) {
			spec->rootfs_propagation = mem_strdup(names[i]);
			return 0;
		}
	}
	struct json_at at = json_member(object, "rootfsPropagation");
	return json_err(&at, err, "unknown propagation %.64s", text);
}

static int read_paths(const struct json_at *object, const char *key, struct strv *out,
		      struct err *err)
{
	struct json_at list = json_member(object, key);
	if (json_get_strv(object, key, out, err) < 0)
		return -1;
	for (size_t i = 0; i < out->len; i++) {
		struct json_at item = json_item(&list, i);
		if (out->items[i][0] != '/')
			return json_err(&item, err, "the path is not absolute");
	}
	return 0;
}

int spec_read_linux(const struct json_at *object, struct spec *spec, struct err *err)
{
	struct json_at resources;
	if (spec_read_each(object, "namespaces", read_namespace, spec, err) < 0 ||
	    spec_read_id_maps(object, "uidMappings", &spec->uid_maps, &spec->uid_maps_len, err) <
		    0 ||
	    spec_read_id_maps(object, "gidMappings", &spec->gid_maps, &spec->gid_maps_len, err) <
		    0 ||
	    read_time_offsets(object, spec, err) < 0 ||
	    spec_read_each(object, "devices", read_device, spec, err) < 0 ||
	    read_sysctls(object, spec, err) < 0 ||
	    json_get_str(object, "cgroupsPath", &spec->cgroups_path, err) < 0 ||
	    read_propagation(object, spec, err) < 0 ||
	    read_paths(object, "maskedPaths", &spec->masked_paths, err) < 0 ||
	    read_paths(object, "readonlyPaths", &spec->readonly_paths, err) < 0 ||
	    json_get_str(object, "mountLabel", &spec->mount_label, err) < 0 ||
	    spec_read_personality(object, spec, err) < 0 ||
	    spec_read_memory_policy(object, spec, err) < 0 ||
	    spec_read_intel_rdt(object, spec, err) < 0 ||
	    spec_read_net_devices(object, spec, err) < 0)
		return -1;
	int got = json_get_object(object, "resources", &resources, err);
	return got <= 0 ? got : spec_read_resources(&resources, spec, err);
}
