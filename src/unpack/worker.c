/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The worker's jobs: index an archive, read a layout, fill a layer, copy the embedded image out.
 * First the sandbox, then the first foreign byte. Speaks to the engine only.
 */
#include "unpack/worker.h"

#include "base/mem.h"
#include "sys/fd.h"
#include "unpack/embedded.h"
#include "unpack/extract.h"
#include "unpack/manifest.h"
#include "unpack/protocol.h"
#include "unpack/sandbox.h"

#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INPUT_FD, CONTROL_FD, STDERR_FD, OUTPUT_FD, LAYER_FD, RECIPE_FD };

#define PROGRESS_STEP (4u << 20)

static struct unpack_packet packet; /* one at a time; too large for the stack of a deep call */

static int send_simple(enum unpack_packet_type type, const void *data, size_t len, struct err *err)
{
	packet.type = type;
	packet.len = (uint32_t)len;
	if (len > 0)
		memcpy(packet.data, data, len);
	return packet_send(CONTROL_FD, &packet, -1, err);
}

static void send_progress(uint64_t done_bytes)
{
	static uint64_t said;
	if (done_bytes < said + PROGRESS_STEP)
		return;
	said = done_bytes;
	packet.done_bytes = done_bytes;
	send_simple(UNPACK_PROGRESS, NULL, 0, NULL);
}

/* --- index and layout --- */

static int send_image(void *arg, const struct manifest_image *image, struct err *err)
{
	(void)arg;
	if (send_simple(UNPACK_IMAGE, NULL, 0, err) < 0)
		return -1;
	for (size_t at = 0; at < image->config_len;) {
		size_t len = image->config_len - at;
		len = len < UNPACK_CHUNK_MAX - 1 ? len : UNPACK_CHUNK_MAX - 1;
		if (send_simple(UNPACK_CONFIG, image->config + at, len, err) < 0)
			return -1;
		at += len;
	}
	for (size_t i = 0; i < image->names.len; i++) {
		const char *name = image->names.items[i];
		if (strlen(name) >= UNPACK_PATH_MAX)
			return err_set(err, ERR_INVALID, "an image name of %zu bytes",
				       strlen(name));
		if (send_simple(UNPACK_NAME, name, strlen(name), err) < 0)
			return -1;
	}
	for (size_t i = 0; i < image->layers_len; i++) {
		packet.layer = image->layers[i];
		if (send_simple(UNPACK_LAYER, NULL, 0, err) < 0)
			return -1;
	}
	return 0;
}

static int read_images(struct archive *archive, struct err *err)
{
	if (archive == NULL)
		return -1;
	int rc = manifest_read(archive, send_image, NULL, err);
	archive_free(archive);
	memset(&packet.totals, 0, sizeof(packet.totals));
	return rc < 0 ? -1 : send_simple(UNPACK_END, NULL, 0, err);
}

static int job_index(char **args, struct err *err)
{
	(void)args;
	return read_images(archive_open(INPUT_FD, OUTPUT_FD, send_progress, err), err);
}

static int job_layout(char **args, struct err *err)
{
	(void)args;
	return read_images(archive_open_layout(INPUT_FD), err);
}

/* --- layer --- */

/* Ask, and wait for the answer. @out_fd NULL: none comes */
static int ask(enum unpack_packet_type type, const char *path, int *out_fd, struct err *err)
{
	size_t len = strlen(path);
	if (len >= UNPACK_CHUNK_MAX)
		return err_set(err, ERR_INVALID, "a path of %zu bytes", len);
	if (send_simple(type, path, len, err) < 0)
		return -1;
	int rc = packet_recv(CONTROL_FD, &packet, out_fd, err);
	if (rc <= 0 || packet.type != UNPACK_REPLY)
		return rc < 0 ? -1 : err_set(err, ERR_REMOTE, "the engine is gone");
	if (packet.error.kind != ERR_NONE && err != NULL)
		*err = packet.error;
	return packet.error.kind == ERR_NONE ? 0 : -1;
}

static int ask_device(void *arg, const char *path, const struct tar_entry *entry, struct err *err)
{
	(void)arg;
	packet.device = (struct unpack_device){
		.is_block = entry->type == TAR_BLOCK,
		.major = entry->major,
		.minor = entry->minor,
		.mode = entry->mode,
		.uid = entry->uid,
		.gid = entry->gid,
		.mtime_sec = entry->mtime.tv_sec,
		.mtime_nsec = (uint32_t)entry->mtime.tv_nsec,
	};
	return ask(UNPACK_DEVICE, path, NULL, err);
}

static int ask_opaque(void *arg, const char *path, struct err *err)
{
	(void)arg;
	return ask(UNPACK_OPAQUE, path, NULL, err);
}

static int ask_below(void *arg, const char *path, int *out_fd, struct err *err)
{
	(void)arg;
	AUTO_FD fd = -1;
	if (ask(UNPACK_BELOW, path, &fd, err) < 0)
		return -1;
	if (fd < 0)
		return 0;
	*out_fd = fd_take(&fd);
	return 1;
}

struct layer_job {
	struct source_options source;
	const char *diff_id, *digest; /* "-": nobody says */
	bool has_lower;
	struct recipe *recipe;
};

