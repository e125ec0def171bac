/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A recipe being written, beside the unpacking. It may not slow that down: bytes go through a
 * buffer into zstd at its fastest level (headers shrink twentyfold), errors wait for the end.
 */
#include "base/buf.h"
#include "base/mem.h"
#include "sys/fd.h"
#include "unpack/recipe.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#define RAW_BYTES   65536u
#define ZSTD_LEVEL  1
#define BLOCK_BYTES 65536u

struct recipe {
	int fd;
	ZSTD_CCtx *zstd;
	struct recipe_header header;
	struct err failure;

	struct buf raw;  /* of an 'R' that is not written yet */
	struct buf path; /* of the file in hand */
	uint64_t offset, length;
	bool is_in_file;

	uint8_t out[BLOCK_BYTES];
};

struct recipe *recipe_new(int fd)
{
	struct recipe *recipe = mem_alloc(1, sizeof(*recipe));
	recipe->fd = fd;
	recipe->zstd = ZSTD_createCCtx();
	if (recipe->zstd == NULL)
		mem_die("out of memory");
	ZSTD_CCtx_setParameter(recipe->zstd, ZSTD_c_compressionLevel, ZSTD_LEVEL);
	memcpy(recipe->header.magic, RECIPE_MAGIC, sizeof(recipe->header.magic));
	if (lseek(fd, sizeof(recipe->header), SEEK_SET) < 0)
		err_sys(&recipe->failure, "write the recipe");
	return recipe;
}

void recipe_free(struct recipe *recipe)
{
	if (recipe == NULL)
		return;
	ZSTD_freeCCtx(recipe->zstd);
	buf_done(&recipe->raw);
	buf_done(&recipe->path);
	free(recipe);
}

static void compress(struct recipe *recipe, const void *data, size_t len, ZSTD_EndDirective how)
{
	ZSTD_inBuffer in = { data, len, 0 };
	bool is_done = false;
	while (!is_done && !err_is_set(&recipe->failure)) {
		ZSTD_outBuffer out = { recipe->out, sizeof(recipe->out), 0 };
		size_t left = ZSTD_compressStream2(recipe->zstd, &out, &in, how);
		if (ZSTD_isError(left))
			err_set(&recipe->failure, ERR_SYSTEM, "compress the recipe: %s",
				ZSTD_getErrorName(left));
		else if (fd_write_all(recipe->fd, recipe->out, out.pos) < 0)
			err_sys(&recipe->failure, "write the recipe");
		is_done = how == ZSTD_e_end ? left == 0 : in.pos == in.size;
	}
}

static void write_op(struct recipe *recipe, char op, const void *data, size_t len)
{
	uint32_t len32 = (uint32_t)len;
	compress(recipe, &op, 1, ZSTD_e_continue);
	compress(recipe, &len32, sizeof(len32), ZSTD_e_continue);
	compress(recipe, data, len, ZSTD_e_continue);
}

static void flush_raw(struct recipe *recipe)
{
	if (recipe->raw.len == 0)
		return;
	write_op(recipe, 'R', recipe->raw.data, recipe->raw.len);
	buf_reset(&recipe->raw);
}

void recipe_add(void *arg, const uint8_t *data, size_t len)
{
	struct recipe *recipe = arg;
	recipe->header.tar_bytes += len;
	if (recipe->is_in_file) {
		recipe->length += len;
		return;
	}
	while (len > 0) {
		size_t room = RAW_BYTES - recipe->raw.len;
		size_t take = len < room ? len : room;
		buf_add(&recipe->raw, data, take);
		if (recipe->raw.len == RAW_BYTES)
			flush_raw(recipe);
		data += take;
		len -= take;
	}
}

void recipe_begin_file(struct recipe *recipe, const char *path, uint64_t offset)
{
	if (recipe == NULL)
		return;
	buf_reset(&recipe->path);
	buf_add_str(&recipe->path, path);
	recipe->offset = offset;
	recipe->length = 0;
	recipe->is_in_file = true;
}

void recipe_end_file(struct recipe *recipe)
{
	if (recipe == NULL)
		return;
	recipe->is_in_file = false;
	if (recipe->length == 0)
		return;
	flush_raw(recipe);
	write_op(recipe, 'F', buf_str(&recipe->path), recipe->path.len);
	compress(recipe, &recipe->offset, sizeof(recipe->offset), ZSTD_e_continue);
	compress(recipe, &recipe->length, sizeof(recipe->length), ZSTD_e_continue);
}

void recipe_keep(struct recipe *recipe, const char *path, int fd)
{
	static uint8_t block[BLOCK_BYTES];
	struct stat st;
	if (recipe == NULL || err_is_set(&recipe->failure))
		return;
	if (fstat(fd, &st) < 0) {
		err_sys(&recipe->failure, "look at what is replaced");
		return;
	}
	uint64_t left = (uint64_t)st.st_size;
	flush_raw(recipe);
	write_op(recipe, 'S', path, strlen(path));
	compress(recipe, &left, sizeof(left), ZSTD_e_continue);
	while (left > 0 && !err_is_set(&recipe->failure)) {
		ssize_t n = read(fd, block, left < sizeof(block) ? (size_t)left : sizeof(block));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			err_sys(&recipe->failure, "read what is replaced");
			return;
		}
		compress(recipe, block, (size_t)n, ZSTD_e_continue);
		left -= (uint64_t)n;
	}
	recipe->header.supplements++;
}

int recipe_finish(struct recipe *recipe, struct err *err)
{
	flush_raw(recipe);
	compress(recipe, "E", 1, ZSTD_e_end);
	if (!err_is_set(&recipe->failure) &&
	    pwrite(recipe->fd, &recipe->header, sizeof(recipe->header), 0) !=
		    (ssize_t)sizeof(recipe->header))
		err_sys(&recipe->failure, "write the recipe");
	if (!err_is_set(&recipe->failure))
		return 0;
	if (err != NULL)
		*err = recipe->failure;
	return -1;
}
