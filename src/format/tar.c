/* SPDX-License-Identifier: Apache-2.0 */

/*
 * ustar headers, with a pax header in front only where ustar has no room: a path or a link target
 * of over 100 bytes, or a file of 8 GiB. Everything that could differ between two runs is fixed.
 */
#include "format/tar.h"

#include "base/buf.h"
#include "sys/fd.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK_BYTES    512
#define USTAR_SIZE_MAX UINT64_C(077777777777) /* eleven octal digits */

struct ustar_header {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type;
	char linkname[100], magic[6], version[2], uname[32], gname[32], devmajor[8], devminor[8];
	char prefix[155], padding[12];
};
_Static_assert(sizeof(struct ustar_header) == BLOCK_BYTES, "one block");

enum ustar_type { TYPE_FILE = '0', TYPE_SYMLINK = '2', TYPE_DIRECTORY = '5', TYPE_PAX = 'x' };

struct tar_member {
	enum ustar_type type;
	const char *path, *target;
	mode_t mode;
	uint64_t size;
};

void tar_init(struct tar_writer *tar, int fd, uint64_t mtime_s)
{
	tar->fd = fd;
	tar->mtime_s = mtime_s <= USTAR_SIZE_MAX ? mtime_s : USTAR_SIZE_MAX;
	tar->len = 0;
	tar->total_bytes = 0;
}

static int flush(struct tar_writer *tar, struct err *err)
{
	if (fd_write_all(tar->fd, tar->buffer, tar->len) < 0)
		return err_sys(err, "write the archive");
	tar->len = 0;
	return 0;
}

/* NULL data: zeros. */
static int put(struct tar_writer *tar, const void *data, size_t len, struct err *err)
{
	for (size_t done = 0; done < len;) {
		size_t room = sizeof(tar->buffer) - tar->len;
		size_t n = len - done < room ? len - done : room;
		if (data != NULL)
			memcpy(tar->buffer + tar->len, (const char *)data + done, n);
		else
			memset(tar->buffer + tar->len, 0, n);
		tar->len += n;
		done += n;
		if (tar->len == sizeof(tar->buffer) && flush(tar, err) < 0)
			return -1;
	}
	tar->total_bytes += len;
	return 0;
}

static int pad(struct tar_writer *tar, struct err *err)
{
	size_t over = tar->total_bytes % BLOCK_BYTES;
	return over == 0 ? 0 : put(tar, NULL, BLOCK_BYTES - over, err);
}

/* "LENGTH key=value\n", where LENGTH counts its own digits too. */
static void add_pax_record(struct buf *out, const char *key, const char *value)
{
	size_t rest = strlen(key) + strlen(value) + strlen(" =\n");
	size_t len = rest + 1;
	for (char digits[24]; rest + (size_t)snprintf(digits, sizeof(digits), "%zu", len) != len;)
		len = rest + strlen(digits);
	buf_addf(out, "%zu %s=%s\n", len, key, value);
}

static void set_octal(char *field, size_t size, uint64_t value)
{
	field[--size] = '\0';
	while (size > 0) {
		field[--size] = (char)('0' + (value & 7));
		value >>= 3;
	}
}

static void set_text(char *field, size_t size, const char *text)
{
	size_t len = strlen(text);
	memcpy(field, text, len < size ? len : size);
}

static int put_header(struct tar_writer *tar, const struct tar_member *member, struct err *err)
{
	struct ustar_header header = { .type = (char)member->type,
				       .magic = "ustar",
				       .version = { '0', '0' } };
	set_text(header.name, sizeof(header.name), member->path);
	if (member->target != NULL)
		set_text(header.linkname, sizeof(header.linkname), member->target);
	set_octal(header.mode, sizeof(header.mode), member->mode & 07777);
	set_octal(header.uid, sizeof(header.uid), 0);
	set_octal(header.gid, sizeof(header.gid), 0);
	set_octal(header.size, sizeof(header.size),
		  member->size <= USTAR_SIZE_MAX ? member->size : 0);
	set_octal(header.mtime, sizeof(header.mtime), tar->mtime_s);
	set_octal(header.devmajor, sizeof(header.devmajor), 0);
	set_octal(header.devminor, sizeof(header.devminor), 0);
	memset(header.checksum, ' ', sizeof(header.checksum));
	unsigned sum = 0;
	for (size_t i = 0; i < sizeof(header); i++)
		sum += ((const unsigned char *)&header)[i];
	set_octal(header.checksum, sizeof(header.checksum) - 1, sum);
	return put(tar, &header, sizeof(header), err);
}

