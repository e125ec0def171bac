/* SPDX-License-Identifier: Apache-2.0 */
/* Files of a checkpoint beside those of CRIU. Their names and form are runc's. */
#include "runtime/checkpoint/images.h"

#include "base/buf.h"
#include "base/json.h"
#include "base/json_write.h"
#include "base/mem.h"
#include "kernel/mount/mount.h"
#include "kernel/ns/ns.h"
#include "runtime/checkpoint/criu.h"
#include "sys/fd.h"
#include "sys/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STDIO_FILE   "descriptors.json"
#define STDIO_COUNT  3
#define PIPE_PREFIX  "pipe:"
#define STDIO_MAX    65536
#define LINK_MAX_LEN 4096

void images_close(struct images *images)
{
	fd_close(&images->image_fd);
	fd_close(&images->work_fd);
}

/* With its parents; only root may look inside: memory of the container is there. */
static int make_dirs(const char *path, struct err *err)
{
	AUTO_FREE char *part = mem_strdup(path);
	for (char *at = part + 1;; at++) {
		char was = *at;
		if (was != '/' && was != '\0')
			continue;
		*at = '\0';
		if (mkdir(part, 0700) < 0 && errno != EEXIST)
			return err_sys(err, "make directory %s", part);
		*at = was;
		if (was == '\0')
			return 0;
	}
}

static int open_dir(const char *path, struct err *err)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd >= 0 ? fd : err_sys(err, "open directory %s", path);
}

static int enter(int fd, pid_t pid, struct err *err)
{
	char path[LINK_MAX_LEN];
	ssize_t n = readlink(fd_proc_path(fd).text, path, sizeof(path) - 1);
	if (n < 0)
		return err_sys(err, "find a directory of the checkpoint");
	path[n] = '\0';
	AUTO_FREE char *inside = mem_printf("/proc/%d/root%s", (int)pid, path);
	AUTO_FD inside_fd = open_dir(inside, err);
	if (inside_fd < 0)
		return -1;
	return dup3(inside_fd, fd, O_CLOEXEC) < 0 ? err_sys(err, "place a descriptor") : 0;
}

int images_enter(const struct images *images, pid_t pid, struct err *err)
{
	if (!images->is_mapped && enter(images->image_fd, pid, err) < 0)
		return -1;
	return images->work_fd >= 0 ? enter(images->work_fd, pid, err) : 0;
}

void images_map_root(struct images *images, uid_t uid, gid_t gid)
{
	const struct ns_id_map uids = { .inside = 0, .outside = uid, .count = 1 };
	const struct ns_id_map gids = { .inside = 0, .outside = gid, .count = 1 };
	AUTO_FD userns_fd = ns_open_user_with_maps(&uids, 1, &gids, 1, NULL);
	AUTO_FD mapped_fd = mount_clone(images->image_fd, "", false, NULL);
	if (userns_fd < 0 || mapped_fd < 0 ||
	    mount_set_idmap(mapped_fd, userns_fd, false, NULL) < 0)
		return;
	/* Nobody who writes there has an id that it knows: CRIU's log has to be elsewhere. */
	if (images->work_fd < 0)
		images->work_fd = fd_take(&images->image_fd);
	fd_close(&images->image_fd);
	images->image_fd = fd_take(&mapped_fd);
	images->is_mapped = true;
}

/* CRIU makes a link with this text in the directory of the images. */
static int check_parent(const struct images *images, const char *parent_path, struct err *err)
{
	struct stat st;
	if (parent_path[0] == '/')
		return err_set(err, ERR_INVALID,
			       "--parent-path %s must be relative to the image path", parent_path);
	if (fstatat(images->image_fd, parent_path, &st, 0) < 0)
		return err_sys(err, "invalid --parent-path %s", parent_path);
	if (!S_ISDIR(st.st_mode))
		return err_set(err, ERR_INVALID, "invalid --parent-path %s: not a directory",
			       parent_path);
	return 0;
}

int images_open(const struct checkpoint_options *options, bool makes, struct images *out,
		struct err *err)
{
	AUTO(struct images, images_close) images = IMAGES_INIT;
	if (makes && make_dirs(options->image_path, err) < 0)
		return err_context(err, "--image-path");
	images.image_fd = open_dir(options->image_path, err);
	if (images.image_fd < 0)
		return err_context(err, "--image-path");
	if (options->work_path != NULL) {
		if (mkdir(options->work_path, 0700) < 0 && errno != EEXIST)
			return err_sys(err, "--work-path: make directory %s", options->work_path);
		images.work_fd = open_dir(options->work_path, err);
		if (images.work_fd < 0)
			return err_context(err, "--work-path");
	}
	if (options->parent_path != NULL && check_parent(&images, options->parent_path, err) < 0)
		return -1;
	*out = images;
	images = (struct images)IMAGES_INIT;
	return 0;
}

