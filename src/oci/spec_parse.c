/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The top of config.json: root, mounts, hooks, and what the parts must agree on. The process is
 * spec_process.c's, everything Linux spec_linux.c's and spec_resources.c's.
 */
#include "oci/spec_parse.h"

#include "base/mem.h"
#include "oci/spec_read.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

int spec_read_each(const struct json_at *object, const char *key, spec_item_fn *read,
		   struct spec *spec, struct err *err)
{
	struct json_at list;
	int got = json_get_array(object, key, &list, err);
	for (size_t i = 0, len = got > 0 ? json_len(&list) : 0; i < len; i++) {
		struct json_at item = json_item(&list, i);
		if (!json_object_is_type(item.value, json_type_object))
			return json_err(&item, err, "expected an object");
		if (read(&item, spec, err) < 0)
			return -1;
	}
	return got < 0 ? -1 : 0;
}

int spec_find_word(const struct json_at *at, const struct spec_word *words, uint64_t *out,
		   struct err *err)
{
	AUTO_FREE char *text = json_str(at, err);
	if (text == NULL)
		return -1;
	for (; words->word != NULL; words++) {
		if (strcmp(text, words->word) == 0) {
			*out = words->value;
			return 0;
		}
	}
	return json_err(at, err, "\"%.64s\" is not a value it can have", text);
}

int spec_read_word(const struct json_at *object, const char *key, const struct spec_word *words,
		   uint64_t *out, struct err *err)
{
	struct json_at at = json_member(object, key);
	if (at.value == NULL)
		return 0;
	return spec_find_word(&at, words, out, err) == 0 ? 1 : -1;
}

int spec_read_path(const struct json_at *object, const char *key, char **out, struct err *err)
{
	AUTO_FREE char *path = NULL;
	int got = json_get_str(object, key, &path, err);
	if (got <= 0)
		return got;
	struct json_at at = json_member(object, key);
	if (path[0] != '/')
		return json_err(&at, err, "the path is not absolute");
	free(*out);
	*out = ptr_take(&path);
	return 1;
}

int spec_read_id_maps(const struct json_at *object, const char *key, struct ns_id_map **out,
		      size_t *out_len, struct err *err)
{
	struct json_at list;
	int got = json_get_array(object, key, &list, err);
	size_t len = got > 0 ? json_len(&list) : 0;
	if (got <= 0 || len == 0)
		return got < 0 ? -1 : 0;
	if (len > NS_ID_MAP_MAX)
		return json_err(&list, err, "more than %d lines", NS_ID_MAP_MAX);
	AUTO_FREE struct ns_id_map *maps = mem_alloc(len, sizeof(*maps));
	for (size_t i = 0; i < len; i++) {
		struct json_at item = json_item(&list, i);
		struct ns_id_map *map = &maps[i];
		if (json_need(json_get_uint32(&item, "containerID", &map->inside, err), &item,
			      "containerID", err) < 0 ||
		    json_need(json_get_uint32(&item, "hostID", &map->outside, err), &item, "hostID",
			      err) < 0 ||
		    json_need(json_get_uint32(&item, "size", &map->count, err), &item, "size",
			      err) < 0)
			return -1;
		if (map->count == 0 || map->inside > UINT32_MAX - map->count ||
		    map->outside > UINT32_MAX - map->count)
			return json_err(&item, err, "an empty range, or one beyond the last id");
	}
	free(*out);
	*out = ptr_take(&maps);
	*out_len = len;
	return 0;
}

static int read_mount(const struct json_at *item, struct spec *spec, struct err *err)
{
	struct spec_mount *mount = spec_add_mount(spec, NULL, NULL, NULL, NULL);
	AUTO_FREE char *destination = NULL;
	if (json_need(json_get_str(item, "destination", &destination, err), item, "destination",
		      err) < 0 ||
	    json_get_str(item, "type", &mount->type, err) < 0 ||
	    json_get_str(item, "source", &mount->source, err) < 0 ||
	    json_get_strv(item, "options", &mount->options, err) < 0 ||
	    spec_read_id_maps(item, "uidMappings", &mount->uid_maps, &mount->uid_maps_len, err) <
		    0 ||
	    spec_read_id_maps(item, "gidMappings", &mount->gid_maps, &mount->gid_maps_len, err) < 0)
		return -1;
	/* Relative ones are below "/": config.md, "Mounts". */
	mount->destination = destination[0] == '/' ? mem_strdup(destination)
						   : mem_printf("/%s", destination);
	if ((mount->uid_maps_len == 0) != (mount->gid_maps_len == 0))
		return json_err(item, err, "uidMappings and gidMappings go together");
	return 0;
}

