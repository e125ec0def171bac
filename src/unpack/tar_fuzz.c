/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libFuzzer: any bytes as a layer, extracted into a directory on tmpfs beside one canary.
 *
 *	clang -fsanitize=fuzzer,address,undefined ... src/unpack/tar_fuzz.c (see tests/corpus)
 */
#include "sys/fd.h"
#include "sys/tree.h"
#include "unpack/below.h"
#include "unpack/extract.h"
#include "unpack/source.h"
#include "unpack/tar.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int refuse_device(void *arg, const char *path, const struct tar_entry *entry,
			 struct err *err)
{
	(void)arg;
	(void)path;
	(void)entry;
	return err_set(err, ERR_UNSUPPORTED, "no devices here");
}

static int accept_opaque(void *arg, const char *path, struct err *err)
{
	(void)arg;
	(void)path;
	(void)err;
	return 0;
}

static int look_below(void *arg, const char *path, int *out_fd, struct err *err)
{
	return below_open(*(const int *)arg, path, out_fd, err);
}

static void extract_all(int input_fd, int root_fd, int lower_fd)
{
	struct source_options options = { .fd = input_fd };
	struct source *source = source_open(&options, NULL);
	if (source == NULL)
		return;
	struct extract *extract = extract_new(&(struct extract_options){
		.root_fd = root_fd,
		.host = { .arg = &lower_fd,
			  .make_device = refuse_device,
			  .make_opaque = accept_opaque,
			  .open_below = look_below },
	});
	struct tar *tar = tar_new(source, false);
	struct extract_totals totals;
	const struct tar_entry *entry;
	struct err err = { 0 };
	while (tar_next(tar, &entry, &err) > 0 &&
	       (entry->size > (1u << 20) || extract_entry(extract, tar, entry, &err) == 0))
		;
	extract_finish(extract, &totals, NULL);
	tar_free(tar);
	extract_free(extract);
	source_free(source);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char top[] = "/dev/shm/onggi-fuzz-XXXXXX";
	struct stat st;
	if (mkdtemp(top) == NULL)
		abort();
	AUTO_FD top_fd = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	mkdirat(top_fd, "root", 0755);
	mkdirat(top_fd, "lower", 0755);
	mkdirat(top_fd, "lower/d", 0750);
	symlinkat("../canary", top_fd, "lower/out");
	close(openat(top_fd, "lower/d/f", O_CREAT | O_WRONLY | O_CLOEXEC, 0640));
	AUTO_FD root_fd = openat(top_fd, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_FD lower_fd = openat(top_fd, "lower", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_FD input_fd = memfd_create("input", MFD_CLOEXEC);
	if (root_fd < 0 || lower_fd < 0 || fd_write_all(input_fd, data, size) < 0)
		abort();
	lseek(input_fd, 0, SEEK_SET);
	extract_all(input_fd, root_fd, lower_fd);
	if (fstatat(top_fd, "canary", &st, AT_SYMLINK_NOFOLLOW) == 0)
		abort(); /* something got out */
	AUTO_FD shm_fd = open("/dev/shm", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (tree_remove(shm_fd, top + strlen("/dev/shm/"), NULL) < 0)
		abort();
	return 0;
}