int images_explain(const struct images *images, const struct checkpoint_options *options,
		   const char *log_name, struct err *err)
{
	bool has_work = images->work_fd >= 0;
	if (err == NULL || err->kind != ERR_REMOTE)
		return -1;
	AUTO_FREE char *line = criu_log_error(has_work ? images->work_fd : images->image_fd,
					      log_name);
	if (line != NULL)
		err_set(err, ERR_REMOTE, "CRIU: %s", line);
	return err_hint(err, "%s/%s has more; \"criu check\" tells what this kernel lacks",
			options->work_path != NULL ? options->work_path : options->image_path,
			log_name);
}

struct pipe_end {
	const char *link; /* "pipe:[123]" */
	bool is_writable;
};

/* What a descriptor of a process refers to. The link's permissions say how it is open. Source:
 * proc_pid_fd(5) */
static bool is_other_end(int fds_fd, const char *name, const struct pipe_end *end)
{
	char link[LINK_MAX_LEN];
	struct stat st;
	ssize_t n = readlinkat(fds_fd, name, link, sizeof(link) - 1);
	if (n < 0 || fstatat(fds_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return false;
	link[n] = '\0';
	return strcmp(link, end->link) == 0 &&
	       (st.st_mode & (end->is_writable ? S_IRUSR : S_IWUSR)) != 0;
}

static bool has_other_end(pid_t pid, const struct pipe_end *end)
{
	AUTO_FREE char *path = mem_printf("/proc/%d/fd", (int)pid);
	DIR *fds = opendir(path);
	bool has = false;
	if (fds == NULL)
		return false;
	for (const struct dirent *entry; !has && (entry = readdir(fds)) != NULL;)
		has = is_other_end(dirfd(fds), entry->d_name, end);
	closedir(fds);
	return has;
}

static bool is_of_container(const struct pipe_end *end, const pid_t *pids, size_t len)
{
	if (strncmp(end->link, PIPE_PREFIX, strlen(PIPE_PREFIX)) != 0)
		return false;
	for (size_t i = 0; i < len; i++)
		if (has_other_end(pids[i], end))
			return true;
	return false;
}

int images_save_stdio(const struct images *images, pid_t pid, const pid_t *pids, size_t pids_len,
		      struct err *err)
{
	AUTO(struct buf, buf_done) text = { 0 };
	AUTO(struct strv, strv_done) links = { 0 };
	for (int fd = 0; fd < STDIO_COUNT; fd++) {
		char path[64], link[LINK_MAX_LEN];
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)pid, fd);
		ssize_t n = readlink(path, link, sizeof(link) - 1);
		if (n < 0 && errno != ENOENT)
			return err_sys(err, "read %s", path);
		link[n > 0 ? n : 0] = '\0';
		struct stat st = { 0 };
		(void)lstat(path, &st);
		struct pipe_end end = { link, (st.st_mode & S_IWUSR) != 0 };
		strv_add(&links, is_of_container(&end, pids, pids_len) ? "" : link);
	}
	buf_add_char(&text, '{');
	json_add_strv(&text, "fds", &links);
	buf_add_char(&text, '}');
	/* The list alone, as runc has it. */
	const char *list = strchr(buf_str(&text), '[');
	return file_replace(images->image_fd, STDIO_FILE, list, strlen(list) - 1, 0600,
			    FILE_VOLATILE, err);
}

int images_read_stdio(const struct images *images, struct strv *out, struct err *err)
{
	AUTO(struct buf, buf_done) list = { 0 };
	AUTO(struct buf, buf_done) text = { 0 };
	AUTO(struct strv, strv_done) links = { 0 };
	AUTO_JSON struct json_object *doc = NULL;
	const struct json_source source = { .what = STDIO_FILE, .max_bytes = STDIO_MAX };
	if (file_read(images->image_fd, STDIO_FILE, STDIO_MAX / 2, &list, err) < 0)
		return err_context(err, "not a checkpoint");
	buf_addf(&text, "{\"fds\":%s}", buf_str(&list));
	if (json_parse_strict(buf_str(&text), text.len, &source, &doc, err) < 0)
		return -1;
	struct json_at root = json_root(doc);
	if (json_get_strv(&root, "fds", &links, err) < 0)
		return err_context(err, STDIO_FILE);
	if (links.len != STDIO_COUNT)
		return err_set(err, ERR_INVALID, STDIO_FILE ": %zu descriptors, not %d", links.len,
			       STDIO_COUNT);
	*out = links;
	links = (struct strv){ 0 };
	return 0;
}
