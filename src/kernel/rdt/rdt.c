/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Classes of service in resctrl. A class or a monitoring group is a directory that the kernel
 * fills with files; a task is in one class, and in at most one of its monitoring groups.
 */
#include "kernel/rdt/rdt.h"

#include "base/mem.h"
#include "kernel/rdt/schemata.h"
#include "sys/fd.h"
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SCHEMATA_MAX_BYTES 65536

void rdt_done(struct rdt *rdt)
{
	free(rdt->class_id);
	free(rdt->group_id);
	free(rdt->l3_schema);
	free(rdt->memory_schema);
	strv_done(&rdt->schemata);
	memset(rdt, 0, sizeof(*rdt));
}

static bool has_text(const char *text)
{
	return text != NULL && text[0] != '\0';
}

static bool has_schemas(const struct rdt *rdt)
{
	return has_text(rdt->l3_schema) || has_text(rdt->memory_schema) || rdt->schemata.len > 0;
}

static bool is_root_class(const struct rdt *rdt)
{
	return strcmp(rdt->class_id, "/") == 0;
}

int rdt_check(const struct rdt *rdt, struct err *err)
{
	/* resctrl's own directories are no classes. */
	static const char *const taken[] = { ".", "..", "info", "mon_groups", "mon_data" };
	const char *id = rdt->class_id;
	if (id != NULL && strcmp(id, "/") != 0 && (id[0] == '\0' || strpbrk(id, "/\n") != NULL))
		return err_set(err, ERR_INVALID, "closID \"%.64s\" is not the name of a class", id);
	for (size_t i = 0; id != NULL && i < ARRAY_LEN(taken); i++)
		if (strcmp(id, taken[i]) == 0)
			return err_set(err, ERR_INVALID, "closID %s is not a class", id);
	if (has_text(rdt->memory_schema) && (strncmp(rdt->memory_schema, "MB:", 3) != 0 ||
					     strchr(rdt->memory_schema, '\n') != NULL))
		return err_set(err, ERR_INVALID, "memBwSchema is not one line \"MB:...\"");
	return 0;
}

int rdt_open(struct err *err)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	if (mounts == NULL)
		return err_sys(err, "read /proc/self/mounts");
	int fd = -1;
	for (struct mntent *entry; fd < 0 && (entry = getmntent(mounts)) != NULL;)
		if (strcmp(entry->mnt_type, "resctrl") == 0)
			fd = open(entry->mnt_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	endmntent(mounts);
	if (fd >= 0)
		return fd;
	err_set(err, ERR_UNSUPPORTED, "no resctrl file system is mounted");
	return err_hint(err, "it needs a processor with RDT or QoS, a kernel with "
			     "CONFIG_X86_CPU_RESCTRL, and: mount -t resctrl resctrl "
			     "/sys/fs/resctrl");
}

/* @return owned fd of a directory `name` that is there or was made now, -1 */
static int make_and_open(int dir_fd, const char *name, bool *out_is_made, struct err *err)
{
	*out_is_made = mkdirat(dir_fd, name, 0755) == 0;
	if (!*out_is_made && errno != EEXIST) {
		err_sys(err, "make the resctrl group %s", name);
		return errno == ENOSPC ? err_hint(err, "the processor has no more classes") : -1;
	}
	int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? err_sys(err, "open the resctrl group %s", name) : fd;
}

