/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tar reader: headers into entries, data as a stream. It does not know what the entries are
 * for. Ours because library readers convert names on the way (libarchive normalises UTF-8 names of
 * pax headers) and a layer's names are bytes that must come out as they went in.
 */
#include "unpack/tar.h"

#include "base/mem.h"
#include "unpack/bounds.h"
#include "unpack/tar_header.h"

#include <string.h>

struct tar {
	struct source *source;
	bool needs_end;
	uint64_t entries;
	struct tar_pax pax;
	struct tar_entry entry;
	uint64_t data_left; /* bytes of the entry still in the stream, without padding */
	unsigned padding;   /* after them */
};

struct tar *tar_new(struct source *source, bool needs_end)
{
	struct tar *tar = mem_alloc(1, sizeof(*tar));
	tar->source = source;
	tar->needs_end = needs_end;
	return tar;
}

static void entry_done(struct tar_entry *entry)
{
	free(entry->path);
	free(entry->link);
	free(entry->xattrs);
	free(entry->extents);
	memset(entry, 0, sizeof(*entry));
}

void tar_free(struct tar *tar)
{
	if (tar == NULL)
		return;
	entry_done(&tar->entry);
	tar_pax_done(&tar->pax);
	free(tar);
}

struct tar_shown tar_show(const char *name)
{
	struct tar_shown shown;
	size_t i = 0;
	for (; name[i] != '\0' && i < sizeof(shown.text) - 4; i++) {
		unsigned char c = (unsigned char)name[i];
		shown.text[i] = c < 0x20 || c == 0x7f ? '?' : (char)c;
	}
	memcpy(shown.text + i, name[i] != '\0' ? "..." : "", name[i] != '\0' ? 4 : 1);
	return shown;
}

static char *field_text(const char *field, size_t len)
{
	return mem_strndup(field, strnlen(field, len));
}

/* The body of an extended header (x, L, K), NUL-terminated in `out`. */
static int read_extension(struct tar *tar, const struct tar_header *header, struct buf *out,
			  struct err *err)
{
	int64_t size;
	if (tar_number(header->size, sizeof(header->size), "size", &size, err) < 0)
		return -1;
	if (size < 0 || size > UNPACK_PAX_MAX)
		return err_set(err, ERR_INVALID,
			       "an extended header of %lld bytes is beyond the limit of %u",
			       (long long)size, UNPACK_PAX_MAX);
	buf_reset(out);
	buf_reserve(out, (size_t)size + 1);
	int rc = size == 0 ? 1
			   : source_read(tar->source, out->data, (size_t)size, "an extended header",
					 err);
	if (rc <= 0)
		return rc < 0 ? -1
			      : err_set(err, ERR_INVALID,
					"the archive ends in the middle of an extended header");
	out->len = (size_t)size;
	out->data[out->len] = '\0';
	unsigned padding = (unsigned)(-size & (TAR_BLOCK_SIZE - 1));
	return source_skip(tar->source, padding, err);
}

static int read_gnu_long(struct tar *tar, const struct tar_header *header, struct err *err)
{
	AUTO(struct buf, buf_done) body = { 0 };
	bool is_name = header->type == 'L';
	if (read_extension(tar, header, &body, err) < 0)
		return -1;
	size_t len = strnlen(buf_str(&body), body.len);
	if (len >= UNPACK_PATH_MAX)
		return err_set(err, ERR_INVALID, "a %s is longer than %u bytes",
			       is_name ? "name" : "link target", UNPACK_PATH_MAX - 1);
	struct buf *to = is_name ? &tar->pax.path : &tar->pax.link;
	buf_reset(to);
	buf_add(to, buf_str(&body), len);
	*(is_name ? &tar->pax.has_path : &tar->pax.has_link) = len > 0;
	return 0;
}

static int entry_type(const struct tar_header *header, bool has_slash, enum tar_type *out,
		      struct err *err)
{
	static const enum tar_type types[] = { TAR_FILE,  TAR_HARDLINK, TAR_SYMLINK, TAR_CHAR,
					       TAR_BLOCK, TAR_DIR,      TAR_FIFO,    TAR_FILE };
	char c = header->type;
	if (c == '\0' || c == 'S')
		c = '0';
	if (c < '0' || c > '7')
		return err_set(err, ERR_INVALID, "unknown entry type 0x%02x",
			       (unsigned char)header->type);
	*out = types[c - '0'];
	if (*out == TAR_FILE && has_slash && header->type != 'S') /* v7 had no type for these */
		*out = TAR_DIR;
	return 0;
}

