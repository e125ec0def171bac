/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which namespaces are new, shared with the host, or joined; id maps; time offsets. A container is
 * joined by its monitor-watched pid, never by a stale record.
 */
#include "engine/run/draft.h"

#include "base/mem.h"
#include "engine/engine.h"
#include "sys/fd.h"
#include "sys/file.h"
#include "sys/lock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Ranges of --userns auto: below 2^31, above what user databases and subuid files hand out. */
#define AUTO_BASE     1879048192u /* 0x70000000 */
#define AUTO_SIZE     65536u
#define AUTO_SLOTS    2048u
#define AUTO_SIZE_MAX AUTO_SIZE

static int join_container(struct run_draft *draft, enum ns_type type, const char *name,
			  struct err *err)
{
	AUTO(struct container, container_done) other = { 0 };
	const struct store *store = &draft->engine->store;
	if (!engine_has_store(draft->engine))
		return err_set(err, ERR_UNSUPPORTED,
			       "container %s: only root may look into the store %s", name,
			       store->root_path);
	if (container_find(store, name, &other, err) < 0)
		return -1;
	if (other.status != CONTAINER_RUNNING || other.pid <= 0 ||
	    container_is_watched(store, other.id, err) != 1)
		return err_set(err, ERR_CONFLICT,
			       "cannot join the %s namespace of container %s: it is not running",
			       ns_info(type)->name, other.name);
	draft->spec.namespaces[type].path = mem_printf("/proc/%d/ns/%s", other.pid,
						       ns_info(type)->proc);
	return 0;
}

struct ns_choice {
	enum ns_type type;
	enum isolate_layer layer;
	const struct run_ns *wanted;
};

static int choose(struct run_draft *draft, const struct ns_choice *choice, struct err *err)
{
	struct spec_namespace *ns = &draft->spec.namespaces[choice->type];
	if (!run_draft_isolates(draft, choice->layer) || choice->wanted->kind == RUN_NS_HOST)
		return 0;
	ns->is_used = true;
	if (choice->wanted->kind == RUN_NS_CONTAINER)
		return join_container(draft, choice->type, choice->wanted->value, err);
	if (choice->wanted->kind == RUN_NS_PATH)
		ns->path = mem_strdup(choice->wanted->value);
	return 0;
}

/* An id range nobody else uses: the slot's lock lives as long as we do. */
static int take_range(struct run_draft *draft, uint32_t *out_first, struct err *err)
{
	*out_first = AUTO_BASE;
	if (draft->purpose == RUN_DRAFT_EXPLAIN)
		return 0;
	AUTO_FD dir_fd = file_open_dir(draft->engine->store.run_fd, "userns", 0700, err);
	if (dir_fd < 0)
		return -1;
	for (unsigned slot = 0; slot < AUTO_SLOTS; slot++) {
		char name[16];
		snprintf(name, sizeof(name), "%u", slot);
		int taken = lock_try(dir_fd, name, LOCK_EXCLUSIVE, &draft->userns_slot_fd, err);
		if (taken < 0)
			return -1;
		if (taken == 0)
			continue;
		*out_first = AUTO_BASE + slot * AUTO_SIZE;
		return 0;
	}
	return err_set(err, ERR_CONFLICT, "all %u id ranges of --userns auto are in use",
		       AUTO_SLOTS);
}

static int range_size(const char *value, uint32_t *out, struct err *err)
{
	*out = AUTO_SIZE;
	if (value == NULL || value[0] == '\0')
		return 0;
	char *end = NULL;
	unsigned long size = strncmp(value, "size=", 5) == 0 ? strtoul(value + 5, &end, 10) : 0;
	if (size == 0 || *end != '\0' || size > AUTO_SIZE_MAX)
		return err_set(err, ERR_INVALID, "--userns auto:%s: size is 1 to %u", value,
			       AUTO_SIZE_MAX);
	*out = (uint32_t)size;
	return 0;
}

