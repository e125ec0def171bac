/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/draft.h"

#include "base/id.h"
#include "base/mem.h"
#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *hidden_name(const char *name)
{
	char id[ID_SIZE];
	id_new(id);
	return mem_printf(".%.200s.new-%.*s", name, ID_SHORT_LEN, id);
}

static int open_dir(const char *path, struct draft *draft, struct err *err)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash == NULL ? 0 : slash == path ? 1 : (size_t)(slash - path);
	AUTO_FREE char *dir = len > 0 ? mem_strndup(path, len) : mem_strdup(".");
	draft->name = mem_strdup(slash != NULL ? slash + 1 : path);
	draft->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return draft->dir_fd >= 0 ? 0 : err_sys(err, "open the directory of %s", path);
}

static int open_nameless(struct draft *draft, mode_t mode, struct err *err)
{
	draft->fd = openat(draft->dir_fd, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, mode);
	if (draft->fd >= 0)
		return 0;
	if (errno != EOPNOTSUPP && errno != EISDIR)
		return err_sys(err, "create %s", draft->path);
	draft->own_name = hidden_name(draft->name);
	draft->fd = openat(draft->dir_fd, draft->own_name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
			   mode);
	return draft->fd >= 0 ? 0 : err_sys(err, "create %s", draft->path);
}

int draft_open(const char *path, mode_t mode, struct draft *out, struct err *err)
{
	struct stat st;
	AUTO(struct draft, draft_done) draft = DRAFT_INIT;
	draft.path = mem_strdup(path);
	bool is_there = stat(path, &st) == 0;
	if (is_there && !S_ISREG(st.st_mode)) {
		draft.fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
		if (draft.fd < 0)
			return err_sys(err, "open %s", path);
	} else if (open_dir(path, &draft, err) < 0 || open_nameless(&draft, mode, err) < 0) {
		return -1;
	}
	*out = draft;
	draft = (struct draft)DRAFT_INIT;
	return 0;
}

/* A file without a name gets one beside the right one, which the rename then replaces. */
static int give_name(struct draft *draft, struct err *err)
{
	AUTO_FREE char *hidden = hidden_name(draft->name);
	if (linkat(AT_FDCWD, fd_proc_path(draft->fd).text, draft->dir_fd, hidden,
		   AT_SYMLINK_FOLLOW) < 0)
		return err_sys(err, "name %s", draft->path);
	draft->own_name = ptr_take(&hidden);
	return 0;
}

int draft_commit(struct draft *draft, struct err *err)
{
	if (draft->name == NULL)
		return 0;
	if (fsync(draft->fd) < 0)
		return err_sys(err, "write %s to disk", draft->path);
	if (draft->own_name == NULL && give_name(draft, err) < 0)
		return -1;
	if (renameat(draft->dir_fd, draft->own_name, draft->dir_fd, draft->name) < 0)
		return err_sys(err, "name %s", draft->path);
	free(ptr_take(&draft->own_name));
	return fsync(draft->dir_fd) == 0 ? 0 : err_sys(err, "write %s to disk", draft->path);
}

void draft_done(struct draft *draft)
{
	if (draft->own_name != NULL)
		unlinkat(draft->dir_fd, draft->own_name, 0);
	fd_close(&draft->fd);
	fd_close(&draft->dir_fd);
	free(draft->path);
	free(draft->name);
	free(draft->own_name);
	*draft = (struct draft)DRAFT_INIT;
}
