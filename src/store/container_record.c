/* SPDX-License-Identifier: Apache-2.0 */
/* A container as text and back, and which of its records is the one that counts. */
#include "store/container_record.h"

#include "base/json_write.h"
#include "base/mem.h"
#include "base/warn.h"
#include "store/record.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const status_names[] = {
	[CONTAINER_CREATED] = "created",
	[CONTAINER_RUNNING] = "running",
	[CONTAINER_EXITED] = "exited",
};

void container_done(struct container *container)
{
	free(container->name);
	free(container->image);
	free(container->image_id);
	free(container->rootfs);
	free(container->cgroup_path);
	free(container->details_json);
	free(container->error);
	strv_done(&container->args);
	strv_done(&container->labels);
	memset(container, 0, sizeof(*container));
}

struct container_path container_path(const char *id, const char *child)
{
	struct container_path path;
	snprintf(path.text, sizeof(path.text), "%.64s%s%s", id, child[0] != '\0' ? "/" : "", child);
	return path;
}

/* A label given twice has its last value: a key that occurs twice would not be read again. */
static void add_labels(struct buf *json, const struct strv *labels)
{
	AUTO(struct strv, strv_done) unique = { 0 };
	for (size_t i = 0; i < labels->len; i++) {
		const char *label = labels->items[i];
		AUTO_FREE char *assignment = mem_printf("%s%s", label,
							strchr(label, '=') != NULL ? "" : "=");
		strv_env_set(&unique, assignment);
	}
	json_add_map(json, "labels", &unique);
}

static void format(const struct container *c, struct buf *json)
{
	buf_add_char(json, '{');
	json_add_str(json, "id", c->id);
	json_add_str(json, "name", c->name);
	json_add_str(json, "image", c->image);
	json_add_str(json, "imageId", c->image_id);
	json_add_str(json, "rootfs", c->rootfs);
	json_add_true(json, "throwaway", c->is_throwaway);
	json_add_strv(json, "args", &c->args);
	json_add_str(json, "cgroup", c->cgroup_path);
	add_labels(json, &c->labels);
	json_add_uint(json, "created", c->created_ns);
	json_add_uint(json, "started", c->started_ns);
	json_add_uint(json, "finished", c->finished_ns);
	json_add_str(json, "status", status_names[c->status]);
	json_add_int(json, "monitorPid", c->monitor_pid);
	json_add_int(json, "pid", c->pid);
	json_add_uint(json, "pidStartTime", c->pid_start_time);
	json_add_int(json, "exitCode", c->exit_code);
	json_add_true(json, "oomKilled", c->is_oom_killed);
	json_add_str(json, "error", c->error);
	if (c->details_json != NULL) {
		json_add_key(json, "details");
		buf_add_str(json, c->details_json);
	}
	buf_add_char(json, '}');
}

static int read_status(const struct json_at *root, enum container_status *out, struct err *err)
{
	AUTO_FREE char *text = NULL;
	if (json_need(json_get_str(root, "status", &text, err), root, "status", err) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(status_names); i++) {
		if (strcmp(text, status_names[i]) == 0) {
			*out = (enum container_status)i;
			return 0;
		}
	}
	struct json_at at = json_member(root, "status");
	return json_err(&at, err, "unknown status");
}

static int read_state(const struct json_at *root, struct container *c, struct err *err)
{
	int64_t monitor_pid = 0, pid = 0, exit_code = 0;
	if (read_status(root, &c->status, err) < 0 ||
	    json_get_uint64(root, "created", &c->created_ns, err) < 0 ||
	    json_get_uint64(root, "started", &c->started_ns, err) < 0 ||
	    json_get_uint64(root, "finished", &c->finished_ns, err) < 0 ||
	    json_get_int64(root, "monitorPid", &monitor_pid, err) < 0 ||
	    json_get_int64(root, "pid", &pid, err) < 0 ||
	    json_get_uint64(root, "pidStartTime", &c->pid_start_time, err) < 0 ||
	    json_get_int64(root, "exitCode", &exit_code, err) < 0 ||
	    json_get_bool(root, "oomKilled", &c->is_oom_killed, err) < 0 ||
	    json_get_str(root, "error", &c->error, err) < 0)
		return -1;
	c->monitor_pid = (pid_t)monitor_pid;
	c->pid = (pid_t)pid;
	c->exit_code = (int)exit_code;
	return 0;
}

