/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A face for the tests, not installed: fills plain directories through the sandboxed worker, with
 * no store around it.
 *
 *	unpack-fill WORKER layer BLOB DIR [LOWER]     one tar into one directory
 *	unpack-fill WORKER image ARCHIVE DIR          every layer into DIR/0, DIR/1, ...
 */
#include "sys/fd.h"
#include "unpack/drive.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int fill(const struct unpack_run *run, struct unpack_layer *layer, const char *dir,
		const char *lower, struct err *err)
{
	struct unpack_totals totals;
	AUTO_FD dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_FD lower_dir_fd = -1, lower_fd = -1;
	if (dir_fd < 0)
		return err_sys(err, "open %s", dir);
	if (lower != NULL) {
		lower_dir_fd = open(lower, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		lower_fd = unpack_view(lower_dir_fd, err);
		if (lower_fd < 0)
			return -1;
	}
	layer->dir_fd = dir_fd;
	layer->lower_fd = lower_fd;
	layer->recipe_fd = -1;
	if (unpack_layer(run, layer, &totals, err) < 0)
		return -1;
	printf("%s %llu entries, %llu bytes\n", totals.diff_id, (unsigned long long)totals.entries,
	       (unsigned long long)totals.bytes);
	return 0;
}

static int fill_image(const struct unpack_run *run, int archive_fd, const char *dir,
		      struct err *err)
{
	AUTO(struct unpack_plan, unpack_plan_done) plan = { 0 };
	struct stat st;
	AUTO_FD spool_fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (spool_fd < 0 || fstat(archive_fd, &st) < 0)
		return err_sys(err, "make a spool file in %s", dir);
	bool is_layout = S_ISDIR(st.st_mode);
	if (unpack_index(run, archive_fd, spool_fd, is_layout, &plan, err) < 0)
		return -1;
	for (size_t i = 0; i < plan.len; i++)
		printf("image %zu: %s, %zu layers\n", i,
		       plan.images[i].names.len > 0 ? plan.images[i].names.items[0] : "(no name)",
		       plan.images[i].layers_len);
	for (size_t l = 0; plan.len > 0 && l < plan.images[0].layers_len; l++) {
		const struct unpack_layer_ref *ref = &plan.images[0].layers[l];
		char path[4096], blob[128];
		AUTO_FD blob_fd = -1;
		snprintf(path, sizeof(path), "%s/%zu", dir, l);
		snprintf(blob, sizeof(blob), "blobs/sha256/%s", ref->digest);
		if (mkdir(path, 0755) < 0)
			return err_sys(err, "make %s", path);
		if (ref->is_blob_file)
			blob_fd = openat(archive_fd, blob, O_RDONLY | O_CLOEXEC);
		else
			blob_fd = dup(ref->is_in_spool ? spool_fd : archive_fd);
		struct unpack_layer layer = {
			.blob_fd = blob_fd,
			.is_region = true,
			.offset = ref->offset,
			.length = ref->length,
			.diff_id = ref->diff_id,
			.digest = ref->digest[0] != '\0' ? ref->digest : NULL,
		};
		if (fill(run, &layer, path, NULL, err) < 0)
			return -1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct err error = { 0 };
	int rc = -1;
	if (argc < 5)
		return 2;
	struct unpack_run run = { .worker_path = argv[1] };
	AUTO_FD input_fd = strcmp(argv[3], "-") == 0 ? dup(0) : open(argv[3], O_RDONLY | O_CLOEXEC);
	if (input_fd < 0) {
		err_sys(&error, "open %s", argv[3]);
	} else if (strcmp(argv[2], "layer") == 0) {
		struct unpack_layer layer = { .blob_fd = input_fd };
		rc = fill(&run, &layer, argv[4], argc > 5 ? argv[5] : NULL, &error);
	} else {
		rc = fill_image(&run, input_fd, argv[4], &error);
	}
	if (rc < 0)
		fprintf(stderr, "unpack-fill: %s\n", error.text);
	return rc < 0 ? 1 : 0;
}
