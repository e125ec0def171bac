/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Between the files of spec_parse: each reads one part of the document into the spec. */
#include "base/json.h"
#include "oci/spec.h"

#include <stdint.h>

/** "process" */
int spec_read_process(const struct json_at *process, struct spec *spec, struct err *err);

/** "linux", with its resources */
int spec_read_linux(const struct json_at *object, struct spec *spec, struct err *err);

/** "linux.resources" */
int spec_read_resources(const struct json_at *resources, struct spec *spec, struct err *err);

/** "linux.memoryPolicy", "linux.intelRdt", "linux.personality", "linux.netDevices" */
int spec_read_memory_policy(const struct json_at *object, struct spec *spec, struct err *err);
int spec_read_intel_rdt(const struct json_at *object, struct spec *spec, struct err *err);
int spec_read_personality(const struct json_at *object, struct spec *spec, struct err *err);
int spec_read_net_devices(const struct json_at *object, struct spec *spec, struct err *err);

/** "annotations": all are kept, and some are acted upon */
int spec_read_annotations(const struct json_at *root, struct spec *spec, struct err *err);

/** "process.execCPUAffinity" */
int spec_read_exec_affinity(const struct json_at *process, struct spec_process *out,
			    struct err *err);

/** Read one item of a list into `spec`. */
typedef int spec_item_fn(const struct json_at *item, struct spec *spec, struct err *err);

/** Call `read` for each item of the array `key`, which may be absent. */
int spec_read_each(const struct json_at *object, const char *key, spec_item_fn *read,
		   struct spec *spec, struct err *err);

/** [{containerID, hostID, size}, ...] */
int spec_read_id_maps(const struct json_at *object, const char *key, struct ns_id_map **out,
		      size_t *out_len, struct err *err);

/** A path that must be absolute and may be absent. */
int spec_read_path(const struct json_at *object, const char *key, char **out, struct err *err);

/** A word of a fixed list. */
struct spec_word {
	const char *word;
	uint64_t value;
};

/** The value of the word `key` has; ERR_INVALID if it is not in the list, which ends with NULL.
 *  @return 1, 0 absent (`out` untouched), -1 */
int spec_read_word(const struct json_at *object, const char *key, const struct spec_word *words,
		   uint64_t *out, struct err *err);

/** As above for one value at hand. @return 0 or -1 */
int spec_find_word(const struct json_at *at, const struct spec_word *words, uint64_t *out,
		   struct err *err);