static void fill_names(struct tar *tar, const struct tar_header *header)
{
	struct tar_entry *entry = &tar->entry;
	struct tar_pax *pax = &tar->pax;
	bool has_prefix = memcmp(header->magic, "ustar", 6) == 0 && header->prefix[0] != '\0';
	if (pax->has_sparse_name) {
		entry->path = mem_strdup(buf_str(&pax->sparse_name));
	} else if (pax->has_path) {
		entry->path = mem_strdup(buf_str(&pax->path));
	} else if (has_prefix) {
		AUTO_FREE char *prefix = field_text(header->prefix, sizeof(header->prefix));
		AUTO_FREE char *name = field_text(header->name, sizeof(header->name));
		entry->path = mem_printf("%s/%s", prefix, name);
	} else {
		entry->path = field_text(header->name, sizeof(header->name));
	}
	entry->link = pax->has_link ? mem_strdup(buf_str(&pax->link))
				    : field_text(header->link, sizeof(header->link));
}

static int fill_id(const char *field, bool has_pax, uint64_t from_pax, const char *what,
		   uint32_t *out, struct err *err)
{
	int64_t id = (int64_t)from_pax;
	if (!has_pax && tar_number(field, 8, what, &id, err) < 0)
		return -1;
	if (id < 0 || id >= UINT32_MAX)
		return err_set(err, ERR_INVALID, "the %s %lld is out of range", what,
			       (long long)id);
	*out = (uint32_t)id;
	return 0;
}

static int fill_owner(struct tar *tar, const struct tar_header *header, struct err *err)
{
	struct tar_entry *entry = &tar->entry;
	struct tar_pax *pax = &tar->pax;
	int64_t mode, mtime, major = 0, minor = 0;
	bool is_device = entry->type == TAR_CHAR || entry->type == TAR_BLOCK;
	if (fill_id(header->uid, pax->has_uid, pax->uid, "uid", &entry->uid, err) < 0 ||
	    fill_id(header->gid, pax->has_gid, pax->gid, "gid", &entry->gid, err) < 0 ||
	    tar_number(header->mode, sizeof(header->mode), "mode", &mode, err) < 0 ||
	    tar_number(header->mtime, sizeof(header->mtime), "modification time", &mtime, err) < 0)
		return -1;
	if (is_device &&
	    (tar_number(header->major, sizeof(header->major), "device major", &major, err) < 0 ||
	     tar_number(header->minor, sizeof(header->minor), "device minor", &minor, err) < 0))
		return -1;
	if (major < 0 || major > 4095 || minor < 0 || minor > 1048575)
		return err_set(err, ERR_INVALID, "the device number %lld:%lld is out of range",
			       (long long)major, (long long)minor);
	entry->mode = (mode_t)mode & 07777;
	entry->mtime = pax->has_mtime ? pax->mtime : (struct timespec){ .tv_sec = mtime };
	entry->major = (uint32_t)major;
	entry->minor = (uint32_t)minor;
	return 0;
}

static void fill_xattrs(struct tar *tar)
{
	struct tar_pax *pax = &tar->pax;
	struct tar_entry *entry = &tar->entry;
	if (pax->xattrs_len == 0)
		return;
	entry->xattrs = mem_alloc(pax->xattrs_len, sizeof(*entry->xattrs));
	entry->xattrs_len = pax->xattrs_len;
	for (size_t i = 0; i < pax->xattrs_len; i++)
		entry->xattrs[i] = (struct tar_xattr){
			.name = pax->xattr_bytes.data + pax->xattrs[i].name,
			.value = pax->xattr_bytes.data + pax->xattrs[i].value,
			.len = pax->xattrs[i].len,
		};
}

/* Old GNU: four extents in the header, then blocks of 21 while the flag says so. */
static int read_old_sparse(struct tar *tar, const struct tar_header *header, struct err *err)
{
	const char *raw = (const char *)header;
	const char *map = raw + 386, *flag = raw + 482;
	unsigned count = 4;
	char block[TAR_BLOCK_SIZE];
	int64_t offset, length, real_size;
	if (tar_number(raw + 483, 12, "real size", &real_size, err) < 0)
		return -1;
	if (real_size < 0)
		return err_set(err, ERR_INVALID, "the real size is negative");
	tar->pax.real_size = (uint64_t)real_size;
	tar->pax.has_real_size = true;
	for (;;) {
		for (unsigned i = 0; i < count && map[i * 24u] != '\0'; i++) {
			if (tar_number(map + i * 24u, 12, "sparse map", &offset, err) < 0 ||
			    tar_number(map + i * 24u + 12, 12, "sparse map", &length, err) < 0)
				return -1;
			if (offset < 0 || length < 0)
				return err_set(err, ERR_INVALID, "the sparse map is negative");
			if (tar_add_extent(&tar->pax, (uint64_t)offset, (uint64_t)length, err) < 0)
				return -1;
		}
		if (*flag == '\0')
			return 0;
		if (source_read(tar->source, block, sizeof(block), "a sparse map", err) <= 0)
			return err_is_set(err) ? -1
					       : err_set(err, ERR_INVALID,
							 "the archive ends in a sparse map");
		map = block;
		flag = block + 504;
		count = 21;
	}
}

