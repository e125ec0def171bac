/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Extended header records of pax and the keys that GNU tar, star, libarchive and Go put there.
 * Unknown keys are ignored, as POSIX says. An empty value takes an earlier one back.
 */
#include "base/mem.h"
#include "unpack/bounds.h"
#include "unpack/tar_header.h"

#include <errno.h>
#include <string.h>

void tar_pax_done(struct tar_pax *pax)
{
	buf_done(&pax->path);
	buf_done(&pax->link);
	buf_done(&pax->xattr_bytes);
	buf_done(&pax->sparse_name);
	free(pax->xattrs);
	free(pax->extents);
	memset(pax, 0, sizeof(*pax));
}

int tar_decimal(const char *text, size_t len, const char *what, uint64_t *out, struct err *err)
{
	uint64_t value = 0;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9' || __builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(text[i] - '0'), &value))
			return err_set(err, ERR_INVALID, "the %s is not a number in range", what);
	}
	if (len == 0)
		return err_set(err, ERR_INVALID, "the %s is empty", what);
	*out = value;
	return 0;
}

/* "[-]seconds[.fraction]": the fraction is cut, not rounded, at nanoseconds. */
static int parse_time(const char *text, size_t len, struct timespec *out, struct err *err)
{
	bool is_negative = len > 0 && text[0] == '-';
	size_t at = is_negative ? 1 : 0;
	const char *dot = memchr(text, '.', len);
	size_t end = dot != NULL ? (size_t)(dot - text) : len;
	uint64_t secs;
	if (tar_decimal(text + at, end - at, "modification time", &secs, err) < 0)
		return -1;
	if (secs > (1ull << 55))
		return err_set(err, ERR_INVALID, "the modification time is out of range");
	long nsec = 0, unit = 100000000;
	for (size_t i = end + 1; i < len; i++, unit /= 10) {
		if (text[i] < '0' || text[i] > '9')
			return err_set(err, ERR_INVALID, "the modification time is not a number");
		nsec += (text[i] - '0') * unit;
	}
	out->tv_sec = is_negative ? -(int64_t)secs : (int64_t)secs;
	out->tv_nsec = nsec;
	if (is_negative && nsec > 0) {
		out->tv_sec--;
		out->tv_nsec = 1000000000 - nsec;
	}
	return 0;
}

static int set_name(bool *has, struct buf *to, const char *value, size_t len, const char *what,
		    struct err *err)
{
	if (len >= UNPACK_PATH_MAX)
		return err_set(err, ERR_INVALID, "the %s is longer than %u bytes", what,
			       UNPACK_PATH_MAX - 1);
	if (memchr(value, '\0', len) != NULL)
		return err_set(err, ERR_INVALID, "the %s has a NUL byte", what);
	buf_reset(to);
	buf_add(to, value, len);
	*has = len > 0;
	return 0;
}

