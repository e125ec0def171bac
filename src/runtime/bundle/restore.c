/* SPDX-License-Identifier: Apache-2.0 */
/*
 * restore: a container's processes from images. CRIU makes namespaces, mounts and processes; of a
 * boot's rows there remain those that concern the host, with CRIU itself in the place of the inner
 * process: what it makes inherits its control group. It works in a mount namespace of its own, so
 * that whatever happens, no mount is left on the host.
 */
#include "runtime/bundle/restore.h"

#include "base/mem.h"
#include "runtime/boot/hooks.h"
#include "runtime/boot/step_functions.h"
#include "runtime/bundle/criu_options.h"
#include "runtime/bundle/document.h"
#include "runtime/bundle/notify.h"
#include "runtime/checkpoint/criu.h"
#include "runtime/checkpoint/mounts.h"
#include "runtime/checkpoint/request.h"
#include "sys/fd.h"
#include "sys/file.h"
#include "sys/process_mark.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOG_NAME        "restore.log"
#define ROOT_NAME       "criu-root" /* beside the record: goes with it */
#define STDIO_COUNT     3
#define INHERITED_MAX   (STDIO_COUNT + NS_COUNT)
#define FIRST_EXTRA_FD  4 /* in CRIU: after its socket */
#define CGROUP_TEXT_MAX 65536

struct restoration {
	struct launch *launch;
	const struct checkpoint_options *options;
	struct criu criu;
	struct images images;
	struct criu_session session;
	struct strv request;
	char *root_place;
	int fds[INHERITED_MAX];
	size_t fds_len;
	int null_fd;
};

int restore_check(const struct launch *launch, struct err *err)
{
	const struct spec *spec = &launch->bundle.spec;
	static const enum ns_type not_joined[] = { NS_CGROUP, NS_TIME, NS_MOUNT };
	if (criu_options_check_rights(&launch->home->rights, err) < 0 ||
	    checkpoint_check_mounts(spec, err) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(not_joined); i++)
		if (spec->namespaces[not_joined[i]].path != NULL)
			return err_set(err, ERR_UNSUPPORTED,
				       "CRIU cannot restore into the %s namespace of others",
				       ns_info(not_joined[i])->name);
	return 0;
}

/* --- what CRIU starts with --- */

static int prepare_root(void *context, struct err *err)
{
	const struct restoration *self = context;
	return checkpoint_make_root(&self->launch->bundle.spec, self->root_place, err);
}

static int make_root_place(struct restoration *self, struct err *err)
{
	const struct record *record = &self->launch->record;
	if (mkdirat(record->dir_fd, ROOT_NAME, 0755) < 0)
		return err_sys(err, "make directory " ROOT_NAME " beside the record");
	/* CRIU opens it by this path. */
	char dir[4096];
	ssize_t n = readlink(fd_proc_path(record->dir_fd).text, dir, sizeof(dir) - 1);
	if (n < 0)
		return err_sys(err, "find the directory of the record");
	dir[n] = '\0';
	self->root_place = mem_printf("%s/" ROOT_NAME, dir);
	return 0;
}

/* The container's ends of input and output; with a terminal CRIU makes one, and has none itself. */
static int choose_stdio(struct restoration *self, struct err *err)
{
	struct launch *launch = self->launch;
	const struct stdio_options wanted = {
		.tty = launch->bundle.spec.process.terminal,
		.is_direct = launch->is_alone,
		.interactive = true,
		.attach_stdout = true,
		.attach_stderr = true,
	};
	if (stdio_open(&launch->stdio, &wanted, err) < 0)
		return -1;
	self->null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (self->null_fd < 0)
		return err_sys(err, "open /dev/null");
	for (int i = 0; i < STDIO_COUNT; i++)
		self->fds[self->fds_len++] = wanted.tty ? self->null_fd
							: launch->stdio.payload_fds[i];
	return 0;
}

static int add_stdio(struct restoration *self, struct err *err)
{
	AUTO(struct strv, strv_done) links = { 0 };
	if (images_read_stdio(&self->images, &links, err) < 0)
		return -1;
	for (size_t i = 0; i < links.len; i++) {
		char fd[24];
		snprintf(fd, sizeof(fd), "%zu", i);
		if (strncmp(links.items[i], "pipe:", strlen("pipe:")) == 0)
			request_add_pair(&self->request, "inherit_fd", links.items[i], fd);
	}
	return 0;
}

/* Net and pid namespaces are handed over open, by the name they have in the images; the others are
 * joined by path. */