static int read_line(struct tar *tar, uint64_t *used, uint64_t *out, struct err *err)
{
	char line[24];
	for (size_t len = 0; len < sizeof(line); len++) {
		int rc = source_read(tar->source, line + len, 1, "a sparse map", err);
		if (rc <= 0 || ++*used > tar->data_left)
			return rc < 0 ? -1 : err_set(err, ERR_INVALID, "the sparse map is cut off");
		if (line[len] == '\n')
			return tar_decimal(line, len, "sparse map", out, err);
	}
	return err_set(err, ERR_INVALID, "the sparse map is damaged");
}

/* 1.0: the map is text in front of the data, padded to a block. */
static int read_new_sparse(struct tar *tar, struct err *err)
{
	uint64_t count, offset, length, used = 0;
	if (read_line(tar, &used, &count, err) < 0)
		return -1;
	if (count > UNPACK_SPARSE_MAX)
		return err_set(err, ERR_INVALID, "more than %u extents in a sparse file",
			       UNPACK_SPARSE_MAX);
	tar->pax.extents_len = 0;
	for (uint64_t i = 0; i < count; i++)
		if (read_line(tar, &used, &offset, err) < 0 ||
		    read_line(tar, &used, &length, err) < 0 ||
		    tar_add_extent(&tar->pax, offset, length, err) < 0)
			return -1;
	uint64_t padding = -used & (TAR_BLOCK_SIZE - 1);
	if (used + padding > tar->data_left)
		return err_set(err, ERR_INVALID, "the sparse map is cut off");
	tar->data_left -= used + padding;
	return source_skip(tar->source, padding, err);
}

static int check_extents(struct tar *tar, struct err *err)
{
	struct tar_entry *entry = &tar->entry;
	uint64_t end = 0, total = 0;
	for (size_t i = 0; i < entry->extents_len; i++) {
		const struct tar_extent *e = &entry->extents[i];
		if (e->offset < end || e->offset > entry->size ||
		    e->length > entry->size - e->offset)
			return err_set(err, ERR_INVALID,
				       "the sparse map overlaps itself or leaves the file");
		end = e->offset + e->length;
		total += e->length;
	}
	if (total != tar->data_left)
		return err_set(err, ERR_INVALID,
			       "the sparse map has %llu bytes but the entry has %llu",
			       (unsigned long long)total, (unsigned long long)tar->data_left);
	return 0;
}

static int fill_size(struct tar *tar, const struct tar_header *header, struct err *err)
{
	struct tar_entry *entry = &tar->entry;
	struct tar_pax *pax = &tar->pax;
	int64_t size = 0;
	if (entry->type != TAR_FILE) /* a size there is a hint or history, never data */
		return 0;
	if (tar_number(header->size, sizeof(header->size), "size", &size, err) < 0)
		return -1;
	if (pax->has_size)
		size = (int64_t)pax->size;
	if (size < 0 || (uint64_t)size > UNPACK_FILE_MAX)
		return err_set(err, ERR_INVALID, "the size %lld is out of range", (long long)size);
	entry->size = tar->data_left = (uint64_t)size;
	tar->padding = (unsigned)(-size & (TAR_BLOCK_SIZE - 1));
	if (header->type == 'S' && read_old_sparse(tar, header, err) < 0)
		return -1;
	entry->is_sparse = header->type == 'S' || pax->is_sparse;
	if (!entry->is_sparse)
		return 0;
	if (pax->sparse_major == 1 && read_new_sparse(tar, err) < 0)
		return -1;
	if (!pax->has_real_size || pax->is_offset_open || pax->real_size > UNPACK_FILE_MAX)
		return err_set(err, ERR_INVALID, "the sparse header is incomplete");
	entry->size = pax->real_size;
	entry->extents = ptr_take(&pax->extents);
	entry->extents_len = pax->extents_len;
	return check_extents(tar, err);
}

