/* SPDX-License-Identifier: Apache-2.0 */
/* Mount and device options of run: from the text's structs to the engine's. */
#include "base/buf.h"
#include "base/mem.h"
#include "cli/run_input.h"
#include "format/device_flag.h"
#include "format/mount_flag.h"

#include <string.h>
#include <unistd.h>

char *run_absolute_path(const char *path, struct err *err)
{
	if (path[0] == '/')
		return mem_strdup(path);
	AUTO_FREE char *here = getcwd(NULL, 0);
	if (here == NULL) {
		err_sys(err, "find the current directory for %s", path);
		return NULL;
	}
	while (strncmp(path, "./", 2) == 0)
		path += 1 + strspn(path + 1, "/");
	if (strcmp(path, ".") == 0 || path[0] == '\0')
		return ptr_take(&here);
	return mem_printf("%s/%s", strcmp(here, "/") == 0 ? "" : here, path);
}

/* "/a//b/./c/../d/" is "/a/b/d": two names of one place must be seen as such. */
static char *clean_target(const char *path)
{
	AUTO(struct strv, strv_done) words = { 0 };
	AUTO(struct strv, strv_done) kept = { 0 };
	struct buf out = { 0 };
	strv_split(&words, path, '/');
	for (size_t i = 0; i < words.len; i++) {
		const char *word = words.items[i];
		if (strcmp(word, "..") == 0 && kept.len > 0)
			strv_remove(&kept, kept.len - 1);
		else if (word[0] != '\0' && strcmp(word, ".") != 0 && strcmp(word, "..") != 0)
			strv_add(&kept, word);
	}
	for (size_t i = 0; i < kept.len; i++)
		buf_addf(&out, "/%s", kept.items[i]);
	if (out.len == 0)
		buf_add_char(&out, '/');
	return buf_take(&out);
}

/* The SELinux marks of -v ask for a relabel; without SELinux there is nothing to do. */
static int drop_selinux_marks(struct strv *options, struct err *err)
{
	for (size_t i = options->len; i-- > 0;) {
		const char *word = options->items[i];
		if (strcmp(word, "z") != 0 && strcmp(word, "Z") != 0)
			continue;
		if (access("/sys/fs/selinux/enforce", F_OK) == 0)
			return err_set(err, ERR_UNSUPPORTED,
				       "relabelling for SELinux (:%s) is not yet supported", word);
		strv_remove(options, i);
	}
	return 0;
}

/* Consumes `flag`. A later mount on the same target replaces an earlier one, as in Docker an
 * image's is replaced; two from the command line are an error there and here. */
static int mount_take(struct run_options *options, struct mount_flag *flag, bool make_source,
		      struct err *err)
{
	AUTO_FREE char *source = NULL;
	if (flag->source != NULL && (source = run_absolute_path(flag->source, err)) == NULL)
		return -1;
	if (drop_selinux_marks(&flag->options, err) < 0)
		return -1;
	AUTO_FREE char *target = clean_target(flag->target);
	for (size_t i = 0; i < options->mounts_len; i++)
		if (strcmp(options->mounts[i].target, target) == 0)
			return err_set(err, ERR_INVALID, "Duplicate mount point: %s", target);
	struct run_mount *mount = run_array_add(&options->mounts, &options->mounts_len,
						sizeof(*mount));
	mount->type = flag->type == MOUNT_FLAG_BIND ? RUN_MOUNT_BIND : RUN_MOUNT_TMPFS;
	mount->source = ptr_take(&source);
	mount->target = ptr_take(&target);
	mount->is_readonly = flag->is_readonly;
	mount->is_readonly_recursive = flag->is_readonly &&
				       (flag->recursion == MOUNT_RECURSION_DEFAULT ||
					flag->recursion == MOUNT_RECURSION_READONLY);
	mount->is_nonrecursive = flag->recursion == MOUNT_RECURSION_DISABLED;
	mount->make_source = make_source;
	mount->propagation = ptr_take(&flag->propagation);
	if (flag->recursion == MOUNT_RECURSION_READONLY)
		strv_add(&flag->options, "rro"); /* or an error, where "ro" may degrade */
	mount->options = flag->options;
	memset(&flag->options, 0, sizeof(flag->options));
	return 0;
}

int run_set_mount(const struct option_row *row, void *target, const char *value, struct err *err)
{
	AUTO(struct mount_flag, mount_flag_done) flag = { 0 };
	(void)row;
	if (mount_flag_parse(value, &flag, err) < 0)
		return -1;
	return mount_take(&((struct run_input *)target)->options, &flag, false, err);
}

int run_set_volume(const struct option_row *row, void *target, const char *value, struct err *err)
{
	AUTO(struct mount_flag, mount_flag_done) flag = { 0 };
	(void)row;
	if (volume_flag_parse(value, &flag, err) < 0)
		return -1;
	return mount_take(&((struct run_input *)target)->options, &flag, true, err);
}

int run_set_tmpfs(const struct option_row *row, void *target, const char *value, struct err *err)
{
	AUTO(struct mount_flag, mount_flag_done) flag = { 0 };
	(void)row;
	if (tmpfs_flag_parse(value, &flag, err) < 0)
		return -1;
	return mount_take(&((struct run_input *)target)->options, &flag, false, err);
}

int run_set_device(const struct option_row *row, void *target, const char *value, struct err *err)
{
	struct run_options *options = &((struct run_input *)target)->options;
	AUTO(struct device_flag, device_flag_done) flag = { 0 };
	(void)row;
	if (device_flag_parse(value, &flag, err) < 0)
		return -1;
	struct run_device *device = run_array_add(&options->devices, &options->devices_len,
						  sizeof(*device));
	device->source = ptr_take(&flag.source);
	device->target = ptr_take(&flag.target);
	memcpy(device->access, flag.access, sizeof(device->access));
	return 0;
}

int run_set_device_rule(const struct option_row *row, void *target, const char *value,
			struct err *err)
{
	struct run_options *options = &((struct run_input *)target)->options;
	struct device_rule rule;
	(void)row;
	if (device_rule_parse(value, &rule, err) < 0)
		return -1;
	cgroup_limits_add_device(&options->limits, true, rule.type, rule.major, rule.minor,
				 rule.access);
	return 0;
}