static int read_hook(const struct json_at *item, struct spec_hook *hook, struct err *err)
{
	int64_t timeout_s = 0;
	if (json_need(spec_read_path(item, "path", &hook->path, err), item, "path", err) < 0 ||
	    json_get_strv(item, "args", &hook->args, err) < 0 ||
	    json_get_strv(item, "env", &hook->env, err) < 0)
		return -1;
	int got = json_get_int64(item, "timeout", &timeout_s, err);
	if (got < 0)
		return -1;
	struct json_at at = json_member(item, "timeout");
	if (got > 0 && (timeout_s <= 0 || timeout_s > INT32_MAX))
		return json_err(&at, err, "expected a number of seconds greater than 0");
	hook->timeout_s = (unsigned)timeout_s;
	return 0;
}

static int read_hooks(const struct json_at *root, struct spec *spec, struct err *err)
{
	struct json_at hooks;
	int got = json_get_object(root, "hooks", &hooks, err);
	for (size_t p = 0; got > 0 && p < SPEC_HOOK_COUNT; p++) {
		struct json_at list;
		int has_list = json_get_array(&hooks, spec_hook_point_name((enum spec_hook_point)p),
					      &list, err);
		if (has_list < 0)
			return -1;
		for (size_t i = 0, len = has_list > 0 ? json_len(&list) : 0; i < len; i++) {
			struct json_at item = json_item(&list, i);
			spec->hooks[p].items = spec_grow(spec->hooks[p].items, &spec->hooks[p].len,
							 sizeof(struct spec_hook));
			if (read_hook(&item, &spec->hooks[p].items[i], err) < 0)
				return -1;
		}
	}
	return got < 0 ? -1 : 0;
}

static int check_version(const struct json_at *root, struct err *err)
{
	AUTO_FREE char *version = NULL;
	if (json_need(json_get_str(root, "ociVersion", &version, err), root, "ociVersion", err) < 0)
		return -1;
	if (strncmp(version, "1.", 2) == 0)
		return 0;
	struct json_at at = json_member(root, "ociVersion");
	json_err(&at, err, "version %.32s of the specification; this is for 1.x", version);
	if (err != NULL)
		err->kind = ERR_UNSUPPORTED;
	return -1;
}

static int read_root(const struct json_at *root, struct spec *spec, struct err *err)
{
	struct json_at object;
	if (json_need(json_get_object(root, "root", &object, err), root, "root", err) < 0 ||
	    json_need(json_get_str(&object, "path", &spec->root_path, err), &object, "path", err) <
		    0 ||
	    json_get_bool(&object, "readonly", &spec->root_readonly, err) < 0)
		return -1;
	struct json_at path = json_member(&object, "path");
	return spec->root_path[0] != '\0' ? 0 : json_err(&path, err, "an empty path");
}

/* What one field asks of another. */
static int check_together(const struct json_at *root, const struct spec *spec, struct err *err)
{
	struct json_at object = json_member(root, "linux");
	struct {
		bool is_asked;
		enum ns_type needs;
		const struct json_at *parent;
		const char *key;
	} rules[] = {
		{ spec->hostname != NULL, NS_UTS, root, "hostname" },
		{ spec->domainname != NULL, NS_UTS, root, "domainname" },
		{ spec->uid_maps_len > 0, NS_USER, &object, "uidMappings" },
		{ spec->gid_maps_len > 0, NS_USER, &object, "gidMappings" },
		{ spec->time_offsets_len > 0, NS_TIME, &object, "timeOffsets" },
		{ spec->net_devices_len > 0, NS_NET, &object, "netDevices" },
	};
	for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
		const struct spec_namespace *ns = &spec->namespaces[rules[i].needs];
		struct json_at at = json_member(rules[i].parent, rules[i].key);
		const char *name = ns_info(rules[i].needs)->name;
		if (rules[i].is_asked && !ns->is_used)
			return json_err(&at, err, "needs a %s namespace in linux.namespaces", name);
		if (rules[i].is_asked && ns->path != NULL && rules[i].needs == NS_TIME)
			return json_err(&at, err, "the %s namespace is a joined one", name);
	}
	const struct spec_namespace *user = &spec->namespaces[NS_USER];
	if (user->is_used && user->path == NULL &&
	    (spec->uid_maps_len == 0 || spec->gid_maps_len == 0))
		return json_err(&object, err,
				"a new user namespace needs uidMappings and gidMappings");
	return 0;
}

