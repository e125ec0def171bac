/* SPDX-License-Identifier: Apache-2.0 */
/* "process" of config.json: who runs what, with which rights and limits. */
#include "base/mem.h"
#include "base/warn.h"
#include "oci/spec_read.h"

#include <json-c/json.h>
#include <linux/ioprio.h>
#include <linux/sched.h>
#include <string.h>

/* The last id means "leave it as it is" to chown(2) and setresuid(2). */
static int check_id(const struct json_at *object, const char *key, uint32_t id, struct err *err)
{
	struct json_at at = json_member(object, key);
	return id != UINT32_MAX ? 0 : json_err(&at, err, "%u is not an id", id);
}

static int read_user(const struct json_at *process, struct spec_user *user, struct err *err)
{
	struct json_at object, list;
	uint32_t umask = 0;
	int got = json_get_object(process, "user", &object, err);
	if (got <= 0)
		return got;
	if (json_get_uint32(&object, "uid", &user->uid, err) < 0 ||
	    json_get_uint32(&object, "gid", &user->gid, err) < 0 ||
	    check_id(&object, "uid", user->uid, err) < 0 ||
	    check_id(&object, "gid", user->gid, err) < 0)
		return -1;
	got = json_get_uint32(&object, "umask", &umask, err);
	struct json_at umask_at = json_member(&object, "umask");
	if (got < 0 || (got > 0 && umask > 0777))
		return got < 0 ? -1 : json_err(&umask_at, err, "%u is not a umask", umask);
	user->has_umask = got > 0;
	user->umask = umask;

	got = json_get_array(&object, "additionalGids", &list, err);
	for (size_t i = 0, len = got > 0 ? json_len(&list) : 0; i < len; i++) {
		struct json_at item = json_item(&list, i);
		int64_t gid = json_object_is_type(item.value, json_type_int)
				      ? json_object_get_int64(item.value)
				      : -1;
		if (gid < 0 || gid >= UINT32_MAX)
			return json_err(&item, err, "expected a group id");
		user->additional_gids = spec_grow(user->additional_gids, &user->additional_gids_len,
						  sizeof(gid_t));
		user->additional_gids[i] = (gid_t)gid;
	}
	return got < 0 ? -1 : 0;
}

static int read_cap_set(const struct json_at *caps, const char *key, uint64_t *out, struct err *err)
{
	AUTO(struct strv, strv_done) names = { 0 };
	if (json_get_strv(caps, key, &names, err) < 0)
		return -1;
	for (size_t i = 0; i < names.len; i++) {
		int cap = caps_by_name(names.items[i]);
		/* config.md, "process.capabilities": what the kernel cannot know is a warning. */
		if (cap < 0)
			warn_say("process.capabilities.%s: unknown capability %.64s ignored", key,
				 names.items[i]);
		else
			*out |= UINT64_C(1) << cap;
	}
	return 0;
}

static int read_caps(const struct json_at *process, struct caps *caps, struct err *err)
{
	struct json_at object;
	int got = json_get_object(process, "capabilities", &object, err);
	if (got <= 0)
		return got;
	return read_cap_set(&object, "bounding", &caps->bounding, err) < 0 ||
			       read_cap_set(&object, "effective", &caps->effective, err) < 0 ||
			       read_cap_set(&object, "permitted", &caps->permitted, err) < 0 ||
			       read_cap_set(&object, "inheritable", &caps->inheritable, err) < 0 ||
			       read_cap_set(&object, "ambient", &caps->ambient, err) < 0
		       ? -1
		       : 0;
}