static int add_xattr(struct tar_pax *pax, const char *name, size_t name_len, const char *value,
		     size_t len, struct err *err)
{
	if (len > UNPACK_XATTR_MAX || name_len > UNPACK_NAME_MAX || name_len == 0)
		return err_set(err, ERR_INVALID,
			       "an extended attribute has a name of %zu or a value of %zu bytes "
			       "(at most %u and %u)",
			       name_len, len, UNPACK_NAME_MAX, UNPACK_XATTR_MAX);
	if (memchr(name, '\0', name_len) != NULL)
		return err_set(err, ERR_INVALID, "an extended attribute's name has a NUL byte");
	if (pax->xattrs_len == UNPACK_XATTRS_MAX)
		return err_set(err, ERR_INVALID, "more than %u extended attributes",
			       UNPACK_XATTRS_MAX);
	if (pax->xattrs == NULL)
		pax->xattrs = mem_alloc(UNPACK_XATTRS_MAX, sizeof(*pax->xattrs));
	size_t at = pax->xattr_bytes.len;
	buf_add(&pax->xattr_bytes, name, name_len);
	buf_add_char(&pax->xattr_bytes, '\0');
	pax->xattrs[pax->xattrs_len].name = at;
	pax->xattrs[pax->xattrs_len].value = pax->xattr_bytes.len;
	pax->xattrs[pax->xattrs_len++].len = len;
	buf_add(&pax->xattr_bytes, value, len);
	buf_add_char(&pax->xattr_bytes, '\0');
	return 0;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* libarchive: the name is percent-encoded, the value base64. */
static int add_encoded_xattr(struct tar_pax *pax, const char *name, size_t name_len,
			     const char *value, size_t len, struct err *err)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	AUTO(struct buf, buf_done) plain_name = { 0 }, plain = { 0 };
	for (size_t i = 0; i < name_len; i++) {
		bool is_coded = name[i] == '%' && i + 2 < name_len && hex_digit(name[i + 1]) >= 0 &&
				hex_digit(name[i + 2]) >= 0;
		char c = is_coded ? (char)(hex_digit(name[i + 1]) << 4 | hex_digit(name[i + 2]))
				  : name[i];
		buf_add_char(&plain_name, c);
		i += is_coded ? 2 : 0;
	}
	uint32_t bits = 0;
	unsigned bits_len = 0;
	while (len > 0 && value[len - 1] == '=')
		len--;
	for (size_t i = 0; i < len; i++) {
		const char *digit = value[i] != '\0' ? strchr(digits, value[i]) : NULL;
		if (digit == NULL)
			return err_set(err, ERR_INVALID, "an extended attribute is not base64");
		bits = bits << 6 | (uint32_t)(digit - digits);
		bits_len += 6;
		if (bits_len >= 8) {
			bits_len -= 8;
			buf_add_char(&plain, (char)(bits >> bits_len & 0xff));
		}
	}
	return add_xattr(pax, buf_str(&plain_name), plain_name.len, buf_str(&plain), plain.len,
			 err);
}

int tar_add_extent(struct tar_pax *pax, uint64_t offset, uint64_t length, struct err *err)
{
	if (pax->extents_len == UNPACK_SPARSE_MAX)
		return err_set(err, ERR_INVALID, "more than %u extents in a sparse file",
			       UNPACK_SPARSE_MAX);
	if ((pax->extents_len & (pax->extents_len - 1)) == 0) {
		size_t room = pax->extents_len == 0 ? 1 : pax->extents_len * 2;
		pax->extents = mem_realloc(pax->extents, room * sizeof(*pax->extents));
	}
	pax->extents[pax->extents_len++] = (struct tar_extent){ offset, length };
	return 0;
}

/* 0.1: "offset,length,offset,length,..." */
static int parse_map(struct tar_pax *pax, const char *value, size_t len, struct err *err)
{
	const char *end = value + len;
	pax->extents_len = 0;
	while (value < end) {
		uint64_t numbers[2];
		for (int i = 0; i < 2; i++) {
			if (value > end)
				return err_set(err, ERR_INVALID,
					       "the sparse map has an odd length");
			const char *comma = memchr(value, ',', (size_t)(end - value));
			const char *stop = comma != NULL ? comma : end;
			if (tar_decimal(value, (size_t)(stop - value), "sparse map", &numbers[i],
					err) < 0)
				return -1;
			value = stop + 1;
		}
		if (tar_add_extent(pax, numbers[0], numbers[1], err) < 0)
			return -1;
	}
	return 0;
}

