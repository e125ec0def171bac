/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One worker per job. Directories go over as detached mounts (nosuid, nodev, noexec): the worker
 * can neither leave them nor use what it makes in them. The two things that need real root, device
 * nodes and opaque marks, are done here, below the layer's own directory, on paths in which no
 * symlink is followed. A worker that says something unexpected has failed.
 */
#include "unpack/drive.h"

#include "base/mem.h"
#include "kernel/mount/mount.h"
#include "kernel/union/overlay.h"
#include "sys/fd.h"
#include "sys/process.h"
#include "sys/rooted.h"
#include "sys/sock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define WORKER_ATTRS (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

struct worker {
	const struct unpack_run *run;
	struct process_child child;
	int sock_fd;
	struct unpack_packet packet;
};

/* argv is not const for exec's sake */
static char program_name[] = "onggi-unpack";
static char job_index[] = "index", job_layout[] = "layout", job_embedded[] = "embedded",
	    job_layer[] = "layer", job_archive[] = "archive";

static int detached(int dir_fd, uint64_t attrs, struct err *err)
{
	AUTO_FD fd = mount_clone(dir_fd, "", false, err);
	if (fd < 0 || mount_set_attrs(fd, attrs, 0, false, err) < 0)
		return -1;
	return fd_take(&fd);
}

int unpack_view(int dir_fd, struct err *err)
{
	return detached(dir_fd, WORKER_ATTRS | MOUNT_ATTR_RDONLY, err);
}

static void worker_free(struct worker *worker)
{
	fd_close(&worker->sock_fd);
	fd_close(&worker->child.pidfd);
	free(worker);
}

/* What the worker gets; -1: nothing. */
struct worker_fds {
	int input, output, lower, recipe;
};

static struct worker *worker_start(const struct unpack_run *run, char *const argv[],
				   const struct worker_fds *fds, struct err *err)
{
	int pair[2];
	static char *const envp[] = { NULL };
	AUTO_FD null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null_fd < 0) {
		err_sys(err, "open /dev/null");
		return NULL;
	}
	if (sock_pair(pair, err) < 0)
		return NULL;
	AUTO_FD theirs = pair[1];
	AUTO_FD ours = pair[0];
	struct worker *worker = mem_alloc(1, sizeof(*worker));
	worker->run = run;
	worker->child.pidfd = -1;
	const int all[] = { fds->input, theirs, null_fd, fds->output, fds->lower, fds->recipe };
	int given[ARRAY_LEN(all)];
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		given[i] = all[i] >= 0 ? all[i] : null_fd;
	if (process_spawn(run->worker_path, argv, envp, given, ARRAY_LEN(given), &worker->child,
			  err) < 0) {
		worker->sock_fd = -1;
		worker_free(worker);
		return NULL;
	}
	worker->sock_fd = fd_take(&ours);
	return worker;
}

/* Reap. After a failure the socket is closed first, which ends a worker that still runs. */
static int worker_end(struct worker *worker, int rc, struct err *err)
{
	struct process_exit result = { 0 };
	if (rc < 0)
		fd_close(&worker->sock_fd);
	if (process_wait(worker->child.pidfd, &result, rc == 0 ? err : NULL) < 0)
		rc = -1;
	else if (rc == 0 && (result.is_signaled || result.status != 0))
		rc = err_set(err, ERR_REMOTE, "the unpack worker failed at its end");
	worker_free(worker);
	return rc;
}

/* The next packet that is not progress. */
static int worker_next(struct worker *worker, struct err *err)
{
	for (;;) {
		int rc = packet_recv(worker->sock_fd, &worker->packet, err);
		if (rc < 0)
			return -1;
		if (rc == 0)
			return err_set(err, ERR_REMOTE,
				       "the unpack worker ended without a word (killed?)");
		switch (worker->packet.type) {
		case UNPACK_PROGRESS:
			if (worker->run->progress != NULL)
				worker->run->progress(worker->run->arg, worker->packet.done_bytes);
			continue;
		case UNPACK_ERROR:
			if (err != NULL)
				*err = worker->packet.error;
			return err_is_set(&worker->packet.error)
				       ? -1
				       : err_set(err, ERR_REMOTE, "the unpack worker failed");
		default:
			return (int)worker->packet.type;
		}
	}
}

static int unexpected(int type, struct err *err)
{
	return type < 0 ? -1
			: err_set(err, ERR_REMOTE,
				  "the unpack worker said something unexpected (%d)", type);
}

/* --- index --- */

static void image_done(struct unpack_image *image)
{
	free(image->config);
	strv_done(&image->names);
	free(image->layers);
}

void unpack_plan_done(struct unpack_plan *plan)
{
	for (size_t i = 0; i < plan->len; i++)
		image_done(&plan->images[i]);
	free(plan->images);
	memset(plan, 0, sizeof(*plan));
}