static int add_namespaces(struct restoration *self, struct err *err)
{
	const struct boot *boot = &self->launch->boot;
	for (int i = 0; i < NS_COUNT; i++) {
		enum ns_type type = (enum ns_type)i;
		const char *path = boot->spec->namespaces[type].path;
		const char *key = criu_options_namespace_key(type);
		if (path == NULL)
			continue;
		if (key == NULL) {
			request_add_pair(&self->request, "join_ns", ns_info(type)->proc, path);
			continue;
		}
		self->launch->boot.ns_fds[type] = ns_open(type, path, err);
		if (boot->ns_fds[type] < 0)
			return -1;
		char fd[24];
		snprintf(fd, sizeof(fd), "%zu", self->fds_len - STDIO_COUNT + FIRST_EXTRA_FD);
		request_add_pair(&self->request, "inherit_fd", key, fd);
		self->fds[self->fds_len++] = boot->ns_fds[type];
	}
	return 0;
}

/* --- its control group --- */

static int place(struct restoration *self, struct err *err)
{
	struct boot *boot = &self->launch->boot;
	const struct spec *spec = boot->spec;
	bool has_unit = boot->plan->options->scope != NULL;
	if (spec->has_cgroup) {
		if (has_unit ? parent_make_scope(boot, NULL, err) < 0
			     : parent_make_cgroup(boot, NULL, err) < 0)
			return -1;
		if (cgroup_join_pid(&boot->cgroup, boot->pid, err) < 0)
			return -1;
	}
	return spec->rdt.is_set ? parent_place_in_class(boot, NULL, err) : 0;
}

/* In each hierarchy what was the container's group in the images becomes the one CRIU is in. */
static int add_cgroup_roots(struct restoration *self, pid_t pid, struct err *err)
{
	AUTO(struct buf, buf_done) text = { 0 };
	AUTO(struct strv, strv_done) lines = { 0 };
	AUTO_FREE char *path = mem_printf("/proc/%d/cgroup", (int)pid);
	if (file_read(AT_FDCWD, path, CGROUP_TEXT_MAX, &text, err) < 0)
		return -1;
	strv_split(&lines, buf_str(&text), '\n');
	for (size_t i = 0; i < lines.len; i++) {
		/* "4:memory:/path"; of v2 "0::/path" */
		char *controllers = strchr(lines.items[i], ':');
		char *group = controllers != NULL ? strchr(controllers + 1, ':') : NULL;
		if (group == NULL)
			continue;
		*group = '\0';
		request_add_pair(&self->request, "cg_root", controllers + 1, group + 1);
	}
	return 0;
}

/* --- what CRIU says meanwhile --- */

static int run_hooks(struct launch *launch, pid_t pid, struct err *err)
{
	static const enum spec_hook_point points[] = { SPEC_HOOK_PRESTART,
						       SPEC_HOOK_CREATE_RUNTIME };
	for (size_t i = 0; i < ARRAY_LEN(points); i++) {
		if (launch->bundle.spec.hooks[points[i]].len == 0)
			continue;
		AUTO_FREE char *state = document_of(&launch->record, "creating", pid);
		if (hooks_run(&launch->bundle.spec, points[i], state, err) < 0)
			return -1;
	}
	return 0;
}

static int on_namespaces(struct launch *launch, pid_t pid, struct err *err)
{
	struct boot *boot = &launch->boot;
	boot->pid = pid;
	if (boot->spec->net_devices_len > 0 && parent_move_net_devices(boot, NULL, err) < 0)
		return -1;
	return run_hooks(launch, pid, err);
}

/* It is our child, and waits for our word: its number is its own. */
static int on_restored(struct launch *launch, pid_t pid, struct err *err)
{
	struct boot *boot = &launch->boot;
	struct process_mark mark;
	boot->pid = pid;
	if (process_mark_take(pid, &mark, err) < 0)
		return -1;
	if (process_mark_open(&mark, &boot->pidfd, err) <= 0)
		return err_set(err, ERR_REMOTE, "the first process has ended");
	/* Not before: CRIU was in that group as well, and opens devices that it may not need. */
	if (boot->has_cgroup && parent_set_limits(boot, NULL, err) < 0)
		return -1;
	const struct boot_options *options = boot->plan->options;
	if (options->record == NULL)
		return 0;
	return options->record(options->record_context, pid, boot->pidfd, err);
}