/* `key` is what follows "GNU.sparse." */
static int parse_sparse(struct tar_pax *pax, const char *key, const char *value, size_t len,
			struct err *err)
{
	uint64_t number;
	pax->is_sparse = true;
	if (strcmp(key, "name") == 0)
		return set_name(&pax->has_sparse_name, &pax->sparse_name, value, len, "name", err);
	if (strcmp(key, "map") == 0)
		return parse_map(pax, value, len, err);
	if (tar_decimal(value, len, "sparse header", &number, err) < 0)
		return -1;
	if (strcmp(key, "major") == 0)
		pax->sparse_major = number;
	else if (strcmp(key, "minor") == 0)
		pax->sparse_minor = number;
	else if (strcmp(key, "realsize") == 0 || strcmp(key, "size") == 0) {
		pax->real_size = number;
		pax->has_real_size = true;
	} else if (strcmp(key, "offset") == 0) {
		if (pax->is_offset_open)
			return err_set(err, ERR_INVALID, "the sparse map has two offsets in a row");
		pax->is_offset_open = true;
		return tar_add_extent(pax, number, 0, err);
	} else if (strcmp(key, "numbytes") == 0) {
		if (!pax->is_offset_open)
			return err_set(err, ERR_INVALID, "the sparse map has a length alone");
		pax->is_offset_open = false;
		pax->extents[pax->extents_len - 1].length = number;
	}
	return 0;
}

static int set_number(bool *has, uint64_t *to, const char *value, size_t len, const char *what,
		      struct err *err)
{
	if (len > 0 && tar_decimal(value, len, what, to, err) < 0)
		return -1;
	*has = len > 0;
	return 0;
}

static int apply(struct tar_pax *pax, const char *key, const char *value, size_t len,
		 struct err *err)
{
	static const char schily[] = "SCHILY.xattr.", libarchive[] = "LIBARCHIVE.xattr.",
			  sparse[] = "GNU.sparse.";
	if (strcmp(key, "path") == 0)
		return set_name(&pax->has_path, &pax->path, value, len, "name", err);
	if (strcmp(key, "linkpath") == 0)
		return set_name(&pax->has_link, &pax->link, value, len, "link target", err);
	if (strcmp(key, "size") == 0)
		return set_number(&pax->has_size, &pax->size, value, len, "size", err);
	if (strcmp(key, "uid") == 0)
		return set_number(&pax->has_uid, &pax->uid, value, len, "uid", err);
	if (strcmp(key, "gid") == 0)
		return set_number(&pax->has_gid, &pax->gid, value, len, "gid", err);
	if (strcmp(key, "mtime") == 0) {
		pax->has_mtime = len > 0;
		return len > 0 ? parse_time(value, len, &pax->mtime, err) : 0;
	}
	if (strncmp(key, schily, sizeof(schily) - 1) == 0)
		return add_xattr(pax, key + sizeof(schily) - 1, strlen(key) - sizeof(schily) + 1,
				 value, len, err);
	if (strncmp(key, libarchive, sizeof(libarchive) - 1) == 0)
		return add_encoded_xattr(pax, key + sizeof(libarchive) - 1,
					 strlen(key) - sizeof(libarchive) + 1, value, len, err);
	if (strncmp(key, sparse, sizeof(sparse) - 1) == 0)
		return parse_sparse(pax, key + sizeof(sparse) - 1, value, len, err);
	return 0;
}

int tar_pax_parse(struct tar_pax *pax, const char *data, size_t len, struct err *err)
{
	AUTO(struct buf, buf_done) key = { 0 };
	while (len > 0) {
		const char *space = memchr(data, ' ', len);
		uint64_t record;
		if (space == NULL ||
		    tar_decimal(data, (size_t)(space - data), "length of a pax record", &record,
				NULL) < 0 ||
		    record > len || record < (uint64_t)(space - data) + 3 ||
		    data[record - 1] != '\n')
			return err_set(err, ERR_INVALID, "the pax header is damaged");
		const char *end = data + record - 1;
		const char *equals = memchr(space + 1, '=', (size_t)(end - space - 1));
		if (equals == NULL || equals == space + 1 ||
		    memchr(space + 1, '\0', (size_t)(equals - space - 1)) != NULL)
			return err_set(err, ERR_INVALID, "the pax header is damaged");
		buf_reset(&key);
		buf_add(&key, space + 1, (size_t)(equals - space - 1));
		if (apply(pax, buf_str(&key), equals + 1, (size_t)(end - equals - 1), err) < 0)
			return -1;
		data += record;
		len -= record;
	}
	return 0;
}
