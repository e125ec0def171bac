/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The jobs that read archives or put them together. What the worker says is checked here before
 * anybody sees it.
 */
#include "unpack/drive.h"

#include "base/mem.h"
#include "sys/fd.h"
#include "unpack/worker_link.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* argv is not const for exec's sake */
static char job_index[] = "index", job_layout[] = "layout", job_embedded[] = "embedded",
	    job_archive[] = "archive";

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
	return worker_unexpected(type, err);
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
				return worker_unexpected(UNPACK_LAYER, err);
		}
	return 0;
}

int unpack_index(const struct unpack_run *run, int archive_fd, int spool_fd, bool is_layout,
		 struct unpack_plan *out, struct err *err)
{
	char *argv[] = { worker_program_name, is_layout ? job_layout : job_index, NULL };
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
	char *argv[] = { worker_program_name, job_embedded, NULL };
	struct worker_fds fds = { -1, spool_fd, -1, -1 };
	struct worker *worker = worker_start(run, argv, &fds, err);
	if (worker == NULL)
		return -1;
	int type = worker_next(worker, err);
	return worker_end(worker, type == UNPACK_END ? 0 : worker_unexpected(type, err), err);
}

/* --- archive --- */

struct unpack_archive {
	struct worker *worker;
	int out_fd;
};

struct unpack_archive *unpack_archive_open(const struct unpack_run *run, int recipe_fd, int dir_fd,
					   int spool_fd, struct err *err)
{
	char *argv[] = { worker_program_name, job_archive, NULL };
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
		rc = type == UNPACK_END ? 0 : worker_unexpected(type, err);
	}
	rc = worker_end(archive->worker, rc, err);
	free(archive);
	return rc;
}