static int take_packet(struct unpack_plan *plan, int type, const struct unpack_packet *packet,
		       struct err *err)
{
	struct unpack_image *image = plan->len > 0 ? &plan->images[plan->len - 1] : NULL;
	if (type == UNPACK_IMAGE && plan->len < UNPACK_IMAGES_MAX) {
		plan->images = mem_realloc(plan->images, (plan->len + 1) * sizeof(*plan->images));
		memset(&plan->images[plan->len++], 0, sizeof(*plan->images));
		return 0;
	}
	if (type == UNPACK_CONFIG && image != NULL &&
	    image->config_len + packet->len <= UNPACK_CONFIG_MAX) {
		image->config = mem_realloc(image->config, image->config_len + packet->len + 1);
		memcpy(image->config + image->config_len, packet->data, packet->len);
		image->config_len += packet->len;
		return 0;
	}
	if (type == UNPACK_NAME && image != NULL && image->names.len < UNPACK_NAMES_MAX) {
		strv_add(&image->names, packet->data);
		return 0;
	}
	if (type == UNPACK_LAYER && image != NULL && image->layers_len < UNPACK_LAYERS_MAX) {
		image->layers = mem_realloc(image->layers,
					    (image->layers_len + 1) * sizeof(*image->layers));
		image->layers[image->layers_len++] = packet->layer;
		return 0;
	}
	return unexpected(type, err);
}

/* What the worker says about layers is used for paths and keys: only real digests pass. */
static int check_plan(const struct unpack_plan *plan, struct err *err)
{
	for (size_t i = 0; i < plan->len; i++)
		for (size_t l = 0; l < plan->images[i].layers_len; l++) {
			const struct unpack_layer_ref *ref = &plan->images[i].layers[l];
			size_t digest_len = strspn(ref->digest, "0123456789abcdef");
			bool has_digest = digest_len == DIGEST_HEX_LEN;
			if (strspn(ref->diff_id, "0123456789abcdef") != DIGEST_HEX_LEN ||
			    (!has_digest && (ref->digest[0] != '\0' || ref->is_blob_file)))
				return unexpected(UNPACK_LAYER, err);
		}
	return 0;
}

int unpack_index(const struct unpack_run *run, int archive_fd, int spool_fd, bool is_layout,
		 struct unpack_plan *out, struct err *err)
{
	char *argv[] = { program_name, is_layout ? job_layout : job_index, NULL };
	AUTO(struct unpack_plan, unpack_plan_done) plan = { 0 };
	AUTO_FD view_fd = -1;
	if (is_layout && (view_fd = unpack_view(archive_fd, err)) < 0)
		return -1;
	struct worker_fds fds = { is_layout ? view_fd : archive_fd, spool_fd, -1, -1 };
	struct worker *worker = worker_start(run, argv, &fds, err);
	if (worker == NULL)
		return -1;
	int rc = 0, type = 0;
	while (rc == 0 && (type = worker_next(worker, err)) > 0 && type != UNPACK_END)
		rc = take_packet(&plan, type, &worker->packet, err);
	rc = worker_end(worker, type < 0 ? -1 : rc, err);
	if (rc < 0 || check_plan(&plan, err) < 0)
		return -1;
	*out = plan;
	memset(&plan, 0, sizeof(plan));
	return 0;
}

int unpack_embedded(const struct unpack_run *run, int spool_fd, struct err *err)
{
	char *argv[] = { program_name, job_embedded, NULL };
	struct worker_fds fds = { -1, spool_fd, -1, -1 };
	struct worker *worker = worker_start(run, argv, &fds, err);
	if (worker == NULL)
		return -1;
	int type = worker_next(worker, err);
	return worker_end(worker, type == UNPACK_END ? 0 : unexpected(type, err), err);
}

/* --- layer --- */

