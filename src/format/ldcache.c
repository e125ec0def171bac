/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The loader's cache: a header, an array of entries, strings behind them. Offsets in the newer
 * format count from its own header, which may lie behind a whole cache of the older format; in the
 * older they count from the end of its array.
 */
#include "format/ldcache.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

#define OLD_MAGIC "ld.so-1.7.0"
#define NEW_MAGIC "glibc-ld.so.cache1.1" /* the version is part of it */

struct old_header {
	char magic[12]; /* 11 bytes and one of padding */
	uint32_t count;
};
struct old_entry {
	int32_t flags;
	uint32_t name, path;
};

struct new_header {
	char magic[20];
	uint32_t count;
	uint32_t strings_size;
	uint8_t flags; /* byte order */
	uint8_t padding[3];
	uint32_t extension_offset; /* 0: none */
	uint32_t unused[3];
};
struct new_entry {
	int32_t flags;
	uint32_t name, path;
	uint32_t os_version; /* no longer looked at */
	uint64_t hwcap;
};

#define HWCAP_IS_EXTENSION (UINT64_C(1) << 62) /* the low half indexes the hwcaps names */

struct extension_header {
	uint32_t magic, count;
};
struct extension_section {
	uint32_t tag, flags, offset, size;
};
#define EXTENSION_MAGIC      0xeaa42174u
#define EXTENSION_TAG_HWCAPS 1

#define ORDER_LITTLE 2
#define ORDER_BIG    3
#define ORDER_OWN    (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? ORDER_BIG : ORDER_LITTLE)

_Static_assert(sizeof(struct old_header) == 16 && sizeof(struct old_entry) == 12, "on-disk layout");
_Static_assert(sizeof(struct new_header) == 48 && sizeof(struct new_entry) == 24, "on-disk layout");

void ldcache_done(struct ldcache *cache)
{
	free(cache->bytes);
	free(cache->entries);
	memset(cache, 0, sizeof(*cache));
}

/* Bytes that offsets count from; the copy behind it is NUL-terminated, so strings always end. */
struct window {
	const char *base;
	size_t len;
};

static const char *window_string(const struct window *w, uint32_t offset)
{
	return offset < w->len ? w->base + offset : NULL;
}

static int set_strings(const struct window *w, uint32_t name, uint32_t path,
		       struct ldcache_entry *out, struct err *err)
{
	out->name = window_string(w, name);
	out->path = window_string(w, path);
	if (out->name == NULL || out->path == NULL)
		return err_set(err, ERR_INVALID, "damaged: an entry points outside the file");
	return 0;
}

static int parse_old(const struct window *file, struct ldcache *cache, struct err *err)
{
	struct old_header header;
	memcpy(&header, file->base, sizeof(header));
	if (header.count > (file->len - sizeof(header)) / sizeof(struct old_entry))
		return err_set(err, ERR_INVALID, "damaged: it is too short for its %u entries",
			       header.count);
	size_t strings = sizeof(header) + header.count * sizeof(struct old_entry);
	const struct window w = { file->base + strings, file->len - strings };
	cache->entries = mem_alloc(header.count + 1, sizeof(*cache->entries));
	for (size_t i = 0; i < header.count; i++) {
		struct old_entry raw;
		memcpy(&raw, file->base + sizeof(header) + i * sizeof(raw), sizeof(raw));
		if (set_strings(&w, raw.name, raw.path, &cache->entries[i], err) < 0)
			return -1;
		cache->entries[i].flags = raw.flags;
	}
	cache->entries_len = header.count;
	return 0;
}

/* The table of string offsets that names the hwcaps subdirectories; len 0 if there is none. */
struct hwcaps_table {
	size_t offset, len;
};