static int put_member(struct tar_writer *tar, const struct tar_member *member, struct err *err)
{
	AUTO(struct buf, buf_done) pax = { 0 };
	char size[24];
	snprintf(size, sizeof(size), "%llu", (unsigned long long)member->size);
	if (strlen(member->path) > sizeof(((struct ustar_header *)0)->name))
		add_pax_record(&pax, "path", member->path);
	if (member->target != NULL &&
	    strlen(member->target) > sizeof(((struct ustar_header *)0)->linkname))
		add_pax_record(&pax, "linkpath", member->target);
	if (member->size > USTAR_SIZE_MAX)
		add_pax_record(&pax, "size", size);
	if (pax.len > 0) {
		const struct tar_member extra = { TYPE_PAX, "PaxHeaders/member", NULL, 0644,
						  pax.len };
		if (put_header(tar, &extra, err) < 0 || put(tar, pax.data, pax.len, err) < 0 ||
		    pad(tar, err) < 0)
			return -1;
	}
	return put_header(tar, member, err);
}

int tar_add_directory(struct tar_writer *tar, const char *path, mode_t mode, struct err *err)
{
	const struct tar_member member = { TYPE_DIRECTORY, path, NULL, mode, 0 };
	return put_member(tar, &member, err);
}

int tar_add_symlink(struct tar_writer *tar, const char *path, const char *target, struct err *err)
{
	const struct tar_member member = { TYPE_SYMLINK, path, target, 0777, 0 };
	return put_member(tar, &member, err);
}

int tar_add_bytes(struct tar_writer *tar, const char *path, mode_t mode, const void *data,
		  size_t len, struct err *err)
{
	const struct tar_member member = { TYPE_FILE, path, NULL, mode, len };
	if (put_member(tar, &member, err) < 0 || (len > 0 && put(tar, data, len, err) < 0))
		return -1;
	return pad(tar, err);
}

int tar_begin_file(struct tar_writer *tar, const char *path, mode_t mode, uint64_t size,
		   struct err *err)
{
	const struct tar_member member = { TYPE_FILE, path, NULL, mode, size };
	if (put_member(tar, &member, err) < 0)
		return -1;
	tar->file_end = tar->total_bytes + size;
	return 0;
}

int tar_add_data(struct tar_writer *tar, const void *data, size_t len, struct err *err)
{
	if (len > tar->file_end - tar->total_bytes)
		return err_set(err, ERR_INVALID, "more bytes for the archive than announced");
	return len == 0 ? 0 : put(tar, data, len, err);
}

int tar_end_file(struct tar_writer *tar, struct err *err)
{
	if (tar->total_bytes != tar->file_end)
		return err_set(err, ERR_INVALID, "fewer bytes for the archive than announced");
	return pad(tar, err);
}

int tar_add_file(struct tar_writer *tar, const char *path, mode_t mode, int source_fd,
		 struct err *err)
{
	struct stat st;
	if (fstat(source_fd, &st) < 0)
		return err_sys(err, "look at %s", path);
	if (tar_begin_file(tar, path, mode, (uint64_t)st.st_size, err) < 0)
		return -1;
	for (uint64_t left = (uint64_t)st.st_size; left > 0;) {
		char chunk[32768];
		size_t want = left < sizeof(chunk) ? (size_t)left : sizeof(chunk);
		ssize_t n = read(source_fd, chunk, want);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, "read %s", path);
		if (n == 0)
			return err_set(err, ERR_CONFLICT, "%s became shorter while it was read",
				       path);
		if (tar_add_data(tar, chunk, (size_t)n, err) < 0)
			return -1;
		left -= (uint64_t)n;
	}
	return tar_end_file(tar, err);
}

int tar_finish(struct tar_writer *tar, struct err *err)
{
	if (put(tar, NULL, (size_t)2 * BLOCK_BYTES, err) < 0)
		return -1;
	return flush(tar, err);
}
