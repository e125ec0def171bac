/* SPDX-License-Identifier: Apache-2.0 */
/*
 * checkpoint: CRIU saves the processes of a container, and they end; or go on, as they do after a
 * failure. Then the container is taken away as by delete.
 */
#include "runtime/bundle/verbs.h"

#include "base/mem.h"
#include "base/warn.h"
#include "kernel/cgroup/layout.h"
#include "runtime/bundle/criu_options.h"
#include "runtime/bundle/notify.h"
#include "runtime/checkpoint/criu.h"
#include "runtime/checkpoint/mounts.h"
#include "runtime/checkpoint/request.h"
#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOG_NAME "dump.log"

struct dump {
	const struct checkpoint_options *options;
	struct record record;
	struct bundle bundle;
	struct criu criu;
	struct images images;
	struct cgroup_layout layout;
	struct cgroup cgroup;
	bool has_cgroup;
	int pidfd; /* of the first process: its number is its own as long as we hold it */
	int status_fd;
};

static int check_status(struct dump *self, struct err *err)
{
	enum bundle_status status;
	if (record_status(&self->record, NULL, &status, &self->pidfd, err) < 0)
		return -1;
	if (status == BUNDLE_RUNNING || status == BUNDLE_PAUSED)
		return 0;
	return err_set(err, ERR_CONFLICT, "Container cannot be checkpointed in %s state",
		       bundle_status_name(status));
}

static int check_status_fd(struct dump *self, struct err *err)
{
	self->status_fd = self->options->status_fd;
	if (self->status_fd < 0)
		return 0;
	if (!self->options->lazy_pages)
		return err_set(err, ERR_INVALID, "--status-fd is for --lazy-pages");
	int flags = fcntl(self->status_fd, F_GETFL);
	if (flags < 0)
		return err_sys(err, "invalid --status-fd %d", self->status_fd);
	if ((flags & O_ACCMODE) == O_RDONLY)
		return err_set(err, ERR_INVALID, "invalid --status-fd %d: not writable",
			       self->status_fd);
	return 0;
}

static int check_features(struct dump *self, struct err *err)
{
	if (self->options->pre_dump && criu_check_feature(&self->criu, "mem_track", err) < 0)
		return -1;
	return self->options->lazy_pages ? criu_check_feature(&self->criu, "lazy_pages", err) : 0;
}

static int open_cgroup(struct dump *self, struct err *err)
{
	if (self->record.facts.cgroup_path == NULL)
		return 0;
	if (record_open_cgroup(&self->record, &self->layout, &self->cgroup, err) < 0)
		return -1;
	self->has_cgroup = true;
	return 0;
}

static int prepare(struct dump *self, const struct bundle_home *home, const char *id,
		   struct err *err)
{
	if (record_open(home->state_path, id, true, &self->record, err) < 0 ||
	    check_status(self, err) < 0 || check_status_fd(self, err) < 0 ||
	    criu_options_check_rights(&home->rights, err) < 0 ||
	    bundle_reopen(&self->record, &self->bundle, err) < 0 ||
	    checkpoint_check_mounts(&self->bundle.spec, err) < 0 ||
	    criu_find(self->options->criu, &self->criu, err) < 0 || check_features(self, err) < 0)
		return -1;
	return images_open(self->options, true, &self->images, err) < 0 ? -1
									: open_cgroup(self, err);
}

/* --- the request --- */

/* Frozen as a whole, nothing changes while CRIU looks for the processes one by one. */
static void add_freezer(const struct dump *self, struct strv *request)
{
	int index = self->has_cgroup ? cgroup_layout_find_v1(&self->layout, "freezer") : -1;
	if (index < 0 && self->has_cgroup)
		index = cgroup_layout_find_v2(&self->layout);
	if (index < 0 || self->cgroup.dir_fds[index] < 0)
		return;
	AUTO_FREE char *path = mem_printf("%s%s", self->layout.hierarchies[index].mount_path,
					  self->cgroup.path);
	request_add_text(request, "freeze_cgroup", path);
}

/* Namespaces that the container joined are somebody else's: they are named, not saved. */
static int add_namespaces(const struct dump *self, struct strv *request, struct err *err)
{
	for (int type = 0; type < NS_COUNT; type++) {
		const char *path = self->bundle.spec.namespaces[type].path;
		const char *key = criu_options_namespace_key((enum ns_type)type);
		struct stat st;
		if (path == NULL || key == NULL)
			continue;
		if (stat(path, &st) < 0)
			return err_sys(err, "%s namespace %s", ns_info((enum ns_type)type)->name,
				       path);
		AUTO_FREE char *text = mem_printf("%s[%llu]:%s", ns_info((enum ns_type)type)->proc,
						  (unsigned long long)st.st_ino, key);
		request_add_text(request, "external", text);
	}
	return 0;
}