static int read_rlimit(const struct json_at *item, struct spec *spec, struct err *err)
{
	struct spec_process *process = &spec->process;
	struct rlimit_entry entry = { 0 };
	AUTO_FREE char *type = NULL;
	if (json_need(json_get_str(item, "type", &type, err), item, "type", err) < 0 ||
	    json_need(json_get_uint64(item, "soft", &entry.soft, err), item, "soft", err) < 0 ||
	    json_need(json_get_uint64(item, "hard", &entry.hard, err), item, "hard", err) < 0)
		return -1;
	entry.resource = strncmp(type, "RLIMIT_", 7) == 0 ? rlimit_by_name(type) : -1;
	if (entry.resource < 0)
		return json_err(item, err, "unknown resource limit %.64s", type);
	if (entry.soft > entry.hard)
		return json_err(item, err, "the soft limit is above the hard one");
	for (size_t i = 0; i < process->rlimits_len; i++)
		if (process->rlimits[i].resource == entry.resource)
			return json_err(item, err, "%s is there twice", type);
	process->rlimits = spec_grow(process->rlimits, &process->rlimits_len, sizeof(entry));
	process->rlimits[process->rlimits_len - 1] = entry;
	return 0;
}

static const struct spec_word sched_policies[] = {
	{ "SCHED_OTHER", SCHED_NORMAL },
	{ "SCHED_FIFO", SCHED_FIFO },
	{ "SCHED_RR", SCHED_RR },
	{ "SCHED_BATCH", SCHED_BATCH },
	{ "SCHED_ISO", 4 }, /* reserved since ever: the kernel refuses it */
	{ "SCHED_IDLE", SCHED_IDLE },
	{ "SCHED_DEADLINE", SCHED_DEADLINE },
	{ NULL, 0 },
};

static const struct spec_word sched_flags[] = {
	{ "SCHED_FLAG_RESET_ON_FORK", SCHED_FLAG_RESET_ON_FORK },
	{ "SCHED_FLAG_RECLAIM", SCHED_FLAG_RECLAIM },
	{ "SCHED_FLAG_DL_OVERRUN", SCHED_FLAG_DL_OVERRUN },
	{ "SCHED_FLAG_KEEP_POLICY", SCHED_FLAG_KEEP_POLICY },
	{ "SCHED_FLAG_KEEP_PARAMS", SCHED_FLAG_KEEP_PARAMS },
	{ "SCHED_FLAG_UTIL_CLAMP_MIN", SCHED_FLAG_UTIL_CLAMP_MIN },
	{ "SCHED_FLAG_UTIL_CLAMP_MAX", SCHED_FLAG_UTIL_CLAMP_MAX },
	{ NULL, 0 },
};

static int read_int32(const struct json_at *object, const char *key, int32_t *out, struct err *err)
{
	int64_t value = 0;
	int got = json_get_int64(object, key, &value, err);
	if (got <= 0)
		return got;
	struct json_at at = json_member(object, key);
	if (value < INT32_MIN || value > INT32_MAX)
		return json_err(&at, err, "out of range");
	*out = (int32_t)value;
	return 1;
}

static int read_scheduler(const struct json_at *process, struct sched_policy *out, struct err *err)
{
	struct json_at object, flags;
	uint64_t policy = 0;
	int got = json_get_object(process, "scheduler", &object, err);
	if (got <= 0)
		return got;
	if (json_need(spec_read_word(&object, "policy", sched_policies, &policy, err), &object,
		      "policy", err) < 0 ||
	    read_int32(&object, "nice", &out->nice, err) < 0 ||
	    read_int32(&object, "priority", &out->priority, err) < 0 ||
	    json_get_uint64(&object, "runtime", &out->runtime_ns, err) < 0 ||
	    json_get_uint64(&object, "deadline", &out->deadline_ns, err) < 0 ||
	    json_get_uint64(&object, "period", &out->period_ns, err) < 0)
		return -1;
	got = json_get_array(&object, "flags", &flags, err);
	for (size_t i = 0, len = got > 0 ? json_len(&flags) : 0; i < len; i++) {
		struct json_at item = json_item(&flags, i);
		uint64_t flag = 0;
		if (spec_find_word(&item, sched_flags, &flag, err) < 0)
			return -1;
		out->flags |= flag;
	}
	out->policy = (uint32_t)policy;
	out->is_set = true;
	return got < 0 ? -1 : 0;
}

