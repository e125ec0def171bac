/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Reads ELF as the loader does: program headers, then the dynamic section, then its strings
 * through the addresses of PT_LOAD (section headers may be stripped, and nobody checks them).
 * It must never trust a number of the file: every read goes through source_read().
 */
#include "format/elf.h"

#include "base/mem.h"

#include <elf.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

struct source {
	const uint8_t *data; /* NULL: use fd */
	size_t len;
	int fd;
	bool is_64, is_big;
};

struct segment {
	uint32_t type;
	uint64_t offset, address, file_size;
};

struct dynamic_tags {
	uint64_t strings_address, strings_size;
	uint64_t soname, rpath, runpath; /* offset + 1; 0: absent */
	uint64_t flags_1;
	uint64_t needed[ELF_NEEDED_MAX];
	size_t needed_len;
};

void elf_done(struct elf *elf)
{
	free(elf->interpreter);
	free(elf->soname);
	free(elf->rpath);
	free(elf->runpath);
	strv_done(&elf->needed);
	memset(elf, 0, sizeof(*elf));
}

bool elf_is_magic(const void *data, size_t len)
{
	return len >= SELFMAG && memcmp(data, ELFMAG, SELFMAG) == 0;
}

/* Up to `len` bytes at `offset`; *out_len is less only at the end of the file. */
static int source_read_some(const struct source *src, uint64_t offset, void *out, size_t len,
			    size_t *out_len)
{
	*out_len = 0;
	if (src->data != NULL) {
		if (offset >= src->len)
			return 0;
		*out_len = src->len - offset < len ? src->len - (size_t)offset : len;
		memcpy(out, src->data + offset, *out_len);
		return 0;
	}
	if (offset > INT64_MAX - len)
		return 0;
	while (*out_len < len) {
		ssize_t n = pread(src->fd, (char *)out + *out_len, len - *out_len,
				  (off_t)(offset + *out_len));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		*out_len += (size_t)n;
	}
	return 0;
}

static int source_read(const struct source *src, uint64_t offset, void *out, size_t len,
		       const char *what, struct err *err)
{
	size_t got;
	if (source_read_some(src, offset, out, len, &got) < 0)
		return err_sys(err, "read the %s", what);
	if (got < len)
		return err_set(err, ERR_INVALID, "damaged ELF file: it ends inside its %s", what);
	return 0;
}

static uint64_t decode(const struct source *src, const uint8_t *at, size_t bytes)
{
	uint64_t value = 0;
	for (size_t i = 0; i < bytes; i++)
		value = value << 8 | at[src->is_big ? i : bytes - 1 - i];
	return value;
}

/* The field `name` of a 32- or 64-bit structure at `at`. */
#define FIELD(src, at, type32, type64, name)                                                       \
	((src)->is_64 ? decode(src, (at) + offsetof(type64, name), sizeof(((type64 *)0)->name))    \
		      : decode(src, (at) + offsetof(type32, name), sizeof(((type32 *)0)->name)))
#define EHDR(name) FIELD(src, header, Elf32_Ehdr, Elf64_Ehdr, name)
#define PHDR(name) FIELD(src, at, Elf32_Phdr, Elf64_Phdr, name)

/* The NUL-terminated string at a file offset; `limit` bytes may be read. Owned or NULL. */
static char *source_string(const struct source *src, uint64_t offset, uint64_t limit,
			   const char *what, struct err *err)
{
	char text[ELF_STRING_MAX];
	size_t got;
	size_t want = limit < sizeof(text) ? (size_t)limit : sizeof(text);
	if (source_read_some(src, offset, text, want, &got) < 0) {
		err_sys(err, "read the %s", what);
		return NULL;
	}
	if (memchr(text, '\0', got) == NULL) {
		err_set(err, ERR_INVALID, "damaged ELF file: its %s has no end", what);
		return NULL;
	}
	return mem_strdup(text);
}

struct headers {
	struct segment segments[ELF_PHDRS_MAX];
	size_t len;
};

