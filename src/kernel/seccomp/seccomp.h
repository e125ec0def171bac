/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Seccomp: Docker-format profiles, compiled by libseccomp once and cached as raw BPF.
 * Source: seccomp(2), seccomp_rule_add(3); the profile format of moby's profiles/seccomp
 */
#include "base/err.h"
#include "base/strv.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sock_filter;

struct seccomp_program {
	struct sock_filter *filter; /* owned */
	uint16_t len;               /* instructions; 0: no filter */
	uint32_t flags;             /* SECCOMP_FILTER_FLAG_* */
};
void seccomp_program_done(struct seccomp_program *program);

/** What the conditions of a profile ("includes": caps, arches, minKernel) are decided by. */
struct seccomp_context {
	uint64_t caps;              /* bounding set of the container */
	bool has_listener;          /* somebody will take the listener of SCMP_ACT_NOTIFY */
	bool fails_on_unknown_call; /* a name that no machine has a call for is an error */
	bool ignores_unknown; /* properties nobody knows are no error: OCI's rule, not Docker's */
};

/** The default profile as JSON text, built in: docs/seccomp.md tells how it was made. */
const char *seccomp_default_profile(void);

/**
 * Compile a profile (Docker's format or OCI's linux.seccomp object: JSON text).
 * @return 0; -1 ERR_INVALID with the JSON path of what is wrong
 */
int seccomp_compile(const char *profile_json, const struct seccomp_context *context,
		    struct seccomp_program *out, struct err *err);

/**
 * The same through the cache: file named by the digest of profile, context, architecture, kernel
 * release and libseccomp version in `cache_dir_fd`, checked against its own digest when read. A
 * damaged file is compiled anew and replaced. cache_dir_fd -1: no cache.
 */
int seccomp_load_or_compile(int cache_dir_fd, const char *profile_json,
			    const struct seccomp_context *context, struct seccomp_program *out,
			    struct err *err);

/** A program that somebody else has compiled: the instructions as bytes, in base64 (RFC 4648). The
 *  kernel checks them as it installs them. @return 0; -1 ERR_INVALID */
int seccomp_decode(const char *base64, struct seccomp_program *out, struct err *err);

/** "2.5.4": of the libseccomp that names the system calls. @return static text */
const char *seccomp_library_version(void);

/** Does the program notify somebody of calls, through a listener? */
bool seccomp_has_listener(const struct seccomp_program *program);

/** Install it on the calling thread, which gets the listener as well. As seccomp_install; TSYNC is
 *  left out: the caller has one thread. @return owned fd (O_CLOEXEC) of the listener, or -1
 *  Source: seccomp_unotify(2); Linux >= 5.0 */
int seccomp_install_listening(const struct seccomp_program *program, struct err *err);

/** Install it on the calling thread. Needs no_new_privs or CAP_SYS_ADMIN. Last of all steps. */
int seccomp_install(const struct seccomp_program *program, struct err *err);
