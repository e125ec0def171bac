/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A second execve(2) of a static program costs half a millisecond: a new address space, and the C
 * library that asks the processor for its features (each cpuid traps, in a virtual machine). What a
 * seal needs of it is only that no mapping and no /proc/self/exe lead to the old mount. So the same
 * pages are mapped over the ones we run on, which takes a tenth of that.
 *
 * The contents are the same and each exchange is one system call, so it does not matter which of
 * the two is in place at any moment. The writable segment is copied: nothing may write to global
 * data between the copy and the exchange.
 */
#include "runtime/seal_swap.h"

#include "kernel/caps/caps.h"
#include "sys/fd.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <link.h>
#include <linux/capability.h>
#include <linux/prctl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

struct range {
	uintptr_t start, end; /* whole pages */
};

static struct range pages_of(uintptr_t start, size_t len)
{
	uintptr_t mask = (uintptr_t)sysconf(_SC_PAGESIZE) - 1;
	return (struct range){ start & ~mask, (start + len + mask) & ~mask };
}

static void *at(uintptr_t address)
{
	return (void *)
		address; /* NOLINT(performance-no-int-to-ptr): addresses of program headers */
}

static int protection_of(const ElfW(Phdr) * segment)
{
	return ((segment->p_flags & PF_R) != 0 ? PROT_READ : 0) |
	       ((segment->p_flags & PF_X) != 0 ? PROT_EXEC : 0);
}

/* The tail of the last page is the beginning of .bss. */
static bool copy_writable(const ElfW(Phdr) * segment)
{
	struct range range = pages_of(segment->p_vaddr, segment->p_filesz);
	size_t len = range.end - range.start;
	void *copy = mmap(NULL, len, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (copy == MAP_FAILED)
		return false;
	memcpy(copy, at(range.start), len);
	if (mremap(copy, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, at(range.start)) != MAP_FAILED)
		return true;
	munmap(copy, len);
	return false;
}

static bool map_readonly(const ElfW(Phdr) * segment, int file_fd)
{
	struct range range = pages_of(segment->p_vaddr, segment->p_filesz);
	off_t offset = (off_t)(segment->p_offset - (segment->p_vaddr - range.start));
	return mmap(at(range.start), range.end - range.start, protection_of(segment),
		    MAP_PRIVATE | MAP_FIXED, file_fd, offset) != MAP_FAILED;
}

/* As the C library does at its start: the last page stays writable if it is shared. */
static bool protect_relocated(const ElfW(Phdr) * relro)
{
	uintptr_t mask = (uintptr_t)sysconf(_SC_PAGESIZE) - 1;
	uintptr_t start = relro->p_vaddr & ~mask, end = (relro->p_vaddr + relro->p_memsz) & ~mask;
	return end <= start || mprotect(at(start), end - start, PROT_READ) == 0;
}

/* An interpreter, or relocations of our own addresses: libraries and sanitizers, not for us. */
static bool is_plain(const ElfW(Phdr) * segments, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (segments[i].p_type == PT_INTERP || segments[i].p_type == PT_DYNAMIC ||
		    (segments[i].p_type == PT_LOAD &&
		     (segments[i].p_flags & (PF_W | PF_X)) == (PF_W | PF_X)))
			return false;
	return len > 0;
}

#define STAT_SIZE 1024

/* What the kernel says about where things of ours are; it does not change.
 * Source: proc_pid_stat(5), fields 26 to 28 and 45 to 51 */
static bool read_layout(struct prctl_mm_map *out)
{
	char text[STAT_SIZE];
	AUTO_FD fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;
	if (n <= 0)
		return false;
	text[n] = '\0';
	const char *rest = strrchr(text, ')'); /* after the name, which can be anything */
	uint64_t fields[52] = { 0 };
	for (size_t i = 3; rest != NULL && i < sizeof(fields) / sizeof(fields[0]); i++) {
		rest = strchr(rest + 1, ' ');
		fields[i] = rest != NULL ? strtoull(rest + 1, NULL, 10) : 0;
	}
	*out = (struct prctl_mm_map){
		.start_code = fields[26],
		.end_code = fields[27],
		.start_stack = fields[28],
		.start_data = fields[45],
		.end_data = fields[46],
		.start_brk = fields[47],
		.brk = (uintptr_t)sbrk(0),
		.arg_start = fields[48],
		.arg_end = fields[49],
		.env_start = fields[50],
		.env_end = fields[51],
	};
	return rest != NULL;
}

/* The short way needs CAP_SYS_RESOURCE in the first user namespace; the other one is content with
 * CAP_SYS_ADMIN or CAP_CHECKPOINT_RESTORE, but wants to be told the whole layout (Linux 5.9). */
static bool become(int file_fd)
{
	struct prctl_mm_map map;
	if (prctl(PR_SET_MM, PR_SET_MM_EXE_FILE, file_fd, 0, 0) == 0)
		return true;
	if (errno != EPERM || !read_layout(&map))
		return false;
	map.exe_fd = (uint32_t)file_fd;
	return prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof(map), 0) == 0;
}

/* Has the caller one of the rights that become() takes, and the kernel the call? */
static bool may_become(void)
{
	unsigned size;
	if (caps_has_effective(CAP_SYS_RESOURCE))
		return true;
	return (caps_has_effective(CAP_SYS_ADMIN) || caps_has_effective(CAP_CHECKPOINT_RESTORE)) &&
	       prctl(PR_SET_MM, PR_SET_MM_MAP_SIZE, &size, 0, 0) == 0;
}

bool seal_can_swap(void)
{
#ifdef ONGGI_WEAK_SWAP
	return false;
#endif
	const ElfW(Phdr) *segments = at(getauxval(AT_PHDR));
	return is_plain(segments, segments != NULL ? getauxval(AT_PHNUM) : 0) && may_become();
}

bool seal_swap(int file_fd)
{
	const ElfW(Phdr) *segments = at(getauxval(AT_PHDR));
	size_t len = segments != NULL ? getauxval(AT_PHNUM) : 0;
	if (!seal_can_swap())
		return false;
	for (size_t i = 0; i < len; i++) {
		if (segments[i].p_type != PT_LOAD || segments[i].p_filesz == 0)
			continue;
		bool is_writable = (segments[i].p_flags & PF_W) != 0;
		if (!(is_writable ? copy_writable(&segments[i])
				  : map_readonly(&segments[i], file_fd)))
			return false;
	}
	for (size_t i = 0; i < len; i++)
		if (segments[i].p_type == PT_GNU_RELRO && !protect_relocated(&segments[i]))
			return false;
	return become(file_fd);
}
