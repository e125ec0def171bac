/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Compiled programs by the digest of everything they depend on. A file is believed only if its own
 * digest is right; what is not is compiled anew and replaced. The directory is ours alone (0700):
 * the digest is against damage, not against an enemy.
 */
#include "base/digest.h"
#include "base/mem.h"
#include "base/warn.h"
#include "kernel/seccomp/arch.h"
#include "kernel/seccomp/seccomp.h"
#include "sys/file.h"

#include <linux/filter.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#define CACHE_MAGIC   0x53474e4fu /* "ONGS" */
#define CACHE_VERSION 2u          /* of this format and of the generator: raise it with either */

struct cache_header {
	uint32_t magic;
	uint32_t version;
	uint32_t flags;
	uint32_t len;                /* instructions that follow */
	char digest[DIGEST_HEX_LEN]; /* of the header up to here and the instructions */
};
#define CACHE_FILE_MAX  (sizeof(struct cache_header) + BPF_MAXINSNS * sizeof(struct sock_filter))
#define CACHE_NAME_SIZE (sizeof("seccomp-") + DIGEST_HEX_LEN)

static int cache_name(const char *profile_json, const struct seccomp_context *context,
		      char out[CACHE_NAME_SIZE], struct err *err)
{
	struct utsname host;
	if (uname(&host) < 0)
		return err_sys(err, "read the kernel's release");
	const struct scmp_version *library = seccomp_version();
	struct {
		uint64_t caps;
		uint32_t arch, version, major, minor, micro, profile_bytes;
		uint32_t has_listener, ignores_unknown;
		char release[72]; /* a multiple of 8: no padding with old bytes */
	} key = {
		.caps = context->caps,
		.arch = seccomp_abi_native()->token,
		.version = CACHE_VERSION,
		.major = library->major,
		.minor = library->minor,
		.micro = library->micro,
		.profile_bytes = (uint32_t)strlen(profile_json),
		.has_listener = context->has_listener,
		.ignores_unknown = context->ignores_unknown |
				   (uint32_t)context->fails_on_unknown_call << 1,
	};
	_Static_assert(sizeof(key) == 8 + 8 * 4 + sizeof(key.release) &&
			       sizeof(key.release) >= sizeof(host.release),
		       "every byte of the key is set");
	memcpy(key.release, host.release, strnlen(host.release, sizeof(host.release)));
	struct digest digest;
	char hex[DIGEST_HEX_SIZE];
	digest_init(&digest);
	digest_add(&digest, &key, sizeof(key));
	digest_add(&digest, ONGGI_VERSION, sizeof(ONGGI_VERSION));
	digest_add(&digest, profile_json, strlen(profile_json));
	digest_hex(&digest, hex);
	snprintf(out, CACHE_NAME_SIZE, "seccomp-%s", hex);
	return 0;
}

static void header_digest(const struct cache_header *header, const void *filter,
			  char out[DIGEST_HEX_SIZE])
{
	struct digest digest;
	digest_init(&digest);
	digest_add(&digest, header, offsetof(struct cache_header, digest));
	digest_add(&digest, filter, header->len * sizeof(struct sock_filter));
	digest_hex(&digest, out);
}

/* @return true with *out filled, if there is a whole and true file */
static bool cache_load(int dir_fd, const char *name, struct seccomp_program *out)
{
	AUTO(struct buf, buf_done) file = { 0 };
	struct cache_header header;
	char hex[DIGEST_HEX_SIZE];
	if (file_read(dir_fd, name, CACHE_FILE_MAX, &file, NULL) < 0 || file.len < sizeof(header))
		return false;
	memcpy(&header, file.data, sizeof(header));
	if (header.magic != CACHE_MAGIC || header.version != CACHE_VERSION || header.len == 0 ||
	    header.len > BPF_MAXINSNS ||
	    file.len != sizeof(header) + header.len * sizeof(struct sock_filter))
		return false;
	header_digest(&header, file.data + sizeof(header), hex);
	if (memcmp(hex, header.digest, sizeof(header.digest)) != 0)
		return false;
	*out = (struct seccomp_program){
		.filter = mem_dup(file.data + sizeof(header),
				  header.len * sizeof(struct sock_filter)),
		.len = (uint16_t)header.len,
		.flags = header.flags,
	};
	return true;
}

static int cache_store(int dir_fd, const char *name, const struct seccomp_program *program,
		       struct err *err)
{
	AUTO(struct buf, buf_done) file = { 0 };
	char hex[DIGEST_HEX_SIZE];
	struct cache_header header = {
		.magic = CACHE_MAGIC,
		.version = CACHE_VERSION,
		.flags = program->flags,
		.len = program->len,
	};
	header_digest(&header, program->filter, hex);
	memcpy(header.digest, hex, sizeof(header.digest));
	buf_add(&file, &header, sizeof(header));
	buf_add(&file, program->filter, program->len * sizeof(struct sock_filter));
	return file_replace(dir_fd, name, file.data, file.len, 0600, FILE_VOLATILE, err);
}

int seccomp_load_or_compile(int cache_dir_fd, const char *profile_json,
			    const struct seccomp_context *context, struct seccomp_program *out,
			    struct err *err)
{
	char name[CACHE_NAME_SIZE];
	if (cache_dir_fd < 0 || seccomp_abi_native() == NULL)
		return seccomp_compile(profile_json, context, out, err);
	if (cache_name(profile_json, context, name, err) < 0)
		return -1;
	if (cache_load(cache_dir_fd, name, out))
		return 0;
	struct seccomp_program program = { 0 };
	struct err store_err = { 0 };
	if (seccomp_compile(profile_json, context, &program, err) < 0)
		return -1;
	if (cache_store(cache_dir_fd, name, &program, &store_err) < 0)
		warn_say("the compiled seccomp profile is not cached: %s", store_err.text);
	*out = program;
	return 0;
}
