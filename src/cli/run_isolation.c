/* SPDX-License-Identifier: Apache-2.0 */
/* Namespace, security and isolation options of run. */
#include "base/mem.h"
#include "cli/run_input.h"
#include "format/number.h"
#include "format/word_set.h"
#include "sys/fd.h"

#include <fcntl.h>
#include <string.h>

#define SECCOMP_PROFILE_MAX (1u << 20)

/* Words of the namespace options; those with a separator carry a value. */
static const struct ns_word {
	const char *word;
	enum run_ns_kind kind;
	char separator;   /* 0: the word stands alone */
	bool needs_value; /* else the separator and value may be left out */
} ns_words[] = {
	{ "private", RUN_NS_PRIVATE },
	{ "host", RUN_NS_HOST },
	{ "container", RUN_NS_CONTAINER, ':', true },
	{ "ns", RUN_NS_PATH, ':', true },
	{ "none", RUN_NS_NONE },
	{ "shareable", RUN_NS_SHAREABLE },
	{ "auto", RUN_NS_AUTO, ':', false },
	{ "keep-id", RUN_NS_KEEP_ID },
};

static const struct ns_word *ns_word_find(const char *value, const char **out_rest)
{
	size_t len = strcspn(value, ":");
	for (size_t i = 0; i < ARRAY_LEN(ns_words); i++) {
		const struct ns_word *word = &ns_words[i];
		if (strlen(word->word) != len || strncmp(word->word, value, len) != 0)
			continue;
		bool has_rest = value[len] == ':';
		const char *rest = has_rest ? value + len + 1 : NULL;
		bool is_good = has_rest ? word->separator == ':' && rest[0] != '\0'
					: !word->needs_value;
		*out_rest = rest;
		return is_good ? word : NULL;
	}
	return NULL;
}

static int bad_mode(const struct option_row *row, const char *value, struct err *err)
{
	size_t len = strlen(value);
	if (len > 0 && value[len - 1] == ':')
		return err_set(err, ERR_INVALID, "%s needs a name or a path behind it", value);
	if (strcmp(row->name, "network") == 0 || strcmp(row->name, "net") == 0) {
		err_set(err, ERR_UNSUPPORTED, "network %.64s is not yet supported", value);
		return err_hint(err, "there are none (a loopback device only, the default), host, "
				     "container:NAME and ns:PATH");
	}
	return err_set(err, ERR_INVALID, "invalid mode: known are %s", row->words);
}

static int auto_check(const char *rest, struct err *err)
{
	uint64_t count;
	if (strncmp(rest, "size=", 5) != 0)
		return err_set(err, ERR_INVALID, "auto takes size=COUNT, not \"%.64s\"", rest);
	if (number_parse(rest + 5, UINT32_MAX, &count, err) < 0)
		return -1;
	if (count == 0)
		return err_set(err, ERR_INVALID, "a user namespace needs at least one id");
	return 0;
}

int run_set_namespace(const struct option_row *row, void *target, const char *value,
		      struct err *err)
{
	struct run_ns *ns = (void *)((char *)target + row->offset);
	const char *rest = NULL;
	const struct ns_word *word = ns_word_find(value, &rest);
	if (word == NULL || (row->extra & (1u << word->kind)) == 0)
		return bad_mode(row, value, err);
	if (word->kind == RUN_NS_AUTO && rest != NULL && auto_check(rest, err) < 0)
		return -1;
	free(ns->value);
	*ns = (struct run_ns){ .kind = word->kind, .value = mem_strdup(rest) };
	return 0;
}

