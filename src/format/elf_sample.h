/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* For tests: ELF files that are nothing but headers, made from a description. */
#include "base/buf.h"

#include <elf.h>
#include <stdint.h>
#include <string.h>

#define ELF_SAMPLE_ADDRESS 0x10000 /* where the only segment is loaded */

struct elf_sample {
	int bits; /* 32 or 64; 0: 64 */
	bool is_big_endian;
	uint16_t type, machine;
	const char *interpreter, *soname, *rpath, *runpath; /* NULL: absent */
	const char *needed[8];
	uint64_t flags_1;
};

static inline void sample_put(struct buf *out, const struct elf_sample *s, uint64_t value,
			      size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		buf_add_char(out, (char)(value >> (8 * (s->is_big_endian ? bytes - 1 - i : i))));
}

static inline size_t sample_word(const struct elf_sample *s)
{
	return s->bits == 32 ? 4 : 8;
}

static inline void sample_segment(struct buf *out, const struct elf_sample *s, uint32_t type,
				  uint64_t offset, uint64_t size)
{
	size_t word = sample_word(s);
	sample_put(out, s, type, 4);
	if (word == 8)
		sample_put(out, s, PF_R, 4);
	sample_put(out, s, offset, word);
	sample_put(out, s, ELF_SAMPLE_ADDRESS + offset, word);
	sample_put(out, s, 0, word);
	sample_put(out, s, size, word);
	sample_put(out, s, size, word);
	if (word == 4)
		sample_put(out, s, PF_R, 4);
	sample_put(out, s, 1, word);
}

static inline void sample_tag(struct buf *dynamic, const struct elf_sample *s, uint64_t tag,
			      uint64_t value)
{
	sample_put(dynamic, s, tag, sample_word(s));
	sample_put(dynamic, s, value, sample_word(s));
}

static inline void sample_string_tag(struct buf *dynamic, struct buf *strings,
				     const struct elf_sample *s, uint64_t tag, const char *text)
{
	if (text == NULL)
		return;
	sample_tag(dynamic, s, tag, strings->len);
	buf_add(strings, text, strlen(text) + 1);
}

static inline void sample_header(struct buf *out, const struct elf_sample *s, size_t segments)
{
	size_t word = sample_word(s);
	const unsigned char ident[EI_NIDENT] = { ELFMAG0,
						 ELFMAG1,
						 ELFMAG2,
						 ELFMAG3,
						 word == 8 ? ELFCLASS64 : ELFCLASS32,
						 s->is_big_endian ? ELFDATA2MSB : ELFDATA2LSB,
						 EV_CURRENT };
	size_t header_bytes = word == 8 ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr);
	buf_add(out, ident, sizeof(ident));
	sample_put(out, s, s->type, 2);
	sample_put(out, s, s->machine, 2);
	sample_put(out, s, EV_CURRENT, 4);
	sample_put(out, s, 0, word);
	sample_put(out, s, header_bytes, word);
	sample_put(out, s, 0, word);
	sample_put(out, s, 0, 4);
	sample_put(out, s, header_bytes, 2);
	sample_put(out, s, word == 8 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr), 2);
	sample_put(out, s, segments, 2);
	sample_put(out, s, 0, 6);
}

static inline void elf_sample_build(const struct elf_sample *s, struct buf *out)
{
	AUTO(struct buf, buf_done) dynamic = { 0 };
	AUTO(struct buf, buf_done) strings = { 0 };
	size_t word = sample_word(s), segments = s->interpreter != NULL ? 3 : 2;
	size_t start = (word == 8 ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr)) +
		       segments * (word == 8 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr));
	buf_add_char(&strings, '\0');
	for (size_t i = 0; i < ARRAY_LEN(s->needed); i++)
		sample_string_tag(&dynamic, &strings, s, DT_NEEDED, s->needed[i]);
	sample_string_tag(&dynamic, &strings, s, DT_SONAME, s->soname);
	sample_string_tag(&dynamic, &strings, s, DT_RPATH, s->rpath);
	sample_string_tag(&dynamic, &strings, s, DT_RUNPATH, s->runpath);
	sample_tag(&dynamic, s, DT_FLAGS_1, s->flags_1);
	size_t dynamic_bytes = dynamic.len + 3 * 2 * word;
	size_t interpreter = start + dynamic_bytes + strings.len;
	sample_tag(&dynamic, s, DT_STRTAB, ELF_SAMPLE_ADDRESS + start + dynamic_bytes);
	sample_tag(&dynamic, s, DT_STRSZ, strings.len);
	sample_tag(&dynamic, s, DT_NULL, 0);
	size_t interpreter_bytes = s->interpreter != NULL ? strlen(s->interpreter) + 1 : 0;

	sample_header(out, s, segments);
	sample_segment(out, s, PT_LOAD, 0, interpreter + interpreter_bytes);
	sample_segment(out, s, PT_DYNAMIC, start, dynamic_bytes);
	if (s->interpreter != NULL)
		sample_segment(out, s, PT_INTERP, interpreter, interpreter_bytes);
	buf_add(out, dynamic.data, dynamic.len);
	buf_add(out, strings.data, strings.len);
	if (s->interpreter != NULL)
		buf_add(out, s->interpreter, interpreter_bytes);
}