static int make_device(int parent_fd, const char *name, const struct unpack_device *d,
		       struct err *err)
{
	mode_t type = d->is_block ? S_IFBLK : S_IFCHR;
	struct timespec mtime = { .tv_sec = d->mtime_sec, .tv_nsec = d->mtime_nsec };
	struct timespec times[2] = { mtime, mtime };
	mode_t mode = d->mode & 07777;
	if (mknodat(parent_fd, name, type | 0600, makedev(d->major, d->minor)) < 0)
		return err_sys(err, "make the device node");
	/* The name is a node we have just made, in a directory that only this job changes; a
	 * worker gone bad could swap it for a link, so nothing here follows one. */
	AUTO_FD fd = openat(parent_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0 || (st.st_mode & S_IFMT) != type)
		return err_set(err, ERR_REMOTE, "the device node is not what we made");
	if (fchownat(fd, "", d->uid, d->gid, AT_EMPTY_PATH) < 0 ||
	    chmod(fd_proc_path(fd).text, mode) < 0 ||
	    utimensat(parent_fd, name, times, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(err, "set owner, mode and time of the device node");
	return 0;
}

static int answer(int dir_fd, int type, const struct unpack_packet *packet, struct err *err)
{
	AUTO_FREE char *path = mem_strdup(packet->data);
	char *slash = strrchr(path, '/');
	const char *name = slash != NULL ? slash + 1 : path;
	if (type == UNPACK_OPAQUE) {
		AUTO_FD fd = rooted_open_nosymlink(dir_fd, path, O_RDONLY | O_DIRECTORY, 0, err);
		return fd < 0 ? -1 : overlay_make_opaque(fd, false, err);
	}
	if (name[0] == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return err_set(err, ERR_REMOTE, "a device node without a name");
	if (slash != NULL)
		*slash = '\0';
	AUTO_FD parent_fd = rooted_open_nosymlink(dir_fd, slash != NULL ? path : "",
						  O_RDONLY | O_DIRECTORY, 0, err);
	return parent_fd < 0 ? -1 : make_device(parent_fd, name, &packet->device, err);
}

static int reply(struct worker *worker, int dir_fd, int type, struct err *err)
{
	struct err answered = { 0 };
	answer(dir_fd, type, &worker->packet, &answered);
	worker->packet.type = UNPACK_REPLY;
	worker->packet.len = 0;
	worker->packet.error = answered;
	return packet_send(worker->sock_fd, &worker->packet, err);
}

static int run_layer(struct worker *worker, int dir_fd, struct unpack_totals *out, struct err *err)
{
	for (;;) {
		int type = worker_next(worker, err);
		if (type == UNPACK_END) {
			*out = worker->packet.totals;
			return 0;
		}
		if (type != UNPACK_DEVICE && type != UNPACK_OPAQUE)
			return unexpected(type, err);
		if (reply(worker, dir_fd, type, err) < 0)
			return -1;
	}
}

int unpack_layer(const struct unpack_run *run, const struct unpack_layer *layer,
		 struct unpack_totals *out, struct err *err)
{
	char offset[24] = "-", length[24] = "-", diff_id[DIGEST_HEX_SIZE] = "-",
	     digest[DIGEST_HEX_SIZE] = "-", lower[2] = "-";
	char *argv[] = { program_name, job_layer, offset, length, diff_id, digest, lower, NULL };
	if (layer->is_region) {
		snprintf(offset, sizeof(offset), "%llu", (unsigned long long)layer->offset);
		snprintf(length, sizeof(length), "%llu", (unsigned long long)layer->length);
	}
	if (layer->diff_id != NULL)
		snprintf(diff_id, sizeof(diff_id), "%s", layer->diff_id);
	if (layer->digest != NULL)
		snprintf(digest, sizeof(digest), "%s", layer->digest);
	lower[0] = layer->lower_fd >= 0 ? '+' : '-';
	AUTO_FD dir_fd = detached(layer->dir_fd, WORKER_ATTRS, err);
	if (dir_fd < 0)
		return -1;
	struct worker_fds fds = { layer->blob_fd, dir_fd, layer->lower_fd, layer->recipe_fd };
	struct worker *worker = worker_start(run, argv, &fds, err);
	if (worker == NULL)
		return -1;
	struct unpack_totals totals;
	int rc = worker_end(worker, run_layer(worker, layer->dir_fd, &totals, err), err);
	if (rc < 0)
		return -1;
	if (layer->diff_id != NULL ? strcmp(totals.diff_id, layer->diff_id) != 0
				   : strspn(totals.diff_id, "0123456789abcdef") != DIGEST_HEX_LEN)
		return unexpected(UNPACK_END, err);
	*out = totals;
	return 0;
}

/* --- archive --- */

struct unpack_archive {
	struct worker *worker;
	int out_fd;
};

struct unpack_archive *unpack_archive_open(const struct unpack_run *run, int recipe_fd, int dir_fd,
					   int spool_fd, struct err *err)
{
	char *argv[] = { program_name, job_archive, NULL };
	int pipe_fds[2];
	AUTO_FD view_fd = unpack_view(dir_fd, err);
	if (view_fd < 0)
		return NULL;
	if (pipe2(pipe_fds, O_CLOEXEC) < 0) {
		err_sys(err, "make a pipe");
		return NULL;
	}
	AUTO_FD theirs = pipe_fds[1];
	AUTO_FD ours = pipe_fds[0];
	struct worker_fds fds = { recipe_fd, theirs, view_fd, spool_fd };
	struct worker *worker = worker_start(run, argv, &fds, err);
	if (worker == NULL)
		return NULL;
	struct unpack_archive *archive = mem_alloc(1, sizeof(*archive));
	archive->worker = worker;
	archive->out_fd = fd_take(&ours);
	return archive;
}

ssize_t unpack_archive_read(struct unpack_archive *archive, void *out, size_t len, struct err *err)
{
	ssize_t n;
	do {
		n = read(archive->out_fd, out, len);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? err_sys(err, "read from the unpack worker") : n;
}

int unpack_archive_close(struct unpack_archive *archive, bool is_complete, struct err *err)
{
	int rc = -1;
	fd_close(&archive->out_fd);
	if (is_complete) {
		int type = worker_next(archive->worker, err);
		rc = type == UNPACK_END ? 0 : unexpected(type, err);
	}
	rc = worker_end(archive->worker, rc, err);
	free(archive);
	return rc;
}
