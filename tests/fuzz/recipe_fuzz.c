/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libFuzzer, two games by the first byte: any bytes as a layer, which must come back as they were
 * from its recipe and its files; and any bytes as the operations of a recipe.
 */
#include "sys/fd.h"
#include "sys/tree.h"
#include "unpack/extract.h"
#include "unpack/recipe.h"
#include "unpack/source.h"
#include "unpack/tar.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zstd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BYTES_MAX (1u << 20)

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

static int memory(const void *data, size_t size)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	if (fd < 0 || (size > 0 && fd_write_all(fd, data, size) < 0) || lseek(fd, 0, SEEK_SET) < 0)
		abort();
	return fd;
}

/* @return true when all of it is a layer */
static bool unpack(struct source *source, int root_fd, struct recipe *recipe)
{
	struct extract *extract = extract_new(&(struct extract_options){
		.root_fd = root_fd,
		.host = { .make_device = refuse_device, .make_opaque = accept_opaque },
		.recipe = recipe,
	});
	struct tar *tar = tar_new(source, false);
	const struct tar_entry *entry;
	const uint8_t *rest;
	int rc;
	while ((rc = tar_next(tar, &entry, NULL)) > 0)
		if (entry->size > BYTES_MAX || extract_entry(extract, tar, entry, NULL) < 0)
			break;
	for (ssize_t n; rc == 0 && (n = source_peek(source, &rest, NULL)) > 0;)
		source_consume(source, (size_t)n);
	tar_free(tar);
	extract_free(extract);
	return rc == 0 && recipe_finish(recipe, NULL) == 0;
}

static void compare(int out_fd, const uint8_t *data, size_t size)
{
	char *back = malloc(size + 1);
	if (back == NULL || pread(out_fd, back, size + 1, 0) != (ssize_t)size ||
	    memcmp(back, data, size) != 0)
		abort();
	free(back);
}

static void there_and_back(int root_fd, const uint8_t *data, size_t size)
{
	AUTO_FD input_fd = memory(data, size);
	AUTO_FD recipe_fd = memory(NULL, 0);
	AUTO_FD spool_fd = memory(NULL, 0);
	AUTO_FD out_fd = memory(NULL, 0);
	struct source_options options = { .fd = input_fd, .is_plain = true };
	struct source *source = source_open(&options, NULL);
	if (source == NULL)
		return;
	struct recipe *recipe = recipe_new(recipe_fd);
	source_set_tap(source, recipe_add, recipe);
	bool is_layer = unpack(source, root_fd, recipe);
	recipe_free(recipe);
	source_free(source);
	if (!is_layer)
		return;
	if (recipe_follow(recipe_fd, root_fd, spool_fd, out_fd, NULL) < 0)
		abort();
	compare(out_fd, data, size);
}

static void any_operations(int root_fd, const uint8_t *data, size_t size)
{
	struct recipe_header header = { .magic = RECIPE_MAGIC, .supplements = size & 1 };
	size_t room = ZSTD_compressBound(size);
	void *frame = malloc(room);
	size_t len = frame != NULL ? ZSTD_compress(frame, room, data, size, 1) : 0;
	AUTO_FD recipe_fd = memory(&header, sizeof(header));
	AUTO_FD spool_fd = memory(NULL, 0);
	AUTO_FD out_fd = memory(NULL, 0);
	if (ZSTD_isError(len) || lseek(recipe_fd, 0, SEEK_END) < 0 ||
	    fd_write_all(recipe_fd, frame, len) < 0)
		abort();
	free(frame);
	close(openat(root_fd, "f", O_CREAT | O_WRONLY | O_CLOEXEC, 0640));
	if (symlinkat("/etc/passwd", root_fd, "s") < 0)
		abort();
	recipe_follow(recipe_fd, root_fd, spool_fd, out_fd, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char top[] = "/dev/shm/onggi-fuzz-XXXXXX";
	if (size == 0 || size > BYTES_MAX)
		return 0;
	if (mkdtemp(top) == NULL)
		abort();
	AUTO_FD root_fd = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (data[0] == 'o')
		any_operations(root_fd, data + 1, size - 1);
	else
		there_and_back(root_fd, data + 1, size - 1);
	AUTO_FD shm_fd = open("/dev/shm", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (tree_remove(shm_fd, top + strlen("/dev/shm/"), NULL) < 0)
		abort();
	return 0;
}