static int open_class(int root_fd, const struct rdt *rdt, bool *out_is_made, struct err *err)
{
	*out_is_made = false;
	const char *name = is_root_class(rdt) ? "." : rdt->class_id;
	if (!rdt->is_own_class && !is_root_class(rdt) && !has_schemas(rdt) &&
	    faccessat(root_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return err_set(err, ERR_NOT_FOUND, "resctrl has no class %s", name);
	if (!is_root_class(rdt))
		return make_and_open(root_fd, name, out_is_made, err);
	int fd = openat(root_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_sys(err, "open the root of resctrl") : fd;
}

static int write_schemata(int class_fd, const struct rdt *rdt, bool is_new, struct err *err)
{
	AUTO(struct buf, buf_done) text = { 0 };
	AUTO(struct buf, buf_done) present = { 0 };
	if (!has_schemas(rdt))
		return 0;
	if (!is_new) {
		if (file_read(class_fd, "schemata", SCHEMATA_MAX_BYTES, &present, err) < 0)
			return -1;
		if (!schemata_match(rdt, buf_str(&present)))
			return err_set(err, ERR_CONFLICT,
				       "the class %s is there and has other schemas",
				       rdt->class_id);
		if (rdt->schemata.len == 0)
			return 0;
	}
	schemata_format(rdt, &text);
	return file_write_control(class_fd, "schemata", buf_str(&text), err);
}

static int add_task(int group_fd, pid_t pid, struct err *err)
{
	char number[32];
	snprintf(number, sizeof(number), "%d", (int)pid);
	return file_write_control(group_fd, "tasks", number, err);
}

static int join_monitoring(int class_fd, const struct rdt *rdt, pid_t pid, struct err *err)
{
	bool is_made = false;
	AUTO_FD groups_fd = openat(class_fd, "mon_groups", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (groups_fd < 0)
		return errno == ENOENT ? err_set(err, ERR_UNSUPPORTED,
						 "this processor cannot monitor a class")
				       : err_sys(err, "open mon_groups");
	AUTO_FD group_fd = make_and_open(groups_fd, rdt->group_id, &is_made, err);
	return group_fd < 0 ? -1 : add_task(group_fd, pid, err);
}

/* The kernel explains a refused schema in a file of its own. */
static int add_explanation(int root_fd, struct err *err)
{
	AUTO(struct buf, buf_done) text = { 0 };
	if (file_read(root_fd, "info/last_cmd_status", SCHEMATA_MAX_BYTES, &text, NULL) < 0 ||
	    text.len == 0 || strncmp(buf_str(&text), "ok", 2) == 0)
		return -1;
	text.data[strcspn(text.data, "\n")] = '\0';
	return err_hint(err, "the kernel says: %s", text.data);
}

int rdt_place(int root_fd, const struct rdt *rdt, pid_t pid, struct err *err)
{
	bool is_made = false;
	AUTO_FD class_fd = open_class(root_fd, rdt, &is_made, err);
	if (class_fd < 0)
		return -1;
	if (write_schemata(class_fd, rdt, is_made || is_root_class(rdt) || rdt->is_own_class, err) <
		    0 ||
	    add_task(class_fd, pid, err) < 0 ||
	    (rdt->monitors && join_monitoring(class_fd, rdt, pid, err) < 0)) {
		err_context(err, "resctrl");
		add_explanation(root_fd, err);
		if (is_made)
			unlinkat(root_fd, rdt->class_id, AT_REMOVEDIR);
		return -1;
	}
	return 0;
}

int rdt_join(int root_fd, const struct rdt *rdt, pid_t pid, struct err *err)
{
	const char *name = is_root_class(rdt) ? "." : rdt->class_id;
	AUTO_FD class_fd = openat(root_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (class_fd < 0)
		return err_sys(err, "open the resctrl class %s", name);
	if (add_task(class_fd, pid, err) < 0)
		return err_context(err, "resctrl");
	return rdt->monitors ? join_monitoring(class_fd, rdt, pid, err) : 0;
}

int rdt_update(int root_fd, const struct rdt *rdt, struct err *err)
{
	AUTO(struct buf, buf_done) text = { 0 };
	const char *name = is_root_class(rdt) ? "." : rdt->class_id;
	AUTO_FD class_fd = openat(root_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (class_fd < 0)
		return errno == ENOENT
			       ? err_set(err, ERR_NOT_FOUND, "resctrl has no class %s", name)
			       : err_sys(err, "open the resctrl class %s", name);
	const struct rdt wanted = { .l3_schema = rdt->l3_schema,
				    .memory_schema = rdt->memory_schema };
	schemata_format(&wanted, &text);
	if (file_write_control(class_fd, "schemata", buf_str(&text), err) == 0)
		return 0;
	err_context(err, "resctrl");
	return add_explanation(root_fd, err);
}

char *rdt_own_group(const struct rdt *rdt)
{
	if (!rdt->is_set)
		return NULL;
	if (rdt->is_own_class)
		return mem_strdup(rdt->class_id); /* its monitoring groups go with it */
	if (!rdt->monitors)
		return NULL;
	return mem_printf("%s/mon_groups/%s", is_root_class(rdt) ? "." : rdt->class_id,
			  rdt->group_id);
}

int rdt_remove(int root_fd, const char *own_group, struct err *err)
{
	if (unlinkat(root_fd, own_group, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return err_sys(err, "remove the resctrl group %s", own_group);
	return 0;
}