static int check_layer(const struct layer_job *job, const struct source_digests *digests,
		       struct err *err)
{
	if (job->digest[0] != '-' && strcmp(job->digest, digests->input) != 0)
		return err_set(err, ERR_INVALID,
			       "its bytes have the digest sha256:%s, not sha256:%s", digests->input,
			       job->digest);
	if (job->diff_id[0] != '-' && strcmp(job->diff_id, digests->output) != 0)
		return err_set(err, ERR_INVALID,
			       "its contents have the digest sha256:%s, the image says sha256:%s",
			       digests->output, job->diff_id);
	return 0;
}

static int fill_layer(const struct layer_job *job, struct source *source, struct extract *extract,
		      struct err *err)
{
	struct extract_totals totals;
	struct source_digests digests;
	const struct tar_entry *entry;
	struct tar *tar = tar_new(source, job->diff_id[0] == '-');
	int rc;
	while ((rc = tar_next(tar, &entry, err)) > 0) {
		rc = extract_entry(extract, tar, entry, err);
		if (rc < 0)
			break;
		send_progress(source_input_position(source));
	}
	tar_free(tar);
	if (rc < 0 || source_finish(source, &digests, err) < 0 ||
	    check_layer(job, &digests, err) < 0 || extract_finish(extract, &totals, err) < 0 ||
	    recipe_finish(job->recipe, err) < 0)
		return -1;
	packet.totals.bytes = totals.bytes;
	packet.totals.entries = totals.entries;
	memcpy(packet.totals.diff_id, digests.output, DIGEST_HEX_SIZE);
	return send_simple(UNPACK_END, NULL, 0, err);
}

/* layer OFFSET LENGTH DIFF_ID DIGEST LOWER: "-" where there is none */
static int job_layer(char **args, struct err *err)
{
	struct layer_job job = {
		.source = { .fd = INPUT_FD, .has_thread = true, .is_region = args[0][0] != '-' },
		.diff_id = args[2],
		.digest = args[3],
		.has_lower = args[4][0] != '-',
	};
	if (job.source.is_region) {
		job.source.offset = strtoull(args[0], NULL, 10); /* the engine's, not foreign */
		job.source.length = strtoull(args[1], NULL, 10);
	}
	struct source *source = source_open(&job.source, err);
	if (source == NULL)
		return -1;
	job.recipe = recipe_new(RECIPE_FD);
	source_set_tap(source, recipe_add, job.recipe);
	struct extract *extract = extract_new(&(struct extract_options){
		.root_fd = OUTPUT_FD,
		.host = { .make_device = ask_device,
			  .make_opaque = ask_opaque,
			  .open_below = job.has_lower ? ask_below : NULL },
		.recipe = job.recipe,
	});
	int rc = fill_layer(&job, source, extract, err);
	extract_free(extract);
	recipe_free(job.recipe);
	source_free(source);
	return rc;
}

/* The archive that a layer was unpacked from, again. */
static int job_archive(char **args, struct err *err)
{
	(void)args;
	if (recipe_follow(INPUT_FD, LAYER_FD, RECIPE_FD, OUTPUT_FD, err) < 0)
		return -1;
	memset(&packet.totals, 0, sizeof(packet.totals));
	return send_simple(UNPACK_END, NULL, 0, err);
}

static int job_embedded(char **args, struct err *err)
{
	(void)args;
	if (fd_write_all(OUTPUT_FD, embedded_image, (size_t)(embedded_image_end - embedded_image)) <
	    0)
		return err_sys(err, "write the spool file");
	memset(&packet.totals, 0, sizeof(packet.totals));
	return send_simple(UNPACK_END, NULL, 0, err);
}

struct job {
	const char *name;
	int args_len;
	bool writes_dir;      /* OUTPUT_FD is one */
	bool reads_input_dir; /* INPUT_FD is one */
	bool reads_layer;     /* LAYER_FD is one, always */
	int (*run)(char **args, struct err *err);
};

static const struct job jobs[] = {
	{ "archive", 0, false, false, true, job_archive },
	{ "embedded", 0, false, false, false, job_embedded },
	{ "index", 0, false, false, false, job_index },
	{ "layer", 5, true, false, false, job_layer },
	{ "layout", 0, false, true, false, job_layout },
};

static const struct job *find_job(int argc, char **argv)
{
	for (size_t i = 0; argc >= 2 && i < ARRAY_LEN(jobs); i++)
		if (strcmp(argv[1], jobs[i].name) == 0 && argc == jobs[i].args_len + 2)
			return &jobs[i];
	return NULL;
}

static int enter(const struct job *job, struct err *err)
{
	struct sandbox sandbox = { .control_fd = CONTROL_FD, .write_fd = -1, .read_fd = -1 };
	if (job->writes_dir) {
		sandbox.write_fd = OUTPUT_FD;
		sandbox.caps = sandbox_layer_caps();
	} else if (job->reads_input_dir || job->reads_layer) {
		sandbox.read_fd = job->reads_layer ? LAYER_FD : INPUT_FD;
		/* A layout may be somebody else's, and files of a layer anybody's. */
		sandbox.caps = 1ull << CAP_DAC_OVERRIDE;
	}
	return sandbox_enter(&sandbox, err);
}

int worker_main(int argc, char **argv)
{
	struct err error = { 0 };
	const struct job *job = find_job(argc, argv);
	if (job == NULL) {
		fprintf(stderr, "onggi-unpack is a part of onggi; it is not run by hand\n");
		return 2;
	}
	if (enter(job, &error) == 0 && job->run(argv + 2, &error) == 0)
		return 0;
	packet.error = error;
	send_simple(UNPACK_ERROR, NULL, 0, NULL);
	return 1;
}