static int find_hwcaps(const struct window *w, uint32_t offset, struct hwcaps_table *out,
		       struct err *err)
{
	struct extension_header header;
	if (offset == 0)
		return 0;
	if (offset > w->len || w->len - offset < sizeof(header))
		return err_set(err, ERR_INVALID, "damaged: its extensions are outside the file");
	memcpy(&header, w->base + offset, sizeof(header));
	size_t room = (w->len - offset - sizeof(header)) / sizeof(struct extension_section);
	if (header.magic != EXTENSION_MAGIC || header.count > room)
		return err_set(err, ERR_INVALID, "damaged: its extensions make no sense");
	for (size_t i = 0; i < header.count; i++) {
		struct extension_section section;
		memcpy(&section, w->base + offset + sizeof(header) + i * sizeof(section),
		       sizeof(section));
		if (section.tag != EXTENSION_TAG_HWCAPS)
			continue;
		if (section.offset > w->len || w->len - section.offset < section.size)
			return err_set(err, ERR_INVALID,
				       "damaged: its hwcaps names are outside the file");
		*out = (struct hwcaps_table){ section.offset, section.size / sizeof(uint32_t) };
	}
	return 0;
}

static int set_hwcaps(const struct window *w, const struct hwcaps_table *table, uint64_t hwcap,
		      struct ldcache_entry *out, struct err *err)
{
	if ((hwcap & HWCAP_IS_EXTENSION) == 0) {
		out->is_legacy_variant = hwcap != 0;
		return 0;
	}
	uint32_t index = (uint32_t)hwcap, offset;
	if (index >= table->len)
		return err_set(err, ERR_INVALID, "damaged: an entry names hwcaps %u of %zu", index,
			       table->len);
	memcpy(&offset, w->base + table->offset + index * sizeof(offset), sizeof(offset));
	out->hwcaps = window_string(w, offset);
	return out->hwcaps != NULL
		       ? 0
		       : err_set(err, ERR_INVALID, "damaged: a hwcaps name is outside the file");
}

static int parse_new(const struct window *w, struct ldcache *cache, struct err *err)
{
	struct new_header header;
	struct hwcaps_table hwcaps = { 0 };
	memcpy(&header, w->base, sizeof(header));
	if (header.flags != 0 && header.flags != ORDER_OWN)
		return err_set(err, ERR_INVALID, "written for another byte order");
	if (header.count > (w->len - sizeof(header)) / sizeof(struct new_entry))
		return err_set(err, ERR_INVALID, "damaged: it is too short for its %u entries",
			       header.count);
	if (find_hwcaps(w, header.extension_offset, &hwcaps, err) < 0)
		return -1;
	cache->entries = mem_alloc(header.count + 1, sizeof(*cache->entries));
	for (size_t i = 0; i < header.count; i++) {
		struct new_entry raw;
		memcpy(&raw, w->base + sizeof(header) + i * sizeof(raw), sizeof(raw));
		struct ldcache_entry *entry = &cache->entries[i];
		if (set_strings(w, raw.name, raw.path, entry, err) < 0 ||
		    set_hwcaps(w, &hwcaps, raw.hwcap, entry, err) < 0)
			return -1;
		entry->flags = raw.flags;
	}
	cache->entries_len = header.count;
	return 0;
}

static bool is_new(const struct window *w, size_t offset)
{
	return w->len >= offset && w->len - offset >= sizeof(struct new_header) &&
	       memcmp(w->base + offset, NEW_MAGIC, strlen(NEW_MAGIC)) == 0;
}

/* Where a newer cache would begin behind an older one: aligned to 8 bytes, to 4 on i386. */
static bool find_embedded(const struct window *file, size_t *out_offset)
{
	struct old_header header;
	memcpy(&header, file->base, sizeof(header));
	size_t end = sizeof(header) + (size_t)header.count * sizeof(struct old_entry);
	for (size_t align = 4; align <= 8; align += 4) {
		*out_offset = (end + align - 1) / align * align;
		if (is_new(file, *out_offset))
			return true;
	}
	return false;
}