static int read_header(struct source *src, struct elf *elf, uint64_t *out_phoff, size_t *out_phnum,
		       struct err *err)
{
	uint8_t header[sizeof(Elf64_Ehdr)] = { 0 };
	size_t got;
	if (source_read_some(src, 0, header, sizeof(header), &got) < 0)
		return err_sys(err, "read the ELF header");
	if (!elf_is_magic(header, got))
		return err_set(err, ERR_INVALID, "not an ELF file");
	uint8_t class = header[EI_CLASS], order = header[EI_DATA];
	if ((class != ELFCLASS32 && class != ELFCLASS64) ||
	    (order != ELFDATA2LSB && order != ELFDATA2MSB) || header[EI_VERSION] != EV_CURRENT)
		return err_set(err, ERR_INVALID, "damaged ELF file: class %d, byte order %d", class,
			       order);
	src->is_64 = class == ELFCLASS64;
	src->is_big = order == ELFDATA2MSB;
	if (got < (src->is_64 ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr)))
		return err_set(err, ERR_INVALID, "damaged ELF file: it ends inside its header");
	elf->bits = src->is_64 ? 64 : 32;
	elf->is_big_endian = src->is_big;
	elf->type = (uint16_t)EHDR(e_type);
	elf->machine = (uint16_t)EHDR(e_machine);
	size_t entry_size = src->is_64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
	size_t count = (size_t)EHDR(e_phnum);
	if (count > 0 && EHDR(e_phentsize) != entry_size)
		return err_set(err, ERR_INVALID, "damaged ELF file: program headers of %d bytes",
			       (int)EHDR(e_phentsize));
	if (count > ELF_PHDRS_MAX)
		return err_set(err, ERR_INVALID, "ELF file with %zu program headers (at most %d)",
			       count, ELF_PHDRS_MAX);
	*out_phoff = EHDR(e_phoff);
	*out_phnum = count;
	return 0;
}

