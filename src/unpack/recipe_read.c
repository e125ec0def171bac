/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A recipe being followed. What it says was once written from a foreign archive: lengths have
 * limits, and its paths are opened below the layer's directory only, regular files, no symlinks.
 */
#include "base/buf.h"
#include "base/mem.h"
#include "sys/fd.h"
#include "sys/rooted.h"
#include "unpack/bounds.h"
#include "unpack/recipe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#define BLOCK_BYTES 131072u

/* The contents of a file before operation number `until`. */
struct supplement {
	char *path;
	uint64_t until, offset, length; /* in the spool */
};

struct follow {
	int recipe_fd, dir_fd, spool_fd, out_fd;
	ZSTD_DCtx *zstd;
	uint8_t in_block[BLOCK_BYTES], block[BLOCK_BYTES], copy[BLOCK_BYTES];
	ZSTD_inBuffer in;
	size_t block_at, block_len;
	uint64_t op, made;
	struct buf path;
	int file_fd; /* of `path` while the operations stay with it */
	struct supplement *supplements;
	size_t supplements_len, supplements_capacity;
	uint64_t spooled;
};

static int damaged(struct err *err)
{
	return err_set(err, ERR_INVALID, "the recipe is damaged");
}

static int fill_input(struct follow *follow, struct err *err)
{
	ssize_t n;
	do {
		n = read(follow->recipe_fd, follow->in_block, sizeof(follow->in_block));
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_sys(err, "read the recipe");
	if (n == 0)
		return damaged(err);
	follow->in = (ZSTD_inBuffer){ follow->in_block, (size_t)n, 0 };
	return 0;
}

/* Decompressed bytes at hand, at least one. */
static int fill_block(struct follow *follow, struct err *err)
{
	follow->block_at = follow->block_len = 0;
	while (follow->block_len == 0) {
		if (follow->in.pos == follow->in.size && fill_input(follow, err) < 0)
			return -1;
		ZSTD_outBuffer out = { follow->block, sizeof(follow->block), 0 };
		size_t rc = ZSTD_decompressStream(follow->zstd, &out, &follow->in);
		if (ZSTD_isError(rc))
			return damaged(err);
		follow->block_len = out.pos;
	}
	return 0;
}

static int take(struct follow *follow, void *out, size_t len, struct err *err)
{
	for (size_t done = 0; done < len;) {
		if (follow->block_at == follow->block_len && fill_block(follow, err) < 0)
			return -1;
		size_t have = follow->block_len - follow->block_at;
		size_t n = have < len - done ? have : len - done;
		memcpy((char *)out + done, follow->block + follow->block_at, n);
		follow->block_at += n;
		done += n;
	}
	return 0;
}

/* `len` bytes of the recipe itself go to `fd`; -1 drops them. */
static int take_to(struct follow *follow, uint64_t len, int fd, struct err *err)
{
	while (len > 0) {
		if (follow->block_at == follow->block_len && fill_block(follow, err) < 0)
			return -1;
		size_t have = follow->block_len - follow->block_at;
		size_t n = have < len ? have : (size_t)len;
		if (fd >= 0 && fd_write_all(fd, follow->block + follow->block_at, n) < 0)
			return err_sys(err, "write the archive");
		follow->block_at += n;
		len -= n;
	}
	return 0;
}

static int take_path(struct follow *follow, struct buf *out, struct err *err)
{
	uint32_t len;
	if (take(follow, &len, sizeof(len), err) < 0)
		return -1;
	if (len == 0 || len >= 2 * UNPACK_PATH_MAX)
		return damaged(err);
	buf_reset(out);
	buf_reserve(out, len + 1);
	if (take(follow, out->data, len, err) < 0)
		return -1;
	out->len = len;
	out->data[len] = '\0';
	return strlen(out->data) == len ? 0 : damaged(err);
}

/* --- contents --- */

static int copy_out(struct follow *follow, int fd, uint64_t offset, uint64_t length,
		    struct err *err)
{
	while (length > 0) {
		size_t want = length < sizeof(follow->copy) ? (size_t)length : sizeof(follow->copy);
		ssize_t n = pread(fd, follow->copy, want, (off_t)offset);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, "read %s", buf_str(&follow->path));
		if (n == 0)
			return err_set(err, ERR_INVALID, "%s is shorter than it was unpacked",
				       buf_str(&follow->path));
		if (fd_write_all(follow->out_fd, follow->copy, (size_t)n) < 0)
			return err_sys(err, "write the archive");
		offset += (uint64_t)n;
		length -= (uint64_t)n;
	}
	return 0;
}

static int by_path_then_op(const void *a, const void *b)
{
	const struct supplement *x = a, *y = b;
	int order = strcmp(x->path, y->path);
	return order != 0 ? order : x->until < y->until ? -1 : x->until > y->until;
}

/* What the file in hand held at this point, if it was replaced later. The first whose turn comes
 * after us: they are sorted. */
static const struct supplement *find_supplement(const struct follow *follow)
{
	size_t low = 0, high = follow->supplements_len;
	while (low < high) {
		size_t middle = (low + high) / 2;
		const struct supplement *at = &follow->supplements[middle];
		int order = strcmp(at->path, buf_str(&follow->path));
		if (order < 0 || (order == 0 && at->until < follow->op))
			low = middle + 1;
		else
			high = middle;
	}
	if (low == follow->supplements_len ||
	    strcmp(follow->supplements[low].path, buf_str(&follow->path)) != 0)
		return NULL;
	return &follow->supplements[low];
}

