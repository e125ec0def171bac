/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An image archive is a tar whose manifest may come last, so it is indexed once and its blobs are
 * read where they lie. A pipe or a compressed archive goes to the spool file first: one unlinked
 * file, nothing to clean up.
 */
#include "unpack/archive.h"

#include "base/mem.h"
#include "sys/fd.h"
#include "sys/rooted.h"
#include "unpack/path.h"
#include "unpack/source.h"
#include "unpack/tar.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINKS_MAX 8

struct member {
	char *name; /* clean */
	char *link; /* where a link of the archive leads, clean; NULL for files */
	uint64_t offset, length;
	bool is_whole; /* not sparse: its bytes lie there as they are */
};

struct archive {
	int fd;
	bool is_layout, is_in_spool;
	struct member *members;
	size_t members_len, members_capacity;
};

void archive_free(struct archive *archive)
{
	if (archive == NULL)
		return;
	for (size_t i = 0; i < archive->members_len; i++) {
		free(archive->members[i].name);
		free(archive->members[i].link);
	}
	free(archive->members);
	free(archive);
}

struct archive *archive_open_layout(int dir_fd)
{
	struct archive *archive = mem_alloc(1, sizeof(*archive));
	archive->fd = dir_fd;
	archive->is_layout = true;
	return archive;
}

/* A symlink leads on from its directory; a hard link from the root. Neither leaves the archive. */
static char *link_target(const struct tar_entry *entry, const char *name)
{
	AUTO(struct buf, buf_done) joined = { 0 }, clean = { 0 };
	size_t parent_len;
	const char *base;
	const char *target = entry->link;
	path_split(name, &parent_len, &base);
	if (entry->type == TAR_SYMLINK)
		while (strncmp(target, "../", 3) == 0) {
			while (parent_len > 0 && name[parent_len - 1] != '/')
				parent_len--;
			parent_len -= parent_len > 0;
			target += 3;
		}
	if (entry->type == TAR_SYMLINK && target[0] != '/')
		buf_addf(&joined, "%.*s/", (int)parent_len, name);
	buf_add_str(&joined, target);
	return path_clean(buf_str(&joined), &clean, NULL) < 0 ? NULL : buf_take(&clean);
}

static int add_member(struct archive *archive, const struct tar_entry *entry, struct err *err)
{
	AUTO(struct buf, buf_done) name = { 0 };
	bool is_link = entry->type == TAR_SYMLINK || entry->type == TAR_HARDLINK;
	if (entry->type != TAR_FILE && !is_link)
		return 0;
	if (path_clean(entry->path, &name, err) < 0)
		return err_context(err, "entry %s", tar_show(entry->path).text);
	if (archive->members_len == UNPACK_MEMBERS_MAX)
		return err_set(err, ERR_INVALID, "more than %u files", UNPACK_MEMBERS_MAX);
	if (archive->members_len == archive->members_capacity) {
		archive->members_capacity = archive->members_capacity * 2 + 64;
		archive->members = mem_realloc(archive->members,
					       archive->members_capacity * sizeof(struct member));
	}
	struct member *member = &archive->members[archive->members_len];
	*member = (struct member){
		.link = is_link ? link_target(entry, buf_str(&name)) : NULL,
		.offset = entry->data_offset,
		.length = entry->size,
		.is_whole = !entry->is_sparse,
	};
	if (is_link && member->link == NULL)
		return err_set(err, ERR_INVALID, "entry %s: a link out of the archive",
			       tar_show(entry->path).text);
	member->name = buf_take(&name);
	archive->members_len++;
	return 0;
}

static int index_tar(struct archive *archive, uint64_t offset, uint64_t length, struct err *err)
{
	struct source_options options = { .fd = archive->fd,
					  .is_region = true,
					  .offset = offset,
					  .length = length,
					  .is_plain = true };
	struct source *source = source_open(&options, err);
	if (source == NULL)
		return -1;
	struct tar *tar = tar_new(source, true);
	const struct tar_entry *entry;
	int rc;
	while ((rc = tar_next(tar, &entry, err)) > 0 && (rc = add_member(archive, entry, err)) == 0)
		;
	for (size_t i = 0; i < archive->members_len; i++)
		archive->members[i].offset += offset;
	tar_free(tar);
	source_free(source);
	return rc;
}

static int copy_to_spool(struct source *source, int spool_fd, void (*progress)(uint64_t),
			 struct err *err)
{
	const uint8_t *data;
	ssize_t n;
	while ((n = source_peek(source, &data, err)) > 0) {
		if (fd_write_all(spool_fd, data, (size_t)n) < 0)
			return err_sys(err, "write the spool file");
		source_consume(source, (size_t)n);
		progress(source_input_position(source));
	}
	return (int)n;
}

