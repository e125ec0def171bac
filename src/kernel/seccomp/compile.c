/* SPDX-License-Identifier: Apache-2.0 */

/* From JSON text to a program that the kernel takes. */
#include "kernel/seccomp/bpf.h"
#include "kernel/seccomp/default_profile.h"
#include "kernel/seccomp/profile.h"
#include "kernel/seccomp/seccomp.h"

const char *seccomp_default_profile(void)
{
	return default_profile_text;
}

int seccomp_compile(const char *profile_json, const struct seccomp_context *context,
		    struct seccomp_program *out, struct err *err)
{
	AUTO(struct seccomp_profile, seccomp_profile_done) profile = { 0 };
	if (seccomp_profile_parse(profile_json, context, &profile, err) < 0)
		return -1;
	return seccomp_bpf_generate(&profile, out, err);
}