/* seccomp=FILE: the engine wants the profile's text. */
static char *seccomp_read(const char *value, struct err *err)
{
	if (strcmp(value, "unconfined") == 0)
		return mem_strdup(value);
	if (strcmp(value, "builtin") == 0)
		return NULL;
	AUTO_FD fd = open(value, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	AUTO(struct buf, buf_done) text = { 0 };
	if (fd < 0) {
		err_sys(err, "open the seccomp profile %s", value);
		return NULL;
	}
	if (fd_read_all(fd, SECCOMP_PROFILE_MAX, value, &text, err) < 0)
		return NULL;
	return buf_take(&text);
}

static int security_seccomp(struct run_options *options, const char *value, struct err *err)
{
	struct err cause = { 0 };
	char *profile = seccomp_read(value, &cause);
	if (err_is_set(&cause)) {
		if (err != NULL)
			*err = cause;
		return -1;
	}
	free(options->seccomp);
	free(options->seccomp_path);
	options->seccomp = profile;
	options->seccomp_path = mem_strdup(value);
	return 0;
}

static int security_switch(bool *member, const char *name, const char *value, struct err *err)
{
	if (value == NULL || strcmp(value, "true") == 0)
		*member = true;
	else if (strcmp(value, "false") == 0)
		*member = false;
	else
		return err_set(err, ERR_INVALID, "invalid --security-opt: %s is true or false",
			       name);
	return 0;
}

int run_set_security(const struct option_row *row, void *target, const char *value, struct err *err)
{
	struct run_options *options = &((struct run_input *)target)->options;
	(void)row;
	/* The name ends at '='; Docker still takes the ':' of its first years. */
	size_t len = strcspn(value, "=");
	if (value[len] == '\0')
		len = strcspn(value, ":");
	AUTO_FREE char *name = mem_strndup(value, len);
	const char *setting = value[len] != '\0' ? value + len + 1 : NULL;

	if (strcmp(name, "no-new-privileges") == 0)
		return security_switch(&options->no_new_privileges, name, setting, err);
	if (strcmp(name, "writable-cgroups") == 0)
		return security_switch(&options->writable_cgroups, name, setting, err);
	if (setting == NULL || setting[0] == '\0')
		return err_set(err, ERR_INVALID, "invalid --security-opt: \"%.128s\"", value);
	if (strcmp(name, "seccomp") == 0)
		return security_seccomp(options, setting, err);
	if (strcmp(name, "apparmor") == 0) {
		free(options->apparmor);
		options->apparmor = mem_strdup(setting);
		return 0;
	}
	if (strcmp(name, "label") == 0) {
		strv_add(&options->labels_selinux, setting);
		return 0;
	}
	if (strcmp(name, "systempaths") == 0 && strcmp(setting, "unconfined") == 0) {
		options->systempaths_unconfined = true;
		return 0;
	}
	return err_set(err, ERR_INVALID, "invalid --security-opt: \"%.128s\"", value);
}

int run_set_isolate(const struct option_row *row, void *target, const char *value, struct err *err)
{
	static const struct word_bit words[] = {
		{ "chroot", ISOLATE_CHROOT },
		{ "pivot", ISOLATE_PIVOT },
		{ "mount", ISOLATE_MOUNT },
		{ "pid", ISOLATE_PID },
		{ "ipc", ISOLATE_IPC },
		{ "uts", ISOLATE_UTS },
		{ "net", ISOLATE_NET },
		{ "time", ISOLATE_TIME },
		{ "cgroupns", ISOLATE_CGROUPNS },
		{ "user", ISOLATE_USER },
		{ "cgroup", ISOLATE_CGROUP },
		{ "masks", ISOLATE_MASKS },
		{ "caps", ISOLATE_CAPS },
		{ "seccomp", ISOLATE_SECCOMP },
		{ "lsm", ISOLATE_LSM },
		{ "keyring", ISOLATE_KEYRING },
		{ 0 },
	};
	(void)row;
	return word_set_parse(value, words, ISOLATE_ALL,
			      &((struct run_input *)target)->options.isolate, err);
}

int run_set_time_offset(const struct option_row *row, void *target, const char *value,
			struct err *err)
{
	struct run_options *options = &((struct run_input *)target)->options;
	const char *equals = strchr(value, '=');
	size_t len = equals != NULL ? (size_t)(equals - value) : 0;
	bool is_clock = (len == 9 && strncmp(value, "monotonic", 9) == 0) ||
			(len == 8 && strncmp(value, "boottime", 8) == 0);
	int64_t seconds;
	(void)row;
	if (!is_clock)
		return err_set(err, ERR_INVALID,
			       "bad format: %.64s (monotonic=SECONDS or boottime=SECONDS)", value);
	if (number_parse_signed(equals + 1, INT64_MIN, INT64_MAX, &seconds, err) < 0)
		return -1;
	options->time.kind = RUN_NS_PRIVATE;
	strv_add(&options->time_offsets, value);
	return 0;
}

int run_set_profile(const struct option_row *row, void *target, const char *value, struct err *err)
{
	struct run_options *options = &((struct run_input *)target)->options;
	if (strcmp(value, "docker") != 0 && strcmp(value, "default") != 0)
		return err_set(err, ERR_INVALID, "known are %s", row->words);
	options->docker_caps = strcmp(value, "docker") == 0;
	return 0;
}

int run_set_trace(const struct option_row *row, void *target, const char *value, struct err *err)
{
	static const char *const names[] = { [RUN_TRACE_NONE] = "none",
					     [RUN_TRACE_TREE] = "tree",
					     [RUN_TRACE_JSON] = "json",
					     [RUN_TRACE_PERFETTO] = "perfetto" };
	struct run_options *options = &((struct run_input *)target)->options;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (strcmp(value, names[i]) == 0) {
			options->trace = (enum run_trace)i;
			return 0;
		}
	}
	return err_set(err, ERR_INVALID, "known are %s", row->words);
}
