/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * System-call tables: which ABIs a machine can run, and the numbers of names in each.
 * Source: seccomp_syscall_resolve_name(3), linux/audit.h, the kernel's syscall tables
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SECCOMP_ARCHES_MAX 4

/** One ABI. x86-64 and x32 share an audit architecture; x32 numbers have bit 30 set. */
struct seccomp_arch {
	const char *name;    /* "SCMP_ARCH_X86_64" */
	const char *go_name; /* as in a profile's "arches": "amd64" */
	uint32_t token;      /* libseccomp's */
	uint32_t audit;      /* what the kernel reports: AUDIT_ARCH_* */
	bool is_32bit;       /* arguments have 32 bits */
};

/** The ABI of this build. */
const struct seccomp_arch *seccomp_abi_native(void);

/** By "SCMP_ARCH_*" name; NULL when unknown. */
const struct seccomp_arch *seccomp_abi_by_name(const char *name);

/** The names seccomp_abi_by_name knows; NULL after the last. */
const char *seccomp_abi_name(size_t index);

/** Can a process on this machine ever use the ABI? (Others need no code in a filter.) */
bool seccomp_abi_runs_here(const struct seccomp_arch *arch);

/** Is `name` ("amd64", "x86_64", "x32", ...) the native ABI, as "includes.arches" asks? */
bool seccomp_abi_is_native(const char *name);

/** Number of a system call, or -1 if the ABI has no such call, as far as libseccomp or the table
 *  of newer calls knows. x32 numbers carry their bit. */
int64_t seccomp_abi_number(const struct seccomp_arch *arch, const char *name);

/** Has any ABI such a call, as far as is known? */
bool seccomp_abi_knows(const char *name);

/**
 * i386 has most socket and System V IPC calls twice: direct, and as a call number in the first
 * argument of socketcall(2) or ipc(2).
 * @return true, with the number of the multiplexer and the call number, if `name` is one of them
 */
bool seccomp_abi_multiplexed(const struct seccomp_arch *arch, const char *name,
			     uint32_t *out_number, uint32_t *out_call);