static int parse_any(const struct window *file, struct ldcache *cache, struct err *err)
{
	size_t offset;
	if (is_new(file, 0))
		return parse_new(file, cache, err);
	if (file->len < sizeof(struct old_header) ||
	    memcmp(file->base, OLD_MAGIC, strlen(OLD_MAGIC)) != 0)
		return err_set(err, ERR_INVALID, "not a loader cache of a known format");
	if (!find_embedded(file, &offset))
		return parse_old(file, cache, err);
	const struct window embedded = { file->base + offset, file->len - offset };
	return parse_new(&embedded, cache, err);
}

int ldcache_parse(const void *data, size_t len, struct ldcache *out, struct err *err)
{
	AUTO(struct ldcache, ldcache_done) cache = { 0 };
	if (len > LDCACHE_MAX)
		return err_set(err, ERR_INVALID, "a loader cache of %zu bytes (at most %u)", len,
			       LDCACHE_MAX);
	cache.bytes = mem_alloc(len + 1, 1);
	if (len > 0)
		memcpy(cache.bytes, data, len);
	const struct window file = { cache.bytes, len };
	if (parse_any(&file, &cache, err) < 0)
		return -1;
	*out = cache;
	cache = (struct ldcache){ 0 };
	return 0;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static unsigned long take_number(const char **at)
{
	unsigned long value = 0;
	while (is_digit(**at))
		value = value * 10 + (unsigned long)(*(*at)++ - '0');
	return value;
}

/* The loader's order of names: runs of digits compare as numbers. */
static int compare_names(const char *a, const char *b)
{
	while (*a != '\0') {
		if (is_digit(*a) && is_digit(*b)) {
			unsigned long x = take_number(&a), y = take_number(&b);
			if (x != y)
				return x < y ? -1 : 1;
			continue;
		}
		if (is_digit(*a) != is_digit(*b))
			return is_digit(*a) ? 1 : -1;
		if (*a != *b)
			return *a - *b;
		a++;
		b++;
	}
	return *a - *b;
}

/* Names descend: the loader searches the array from its large end. */
static int compare_entries(const void *a, const void *b)
{
	const struct ldcache_entry *x = *(const struct ldcache_entry *const *)a;
	const struct ldcache_entry *y = *(const struct ldcache_entry *const *)b;
	int order = compare_names(y->name, x->name);
	if (order == 0 && x->flags != y->flags)
		order = y->flags < x->flags ? -1 : 1;
	return order != 0 ? order : strcmp(x->path, y->path);
}

static uint32_t add_string(struct buf *strings, size_t base, const char *text)
{
	size_t offset = base + strings->len;
	buf_add(strings, text, strlen(text) + 1);
	return (uint32_t)offset;
}

void ldcache_format(const struct ldcache_entry *entries, size_t len, struct buf *out)
{
	AUTO_FREE const struct ldcache_entry **sorted = mem_alloc(len + 1, sizeof(*sorted));
	AUTO(struct buf, buf_done) table = { 0 };
	AUTO(struct buf, buf_done) strings = { 0 };
	size_t base = sizeof(struct new_header) + len * sizeof(struct new_entry);
	for (size_t i = 0; i < len; i++)
		sorted[i] = &entries[i];
	qsort(sorted, len, sizeof(*sorted), compare_entries);
	for (size_t i = 0; i < len; i++) {
		struct new_entry raw = {
			.flags = sorted[i]->flags,
			.name = add_string(&strings, base, sorted[i]->name),
			.path = add_string(&strings, base, sorted[i]->path),
		};
		buf_add(&table, &raw, sizeof(raw));
	}
	struct new_header header = {
		.magic = "",
		.count = (uint32_t)len,
		.strings_size = (uint32_t)strings.len,
		.flags = ORDER_OWN,
	};
	memcpy(header.magic, NEW_MAGIC, sizeof(header.magic));
	buf_add(out, &header, sizeof(header));
	buf_add(out, table.data, table.len);
	buf_add(out, strings.data, strings.len);
}