static int read_ioprio(const struct json_at *process, struct sched_ioprio *out, struct err *err)
{
	static const struct spec_word classes[] = {
		{ "IOPRIO_CLASS_RT", IOPRIO_CLASS_RT },
		{ "IOPRIO_CLASS_BE", IOPRIO_CLASS_BE },
		{ "IOPRIO_CLASS_IDLE", IOPRIO_CLASS_IDLE },
		{ NULL, 0 },
	};
	struct json_at object;
	uint64_t class = 0;
	int32_t level = 0;
	int got = json_get_object(process, "ioPriority", &object, err);
	if (got <= 0)
		return got;
	if (json_need(spec_read_word(&object, "class", classes, &class, err), &object, "class",
		      err) < 0 ||
	    read_int32(&object, "priority", &level, err) < 0)
		return -1;
	struct json_at at = json_member(&object, "priority");
	if (level < 0 || level > 7)
		return json_err(&at, err, "%d is not between 0 and 7", level);
	*out = (struct sched_ioprio){ .is_set = true, .class = (int)class, .level = level };
	return 0;
}

static int read_oom_score(const struct json_at *process, struct spec_process *out, struct err *err)
{
	int32_t score = 0;
	int got = read_int32(process, "oomScoreAdj", &score, err);
	if (got <= 0)
		return got;
	struct json_at at = json_member(process, "oomScoreAdj");
	if (score < -1000 || score > 1000)
		return json_err(&at, err, "%d is not between -1000 and 1000", score);
	out->has_oom_score_adj = true;
	out->oom_score_adj = score;
	return 0;
}

static int read_console_size(const struct json_at *process, struct spec_process *out,
			     struct err *err)
{
	struct json_at object;
	uint32_t height = 0, width = 0;
	int got = json_get_object(process, "consoleSize", &object, err);
	if (got <= 0)
		return got;
	if (json_get_uint32(&object, "height", &height, err) < 0 ||
	    json_get_uint32(&object, "width", &width, err) < 0)
		return -1;
	if (height > UINT16_MAX || width > UINT16_MAX)
		return json_err(&object, err, "larger than a terminal can be");
	out->console_rows = (uint16_t)height;
	out->console_columns = (uint16_t)width;
	return 0;
}

int spec_read_process(const struct json_at *process, struct spec *spec, struct err *err)
{
	struct spec_process *out = &spec->process;
	if (json_get_bool(process, "terminal", &out->terminal, err) < 0 ||
	    read_console_size(process, out, err) < 0 || read_user(process, &out->user, err) < 0 ||
	    json_need(json_get_strv(process, "args", &out->args, err), process, "args", err) < 0 ||
	    json_get_strv(process, "env", &out->env, err) < 0 ||
	    json_need(spec_read_path(process, "cwd", &out->cwd, err), process, "cwd", err) < 0 ||
	    read_caps(process, &out->caps, err) < 0 ||
	    spec_read_each(process, "rlimits", read_rlimit, spec, err) < 0 ||
	    json_get_bool(process, "noNewPrivileges", &out->no_new_privileges, err) < 0 ||
	    json_get_str(process, "apparmorProfile", &out->apparmor_profile, err) < 0 ||
	    json_get_str(process, "selinuxLabel", &out->selinux_label, err) < 0 ||
	    read_oom_score(process, out, err) < 0 ||
	    read_scheduler(process, &out->scheduler, err) < 0 ||
	    read_ioprio(process, &out->ioprio, err) < 0 ||
	    spec_read_exec_affinity(process, out, err) < 0)
		return -1;
	struct json_at args = json_member(process, "args");
	if (out->args.len == 0 || out->args.items[0][0] == '\0')
		return json_err(&args, err, "nothing to run");
	return 0;
}