/* @return 1 when the archive was spooled, 0 when it can be read in place */
static int spool(int fd, bool is_regular, int spool_fd, void (*progress)(uint64_t), struct err *err)
{
	struct source_options options = { .fd = fd, .has_thread = !is_regular };
	struct stat st;
	off_t start = lseek(fd, 0, SEEK_CUR);
	if (is_regular && fstat(fd, &st) == 0) {
		options.is_region = true;
		options.offset = (uint64_t)start;
		options.length = (uint64_t)(st.st_size > start ? st.st_size - start : 0);
	}
	struct source *source = source_open(&options, err);
	if (source == NULL)
		return -1;
	int rc = is_regular && !source_is_compressed(source) ? 0 : 1;
	if (rc == 1 && copy_to_spool(source, spool_fd, progress, err) < 0)
		rc = -1;
	source_free(source);
	return rc;
}

struct archive *archive_open(int fd, int spool_fd, void (*progress)(uint64_t), struct err *err)
{
	struct stat st;
	if (fstat(fd, &st) < 0) {
		err_sys(err, "look at the archive");
		return NULL;
	}
	int spooled = spool(fd, S_ISREG(st.st_mode), spool_fd, progress, err);
	if (spooled < 0)
		return NULL;
	struct archive *archive = mem_alloc(1, sizeof(*archive));
	archive->is_in_spool = spooled == 1;
	archive->fd = archive->is_in_spool ? spool_fd : fd;
	off_t start = archive->is_in_spool ? 0 : lseek(fd, 0, SEEK_CUR);
	if (fstat(archive->fd, &st) < 0) {
		err_sys(err, "look at the archive");
		archive_free(archive);
		return NULL;
	}
	if (index_tar(archive, (uint64_t)start, (uint64_t)(st.st_size - start), err) < 0) {
		archive_free(archive);
		return NULL;
	}
	return archive;
}

/* The last entry of a name counts, as when it is extracted. */
static const struct member *find(const struct archive *archive, const char *name)
{
	for (unsigned links = 0; links < LINKS_MAX; links++) {
		const struct member *found = NULL;
		for (size_t i = archive->members_len; i > 0 && found == NULL; i--)
			if (strcmp(archive->members[i - 1].name, name) == 0)
				found = &archive->members[i - 1];
		if (found == NULL || found->link == NULL)
			return found;
		name = found->link;
	}
	return NULL;
}

static int open_layout_file(struct archive *archive, const char *name, struct stat *out,
			    struct err *err)
{
	AUTO_FD fd = rooted_open(archive->fd, name, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, err);
	if (fd < 0)
		return -1;
	if (fstat(fd, out) < 0)
		return err_sys(err, "look at %s", tar_show(name).text);
	if (!S_ISREG(out->st_mode))
		return err_set(err, ERR_INVALID, "%s is not a regular file", tar_show(name).text);
	return fd_take(&fd);
}

bool archive_has(struct archive *archive, const char *name)
{
	struct stat st;
	if (!archive->is_layout)
		return find(archive, name) != NULL;
	AUTO_FD fd = open_layout_file(archive, name, &st, NULL);
	return fd >= 0;
}

int archive_locate(struct archive *archive, const char *name, struct unpack_layer_ref *out,
		   struct err *err)
{
	struct stat st;
	AUTO(struct buf, buf_done) clean = { 0 };
	if (archive->is_layout) {
		AUTO_FD fd = open_layout_file(archive, name, &st, err);
		if (fd < 0)
			return -1;
		out->is_blob_file = true;
		out->length = (uint64_t)st.st_size;
		return 0;
	}
	if (path_clean(name, &clean, err) < 0)
		return err_context(err, "%s", tar_show(name).text);
	const struct member *member = find(archive, buf_str(&clean));
	if (member == NULL)
		return err_set(err, ERR_INVALID, "%s is not in the archive", tar_show(name).text);
	if (!member->is_whole)
		return err_set(err, ERR_UNSUPPORTED, "%s is stored as a sparse file",
			       tar_show(name).text);
	out->is_in_spool = archive->is_in_spool;
	out->offset = member->offset;
	out->length = member->length;
	return 0;
}

int archive_read(struct archive *archive, const char *name, size_t max_bytes, struct buf *out,
		 struct err *err)
{
	struct unpack_layer_ref ref = { 0 };
	struct stat st;
	buf_reset(out);
	if (archive->is_layout) {
		AUTO_FD fd = open_layout_file(archive, name, &st, err);
		return fd < 0 ? -1 : fd_read_all(fd, max_bytes, name, out, err);
	}
	if (archive_locate(archive, name, &ref, err) < 0)
		return -1;
	if (ref.length > max_bytes)
		return err_set(err, ERR_INVALID, "%s has %llu bytes, more than %zu",
			       tar_show(name).text, (unsigned long long)ref.length, max_bytes);
	buf_reserve(out, (size_t)ref.length + 1);
	while (out->len < ref.length) {
		ssize_t n = pread(archive->fd, out->data + out->len, (size_t)ref.length - out->len,
				  (off_t)(ref.offset + out->len));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? err_sys(err, "read %s", tar_show(name).text)
				     : err_set(err, ERR_INVALID, "%s is truncated",
					       tar_show(name).text);
		out->len += (size_t)n;
	}
	out->data[out->len] = '\0';
	return 0;
}