static int read_segments(const struct source *src, uint64_t offset, size_t count,
			 struct headers *out, struct err *err)
{
	size_t size = src->is_64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
	AUTO_FREE uint8_t *table = mem_alloc(count + 1, size);
	if (source_read(src, offset, table, count * size, "program headers", err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		const uint8_t *at = table + i * size;
		out->segments[i] = (struct segment){
			.type = (uint32_t)PHDR(p_type),
			.offset = PHDR(p_offset),
			.address = PHDR(p_vaddr),
			.file_size = PHDR(p_filesz),
		};
	}
	out->len = count;
	return 0;
}

static const struct segment *find_segment(const struct headers *headers, uint32_t type)
{
	for (size_t i = 0; i < headers->len; i++)
		if (headers->segments[i].type == type)
			return &headers->segments[i];
	return NULL;
}

static void note_tag(struct dynamic_tags *tags, int64_t tag, uint64_t value)
{
	switch (tag) {
	case DT_STRTAB:
		tags->strings_address = value;
		break;
	case DT_STRSZ:
		tags->strings_size = value;
		break;
	case DT_SONAME:
		tags->soname = value + 1;
		break;
	case DT_RPATH:
		tags->rpath = value + 1;
		break;
	case DT_RUNPATH:
		tags->runpath = value + 1;
		break;
	case DT_FLAGS_1:
		tags->flags_1 = value;
		break;
	default:
		break;
	}
}

static int read_tags(const struct source *src, const struct segment *dynamic,
		     struct dynamic_tags *tags, struct err *err)
{
	size_t word = src->is_64 ? 8 : 4;
	if (dynamic->file_size > ELF_DYNAMIC_MAX)
		return err_set(err, ERR_INVALID, "ELF file with a dynamic section of %llu bytes",
			       (unsigned long long)dynamic->file_size);
	size_t count = (size_t)dynamic->file_size / (2 * word);
	AUTO_FREE uint8_t *table = mem_alloc(count + 1, 2 * word);
	if (source_read(src, dynamic->offset, table, count * 2 * word, "dynamic section", err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		uint64_t raw = decode(src, table + i * 2 * word, word);
		int64_t tag = src->is_64 ? (int64_t)raw : (int32_t)raw;
		uint64_t value = decode(src, table + (i * 2 + 1) * word, word);
		if (tag == DT_NULL)
			break;
		if (tag != DT_NEEDED) {
			note_tag(tags, tag, value);
			continue;
		}
		if (tags->needed_len == ELF_NEEDED_MAX)
			return err_set(err, ERR_INVALID, "ELF file that needs over %d libraries",
				       ELF_NEEDED_MAX);
		tags->needed[tags->needed_len++] = value;
	}
	return 0;
}

/* Where an address is in the file: through the segment that loads it. */
static int address_to_offset(const struct headers *headers, uint64_t address, uint64_t *out_offset,
			     uint64_t *out_available)
{
	for (size_t i = 0; i < headers->len; i++) {
		const struct segment *s = &headers->segments[i];
		if (s->type != PT_LOAD || address < s->address ||
		    address - s->address >= s->file_size)
			continue;
		uint64_t inside = address - s->address;
		if (s->offset > UINT64_MAX - inside)
			return -1;
		*out_offset = s->offset + inside;
		*out_available = s->file_size - inside;
		return 0;
	}
	return -1;
}

struct string_table {
	uint64_t offset, size;
};

static char *table_string(const struct source *src, const struct string_table *table,
			  uint64_t index, const char *what, struct err *err)
{
	if (index >= table->size || table->offset > UINT64_MAX - index) {
		err_set(err, ERR_INVALID, "damaged ELF file: its %s is outside the string table",
			what);
		return NULL;
	}
	return source_string(src, table->offset + index, table->size - index, what, err);
}

static int read_strings(const struct source *src, const struct headers *headers,
			const struct dynamic_tags *tags, struct elf *elf, struct err *err)
{
	const struct {
		uint64_t index;
		char **out;
		const char *what;
	} singles[] = {
		{ tags->soname, &elf->soname, "DT_SONAME" },
		{ tags->runpath == 0 ? tags->rpath : 0, &elf->rpath, "DT_RPATH" },
		{ tags->runpath, &elf->runpath, "DT_RUNPATH" },
	};
	struct string_table table;
	uint64_t available;
	if (tags->needed_len == 0 && tags->soname == 0 && tags->rpath == 0 && tags->runpath == 0)
		return 0;
	if (address_to_offset(headers, tags->strings_address, &table.offset, &available) < 0)
		return err_set(err, ERR_INVALID,
			       "damaged ELF file: its string table is in no loaded segment");
	table.size = tags->strings_size < available ? tags->strings_size : available;
	for (size_t i = 0; i < ARRAY_LEN(singles); i++) {
		if (singles[i].index == 0)
			continue;
		*singles[i].out = table_string(src, &table, singles[i].index - 1, singles[i].what,
					       err);
		if (*singles[i].out == NULL)
			return -1;
	}
	for (size_t i = 0; i < tags->needed_len; i++) {
		char *name = table_string(src, &table, tags->needed[i], "DT_NEEDED", err);
		if (name == NULL)
			return -1;
		strv_add_take(&elf->needed, name);
	}
	return 0;
}

static int read_dynamic(const struct source *src, const struct headers *headers, struct elf *elf,
			struct err *err)
{
	const struct segment *dynamic = find_segment(headers, PT_DYNAMIC);
	if (dynamic == NULL)
		return 0;
	AUTO_FREE struct dynamic_tags *tags = mem_alloc(1, sizeof(*tags));
	elf->is_dynamic = true;
	if (read_tags(src, dynamic, tags, err) < 0)
		return -1;
	elf->is_nodeflib = (tags->flags_1 & DF_1_NODEFLIB) != 0;
	return read_strings(src, headers, tags, elf, err);
}

static int read_all(struct source *src, struct elf *elf, struct err *err)
{
	uint64_t phoff = 0;
	size_t phnum = 0;
	AUTO_FREE struct headers *headers = mem_alloc(1, sizeof(*headers));
	if (read_header(src, elf, &phoff, &phnum, err) < 0 ||
	    read_segments(src, phoff, phnum, headers, err) < 0)
		return -1;
	const struct segment *interp = find_segment(headers, PT_INTERP);
	if (interp != NULL) {
		elf->interpreter = source_string(src, interp->offset, interp->file_size,
						 "PT_INTERP", err);
		if (elf->interpreter == NULL)
			return -1;
	}
	return read_dynamic(src, headers, elf, err);
}

static int source_elf(struct source *src, struct elf *out, struct err *err)
{
	AUTO(struct elf, elf_done) elf = { 0 };
	if (read_all(src, &elf, err) < 0)
		return -1;
	*out = elf;
	elf = (struct elf){ 0 };
	return 0;
}

int elf_read(int fd, struct elf *out, struct err *err)
{
	struct source src = { .fd = fd };
	return source_elf(&src, out, err);
}

int elf_parse(const void *data, size_t len, struct elf *out, struct err *err)
{
	struct source src = { .data = len > 0 ? data : (const void *)"", .len = len, .fd = -1 };
	return source_elf(&src, out, err);
}