static int on_note(void *context, const struct criu_event *event, int *fd, struct err *err)
{
	struct restoration *self = context;
	struct launch *launch = self->launch;
	if (strcmp(event->note, "orphan-pts-master") == 0 && *fd >= 0) {
		fd_close(&launch->boot.console_fd);
		launch->boot.console_fd = fd_take(fd);
		return 0;
	}
	if (strcmp(event->note, "setup-namespaces") == 0)
		return on_namespaces(launch, event->pid, err);
	return strcmp(event->note, "post-restore") == 0 ? on_restored(launch, event->pid, err) : 0;
}

/* A socket for a service manager's sake is in a directory of the record. Whether the images have it
 * is not known: a name too many does no harm. */
static int add_notify(struct restoration *self, struct err *err)
{
	AUTO_FREE char *directory = notify_directory(&self->launch->record, true, err);
	if (directory == NULL)
		return -1;
	request_add_mount(&self->request, NOTIFY_INSIDE, directory);
	return 0;
}

/* --- all of it --- */

static int make_request(struct restoration *self, struct err *err)
{
	const struct checkpoint_options *options = self->options;
	struct boot *boot = &self->launch->boot;
	struct strv *request = &self->request;
	request_begin(request, CRIU_VERB_RESTORE);
	criu_options_add(options, &self->images, boot->spec, request);
	request_add_text(request, "log_file", LOG_NAME);
	request_add_text(request, "root", self->root_place);
	request_add_flag(request, "rst_sibling", true);
	request_add_flag(request, "evasive_devices", true);
	request_add_text(request, "lsm_profile", options->lsm_profile);
	request_add_text(request, "lsm_mount_context", options->lsm_mount_context);
	return add_stdio(self, err) < 0 || add_notify(self, err) < 0 ? -1
								     : add_namespaces(self, err);
}

static int converse(struct restoration *self, struct err *err)
{
	struct boot *boot = &self->launch->boot;
	struct criu_event event;
	/* CRIU stands for the first process until that is there. */
	boot->pid = self->session.pid;
	int placed = place(self, err);
	boot->pid = 0;
	if (placed < 0 || images_enter(&self->images, self->session.pid, err) < 0 ||
	    add_cgroup_roots(self, self->session.pid, err) < 0 ||
	    checkpoint_find_mounts(boot->spec, boot->has_cgroup ? &boot->cgroup : NULL,
				   &self->request, err) < 0)
		return -1;
	if (criu_session_ask(&self->session, &self->request, on_note, self, &event, err) < 0)
		return self->session.is_refused
			       ? -1
			       : images_explain(&self->images, self->options, LOG_NAME, err);
	if (boot->pidfd < 0)
		return err_set(err, ERR_REMOTE, "CRIU did not say which process it restored");
	return 0;
}

static void map_images(struct restoration *self)
{
	const struct spec *spec = &self->launch->bundle.spec;
	const struct spec_namespace *user_ns = &spec->namespaces[NS_USER];
	uint32_t uid, gid;
	if (user_ns->is_used && user_ns->path == NULL &&
	    ns_map_id(spec->uid_maps, spec->uid_maps_len, 0, &uid) &&
	    ns_map_id(spec->gid_maps, spec->gid_maps_len, 0, &gid) && uid != 0)
		images_map_root(&self->images, uid, gid);
}

static int perform(struct restoration *self, struct err *err)
{
	if (images_open(self->options, false, &self->images, err) < 0 ||
	    criu_find(self->options->criu, &self->criu, err) < 0)
		return -1;
	if (self->options->lazy_pages && criu_check_feature(&self->criu, "lazy_pages", err) < 0)
		return -1;
	map_images(self);
	if (make_root_place(self, err) < 0 || choose_stdio(self, err) < 0 ||
	    make_request(self, err) < 0)
		return -1;
	const struct criu_start start = {
		.fds = self->fds,
		.fds_len = self->fds_len,
		.prepare = prepare_root,
		.context = self,
	};
	if (criu_session_begin(&self->criu, &start, &self->session, err) < 0)
		return -1;
	int result = converse(self, err);
	criu_session_end(&self->session);
	return result;
}

int restore(struct launch *launch, struct err *err)
{
	struct restoration self = {
		.launch = launch,
		.options = launch->options->restore,
		.images = IMAGES_INIT,
		.session = CRIU_SESSION_INIT,
		.null_fd = -1,
	};
	int result = perform(&self, err);
	if (self.root_place != NULL)
		unlinkat(launch->record.dir_fd, ROOT_NAME, AT_REMOVEDIR);
	fd_close(&self.null_fd);
	strv_done(&self.request);
	free(self.root_place);
	images_close(&self.images);
	criu_done(&self.criu);
	return result;
}