static int add_mounts(const struct dump *self, struct strv *request, struct err *err)
{
	char path[64];
	snprintf(path, sizeof(path), "/proc/%d/root", (int)self->record.facts.init.pid);
	AUTO_FD root_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root_fd < 0)
		return err_sys(err, "root of container %s", self->record.id);
	/* Not in the configuration: we have added it. */
	AUTO_FREE char *notify = notify_directory(&self->record, false, NULL);
	if (notify != NULL)
		request_add_mount(request, NOTIFY_INSIDE, NOTIFY_INSIDE);
	return checkpoint_name_mounts(&self->bundle.spec, root_fd,
				      self->has_cgroup ? &self->cgroup : NULL, request, err);
}

static int make_request(const struct dump *self, struct strv *request, struct err *err)
{
	const struct checkpoint_options *options = self->options;
	request_begin(request, options->pre_dump ? CRIU_VERB_PRE_DUMP : CRIU_VERB_DUMP);
	criu_options_add(options, &self->images, &self->bundle.spec, request);
	request_add_text(request, "log_file", LOG_NAME);
	request_add_text(request, "root", self->bundle.spec.root_path);
	request_add_int(request, "pid", self->record.facts.init.pid);
	request_add_flag(request, "leave_running", options->leave_running);
	if (options->parent_path != NULL) {
		request_add_text(request, "parent_img", options->parent_path);
		request_add_flag(request, "track_mem", true);
	}
	if (options->page_server != NULL) {
		char port[16];
		snprintf(port, sizeof(port), "%u", options->page_server_port);
		request_add_pair(request, "ps", options->page_server, port);
	}
	add_freezer(self, request);
	if (add_namespaces(self, request, err) < 0)
		return -1;
	/* A pre-dump is memory alone. */
	return options->pre_dump ? 0 : add_mounts(self, request, err);
}

/* --- the dump --- */

static int on_note(void *context, const struct criu_event *event, int *fd UNUSED,
		   struct err *err UNUSED)
{
	struct dump *self = context;
	if (strcmp(event->note, "status-ready") != 0)
		return 0;
	/* From here on it takes as long as somebody takes to ask for the pages, or for ever:
	 * whoever wants to delete the container may. */
	record_unlock(&self->record);
	if (self->status_fd < 0)
		return 0;
	if (write(self->status_fd, "", 1) < 0)
		warn_say("--status-fd %d: %s", self->status_fd, strerror(errno));
	fd_close(&self->status_fd);
	return 0;
}

static int save_stdio(const struct dump *self, struct err *err)
{
	AUTO_FREE pid_t *pids = NULL;
	size_t len = 0;
	if (self->has_cgroup && cgroup_pids(&self->cgroup, &pids, &len, err) < 0)
		return -1;
	return images_save_stdio(&self->images, self->record.facts.init.pid, pids, len, err);
}

static int dump(struct dump *self, struct err *err)
{
	AUTO(struct strv, strv_done) request = { 0 };
	struct criu_session session = CRIU_SESSION_INIT;
	struct criu_event event;
	AUTO_FD null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null_fd < 0)
		return err_sys(err, "open /dev/null");
	if (make_request(self, &request, err) < 0)
		return -1;
	if (!self->options->pre_dump && save_stdio(self, err) < 0)
		return -1;
	const int fds[] = { null_fd, null_fd, null_fd };
	const struct criu_start start = { .fds = fds, .fds_len = ARRAY_LEN(fds), .is_apart = true };
	if (criu_session_begin(&self->criu, &start, &session, err) < 0)
		return -1;
	int result = criu_session_ask(&session, &request, on_note, self, &event, err);
	criu_session_end(&session);
	return result == 0 ? 0 : images_explain(&self->images, self->options, LOG_NAME, err);
}

static void done(struct dump *self)
{
	if (self->has_cgroup)
		cgroup_done(&self->cgroup);
	fd_close(&self->pidfd);
	images_close(&self->images);
	criu_done(&self->criu);
	bundle_done(&self->bundle);
	record_close(&self->record);
}

int bundle_checkpoint(const struct bundle_home *home, const char *id,
		      const struct checkpoint_options *options, struct err *err)
{
	struct dump self = {
		.options = options,
		.record = RECORD_INIT,
		.images = IMAGES_INIT,
		.pidfd = -1,
		.status_fd = -1,
	};
	int result = prepare(&self, home, id, err) < 0 ? -1 : dump(&self, err);
	done(&self);
	if (result < 0)
		return err_context(err, "checkpoint %s", id);
	if (options->leave_running || options->pre_dump)
		return 0;
	return bundle_delete(home, id, true, err);
}