static int fill_entry(struct tar *tar, const struct tar_header *header, struct err *err)
{
	struct tar_entry *entry = &tar->entry;
	fill_names(tar, header);
	size_t len = strlen(entry->path);
	if (len == 0)
		return err_set(err, ERR_INVALID, "an entry without a name at byte %llu",
			       (unsigned long long)source_position(tar->source) - TAR_BLOCK_SIZE);
	if (entry_type(header, entry->path[len - 1] == '/', &entry->type, err) < 0 ||
	    fill_owner(tar, header, err) < 0 || fill_size(tar, header, err) < 0)
		return err_context(err, "entry %s", tar_show(entry->path).text);
	bool is_link = entry->type == TAR_HARDLINK || entry->type == TAR_SYMLINK;
	if (is_link && entry->link[0] == '\0')
		return err_set(err, ERR_INVALID, "entry %s: a link without a target",
			       tar_show(entry->path).text);
	fill_xattrs(tar);
	entry->data_offset = source_position(tar->source);
	return 1;
}

static bool is_zero(const struct tar_header *header)
{
	const char *bytes = (const char *)header;
	return bytes[0] == '\0' && memcmp(bytes, bytes + 1, TAR_BLOCK_SIZE - 1) == 0;
}

/* The end: two zero blocks. One alone is an end only where the file ends too. */
static int read_end(struct tar *tar, struct err *err)
{
	struct tar_header second;
	int rc = source_read(tar->source, &second, sizeof(second), "its end marker", err);
	if (rc < 0)
		return -1;
	if (rc == 1 && !is_zero(&second))
		return err_set(err, ERR_INVALID, "a zero block in the middle, at byte %llu",
			       (unsigned long long)source_position(tar->source) -
				       2 * TAR_BLOCK_SIZE);
	return 0;
}

static int check_header(struct tar *tar, const struct tar_header *header, struct err *err)
{
	if (!tar_checksum_ok(header))
		return err_set(
			err, ERR_INVALID,
			"a header with a wrong checksum at byte %llu (damaged, or not a tar)",
			(unsigned long long)source_position(tar->source) - TAR_BLOCK_SIZE);
	if (++tar->entries > UNPACK_ENTRIES_MAX)
		return err_set(err, ERR_INVALID, "more than %u entries", UNPACK_ENTRIES_MAX);
	return 0;
}

/* Headers that only say something about the next entry, or nothing. @return 1 if it was one */
static int read_prelude(struct tar *tar, const struct tar_header *header, struct err *err)
{
	AUTO(struct buf, buf_done) body = { 0 };
	switch (header->type) {
	case 'x':
		if (read_extension(tar, header, &body, err) < 0 ||
		    tar_pax_parse(&tar->pax, buf_str(&body), body.len, err) < 0)
			return -1;
		return 1;
	case 'g': /* defaults for all: git writes its commit there; no layer writer uses more */
	case 'V': /* a volume label */
		return read_extension(tar, header, &body, err) < 0 ? -1 : 1;
	case 'L':
	case 'K':
		return read_gnu_long(tar, header, err) < 0 ? -1 : 1;
	default:
		return 0;
	}
}

int tar_next(struct tar *tar, const struct tar_entry **out, struct err *err)
{
	struct tar_header header;
	bool has_prelude = false;
	if (source_skip(tar->source, tar->data_left + tar->padding, err) < 0)
		return err_context(err, "entry %s", tar_show(tar->entry.path).text);
	entry_done(&tar->entry);
	tar_pax_done(&tar->pax);
	tar->data_left = tar->padding = 0;
	for (;;) {
		int rc = source_read(tar->source, &header, sizeof(header), "a header", err);
		if (rc < 0)
			return -1;
		if (rc == 0 && (tar->needs_end || tar->entries == 0))
			return err_set(err, ERR_INVALID,
				       "the archive ends without its end marker: truncated?");
		bool is_end = rc == 0 || is_zero(&header);
		if (is_end && has_prelude)
			return err_set(
				err, ERR_INVALID,
				"the archive ends after an extended header without its entry");
		if (is_end)
			return rc == 0 ? 0 : read_end(tar, err);
		if (check_header(tar, &header, err) < 0)
			return -1;
		rc = read_prelude(tar, &header, err);
		if (rc < 0)
			return -1;
		has_prelude = rc == 1 &&
			      (has_prelude || (header.type != 'g' && header.type != 'V'));
		if (rc == 0)
			break;
	}
	int rc = fill_entry(tar, &header, err);
	if (rc > 0)
		*out = &tar->entry;
	return rc;
}

ssize_t tar_peek(struct tar *tar, const uint8_t **out, struct err *err)
{
	if (tar->data_left == 0)
		return 0;
	ssize_t n = source_peek(tar->source, out, err);
	if (n < 0)
		return -1;
	if (n == 0)
		return err_set(err, ERR_INVALID, "the archive ends in the middle of it");
	return (uint64_t)n < tar->data_left ? n : (ssize_t)tar->data_left;
}

void tar_consume(struct tar *tar, size_t len)
{
	source_consume(tar->source, len);
	tar->data_left -= len;
}
