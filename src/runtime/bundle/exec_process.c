/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/bundle/exec_process.h"

#include "base/mem.h"
#include "oci/spec_parse.h"
#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

static int read_file(const char *path, struct spec *spec, struct err *err)
{
	AUTO(struct buf, buf_done) text = { 0 };
	AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, "open the process file %s", path);
	if (fd_read_all(fd, SPEC_JSON_MAX, path, &text, err) < 0)
		return -1;
	return spec_parse_process(buf_str(&text), text.len, spec, err);
}

static int parse_id(const char *text, const char *option, uint32_t *out, struct err *err)
{
	uint64_t value = 0;
	const char *at = text;
	for (; *at >= '0' && *at <= '9' && value <= UINT32_MAX; at++)
		value = value * 10 + (uint64_t)(*at - '0');
	if (at == text || *at != '\0' || value >= UINT32_MAX)
		return err_set(err, ERR_INVALID, "%s: \"%.64s\" is no id: 0 to 4294967294", option,
			       text);
	*out = (uint32_t)value;
	return 0;
}

/* "uid[:gid]" */
static int set_user(const char *text, struct spec_user *user, struct err *err)
{
	const char *colon = strchr(text, ':');
	AUTO_FREE char *uid = colon != NULL ? mem_strndup(text, (size_t)(colon - text))
					    : mem_strdup(text);
	uint32_t uid_value = 0, gid_value = user->gid;
	if (parse_id(uid, "--user", &uid_value, err) < 0 ||
	    (colon != NULL && parse_id(colon + 1, "--user", &gid_value, err) < 0))
		return -1;
	user->uid = uid_value;
	user->gid = gid_value;
	return 0;
}

static int add_groups(const struct strv *texts, struct spec_user *user, struct err *err)
{
	for (size_t i = 0; i < texts->len; i++) {
		uint32_t gid = 0;
		if (parse_id(texts->items[i], "--additional-gids", &gid, err) < 0)
			return -1;
		user->additional_gids = spec_grow(user->additional_gids, &user->additional_gids_len,
						  sizeof(gid_t));
		user->additional_gids[user->additional_gids_len - 1] = gid;
	}
	return 0;
}

/* Effective and permitted for a root process, ambient for any other, which needs inheritable. */
static int add_caps(const struct strv *names, struct spec_process *process, struct err *err)
{
	struct caps *caps = &process->caps;
	for (size_t i = 0; i < names->len; i++) {
		int cap = caps_by_name(names->items[i]);
		if (cap < 0)
			return err_set(err, ERR_INVALID, "--cap: unknown capability \"%.64s\"",
				       names->items[i]);
		uint64_t bit = UINT64_C(1) << cap;
		caps->bounding |= bit;
		caps->effective |= bit;
		caps->permitted |= bit;
		caps->ambient |= caps->inheritable & bit;
	}
	return 0;
}

static void replace(char **text, const char *with)
{
	if (with == NULL || with[0] == '\0')
		return;
	free(*text);
	*text = mem_strdup(with);
}

static int change(const struct bundle_exec_options *options, struct spec_process *process,
		  struct err *err)
{
	if (options->args.len == 0)
		return err_set(err, ERR_INVALID, "process args cannot be empty");
	strv_done(&process->args);
	strv_add_all(&process->args, &options->args);
	replace(&process->cwd, options->cwd);
	replace(&process->apparmor_profile, options->apparmor);
	replace(&process->selinux_label, options->process_label);
	for (size_t i = 0; i < options->env.len; i++)
		strv_env_set(&process->env, options->env.items[i]);
	process->terminal = options->tty;
	if (options->has_no_new_privs)
		process->no_new_privileges = options->no_new_privs;
	if (process->cwd[0] != '/')
		return err_set(err, ERR_INVALID, "--cwd: Cwd must be an absolute path");
	if (options->user != NULL && set_user(options->user, &process->user, err) < 0)
		return -1;
	if (add_groups(&options->additional_gids, &process->user, err) < 0)
		return -1;
	return add_caps(&options->caps, process, err);
}

int exec_process_change(const struct bundle_exec_options *options, struct spec *spec,
			struct err *err)
{
	if (options->process_json != NULL) {
		if (read_file(options->process_json, spec, err) < 0)
			return -1;
		spec->process.has_caps = true;
		return 0;
	}
	return change(options, &spec->process, err);
}
