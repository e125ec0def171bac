/* SPDX-License-Identifier: Apache-2.0 */
/* inspect: the JSON that `docker inspect` prints for one object, from records alone. */
#include "base/clock.h"
#include "engine/engine.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

static void put(struct json_object *object, const char *key, const char *value)
{
	json_object_object_add(object, key, json_object_new_string(value != NULL ? value : ""));
}

static void put_int(struct json_object *object, const char *key, int64_t value)
{
	json_object_object_add(object, key, json_object_new_int64(value));
}

static void put_bool(struct json_object *object, const char *key, bool value)
{
	json_object_object_add(object, key, json_object_new_boolean(value));
}

static void put_time(struct json_object *object, const char *key, uint64_t realtime_ns)
{
	char text[CLOCK_RFC3339_SIZE] = "0001-01-01T00:00:00Z";
	if (realtime_ns != 0)
		clock_format_rfc3339(realtime_ns, text);
	put(object, key, text);
}

static struct json_object *list_of(const struct strv *list, size_t first)
{
	struct json_object *array = json_object_new_array();
	for (size_t i = first; i < list->len; i++)
		json_object_array_add(array, json_object_new_string(list->items[i]));
	return array;
}

static void put_digest(struct json_object *object, const char *key, const char *hex)
{
	char text[80] = "";
	if (hex != NULL)
		snprintf(text, sizeof(text), "sha256:%.64s", hex);
	put(object, key, text);
}

static struct json_object *state_of(const struct container *container)
{
	static const char *const names[] = { "created", "running", "exited" };
	struct json_object *state = json_object_new_object();
	bool is_running = container->status == CONTAINER_RUNNING;
	put(state, "Status", names[container->status]);
	put_bool(state, "Running", is_running);
	put_bool(state, "Paused", false);
	put_bool(state, "Restarting", false);
	put_bool(state, "OOMKilled", container->is_oom_killed);
	put_bool(state, "Dead", false);
	put_int(state, "Pid", is_running ? container->pid : 0);
	put_int(state, "ExitCode", container->exit_code);
	put(state, "Error", container->error);
	put_time(state, "StartedAt", container->started_ns);
	put_time(state, "FinishedAt", container->finished_ns);
	return state;
}

/* What the start wrote down: Config, HostConfig, Mounts become keys of the whole. */
static void merge_details(struct json_object *object, const char *details_json)
{
	struct json_object *details = details_json != NULL ? json_tokener_parse(details_json)
							   : NULL;
	if (details == NULL)
		return;
	json_object_object_foreach (details, key, value)
		json_object_object_add(object, key, json_object_get(value));
	json_object_put(details);
}

static char *print(struct json_object *object)
{
	char *text = strdup(json_object_to_json_string_ext(
		object, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
				JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(object);
	return text;
}

char *engine_inspect_container(struct engine *engine, const char *reference, struct err *err)
{
	AUTO(struct container, container_done) container = { 0 };
	engine_recover(engine, NULL);
	if (container_find(&engine->store, reference, &container, err) < 0)
		return NULL;
	struct json_object *object = json_object_new_object();
	put(object, "Id", container.id);
	put_time(object, "Created", container.created_ns);
	put(object, "Path", container.args.len > 0 ? container.args.items[0] : "");
	json_object_object_add(object, "Args", list_of(&container.args, 1));
	json_object_object_add(object, "State", state_of(&container));
	put_digest(object, "Image", container.image_id);
	char name[160];
	snprintf(name, sizeof(name), "/%s", container.name);
	put(object, "Name", name);
	put(object, "Driver", container.rootfs != NULL ? "rootfs" : "overlay");
	put(object, "Platform", "linux");
	put(object, "CgroupPath", container.cgroup_path);
	if (container.rootfs != NULL)
		put(object, "Rootfs", container.rootfs);
	merge_details(object, container.details_json);
	return print(object);
}

static struct json_object *keys_of(const struct strv *keys)
{
	struct json_object *object = json_object_new_object();
	for (size_t i = 0; i < keys->len; i++)
		json_object_object_add(object, keys->items[i], json_object_new_object());
	return object;
}

static struct json_object *map_of(const struct strv *assignments)
{
	struct json_object *object = json_object_new_object();
	for (size_t i = 0; i < assignments->len; i++) {
		const char *text = assignments->items[i];
		size_t key_len = strcspn(text, "=");
		AUTO_FREE char *key = strndup(text, key_len);
		put(object, key, text[key_len] == '=' ? text + key_len + 1 : "");
	}
	return object;
}

static struct json_object *config_of(const struct image_config *config)
{
	struct json_object *object = json_object_new_object();
	put(object, "User", config->user);
	put(object, "WorkingDir", config->working_dir);
	if (config->stop_signal != NULL)
		put(object, "StopSignal", config->stop_signal);
	json_object_object_add(object, "Env", list_of(&config->env, 0));
	json_object_object_add(object, "Entrypoint", list_of(&config->entrypoint, 0));
	json_object_object_add(object, "Cmd", list_of(&config->cmd, 0));
	json_object_object_add(object, "ExposedPorts", keys_of(&config->exposed_ports));
	json_object_object_add(object, "Volumes", keys_of(&config->volumes));
	json_object_object_add(object, "Labels", map_of(&config->labels));
	return object;
}

char *engine_inspect_image(struct engine *engine, const char *reference, struct err *err)
{
	AUTO(struct image, image_done) image = { 0 };
	if (image_find(&engine->store, reference, &image, err) < 0 ||
	    image_load_names(&engine->store, &image, err) < 0)
		return NULL;
	struct json_object *object = json_object_new_object();
	put_digest(object, "Id", image.id);
	json_object_object_add(object, "RepoTags", list_of(&image.names, 0));
	json_object_object_add(object, "RepoDigests", list_of(&image.digests, 0));
	put(object, "Created", image.config.created);
	put(object, "Author", image.config.author);
	put(object, "Architecture", image.config.architecture);
	put(object, "Os", image.config.os);
	put_int(object, "Size", (int64_t)image.size_bytes);
	json_object_object_add(object, "Config", config_of(&image.config));
	struct json_object *rootfs = json_object_new_object();
	put(rootfs, "Type", "layers");
	json_object_object_add(rootfs, "Layers", list_of(&image.config.diff_ids, 0));
	json_object_object_add(object, "RootFS", rootfs);
	return print(object);
}
