/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The engine's side of the worker: starts it, gives it what it may touch, answers what it asks,
 * checks what it says. Parses no archive.
 */
#include "base/err.h"
#include "base/strv.h"
#include "unpack/protocol.h"

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Bytes of the archive read so far, every few MiB. */
typedef void unpack_progress_fn(void *arg, uint64_t done_bytes);

struct unpack_run {
	const char *worker_path;      /* absolute path of onggi-unpack */
	unpack_progress_fn *progress; /* or NULL */
	void *arg;
};

struct unpack_image {
	char *config; /* original bytes, owned */
	size_t config_len;
	struct strv names; /* as the archive has them */
	struct unpack_layer_ref *layers;
	size_t layers_len;
};

struct unpack_plan {
	struct unpack_image *images;
	size_t len;
};
void unpack_plan_done(struct unpack_plan *plan);

/**
 * What is in an archive.
 * @archive_fd  a file, a pipe, or a layout directory (is_layout)
 * @spool_fd    an empty unlinked file for archives that cannot be read in place; -1 with a layout
 */
int unpack_index(const struct unpack_run *run, int archive_fd, int spool_fd, bool is_layout,
		 struct unpack_plan *out, struct err *err);

/** Copy the embedded image (a docker-archive) to an empty file. */
int unpack_embedded(const struct unpack_run *run, int spool_fd, struct err *err);

struct unpack_layer {
	int blob_fd;
	bool is_region; /* offset and length count; else `blob_fd` is read to its end */
	uint64_t offset, length;
	const char *diff_id;  /* hex, must be what comes out; NULL: unknown, and told */
	const char *digest;   /* hex, must be what goes in; NULL: unknown */
	int dir_fd;           /* the directory to fill */
	int lower_fd;         /* read-only tree of the layers below (a mount of its own), or -1 */
	bool has_lower_later; /* there are layers below, which are not complete yet */
	int recipe_fd;        /* an empty file for the recipe; -1: it is dropped */
};

/** Fill one layer, waiting for it. On failure the directory holds a part of it: drop it. */
int unpack_layer(const struct unpack_run *run, const struct unpack_layer *layer,
		 struct unpack_totals *out, struct err *err);

/** A layer that is being filled while the caller attends to others. */
struct unpack_job;

/** Begin. Descriptors of `layer` are the caller's again. @return owned, or NULL */
struct unpack_job *unpack_job_start(const struct unpack_run *run, const struct unpack_layer *layer,
				    struct err *err);

/** What to poll for before the next step. */
struct pollfd unpack_job_pollfd(const struct unpack_job *job);

/**
 * Take what the worker says and answer what it asks, without waiting for it.
 * @return 1 the layer is filled and its digests are good; 0 going on; -1 failed
 */
int unpack_job_step(struct unpack_job *job, struct err *err);

/** Does it stand still until it sees the layers below? Whether and when depends on the archive. */
bool unpack_job_waits(const struct unpack_job *job);

/** The layers below are complete: here they are (as lower_fd; borrowed). Once, at any time. */
int unpack_job_show_below(struct unpack_job *job, int lower_fd, struct err *err);

/** After the last step. Borrowed. */
const struct unpack_totals *unpack_job_totals(const struct unpack_job *job);

/** Stops what still runs, and waits for that. NULL-safe. */
void unpack_job_free(struct unpack_job *job);

/** A read-only view of a directory as a mount of its own, from which ".." leads nowhere. */
int unpack_view(int dir_fd, struct err *err);

/** The archive a layer was unpacked from, put together again by its recipe (unpack/recipe.h). */
struct unpack_archive;

/**
 * Begin.
 * @recipe_fd  of the layer, readable
 * @dir_fd     its directory
 * @spool_fd   an empty file
 * @return owned, or NULL
 */
struct unpack_archive *unpack_archive_open(const struct unpack_run *run, int recipe_fd, int dir_fd,
					   int spool_fd, struct err *err);

/** As read(2): the next bytes; 0 at the end, which is good only if unpack_archive_close says so. */
ssize_t unpack_archive_read(struct unpack_archive *archive, void *out, size_t len, struct err *err);

/** End it. @is_complete  read to its end; else the worker is stopped @return 0, or -1 with what the
 *  worker says went wrong (always -1 unless complete; err is set then only if complete) */
int unpack_archive_close(struct unpack_archive *archive, bool is_complete, struct err *err);
