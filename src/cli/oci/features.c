/* SPDX-License-Identifier: Apache-2.0 */
/*
 * onggi-runtime features: what this program can do, as JSON. Every list comes from the table that
 * does it, so that nothing is promised that is not there.
 * Source: OCI runtime-spec features.md, features-linux.md
 */
#include "base/json_write.h"
#include "cli/oci/oci.h"
#include "cli/output.h"
#include "kernel/caps/caps.h"
#include "kernel/mount/mount.h"
#include "kernel/ns/ns.h"
#include "kernel/seccomp/arch.h"
#include "kernel/seccomp/profile.h"
#include "oci/spec_parse.h"
#include "runtime/bundle/verbs.h"
#include "runtime/checkpoint/criu.h"
#include "runtime/scope/scope.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef const char *word_at(size_t index);

static int compare_words(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void add_words(struct buf *out, const char *key, word_at *word)
{
	AUTO(struct strv, strv_done) words = { 0 };
	for (size_t i = 0; word(i) != NULL; i++)
		strv_add(&words, word(i));
	if (words.len > 1)
		qsort(words.items, words.len, sizeof(words.items[0]), compare_words);
	json_add_strv(out, key, &words);
}

static const char *cap_at(size_t index)
{
	return index < 64 && (caps_all() >> index & 1) != 0 ? caps_name((int)index) : NULL;
}

static const char *hook_at(size_t index)
{
	return index < SPEC_HOOK_COUNT ? spec_hook_point_name((enum spec_hook_point)index) : NULL;
}

static void add_namespaces(struct buf *out)
{
	AUTO(struct strv, strv_done) names = { 0 };
	for (int type = 0; type < NS_COUNT; type++) {
		const struct ns_info *info = ns_info((enum ns_type)type);
		char path[64];
		snprintf(path, sizeof(path), "/proc/self/ns/%s", info->proc);
		if (access(path, F_OK) == 0)
			strv_add(&names, info->name);
	}
	qsort(names.items, names.len, sizeof(names.items[0]), compare_words);
	json_add_strv(out, "namespaces", &names);
}

static const char *supported_flag_at(size_t index)
{
	const char *word = NULL;
	for (size_t i = 0; (word = seccomp_flag_word(i)) != NULL; i++)
		if (seccomp_word_is_supported(word) && index-- == 0)
			return word;
	return NULL;
}

/* What somebody who may annotate a pod should not be able to ask for. A dot at the end: all that
 * begins so. */
static const char *unsafe_annotation_at(size_t index)
{
	static const char *const prefixes[] = { "org.criu.config", "org.systemd.property.",
						"run.oci.systemd." };
	return index < ARRAY_LEN(prefixes) ? prefixes[index]
					   : spec_annotation(index - ARRAY_LEN(prefixes));
}

static void add_seccomp(struct buf *out)
{
	json_add_key(out, "seccomp");
	buf_add_str(out, "{\"enabled\":true");
	add_words(out, "actions", seccomp_action_word);
	add_words(out, "operators", seccomp_operator_word);
	add_words(out, "archs", seccomp_abi_name);
	add_words(out, "knownFlags", seccomp_flag_word);
	add_words(out, "supportedFlags", supported_flag_at);
	buf_add_char(out, '}');
}

static void add_linux(struct buf *out)
{
	json_add_key(out, "linux");
	buf_add_char(out, '{');
	add_namespaces(out);
	add_words(out, "capabilities", cap_at);
	json_add_key(out, "cgroup");
	const char *has_systemd = scope_has_worker() ? "true" : "false";
	buf_addf(out, "{\"v1\":true,\"v2\":true,\"systemd\":%s,\"systemdUser\":%s,\"rdma\":true}",
		 has_systemd, has_systemd);
	add_seccomp(out);
	buf_add_str(out, ",\"apparmor\":{\"enabled\":true},\"selinux\":{\"enabled\":true},"
			 "\"intelRdt\":{\"enabled\":true,\"schemata\":true,\"monitoring\":true},"
			 "\"mountExtensions\":{\"idmap\":{\"enabled\":true}},"
			 "\"netDevices\":{\"enabled\":true},\"memoryPolicy\":{");
	add_words(out, "modes", spec_mempolicy_mode);
	add_words(out, "flags", spec_mempolicy_flag);
	buf_add_str(out, "}}");
}

/* The names are runc's, for those who ask it. */
static void add_annotations(struct buf *out)
{
	json_add_key(out, "annotations");
	buf_add_char(out, '{');
	json_add_str(out, "org.onggi.version", ONGGI_VERSION);
	json_add_str(out, "io.github.seccomp.libseccomp.version", seccomp_library_version());
	json_add_str(out, "org.opencontainers.runc.checkpoint.enabled",
		     criu_has_worker() ? "true" : "false");
	buf_add_char(out, '}');
}

static int features_verb(const struct oci_globals *globals UNUSED, void *input UNUSED,
			 const struct strv *operands UNUSED, struct err *err)
{
	AUTO(struct buf, buf_done) text = { 0 };
	buf_add_char(&text, '{');
	json_add_str(&text, "ociVersionMin", "1.0.0");
	json_add_str(&text, "ociVersionMax", BUNDLE_OCI_VERSION);
	add_words(&text, "hooks", hook_at);
	add_words(&text, "mountOptions", mount_option_word);
	add_linux(&text);
	add_annotations(&text);
	add_words(&text, "potentiallyUnsafeConfigAnnotations", unsafe_annotation_at);
	buf_add_char(&text, '}');
	struct json_object *doc = json_tokener_parse(buf_str(&text));
	int result = output_line(
		err, "%s",
		json_object_to_json_string_ext(doc, JSON_C_TO_STRING_PRETTY |
							    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(doc);
	return result;
}

const struct oci_verb oci_features = {
	.name = "features",
	.summary = "Print what this runtime can do, as JSON",
	.details = "The document is the one of features.md in the runtime specification.",
	.run = features_verb,
};