static int read_document(const struct json_at *root, struct spec *spec, struct err *err)
{
	struct json_at process, object;
	if (check_version(root, err) < 0 || read_root(root, spec, err) < 0)
		return -1;
	int has_process = json_get_object(root, "process", &process, err);
	int has_linux = json_get_object(root, "linux", &object, err);
	if (has_process < 0 || has_linux < 0 ||
	    json_get_str(root, "hostname", &spec->hostname, err) < 0 ||
	    json_get_str(root, "domainname", &spec->domainname, err) < 0 ||
	    spec_read_each(root, "mounts", read_mount, spec, err) < 0 ||
	    read_hooks(root, spec, err) < 0 || spec_read_annotations(root, spec, err) < 0)
		return -1;
	if ((has_process > 0 && spec_read_process(&process, spec, err) < 0) ||
	    (has_linux > 0 && spec_read_linux(&object, spec, err) < 0))
		return -1;
	return check_together(root, spec, err);
}

/* The profile is compiled elsewhere; whom its notifications are for is not part of the filter. */
static int read_seccomp(const struct json_at *root, struct spec *spec, char **out_text,
			struct err *err)
{
	struct json_at object, seccomp;
	int got = json_get_object(root, "linux", &object, err);
	if (got > 0)
		got = json_get_object(&object, "seccomp", &seccomp, err);
	if (got <= 0)
		return got;
	struct json_at metadata = json_member(&seccomp, "listenerMetadata");
	struct json_at path = json_member(&seccomp, "listenerPath");
	bool has_path = !json_object_is_type(path.value, json_type_string) ||
			json_object_get_string_len(path.value) > 0;
	if ((has_path &&
	     spec_read_path(&seccomp, "listenerPath", &spec->seccomp.listener_path, err) < 0) ||
	    json_get_str(&seccomp, "listenerMetadata", &spec->seccomp.listener_metadata, err) < 0)
		return -1;
	if (spec->seccomp.listener_metadata != NULL && spec->seccomp.listener_metadata[0] != '\0' &&
	    spec->seccomp.listener_path == NULL)
		return json_err(&metadata, err, "means nothing without listenerPath");
	*out_text = mem_strdup(
		json_object_to_json_string_ext(seccomp.value, JSON_C_TO_STRING_PLAIN));
	return 0;
}

int spec_parse(const char *json, size_t len, struct spec *out, char **out_seccomp_json,
	       struct err *err)
{
	struct json_source source = { .what = "config.json", .max_bytes = SPEC_JSON_MAX };
	AUTO_JSON struct json_object *doc = NULL;
	AUTO(struct spec, spec_done) spec;
	spec_init(&spec);
	spec.has_default_devices = true;
	spec.has_cgroup = true;
	if (json_parse_strict(json, len, &source, &doc, err) < 0)
		return -1;
	struct json_at root = json_root(doc);
	char *text = NULL;
	if (read_document(&root, &spec, err) < 0 || read_seccomp(&root, &spec, &text, err) < 0)
		return err_context(err, "config.json");
	*out_seccomp_json = text;
	*out = spec;
	spec_init(&spec);
	return 0;
}

int spec_parse_process(const char *json, size_t len, struct spec *spec, struct err *err)
{
	struct json_source source = { .what = "process", .max_bytes = SPEC_JSON_MAX };
	AUTO_JSON struct json_object *doc = NULL;
	AUTO(struct spec, spec_done) scratch;
	spec_init(&scratch);
	if (json_parse_strict(json, len, &source, &doc, err) < 0)
		return -1;
	struct json_at root = json_root(doc);
	if (spec_read_process(&root, &scratch, err) < 0)
		return err_context(err, "process");
	/* The spec's own goes with the scratch one. */
	struct spec_process old = spec->process;
	spec->process = scratch.process;
	scratch.process = old;
	return 0;
}
