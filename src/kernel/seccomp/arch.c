/* SPDX-License-Identifier: Apache-2.0 */

/*
 * System-call names and numbers. libseccomp knows the tables of every architecture up to its own
 * release; what came later, and what it hides behind i386's multiplexers, is in tables here.
 * Knows nothing of profiles.
 */
#include "kernel/seccomp/arch.h"

#include "base/attr.h"
#include "kernel/seccomp/seccomp.h"

#include <seccomp.h>
#include <stdio.h>
#include <string.h>

static const struct seccomp_arch arches[] = {
	{ "SCMP_ARCH_X86_64", "amd64", SCMP_ARCH_X86_64, SCMP_ARCH_X86_64, false },
	{ "SCMP_ARCH_X86", "x86", SCMP_ARCH_X86, SCMP_ARCH_X86, true },
	{ "SCMP_ARCH_X32", "x32", SCMP_ARCH_X32, SCMP_ARCH_X86_64, true },
	{ "SCMP_ARCH_AARCH64", "arm64", SCMP_ARCH_AARCH64, SCMP_ARCH_AARCH64, false },
	{ "SCMP_ARCH_ARM", "arm", SCMP_ARCH_ARM, SCMP_ARCH_ARM, true },
	/* Known to newer libseccomps than 2.5.4. */
	{ "SCMP_ARCH_LOONGARCH64", "loong64", 0xc0000102, 0xc0000102, false },
	{ "SCMP_ARCH_M68K", "m68k", 0x4, 0x4, true },
	{ "SCMP_ARCH_SH", "sh", 0x4000002a, 0x4000002a, true },
	{ "SCMP_ARCH_SHEB", "sheb", 0x2a, 0x2a, true },
	{ "SCMP_ARCH_MIPS", "mips", SCMP_ARCH_MIPS, SCMP_ARCH_MIPS, true },
	{ "SCMP_ARCH_MIPS64", "mips64", SCMP_ARCH_MIPS64, SCMP_ARCH_MIPS64, false },
	{ "SCMP_ARCH_MIPS64N32", "mips64n32", SCMP_ARCH_MIPS64N32, SCMP_ARCH_MIPS64N32, true },
	{ "SCMP_ARCH_MIPSEL", "mipsel", SCMP_ARCH_MIPSEL, SCMP_ARCH_MIPSEL, true },
	{ "SCMP_ARCH_MIPSEL64", "mipsel64", SCMP_ARCH_MIPSEL64, SCMP_ARCH_MIPSEL64, false },
	{ "SCMP_ARCH_MIPSEL64N32", "mipsel64n32", SCMP_ARCH_MIPSEL64N32, SCMP_ARCH_MIPSEL64N32,
	  true },
	{ "SCMP_ARCH_PPC", "ppc", SCMP_ARCH_PPC, SCMP_ARCH_PPC, true },
	{ "SCMP_ARCH_PPC64", "ppc64", SCMP_ARCH_PPC64, SCMP_ARCH_PPC64, false },
	{ "SCMP_ARCH_PPC64LE", "ppc64le", SCMP_ARCH_PPC64LE, SCMP_ARCH_PPC64LE, false },
	{ "SCMP_ARCH_S390", "s390", SCMP_ARCH_S390, SCMP_ARCH_S390, true },
	{ "SCMP_ARCH_S390X", "s390x", SCMP_ARCH_S390X, SCMP_ARCH_S390X, false },
	{ "SCMP_ARCH_PARISC", "parisc", SCMP_ARCH_PARISC, SCMP_ARCH_PARISC, true },
	{ "SCMP_ARCH_PARISC64", "parisc64", SCMP_ARCH_PARISC64, SCMP_ARCH_PARISC64, false },
	{ "SCMP_ARCH_RISCV64", "riscv64", SCMP_ARCH_RISCV64, SCMP_ARCH_RISCV64, false },
};

/* Calls newer than libseccomp 2.5.4; since Linux 5.1 all ABIs but alpha, ia64 and mips number them
 * alike. The two probes are x86-64's alone. */
static const struct {
	const char *name;
	int number;
	bool is_x86_64_only;
} newer_calls[] = {
	{ "uretprobe", 335, true },          { "uprobe", 336, true },
	{ "futex_waitv", 449, false },       { "set_mempolicy_home_node", 450, false },
	{ "cachestat", 451, false },         { "fchmodat2", 452, false },
	{ "map_shadow_stack", 453, false },  { "futex_wake", 454, false },
	{ "futex_wait", 455, false },        { "futex_requeue", 456, false },
	{ "statmount", 457, false },         { "listmount", 458, false },
	{ "lsm_get_self_attr", 459, false }, { "lsm_set_self_attr", 460, false },
	{ "lsm_list_modules", 461, false },  { "mseal", 462, false },
	{ "setxattrat", 463, false },        { "getxattrat", 464, false },
	{ "listxattrat", 465, false },       { "removexattrat", 466, false },
	{ "open_tree_attr", 467, false },    { "file_getattr", 468, false },
	{ "file_setattr", 469, false },      { "listns", 470, false },
};

#define I386_SOCKETCALL 102
#define I386_IPC        117

