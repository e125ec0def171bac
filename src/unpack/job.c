/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A layer that is being filled, as the engine attends to it, beside others. Directories go over as
 * detached mounts (nosuid, nodev, noexec): the worker can neither leave them nor use what it makes
 * in them. What needs real root (device nodes, opaque marks) is done here, below the layer's own
 * directory, on paths in which no symlink is followed; what needs the layers below is looked up
 * here too, and answered when they are complete.
 */
#include "base/mem.h"
#include "kernel/mount/mount.h"
#include "kernel/union/overlay.h"
#include "sys/fd.h"
#include "sys/rooted.h"
#include "unpack/below.h"
#include "unpack/worker_link.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define WORKER_ATTRS (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

struct unpack_job {
	struct unpack_run run;
	struct worker *worker;
	int dir_fd;                      /* owned */
	int lower_fd;                    /* owned; -1: none, or not there yet */
	bool has_lower, waits, has_said; /* lower layers exist; it asks for them; all is done */
	char diff_id[DIGEST_HEX_SIZE];   /* that it must have; "": any */
	struct unpack_totals totals;
};

static char job_layer[] = "layer";

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

static int reply(struct unpack_job *job, int fd, const struct err *error, struct err *err)
{
	struct unpack_packet *packet = &job->worker->packet;
	packet->type = UNPACK_REPLY;
	packet->len = 0;
	packet->error = *error;
	return packet_send(job->worker->sock_fd, packet, fd, err);
}

static int reply_below(struct unpack_job *job, struct err *err)
{
	struct err error = { 0 };
	AUTO_FD fd = -1;
	below_open(job->lower_fd, job->worker->packet.data, &fd, &error);
	job->waits = false;
	return reply(job, fd, &error, err);
}

static int check_totals(const struct unpack_job *job, const struct unpack_totals *totals,
			struct err *err)
{
	bool is_good = job->diff_id[0] != '\0'
			       ? strcmp(totals->diff_id, job->diff_id) == 0
			       : strspn(totals->diff_id, "0123456789abcdef") == DIGEST_HEX_LEN;
	return is_good ? 0 : worker_unexpected(UNPACK_END, err);
}

static int attend(struct unpack_job *job, struct err *err)
{
	struct err error = { 0 };
	int type = worker_take(job->worker, err);
	switch (type) {
	case 0:
		return 0;
	case UNPACK_END:
		job->totals = job->worker->packet.totals;
		job->has_said = true;
		return check_totals(job, &job->totals, err);
	case UNPACK_DEVICE:
	case UNPACK_OPAQUE:
		answer(job->dir_fd, type, &job->worker->packet, &error);
		return reply(job, -1, &error, err);
	case UNPACK_BELOW:
		if (!job->has_lower)
			return worker_unexpected(type, err);
		job->waits = true;
		return job->lower_fd >= 0 ? reply_below(job, err) : 0;
	default:
		return worker_unexpected(type, err);
	}
}

/* It says nothing and hears nothing now; but it may die. */
static int attend_waiting(const struct unpack_job *job, struct err *err)
{
	struct pollfd hangup = { .fd = job->worker->sock_fd };
	if (poll(&hangup, 1, 0) > 0 && (hangup.revents & (POLLHUP | POLLERR)) != 0)
		return err_set(err, ERR_REMOTE,
			       "the unpack worker ended while it waited (killed?)");
	return 0;
}

int unpack_job_step(struct unpack_job *job, struct err *err)
{
	struct pollfd ready = unpack_job_pollfd(job);
	if (job->waits)
		return attend_waiting(job, err);
	if (poll(&ready, 1, 0) <= 0)
		return 0;
	if (!job->has_said)
		return attend(job, err);
	int rc = worker_end(ptr_take(&job->worker), 0, err);
	return rc < 0 ? -1 : 1;
}

struct pollfd unpack_job_pollfd(const struct unpack_job *job)
{
	if (job->worker == NULL)
		return (struct pollfd){ .fd = -1 };
	return (struct pollfd){
		.fd = job->has_said ? job->worker->child.pidfd : job->worker->sock_fd,
		.events = job->waits ? 0 : POLLIN,
	};
}

