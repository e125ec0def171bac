/* SPDX-License-Identifier: Apache-2.0 */

/*
 * ustar headers, with a pax header in front only where ustar has no room: a path or a link target
 * of over 100 bytes, a file of 8 GiB, large ids, fractions of a second, extended attributes.
 */
#include "format/tar.h"

#include "base/mem.h"
#include "sys/fd.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK_BYTES      512
#define USTAR_NUMBER_MAX UINT64_C(077777777777) /* eleven octal digits */
#define USTAR_ID_MAX     07777777u              /* seven */

struct ustar_header {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type;
	char linkname[100], magic[6], version[2], uname[32], gname[32], devmajor[8], devminor[8];
	char prefix[155], padding[12];
};
_Static_assert(sizeof(struct ustar_header) == BLOCK_BYTES, "one block");

void tar_init(struct tar_writer *tar, int fd, uint64_t mtime_s)
{
	tar->fd = fd;
	tar->mtime_s = mtime_s <= USTAR_NUMBER_MAX ? mtime_s : USTAR_NUMBER_MAX;
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
static void add_pax_record(struct buf *out, const char *key, const void *value, size_t value_len)
{
	size_t rest = strlen(key) + value_len + 3; /* space, "=", newline */
	size_t len = rest, digits = 0;
	do {
		digits = (size_t)snprintf(NULL, 0, "%zu", len);
		len = rest + digits;
	} while ((size_t)snprintf(NULL, 0, "%zu", len) != digits);
	buf_addf(out, "%zu %s=", len, key);
	buf_add(out, value, value_len);
	buf_add_char(out, '\n');
}

static void add_pax_text(struct buf *out, const char *key, const char *value)
{
	add_pax_record(out, key, value, strlen(value));
}

static void add_pax_number(struct buf *out, const char *key, uint64_t value)
{
	char text[24];
	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	add_pax_text(out, key, text);
}

void tar_add_xattr(struct buf *pax, const char *name, const void *value, size_t len)
{
	AUTO_FREE char *key = mem_printf("SCHILY.xattr.%s", name);
	add_pax_record(pax, key, value, len);
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
	struct ustar_header header = { .type = member->type,
				       .magic = "ustar",
				       .version = { '0', '0' } };
	bool has_time = member->mtime.tv_sec >= 0 &&
			(uint64_t)member->mtime.tv_sec <= USTAR_NUMBER_MAX;
	set_text(header.name, sizeof(header.name), member->path);
	if (member->target != NULL)
		set_text(header.linkname, sizeof(header.linkname), member->target);
	set_octal(header.mode, sizeof(header.mode), member->mode & 07777);
	set_octal(header.uid, sizeof(header.uid), member->uid <= USTAR_ID_MAX ? member->uid : 0);
	set_octal(header.gid, sizeof(header.gid), member->gid <= USTAR_ID_MAX ? member->gid : 0);
	set_octal(header.size, sizeof(header.size),
		  member->size <= USTAR_NUMBER_MAX ? member->size : 0);
	set_octal(header.mtime, sizeof(header.mtime),
		  has_time ? (uint64_t)member->mtime.tv_sec : 0);
	set_octal(header.devmajor, sizeof(header.devmajor), member->major);
	set_octal(header.devminor, sizeof(header.devminor), member->minor);
	memset(header.checksum, ' ', sizeof(header.checksum));
	unsigned sum = 0;
	for (size_t i = 0; i < sizeof(header); i++)
		sum += ((const unsigned char *)&header)[i];
	set_octal(header.checksum, sizeof(header.checksum) - 1, sum);
	return put(tar, &header, sizeof(header), err);
}

/* "1.5", and before 1970 "-1.5": the fraction counts from there, too. */
static void add_pax_time(struct buf *pax, const struct timespec *mtime)
{
	char text[48];
	bool is_before = mtime->tv_sec < 0;
	int64_t seconds = mtime->tv_sec;
	long nanoseconds = mtime->tv_nsec;
	if (is_before && nanoseconds > 0) {
		seconds++;
		nanoseconds = 1000000000 - nanoseconds;
	}
	snprintf(text, sizeof(text), "%s%lld.%09ld", is_before ? "-" : "",
		 (long long)(is_before ? -seconds : seconds), nanoseconds);
	add_pax_text(pax, "mtime", text);
}

/* Whatever the header has no room for. */
static void add_pax(struct buf *pax, const struct tar_member *member)
{
	const struct timespec *mtime = &member->mtime;
	if (strlen(member->path) > sizeof(((struct ustar_header *)0)->name))
		add_pax_text(pax, "path", member->path);
	if (member->target != NULL &&
	    strlen(member->target) > sizeof(((struct ustar_header *)0)->linkname))
		add_pax_text(pax, "linkpath", member->target);
	if (member->size > USTAR_NUMBER_MAX)
		add_pax_number(pax, "size", member->size);
	if (member->uid > USTAR_ID_MAX)
		add_pax_number(pax, "uid", member->uid);
	if (member->gid > USTAR_ID_MAX)
		add_pax_number(pax, "gid", member->gid);
	if (mtime->tv_nsec != 0 || mtime->tv_sec < 0 || (uint64_t)mtime->tv_sec > USTAR_NUMBER_MAX)
		add_pax_time(pax, mtime);
	if (member->pax != NULL)
		buf_add(pax, buf_str(member->pax), member->pax->len);
}

int tar_add_member(struct tar_writer *tar, const struct tar_member *member, struct err *err)
{
	AUTO(struct buf, buf_done) pax = { 0 };
	add_pax(&pax, member);
	if (pax.len > 0) {
		const struct tar_member extra = {
			.type = 'x', .path = "PaxHeaders/member", .mode = 0644, .size = pax.len
		};
		if (put_header(tar, &extra, err) < 0 || put(tar, pax.data, pax.len, err) < 0 ||
		    pad(tar, err) < 0)
			return -1;
	}
	if (put_header(tar, member, err) < 0)
		return -1;
	tar->file_end = tar->total_bytes + member->size;
	return 0;
}

/* The short forms: owner 0:0, the archive's time. */
static int add_plain(struct tar_writer *tar, const struct tar_member *member, struct err *err)
{
	struct tar_member whole = *member;
	whole.mtime.tv_sec = (time_t)tar->mtime_s;
	return tar_add_member(tar, &whole, err);
}

int tar_add_directory(struct tar_writer *tar, const char *path, mode_t mode, struct err *err)
{
	return add_plain(tar, &(struct tar_member){ .type = '5', .path = path, .mode = mode }, err);
}

int tar_add_symlink(struct tar_writer *tar, const char *path, const char *target, struct err *err)
{
	const struct tar_member member = {
		.type = '2', .path = path, .target = target, .mode = 0777
	};
	return add_plain(tar, &member, err);
}

int tar_add_bytes(struct tar_writer *tar, const char *path, mode_t mode, const void *data,
		  size_t len, struct err *err)
{
	if (tar_begin_file(tar, path, mode, len, err) < 0 || tar_add_data(tar, data, len, err) < 0)
		return -1;
	return tar_end_file(tar, err);
}

int tar_begin_file(struct tar_writer *tar, const char *path, mode_t mode, uint64_t size,
		   struct err *err)
{
	const struct tar_member member = { .type = '0', .path = path, .mode = mode, .size = size };
	return add_plain(tar, &member, err);
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
