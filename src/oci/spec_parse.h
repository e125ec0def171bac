/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A bundle's config.json as a struct spec. Every field of the specification that means something
 * on Linux is either taken over or refused with its JSON path; fields nobody knows are ignored.
 * Source: OCI runtime-spec 1.3, config.md and config-linux.md
 */
#include "base/err.h"
#include "oci/spec.h"

#include <stddef.h>

#define SPEC_JSON_MAX (8u << 20)

/**
 * Parse. What the document alone can say is checked here: types, ranges, names, absolute paths,
 * what needs a namespace of its own. What the machine must say is not.
 *
 * @out               spec_init()ed or zeroed; root_path is as written: relative to the bundle
 * @out_seccomp_json  owned JSON text of linux.seccomp for kernel/seccomp, or NULL when absent
 * @return 0; -1 ERR_INVALID, or ERR_UNSUPPORTED for a field we do not act upon
 */
int spec_parse(const char *json, size_t len, struct spec *out, char **out_seccomp_json,
	       struct err *err);

/**
 * Parse a process object by itself, as exec takes it, and put it in the place of the spec's own.
 * @return 0; -1 ERR_INVALID with the JSON path: the spec is as it was
 */
int spec_parse_process(const char *json, size_t len, struct spec *spec, struct err *err);

/** The words of linux.memoryPolicy: modes and flags, each list in the order of its table; NULL
 * after the last. */
const char *spec_mempolicy_mode(size_t index);
const char *spec_mempolicy_flag(size_t index);

/** Annotations that are acted upon; NULL after the last. */
const char *spec_annotation(size_t index);

/**
 * Parse a "linux.resources" object by itself, as update takes it. Device rules are left out.
 * @what  names the document in errors
 * @out   zeroed; cgroup_limits_done() it
 * @return 0; -1 ERR_INVALID, ERR_UNSUPPORTED
 */
int spec_parse_resources(const char *json, size_t len, const char *what, struct cgroup_limits *out,
			 struct err *err);