bool unpack_job_waits(const struct unpack_job *job)
{
	return job->waits;
}

int unpack_job_show_below(struct unpack_job *job, int lower_fd, struct err *err)
{
	int fd = fcntl(lower_fd, F_DUPFD_CLOEXEC, 3);
	if (fd < 0)
		return err_sys(err, "duplicate a descriptor");
	fd_close(&job->lower_fd);
	job->lower_fd = fd;
	return job->waits ? reply_below(job, err) : 0;
}

const struct unpack_totals *unpack_job_totals(const struct unpack_job *job)
{
	return &job->totals;
}

void unpack_job_free(struct unpack_job *job)
{
	if (job == NULL)
		return;
	if (job->worker != NULL)
		worker_end(job->worker, -1, NULL);
	fd_close(&job->dir_fd);
	fd_close(&job->lower_fd);
	free(job);
}

/* A worker that does not take our answers must not hold us up. */
static int unblock(int fd, struct err *err)
{
	int flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return err_sys(err, "prepare a socket");
	return 0;
}

static int start(struct unpack_job *job, const struct unpack_layer *layer, struct err *err)
{
	char offset[24] = "-", length[24] = "-", diff_id[DIGEST_HEX_SIZE] = "-",
	     digest[DIGEST_HEX_SIZE] = "-", lower[] = { job->has_lower ? '+' : '-', '\0' };
	char *argv[] = {
		worker_program_name, job_layer, offset, length, diff_id, digest, lower, NULL
	};
	if (layer->is_region) {
		snprintf(offset, sizeof(offset), "%llu", (unsigned long long)layer->offset);
		snprintf(length, sizeof(length), "%llu", (unsigned long long)layer->length);
	}
	if (layer->diff_id != NULL)
		snprintf(diff_id, sizeof(diff_id), "%s", layer->diff_id);
	if (layer->digest != NULL)
		snprintf(digest, sizeof(digest), "%s", layer->digest);
	AUTO_FD dir_fd = detached(layer->dir_fd, WORKER_ATTRS, err);
	if (dir_fd < 0)
		return -1;
	struct worker_fds fds = { layer->blob_fd, dir_fd, -1, layer->recipe_fd };
	job->worker = worker_start(&job->run, argv, &fds, err);
	return job->worker != NULL ? unblock(job->worker->sock_fd, err) : -1;
}

struct unpack_job *unpack_job_start(const struct unpack_run *run, const struct unpack_layer *layer,
				    struct err *err)
{
	struct unpack_job *job = mem_alloc(1, sizeof(*job));
	job->run = *run;
	job->dir_fd = fcntl(layer->dir_fd, F_DUPFD_CLOEXEC, 3);
	job->lower_fd = layer->lower_fd >= 0 ? fcntl(layer->lower_fd, F_DUPFD_CLOEXEC, 3) : -1;
	job->has_lower = layer->lower_fd >= 0 || layer->has_lower_later;
	if (layer->diff_id != NULL)
		snprintf(job->diff_id, sizeof(job->diff_id), "%s", layer->diff_id);
	if (job->dir_fd < 0 || (layer->lower_fd >= 0 && job->lower_fd < 0)) {
		err_sys(err, "duplicate a descriptor");
	} else if (start(job, layer, err) == 0) {
		return job;
	}
	unpack_job_free(job);
	return NULL;
}

int unpack_layer(const struct unpack_run *run, const struct unpack_layer *layer,
		 struct unpack_totals *out, struct err *err)
{
	int rc;
	struct unpack_job *job = unpack_job_start(run, layer, err);
	if (job == NULL)
		return -1;
	while ((rc = unpack_job_step(job, err)) == 0) {
		struct pollfd ready = unpack_job_pollfd(job);
		poll(&ready, 1, -1);
	}
	if (rc > 0)
		*out = job->totals;
	unpack_job_free(job);
	return rc > 0 ? 0 : -1;
}
