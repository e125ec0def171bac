/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Images in: archives and root file system tarballs. The bytes are parsed by the unpack worker. */
#include "base/err.h"
#include "base/strv.h"
#include "oci/image_config.h"

struct engine;

struct load_result {
	struct strv names; /* "Loaded image: NAME"; an image without a name gives "sha256:..." */
};
void load_result_done(struct load_result *result);

/** Called while it works: `what` is a layer's short digest or a phase; totals 0 when unknown. */
typedef void load_progress(void *arg, const char *what, uint64_t done_bytes, uint64_t total_bytes);

/**
 * Load a docker-archive, an OCI archive (tar, plain or gzip/zstd compressed) from `archive_fd`
 * (a file or a pipe), or an OCI layout directory (fd of a directory). Several images may be in it.
 */
int engine_load(struct engine *engine, int archive_fd, load_progress *progress, void *arg,
		struct load_result *out, struct err *err);

/**
 * Import a root file system tarball as a one-layer image with this config (diff_ids are filled in
 * here). `name` may be NULL.
 */
int engine_import(struct engine *engine, int archive_fd, const struct image_config *config,
		  const char *name, char out_id[65], struct err *err);

/** The image built into the worker: loaded at its first use. Name: "onggi/jar". */
#define ENGINE_EMBEDDED_IMAGE "docker.io/onggi/jar:latest"
int engine_load_embedded(struct engine *engine, struct err *err);