/* call: of linux/net.h and linux/ipc.h; number: the direct call, 0 where i386 has none. */
static const struct {
	const char *name;
	uint32_t multiplexer, call;
	int number;
} i386_multiplexed[] = {
	{ "accept", I386_SOCKETCALL, 5, 0 },
	{ "accept4", I386_SOCKETCALL, 18, 364 },
	{ "bind", I386_SOCKETCALL, 2, 361 },
	{ "connect", I386_SOCKETCALL, 3, 362 },
	{ "getpeername", I386_SOCKETCALL, 7, 368 },
	{ "getsockname", I386_SOCKETCALL, 6, 367 },
	{ "getsockopt", I386_SOCKETCALL, 15, 365 },
	{ "listen", I386_SOCKETCALL, 4, 363 },
	{ "recv", I386_SOCKETCALL, 10, 0 },
	{ "recvfrom", I386_SOCKETCALL, 12, 371 },
	{ "recvmmsg", I386_SOCKETCALL, 19, 337 },
	{ "recvmsg", I386_SOCKETCALL, 17, 372 },
	{ "send", I386_SOCKETCALL, 9, 0 },
	{ "sendmmsg", I386_SOCKETCALL, 20, 345 },
	{ "sendmsg", I386_SOCKETCALL, 16, 370 },
	{ "sendto", I386_SOCKETCALL, 11, 369 },
	{ "setsockopt", I386_SOCKETCALL, 14, 366 },
	{ "shutdown", I386_SOCKETCALL, 13, 373 },
	{ "socket", I386_SOCKETCALL, 1, 359 },
	{ "socketpair", I386_SOCKETCALL, 8, 360 },
	{ "msgctl", I386_IPC, 14, 402 },
	{ "msgget", I386_IPC, 13, 399 },
	{ "msgrcv", I386_IPC, 12, 401 },
	{ "msgsnd", I386_IPC, 11, 400 },
	{ "semctl", I386_IPC, 3, 394 },
	{ "semget", I386_IPC, 2, 393 },
	{ "semop", I386_IPC, 1, 0 },
	{ "semtimedop", I386_IPC, 4, 0 },
	{ "shmat", I386_IPC, 21, 397 },
	{ "shmctl", I386_IPC, 24, 396 },
	{ "shmdt", I386_IPC, 22, 398 },
	{ "shmget", I386_IPC, 23, 395 },
};

static const struct seccomp_arch *arch_by_token(uint32_t token)
{
	for (size_t i = 0; i < ARRAY_LEN(arches); i++)
		if (arches[i].token == token)
			return &arches[i];
	return NULL;
}

const char *seccomp_library_version(void)
{
	static char text[48];
	const struct scmp_version *version = seccomp_version();
	snprintf(text, sizeof(text), "%u.%u.%u", version->major, version->minor, version->micro);
	return text;
}

const struct seccomp_arch *seccomp_abi_native(void)
{
	return arch_by_token(seccomp_arch_native());
}

const struct seccomp_arch *seccomp_abi_by_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(arches); i++)
		if (strcmp(arches[i].name, name) == 0)
			return &arches[i];
	return NULL;
}

const char *seccomp_abi_name(size_t index)
{
	return index < ARRAY_LEN(arches) ? arches[index].name : NULL;
}

bool seccomp_abi_runs_here(const struct seccomp_arch *arch)
{
	uint32_t native = seccomp_arch_native();
	if (arch->token == native)
		return true;
	switch (native) {
	case SCMP_ARCH_X86_64:
		return arch->token == SCMP_ARCH_X86 || arch->token == SCMP_ARCH_X32;
	case SCMP_ARCH_AARCH64:
		return arch->token == SCMP_ARCH_ARM;
	case SCMP_ARCH_S390X:
		return arch->token == SCMP_ARCH_S390;
	case SCMP_ARCH_PPC64:
		return arch->token == SCMP_ARCH_PPC;
	default:
		return false;
	}
}

bool seccomp_abi_is_native(const char *name)
{
	const struct seccomp_arch *native = seccomp_abi_native();
	if (strcmp(name, "x86_64") == 0)
		name = "amd64";
	else if (strcmp(name, "aarch64") == 0)
		name = "arm64";
	return native != NULL && strcmp(native->go_name, name) == 0;
}

static bool is_mips(const struct seccomp_arch *arch)
{
	return strncmp(arch->go_name, "mips", 4) == 0;
}

static int64_t newer_number(const struct seccomp_arch *arch, const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(newer_calls); i++) {
		if (strcmp(newer_calls[i].name, name) != 0)
			continue;
		if (newer_calls[i].is_x86_64_only && arch->token != SCMP_ARCH_X86_64)
			return -1;
		uint32_t bit = arch->token == SCMP_ARCH_X32 ? 0x40000000u : 0;
		return is_mips(arch) ? -1 : (int64_t)((uint32_t)newer_calls[i].number | bit);
	}
	return -1;
}

int64_t seccomp_abi_number(const struct seccomp_arch *arch, const char *name)
{
	if (arch->token == SCMP_ARCH_X86)
		for (size_t i = 0; i < ARRAY_LEN(i386_multiplexed); i++)
			if (strcmp(i386_multiplexed[i].name, name) == 0)
				return i386_multiplexed[i].number != 0 ? i386_multiplexed[i].number
								       : -1;
	int number = seccomp_syscall_resolve_name_arch(arch->token, name);
	/* Calls that another ABI has come as small negative numbers; on x32 with its bit mixed in.
	 */
	bool is_real = arch->token == SCMP_ARCH_X32 ? number >= 0x40000000 && number < 0x40001000
						    : number >= 0;
	return is_real ? number : newer_number(arch, name);
}

bool seccomp_abi_knows(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(newer_calls); i++)
		if (strcmp(newer_calls[i].name, name) == 0)
			return true;
	return seccomp_syscall_resolve_name(name) != __NR_SCMP_ERROR;
}

bool seccomp_abi_multiplexed(const struct seccomp_arch *arch, const char *name,
			     uint32_t *out_number, uint32_t *out_call)
{
	if (arch->token != SCMP_ARCH_X86)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(i386_multiplexed); i++) {
		if (strcmp(i386_multiplexed[i].name, name) != 0)
			continue;
		*out_number = i386_multiplexed[i].multiplexer;
		*out_call = i386_multiplexed[i].call;
		return true;
	}
	return false;
}