static int parse(const struct json_at *root, const char *id, struct container *out, struct err *err)
{
	AUTO(struct container, container_done) c = { 0 };
	struct json_at details = { 0 };
	if (json_need(json_get_str(root, "name", &c.name, err), root, "name", err) < 0 ||
	    json_get_str(root, "image", &c.image, err) < 0 ||
	    json_get_str(root, "imageId", &c.image_id, err) < 0 ||
	    json_get_str(root, "rootfs", &c.rootfs, err) < 0 ||
	    json_get_bool(root, "throwaway", &c.is_throwaway, err) < 0 ||
	    json_get_strv(root, "args", &c.args, err) < 0 ||
	    json_get_str(root, "cgroup", &c.cgroup_path, err) < 0 ||
	    json_get_map(root, "labels", &c.labels, err) < 0 || read_state(root, &c, err) < 0 ||
	    json_get_object(root, "details", &details, err) < 0)
		return -1;
	if (details.value != NULL)
		c.details_json = mem_strdup(json_object_to_json_string_ext(
			details.value, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	if (c.cgroup_path == NULL)
		c.cgroup_path = mem_strdup("");
	snprintf(c.id, sizeof(c.id), "%s", id);
	*out = c;
	memset(&c, 0, sizeof(c));
	return 0;
}

/* The generation before stays as record.1. A link, so that "record" is there at every moment. */
static int write_durable(int dir_fd, struct buf *json, struct err *err)
{
	unlinkat(dir_fd, "record.1", 0);
	if (linkat(dir_fd, "record", dir_fd, "record.1", 0) < 0 && errno != ENOENT)
		return err_sys(err, "keep the record before");
	return record_write(dir_fd, "record", json, FILE_DURABLE, err);
}

int container_record_write(const struct container_lease *lease, const struct container *container,
			   struct err *err)
{
	AUTO(struct buf, buf_done) json = { 0 };
	format(container, &json);
	if (container->is_throwaway || container->status == CONTAINER_RUNNING)
		return record_write_alone(lease->run_dir_fd, "record", &json, err);
	if (write_durable(lease->dir_fd, &json, err) < 0)
		return -1;
	unlinkat(lease->run_dir_fd, "record", 0);
	return 0;
}

static int read_one(int dir_fd, const char *id, const char *name, struct container *out,
		    struct err *err)
{
	AUTO_JSON struct json_object *doc = NULL;
	if (record_read(dir_fd, container_path(id, name).text, &doc, err) < 0)
		return -1;
	struct json_at root = json_root(doc);
	return parse(&root, id, out, err);
}

int container_record_read(const struct store *store, const char *id, struct container *out,
			  struct err *err)
{
	struct err why = { 0 };
	if (read_one(store->run_containers_fd, id, "record", out, &why) == 0)
		return 0;
	if (why.kind == ERR_INVALID)
		record_quarantine(store, store->run_containers_fd,
				  container_path(id, "record").text, why.text);
	if (read_one(store->containers_fd, id, "record", out, &why) == 0)
		return 0;
	if (why.kind == ERR_INVALID &&
	    read_one(store->containers_fd, id, "record.1", out, NULL) == 0) {
		warn_say("%s; the one before is used", why.text);
		return 0;
	}
	if (why.kind == ERR_INVALID) {
		record_quarantine(store, store->containers_fd, id, why.text);
		return err_set(err, ERR_NOT_FOUND, "container %.12s was damaged", id);
	}
	if (why.kind == ERR_NOT_FOUND)
		return err_set(err, ERR_NOT_FOUND, "no such container: %s", id);
	if (err != NULL)
		*err = why;
	return -1;
}