static int open_file(struct follow *follow, struct err *err)
{
	struct stat st;
	AUTO_FD fd = rooted_open_nosymlink(follow->dir_fd, buf_str(&follow->path),
					   O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0, err);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_context(err, "the layer's file");
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_INVALID, "%s is no file any more", buf_str(&follow->path));
	fd_close(&follow->file_fd);
	follow->file_fd = fd_take(&fd);
	return 0;
}

static int follow_file(struct follow *follow, struct err *err)
{
	uint64_t offset, length;
	AUTO(struct buf, buf_done) before = follow->path;
	follow->path = (struct buf){ 0 };
	if (take_path(follow, &follow->path, err) < 0 ||
	    take(follow, &offset, sizeof(offset), err) < 0 ||
	    take(follow, &length, sizeof(length), err) < 0)
		return -1;
	if (offset > UNPACK_FILE_MAX || length > UNPACK_FILE_MAX)
		return damaged(err);
	follow->made += length;
	const struct supplement *kept = find_supplement(follow);
	if (kept != NULL && (offset > kept->length || length > kept->length - offset))
		return damaged(err);
	if (kept != NULL)
		return copy_out(follow, follow->spool_fd, kept->offset + offset, length, err);
	/* A sparse file comes in pieces. */
	bool is_same = follow->file_fd >= 0 &&
		       strcmp(buf_str(&before), buf_str(&follow->path)) == 0;
	if (!is_same && open_file(follow, err) < 0)
		return -1;
	return copy_out(follow, follow->file_fd, offset, length, err);
}

/* --- operations --- */

static int keep_supplement(struct follow *follow, uint64_t length, struct err *err)
{
	if (follow->supplements_len == follow->supplements_capacity) {
		follow->supplements_capacity = 2 * follow->supplements_capacity + 16;
		follow->supplements = mem_realloc(follow->supplements,
						  follow->supplements_capacity *
							  sizeof(*follow->supplements));
	}
	follow->supplements[follow->supplements_len++] = (struct supplement){
		.path = mem_strdup(buf_str(&follow->path)),
		.until = follow->op,
		.offset = follow->spooled,
		.length = length,
	};
	follow->spooled += length;
	return take_to(follow, length, follow->spool_fd, err);
}

/* @is_first  the pass that only collects supplements */
static int follow_op(struct follow *follow, char op, bool is_first, struct err *err)
{
	uint32_t len;
	uint64_t range[2];
	switch (op) {
	case 'R':
		if (take(follow, &len, sizeof(len), err) < 0)
			return -1;
		follow->made += len;
		return take_to(follow, len, is_first ? -1 : follow->out_fd, err);
	case 'F':
		if (!is_first)
			return follow_file(follow, err);
		return take_path(follow, &follow->path, err) < 0
			       ? -1
			       : take(follow, range, sizeof(range), err);
	case 'S':
		fd_close(&follow->file_fd);
		if (take_path(follow, &follow->path, err) < 0 ||
		    take(follow, range, sizeof(range[0]), err) < 0)
			return -1;
		if (range[0] > UNPACK_FILE_MAX)
			return damaged(err);
		return is_first ? keep_supplement(follow, range[0], err)
				: take_to(follow, range[0], -1, err);
	default:
		return damaged(err);
	}
}

static int run_pass(struct follow *follow, bool is_first, struct err *err)
{
	char op;
	if (lseek(follow->recipe_fd, sizeof(struct recipe_header), SEEK_SET) < 0)
		return err_sys(err, "read the recipe");
	ZSTD_DCtx_reset(follow->zstd, ZSTD_reset_session_only);
	follow->in = (ZSTD_inBuffer){ 0 };
	follow->block_at = follow->block_len = 0;
	follow->made = 0;
	for (follow->op = 0;; follow->op++) {
		if (take(follow, &op, 1, err) < 0)
			return -1;
		if (op == 'E')
			return 0;
		if (follow_op(follow, op, is_first, err) < 0)
			return -1;
	}
}

static int run_passes(struct follow *follow, struct err *err)
{
	struct recipe_header header;
	if (recipe_read_header(follow->recipe_fd, &header, err) < 0)
		return -1;
	if (header.supplements > 0 && run_pass(follow, true, err) < 0)
		return -1;
	if (follow->supplements_len > 0)
		qsort(follow->supplements, follow->supplements_len, sizeof(*follow->supplements),
		      by_path_then_op);
	if (run_pass(follow, false, err) < 0)
		return -1;
	return follow->made == header.tar_bytes ? 0 : damaged(err);
}

int recipe_follow(int recipe_fd, int dir_fd, int spool_fd, int out_fd, struct err *err)
{
	struct follow *follow = mem_alloc(1, sizeof(*follow));
	follow->recipe_fd = recipe_fd;
	follow->dir_fd = dir_fd;
	follow->spool_fd = spool_fd;
	follow->out_fd = out_fd;
	follow->file_fd = -1;
	follow->zstd = ZSTD_createDCtx();
	if (follow->zstd == NULL)
		mem_die("out of memory");
	int rc = run_passes(follow, err);
	for (size_t i = 0; i < follow->supplements_len; i++)
		free(follow->supplements[i].path);
	free(follow->supplements);
	fd_close(&follow->file_fd);
	buf_done(&follow->path);
	ZSTD_freeDCtx(follow->zstd);
	free(follow);
	return rc;
}