static int map_range(struct run_draft *draft, const char *value, struct err *err)
{
	struct spec *spec = &draft->spec;
	uint32_t first = 0, size;
	if (range_size(value, &size, err) < 0 || take_range(draft, &first, err) < 0)
		return -1;
	struct ns_id_map map = { .inside = 0, .outside = first, .count = size };
	spec->uid_maps = mem_dup(&map, sizeof(map));
	spec->gid_maps = mem_dup(&map, sizeof(map));
	spec->uid_maps_len = spec->gid_maps_len = 1;
	spec->namespaces[NS_USER].is_used = true;
	return 0;
}

/* The namespace one is in already cannot be joined again (EINVAL), and need not be. */
static void leave_out_own(struct spec_namespace *ns)
{
	struct stat own, other;
	if (stat("/proc/self/ns/user", &own) < 0 || stat(ns->path, &other) < 0 ||
	    own.st_dev != other.st_dev || own.st_ino != other.st_ino)
		return;
	free(ns->path);
	*ns = (struct spec_namespace){ 0 };
}

static int choose_user(struct run_draft *draft, struct err *err)
{
	const struct run_ns *wanted = &draft->options->userns;
	struct spec_namespace *ns = &draft->spec.namespaces[NS_USER];
	switch (wanted->kind) {
	case RUN_NS_PRIVATE:
	case RUN_NS_AUTO:
		return map_range(draft, wanted->value, err);
	case RUN_NS_CONTAINER:
		ns->is_used = true;
		if (join_container(draft, NS_USER, wanted->value, err) < 0)
			return -1;
		leave_out_own(ns);
		return 0;
	case RUN_NS_PATH:
		ns->is_used = true;
		ns->path = mem_strdup(wanted->value);
		leave_out_own(ns);
		return 0;
	case RUN_NS_HOST:
		return 0;
	case RUN_NS_KEEP_ID:
		return err_set(err, ERR_UNSUPPORTED,
			       "--userns keep-id is for callers other than root");
	default:
		return run_draft_isolates(draft, ISOLATE_USER) ? map_range(draft, NULL, err) : 0;
	}
}

static int choose_offsets(struct run_draft *draft, struct err *err)
{
	const struct strv *offsets = &draft->options->time_offsets;
	struct spec *spec = &draft->spec;
	for (size_t i = 0; i < offsets->len; i++) {
		const char *text = offsets->items[i];
		const char *equals = strchr(text, '=');
		bool is_boottime = strncmp(text, "boottime=", 9) == 0;
		if (equals == NULL || (!is_boottime && strncmp(text, "monotonic=", 10) != 0))
			return err_set(err, ERR_INVALID, "time offset %s: CLOCK=SECONDS expected",
				       text);
		errno = 0;
		char *end;
		long long secs = strtoll(equals + 1, &end, 10);
		if (errno != 0 || end == equals + 1 || *end != '\0' || spec->time_offsets_len == 2)
			return err_set(err, ERR_INVALID, "time offset %s: not a number of seconds",
				       text);
		spec->time_offsets[spec->time_offsets_len++] = (struct ns_time_offset){
			.is_boottime = is_boottime, .secs = secs
		};
	}
	return 0;
}

int run_draft_namespaces(struct run_draft *draft, struct err *err)
{
	const struct run_options *options = draft->options;
	static const struct run_ns fresh = { .kind = RUN_NS_DEFAULT };
	const struct ns_choice choices[] = {
		{ NS_MOUNT, ISOLATE_MOUNT, &fresh },
		{ NS_PID, ISOLATE_PID, &options->pid },
		{ NS_IPC, ISOLATE_IPC, &options->ipc },
		{ NS_UTS, ISOLATE_UTS, &options->uts },
		{ NS_NET, ISOLATE_NET, &options->network },
		{ NS_TIME, ISOLATE_TIME, &options->time },
		{ NS_CGROUP, ISOLATE_CGROUPNS, &options->cgroupns },
	};
	for (size_t i = 0; i < ARRAY_LEN(choices); i++)
		if (choose(draft, &choices[i], err) < 0)
			return -1;
	return choose_user(draft, err) < 0 ? -1 : choose_offsets(draft, err);
}
