/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What a dynamic loader reads of an ELF file: 32 and 64 bit, both byte orders. The file is data:
 * every offset is checked, every length has a maximum, nothing is mapped and nothing is run.
 */
#include "base/err.h"
#include "base/strv.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ELF_PHDRS_MAX   1024       /* program headers */
#define ELF_DYNAMIC_MAX (1u << 20) /* bytes of the dynamic section */
#define ELF_STRING_MAX  4096       /* bytes of one path or name, with its NUL */
#define ELF_NEEDED_MAX  1024       /* libraries one file may name */

struct elf {
	int bits; /* 32 or 64 */
	bool is_big_endian;
	uint16_t type;     /* ET_EXEC, ET_DYN, ... */
	uint16_t machine;  /* EM_X86_64, ... */
	bool is_dynamic;   /* has a dynamic section; a static PIE has one too */
	bool is_nodeflib;  /* DF_1_NODEFLIB: the default directories are not searched */
	char *interpreter; /* PT_INTERP: the loader; NULL: static, or a library */
	char *soname;      /* DT_SONAME or NULL */
	char *rpath; /* DT_RPATH or NULL; NULL too when there is a DT_RUNPATH, which overrules it */
	char *runpath;      /* DT_RUNPATH or NULL */
	struct strv needed; /* DT_NEEDED, in order */
};

void elf_done(struct elf *elf);

/** @return true if the file starts like an ELF file. Never an error. */
bool elf_is_magic(const void *data, size_t len);

/**
 * Read the headers and the dynamic section.
 *
 * @fd     a regular file, read with pread(2) (borrowed; its offset does not move)
 * @return 0; -1 ERR_INVALID (not ELF, or damaged: the message says where), ERR_SYSTEM
 * Source: elf(5), the System V gABI, "Program Header" and "Dynamic Section"
 */
int elf_read(int fd, struct elf *out, struct err *err);

/** The same from memory. */
int elf_parse(const void *data, size_t len, struct elf *out, struct err *err);

/** @return a name for people, "x86-64", "AArch64", "PowerPC64 (little endian)"; static storage */
const char *elf_machine_name(const struct elf *elf);

/** @return the name of the architecture in image configs ("amd64", "arm64"), or NULL */
const char *elf_machine_goarch(const struct elf *elf);

/** @return Debian's directory name for the architecture ("x86_64-linux-gnu"), or NULL */
const char *elf_machine_triplet(const struct elf *elf);

/** @return what AT_PLATFORM says ($PLATFORM in search paths), or NULL */
const char *elf_machine_platform(const struct elf *elf);

/** @return true if this machine's kernel runs such files (itself, or as its 32-bit sibling) */
bool elf_machine_is_ours(const struct elf *elf);

/** The architecture this program was built for, in the words of elf_machine_name(). */
const char *elf_own_machine_name(void);

/** @return true if a loader for `a` would take `b`: same class, byte order and machine */
bool elf_machine_equal(const struct elf *a, const struct elf *b);
