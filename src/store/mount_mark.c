/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which of our marks still mean something is asked of the kernel: a mount's id is used again when
 * it is gone, so that its place has to fit as well. Source: proc_pid_mountinfo(5)
 */
#include "store/mount_mark.h"

#include "base/json.h"
#include "base/json_write.h"
#include "base/mem.h"
#include "store/record.h"
#include "store/scan.h"
#include "sys/fd.h"
#include "sys/file.h"
#include "sys/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MARKS         "mounts"
#define MOUNTINFO_MAX (64u << 20)

void mount_mark_list_done(struct mount_mark_list *list)
{
	for (size_t i = 0; i < list->len; i++)
		free(list->items[i].path);
	free(list->items);
	memset(list, 0, sizeof(*list));
}

static uint64_t own_namespace(void)
{
	struct stat st;
	return stat("/proc/self/ns/mnt", &st) == 0 ? st.st_ino : 0;
}

bool mount_mark_is_here(const struct mount_mark *mark)
{
	return mark->namespace_id == own_namespace();
}

int mount_mark_begin(const struct store *store, struct mount_mark *mark, bool has_place,
		     struct err *err)
{
	char random[ID_SIZE];
	id_new(random);
	snprintf(mark->name, sizeof(mark->name), "%.*s", ID_SHORT_LEN, random);
	AUTO_FREE char *path = mem_printf(MARKS "/%s", mark->name);
	AUTO_FREE char *place = mem_printf("%s/fs", path);
	if ((mkdirat(store->run_fd, MARKS, 0700) < 0 && errno != EEXIST) ||
	    mkdirat(store->run_fd, path, 0700) < 0 ||
	    (has_place && mkdirat(store->run_fd, place, 0700) < 0))
		return err_sys(err, "make the directory %s", path);
	return 0;
}

char *mount_mark_place(const struct store *store, const struct mount_mark *mark)
{
	return mem_printf("%s/" MARKS "/%s/fs", store->run_path, mark->name);
}

int mount_mark_write(const struct store *store, struct mount_mark *mark, struct err *err)
{
	AUTO(struct buf, buf_done) json = { 0 };
	AUTO_FREE char *path = mem_printf(MARKS "/%s", mark->name);
	AUTO_FD dir_fd = openat(store->run_fd, path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir_fd < 0)
		return err_sys(err, "open %s", path);
	mark->namespace_id = own_namespace();
	if (store_boot_id(mark->boot) < 0)
		return err_sys(err, "read the boot id");
	buf_add_char(&json, '{');
	json_add_str(&json, "image", mark->image_id);
	json_add_str(&json, "path", mark->path);
	json_add_uint(&json, "mount", mark->mount_id);
	json_add_uint(&json, "namespace", mark->namespace_id);
	json_add_str(&json, "boot", mark->boot);
	buf_add_char(&json, '}');
	return record_write_alone(dir_fd, "record", &json, err);
}

