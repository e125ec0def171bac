/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The names an architecture has: for people, for image configs, for Debian's directories and for
 * the loader. One row per machine, word size and byte order that Linux runs on.
 */
#include "format/elf.h"

#include "base/attr.h"

#include <elf.h>
#include <string.h>

#ifndef EM_LOONGARCH
#define EM_LOONGARCH 258
#endif

struct machine {
	uint16_t id;
	int bits;
	bool is_big_endian;
	const char *name, *goarch, *triplet, *platform;
};

/* Source: elf(5), Go's GOARCH list, Debian's Multiarch/Tuples, AT_PLATFORM in the kernel's
 * arch/.../include/asm/elf.h */
static const struct machine machines[] = {
	{ EM_X86_64, 64, false, "x86-64", "amd64", "x86_64-linux-gnu", "x86_64" },
	{ EM_X86_64, 32, false, "x32", NULL, "x86_64-linux-gnux32", "x86_64" },
	{ EM_386, 32, false, "i386", "386", "i386-linux-gnu", "i686" },
	{ EM_AARCH64, 64, false, "AArch64", "arm64", "aarch64-linux-gnu", "aarch64" },
	{ EM_AARCH64, 64, true, "AArch64 (big endian)", NULL, NULL, "aarch64_be" },
	{ EM_ARM, 32, false, "ARM", "arm", "arm-linux-gnueabihf", "v7l" },
	{ EM_ARM, 32, true, "ARM (big endian)", NULL, NULL, NULL },
	{ EM_RISCV, 64, false, "RISC-V 64", "riscv64", "riscv64-linux-gnu", NULL },
	{ EM_RISCV, 32, false, "RISC-V 32", NULL, NULL, NULL },
	{ EM_PPC64, 64, false, "PowerPC64 (little endian)", "ppc64le", "powerpc64le-linux-gnu",
	  NULL },
	{ EM_PPC64, 64, true, "PowerPC64", "ppc64", "powerpc64-linux-gnu", NULL },
	{ EM_PPC, 32, true, "PowerPC", NULL, "powerpc-linux-gnu", NULL },
	{ EM_S390, 64, true, "s390x", "s390x", "s390x-linux-gnu", NULL },
	{ EM_LOONGARCH, 64, false, "LoongArch64", "loong64", "loongarch64-linux-gnu", "loongarch" },
	{ EM_MIPS, 64, false, "MIPS64 (little endian)", "mips64le", "mips64el-linux-gnuabi64",
	  NULL },
	{ EM_MIPS, 64, true, "MIPS64", "mips64", "mips64-linux-gnuabi64", NULL },
	{ EM_MIPS, 32, false, "MIPS (little endian)", "mipsle", "mipsel-linux-gnu", NULL },
	{ EM_MIPS, 32, true, "MIPS", "mips", "mips-linux-gnu", NULL },
	{ EM_SPARCV9, 64, true, "SPARC64", NULL, "sparc64-linux-gnu", NULL },
};

/* This machine, and the 32-bit one its kernel runs as well. */
#if defined(__x86_64__)
#define OWN_MACHINE EM_X86_64
#define SIB_MACHINE EM_386
#elif defined(__i386__)
#define OWN_MACHINE EM_386
#define SIB_MACHINE EM_386
#elif defined(__aarch64__)
#define OWN_MACHINE EM_AARCH64
#define SIB_MACHINE EM_ARM
#elif defined(__arm__)
#define OWN_MACHINE EM_ARM
#define SIB_MACHINE EM_ARM
#elif defined(__riscv)
#define OWN_MACHINE EM_RISCV
#define SIB_MACHINE EM_RISCV
#elif defined(__powerpc64__)
#define OWN_MACHINE EM_PPC64
#define SIB_MACHINE EM_PPC
#elif defined(__s390x__)
#define OWN_MACHINE EM_S390
#define SIB_MACHINE EM_S390
#elif defined(__loongarch64)
#define OWN_MACHINE EM_LOONGARCH
#define SIB_MACHINE EM_LOONGARCH
#else
#error "format/elf_machine.c has no row for this architecture"
#endif
#define OWN_IS_BIG (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
#define OWN_BITS   ((int)sizeof(void *) * 8)

static const struct machine *find_machine(uint16_t id, int bits, bool is_big_endian)
{
	for (size_t i = 0; i < ARRAY_LEN(machines); i++) {
		const struct machine *m = &machines[i];
		if (m->id == id && m->bits == bits && m->is_big_endian == is_big_endian)
			return m;
	}
	return NULL;
}

static const struct machine *elf_machine(const struct elf *elf)
{
	return find_machine(elf->machine, elf->bits, elf->is_big_endian);
}

const char *elf_machine_name(const struct elf *elf)
{
	const struct machine *m = elf_machine(elf);
	return m != NULL ? m->name : "an unknown architecture";
}

const char *elf_machine_goarch(const struct elf *elf)
{
	const struct machine *m = elf_machine(elf);
	return m != NULL ? m->goarch : NULL;
}

const char *elf_machine_triplet(const struct elf *elf)
{
	const struct machine *m = elf_machine(elf);
	return m != NULL ? m->triplet : NULL;
}

const char *elf_machine_platform(const struct elf *elf)
{
	const struct machine *m = elf_machine(elf);
	return m != NULL ? m->platform : NULL;
}

bool elf_machine_is_ours(const struct elf *elf)
{
	if (elf->is_big_endian != OWN_IS_BIG)
		return false;
	return (elf->machine == OWN_MACHINE && elf->bits <= OWN_BITS) ||
	       (elf->machine == SIB_MACHINE && elf->bits == 32);
}

const char *elf_own_machine_name(void)
{
	const struct machine *m = find_machine(OWN_MACHINE, OWN_BITS, OWN_IS_BIG);
	return m != NULL ? m->name : "this machine";
}

bool elf_machine_equal(const struct elf *a, const struct elf *b)
{
	return a->machine == b->machine && a->bits == b->bits &&
	       a->is_big_endian == b->is_big_endian;
}