int mount_mark_remove(const struct store *store, const struct mount_mark *mark, struct err *err)
{
	AUTO_FD marks_fd = openat(store->run_fd, MARKS,
				  O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (marks_fd < 0)
		return err_sys(err, "open " MARKS);
	return tree_remove(marks_fd, mark->name, err);
}

static int read_mark(const struct store *store, const char *name, struct mount_mark *out,
		     struct err *err)
{
	AUTO_JSON struct json_object *doc = NULL;
	AUTO_FREE char *record = mem_printf(MARKS "/%s/record", name);
	AUTO_FREE char *image = NULL, *path = NULL, *boot = NULL;
	struct mount_mark mark = { 0 };
	if (record_read(store->run_fd, record, &doc, err) < 0)
		return -1;
	struct json_at root = json_root(doc);
	if (json_need(json_get_str(&root, "image", &image, err), &root, "image", err) < 0 ||
	    json_need(json_get_str(&root, "path", &path, err), &root, "path", err) < 0 ||
	    json_need(json_get_str(&root, "boot", &boot, err), &root, "boot", err) < 0 ||
	    json_get_uint64(&root, "mount", &mark.mount_id, err) < 0 ||
	    json_get_uint64(&root, "namespace", &mark.namespace_id, err) < 0)
		return -1;
	if (path[0] != '/')
		return err_set(err, ERR_INVALID, "mark %s: its path is not absolute", name);
	snprintf(mark.name, sizeof(mark.name), "%s", name);
	snprintf(mark.image_id, sizeof(mark.image_id), "%s", image);
	snprintf(mark.boot, sizeof(mark.boot), "%s", boot);
	mark.path = ptr_take(&path);
	*out = mark;
	return 0;
}

/* A path as mountinfo has it: blanks and backslashes in octal. */
static void add_escaped(struct buf *out, const char *path)
{
	for (const char *c = path; *c != '\0'; c++) {
		if (strchr(" \t\n\\", *c) != NULL)
			buf_addf(out, "\\%03o", (unsigned)(unsigned char)*c);
		else
			buf_add_char(out, *c);
	}
}

/* "ID PARENT MAJOR:MINOR ROOT PLACE OPTIONS ..." */
static bool has_mount(const char *mountinfo, const struct mount_mark *mark)
{
	AUTO(struct buf, buf_done) place = { 0 };
	add_escaped(&place, mark->path);
	for (const char *line = mountinfo; *line != '\0';) {
		uint64_t id = 0;
		int at = 0;
		if (sscanf(line, "%" SCNu64 " %*u %*s %*s %n", &id, &at) == 1 && at > 0 &&
		    id == mark->mount_id && strncmp(line + at, buf_str(&place), place.len) == 0 &&
		    line[at + (int)place.len] == ' ')
			return true;
		const char *end = strchr(line, '\n');
		if (end == NULL)
			return false;
		line = end + 1;
	}
	return false;
}

struct marks {
	struct mount_mark_list live;
	struct strv stale; /* names */
};

static void marks_done(struct marks *marks)
{
	mount_mark_list_done(&marks->live);
	strv_done(&marks->stale);
}

/* Some process of the mount namespace: "self", or a pid; "" when it has none and so is gone. */
static void find_process(uint64_t namespace_id, char out[32])
{
	struct stat st;
	struct dirent *entry = NULL;
	DIR *proc = namespace_id != own_namespace() ? opendir("/proc") : NULL;
	snprintf(out, 32, "%s", namespace_id == own_namespace() ? "self" : "");
	while (out[0] == '\0' && proc != NULL && (entry = readdir(proc)) != NULL) {
		AUTO_FREE char *path = mem_printf("%.20s/ns/mnt", entry->d_name);
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' &&
		    fstatat(dirfd(proc), path, &st, 0) == 0 && st.st_ino == namespace_id)
			snprintf(out, 32, "%.20s", entry->d_name);
	}
	if (proc != NULL)
		closedir(proc);
}

static bool is_mounted(const struct mount_mark *mark)
{
	char process[32];
	AUTO(struct buf, buf_done) text = { 0 };
	find_process(mark->namespace_id, process);
	if (process[0] == '\0')
		return false;
	AUTO_FREE char *path = mem_printf("/proc/%s/mountinfo", process);
	AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
	/* What cannot be told is taken for mounted: nothing is lost by it. */
	if (fd < 0 || fd_read_all(fd, MOUNTINFO_MAX, "mountinfo", &text, NULL) < 0)
		return errno != ENOENT && errno != ESRCH && errno != EINVAL;
	return has_mount(buf_str(&text), mark);
}

static int read_marks(const struct store *store, struct marks *out, struct err *err)
{
	AUTO(struct strv, strv_done) names = { 0 };
	char boot[STORE_BOOT_ID_SIZE] = "";
	if (scan_names(store->run_fd, MARKS, &names, err) < 0)
		return -1;
	if (names.len == 0)
		return 0;
	if (store_boot_id(boot) < 0)
		return err_sys(err, "read the boot id");
	out->live.items = mem_alloc(names.len, sizeof(*out->live.items));
	for (size_t i = 0; i < names.len; i++) {
		struct mount_mark mark = { 0 };
		bool is_live = read_mark(store, names.items[i], &mark, NULL) == 0 &&
			       strcmp(mark.boot, boot) == 0 && is_mounted(&mark);
		if (is_live) {
			out->live.items[out->live.len++] = mark;
		} else {
			free(mark.path);
			strv_add(&out->stale, names.items[i]);
		}
	}
	return 0;
}

int mount_mark_list(const struct store *store, struct mount_mark_list *out, struct err *err)
{
	AUTO(struct marks, marks_done) marks = { 0 };
	if (read_marks(store, &marks, err) < 0)
		return -1;
	*out = marks.live;
	marks.live = (struct mount_mark_list){ 0 };
	return 0;
}

int mount_mark_sweep(const struct store *store, struct err *err)
{
	AUTO(struct marks, marks_done) seen = { 0 }, marks = { 0 };
	if (read_marks(store, &seen, err) < 0)
		return -1;
	if (seen.stale.len == 0)
		return 0;
	/* A mark is made under the shared lock: now none is half made. */
	AUTO_FD lock_fd = store_lock(store, LOCK_EXCLUSIVE, err);
	if (lock_fd < 0 || read_marks(store, &marks, err) < 0)
		return -1;
	for (size_t i = 0; i < marks.stale.len; i++) {
		struct mount_mark mark = { 0 };
		snprintf(mark.name, sizeof(mark.name), "%s", marks.stale.items[i]);
		if (mount_mark_remove(store, &mark, err) < 0)
			return -1;
	}
	return 0;
}
