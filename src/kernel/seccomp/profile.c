/* SPDX-License-Identifier: Apache-2.0 */

/*
 * JSON to rules. Strict: a property that is not known is an error, since a misspelt "args" would
 * open a call that its author meant to narrow. Names of system calls are not checked here: a call
 * that this machine does not have is no error in a profile written for many.
 */
#include "kernel/seccomp/profile.h"

#include "base/json.h"
#include "base/mem.h"
#include "kernel/caps/caps.h"

#include <errno.h>
#include <json-c/json.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1u << 5) /* Linux 5.19 */
#endif

#define MAX_ERRNO      4095 /* the kernel cuts SECCOMP_RET_ERRNO's data at this */
#define MAX_TRACE_DATA 65535

static const struct {
	const char *name;
	uint32_t action;
	uint32_t data_max; /* 0: "errnoRet" has no meaning */
} actions[] = {
	{ "SCMP_ACT_ALLOW", SECCOMP_RET_ALLOW, 0 },
	{ "SCMP_ACT_ERRNO", SECCOMP_RET_ERRNO, MAX_ERRNO },
	{ "SCMP_ACT_KILL", SECCOMP_RET_KILL_THREAD, 0 },
	{ "SCMP_ACT_KILL_PROCESS", SECCOMP_RET_KILL_PROCESS, 0 },
	{ "SCMP_ACT_KILL_THREAD", SECCOMP_RET_KILL_THREAD, 0 },
	{ "SCMP_ACT_LOG", SECCOMP_RET_LOG, 0 },
	{ "SCMP_ACT_NOTIFY", SECCOMP_RET_USER_NOTIF, 0 },
	{ "SCMP_ACT_TRACE", SECCOMP_RET_TRACE, MAX_TRACE_DATA },
	{ "SCMP_ACT_TRAP", SECCOMP_RET_TRAP, 0 },
};

static const char *const operators[] = {
	[SECCOMP_NE] = "SCMP_CMP_NE",
	[SECCOMP_LT] = "SCMP_CMP_LT",
	[SECCOMP_LE] = "SCMP_CMP_LE",
	[SECCOMP_EQ] = "SCMP_CMP_EQ",
	[SECCOMP_GE] = "SCMP_CMP_GE",
	[SECCOMP_GT] = "SCMP_CMP_GT",
	[SECCOMP_MASKED_EQ] = "SCMP_CMP_MASKED_EQ",
};

static const struct {
	const char *name;
	uint32_t flag;
} flags[] = {
	{ "SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG },
	{ "SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW },
	{ "SECCOMP_FILTER_FLAG_TSYNC", SECCOMP_FILTER_FLAG_TSYNC },
	{ "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV },
};

const char *seccomp_action_word(size_t index)
{
	return index < ARRAY_LEN(actions) ? actions[index].name : NULL;
}

const char *seccomp_operator_word(size_t index)
{
	return index < ARRAY_LEN(operators) ? operators[index] : NULL;
}

const char *seccomp_flag_word(size_t index)
{
	return index < ARRAY_LEN(flags) ? flags[index].name : NULL;
}

bool seccomp_word_is_supported(const char *word)
{
	for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
		if (strcmp(flags[i].name, word) != 0)
			continue;
		uint32_t needed = flags[i].flag == SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
					  ? SECCOMP_FILTER_FLAG_NEW_LISTENER
					  : 0;
		return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags[i].flag | needed, NULL) <
			       0 &&
		       errno == EFAULT;
	}
	for (size_t i = 0; i < ARRAY_LEN(actions); i++)
		if (strcmp(actions[i].name, word) == 0)
			return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0,
				       &actions[i].action) == 0;
	return false;
}

/* What a parse carries from level to level. */
struct parse {
	const struct seccomp_context *context;
	struct seccomp_profile *profile;
	struct err *err;
};

void seccomp_profile_done(struct seccomp_profile *profile)
{
	for (size_t i = 0; i < profile->rules_len; i++)
		free(profile->rules[i].name);
	free(profile->rules);
	memset(profile, 0, sizeof(*profile));
}

static int check_keys(const struct json_at *object, const char *const *known,
		      const struct parse *parse)
{
	struct err *err = parse->err;
	if (!json_object_is_type(object->value, json_type_object))
		return json_err(object, err, "expected an object");
	json_object_object_foreach (object->value, key, value) {
		(void)value;
		const char *const *k = known;
		while (*k != NULL && strcmp(*k, key) != 0)
			k++;
		if (*k != NULL || parse->context->ignores_unknown)
			continue;
		struct json_at member = json_member(object, key);
		return json_err(&member, err, "unknown property");
	}
	return 0;
}

/* A filter with a listener needs somebody to pass the descriptor to, before the payload runs. */
static int refuse_notification(const struct json_at *at, struct err *err)
{
	json_err(at, err, "seccomp notification needs a listenerPath in an OCI configuration");
	if (err != NULL)
		err->kind = ERR_UNSUPPORTED;
	return -1;
}

/* The keys of an action: of the root, or of an entry of "syscalls". */
struct action_keys {
	const char *action, *errno_number, *errno_name;
};

/* "errnoRet", or "errno" with a name as Podman's profiles have it. @return 1, 0 absent, -1 */
static int parse_errno(const struct json_at *object, const struct action_keys *keys, uint32_t *out,
		       struct err *err)
{
	AUTO_FREE char *name = NULL;
	uint32_t number = 0;
	int got_number = json_get_uint32(object, keys->errno_number, &number, err);
	int got_name = json_get_str(object, keys->errno_name, &name, err);
	if (got_number < 0 || got_name < 0)
		return -1;
	if (got_name == 0 || name[0] == '\0') {
		if (got_number > 0)
			*out = number;
		return got_number;
	}
	struct json_at name_at = json_member(object, keys->errno_name);
	uint32_t named = 1;
	for (const char *known; named <= MAX_ERRNO; named++)
		if ((known = strerrorname_np((int)named)) != NULL && strcmp(known, name) == 0)
			break;
	if (named > MAX_ERRNO)
		return json_err(&name_at, err, "unknown errno \"%.40s\"", name);
	if (got_number > 0 && number != named)
		return json_err(&name_at, err, "%.40s is not %u", name, number);
	*out = named;
	return 1;
}

/* @return 1 with the action and its errno, 0 absent, -1 */
static int parse_action(const struct json_at *object, const struct action_keys *keys, uint32_t *out,
			const struct parse *parse)
{
	struct err *err = parse->err;
	AUTO_FREE char *name = NULL;
	uint32_t data = EPERM;
	int got = json_get_str(object, keys->action, &name, err);
	int got_data = parse_errno(object, keys, &data, err);
	if (got < 0 || got_data < 0)
		return -1;
	struct json_at action_at = json_member(object, keys->action);
	struct json_at errno_at = json_member(object, keys->errno_number);
	if (got == 0)
		return got_data > 0 ? json_err(&errno_at, err, "needs %s", keys->action) : 0;
	for (size_t i = 0; i < ARRAY_LEN(actions); i++) {
		if (strcmp(actions[i].name, name) != 0)
			continue;
		if (actions[i].action == SECCOMP_RET_USER_NOTIF && !parse->context->has_listener)
			return refuse_notification(&action_at, err);
		uint32_t max = actions[i].data_max;
		if (max == 0 && got_data > 0)
			return json_err(&errno_at, err, "has no meaning with %s", name);
		if (max != 0 && data > max)
			return json_err(&errno_at, err, "%u is larger than %u", data, max);
		*out = actions[i].action | (max != 0 ? data : 0);
		return 1;
	}
	return json_err(&action_at, err, "unknown action \"%.40s\"", name);
}

static int parse_arg(const struct json_at *at, struct seccomp_arg *out, const struct parse *parse)
{
	struct err *err = parse->err;
	static const char *const known[] = { "index", "value", "valueTwo", "op", NULL };
	AUTO_FREE char *name = NULL;
	if (check_keys(at, known, parse) < 0 ||
	    json_need(json_get_uint32(at, "index", &out->index, err), at, "index", err) < 0 ||
	    json_need(json_get_uint64(at, "value", &out->value, err), at, "value", err) < 0 ||
	    json_get_uint64(at, "valueTwo", &out->value_two, err) < 0 ||
	    json_need(json_get_str(at, "op", &name, err), at, "op", err) < 0)
		return -1;
	struct json_at index_at = json_member(at, "index"), op_at = json_member(at, "op");
	if (out->index >= SECCOMP_ARGS_MAX)
		return json_err(&index_at, err, "a system call has the arguments 0 to %d",
				SECCOMP_ARGS_MAX - 1);
	for (size_t i = 0; i < ARRAY_LEN(operators); i++) {
		if (strcmp(operators[i], name) != 0)
			continue;
		out->op = (enum seccomp_operator)i;
		return 0;
	}
	return json_err(&op_at, err, "unknown operator \"%.40s\"", name);
}

static int parse_args(const struct json_at *entry, struct seccomp_rule *rule,
		      const struct parse *parse)
{
	struct err *err = parse->err;
	struct json_at args;
	int got = json_get_array(entry, "args", &args, err);
	if (got <= 0)
		return got;
	if (json_len(&args) > SECCOMP_ARGS_MAX)
		return json_err(&args, err, "more than %d arguments", SECCOMP_ARGS_MAX);
	rule->args_len = json_len(&args);
	for (size_t i = 0; i < rule->args_len; i++) {
		struct json_at arg = json_item(&args, i);
		if (parse_arg(&arg, &rule->args[i], parse) < 0)
			return -1;
	}
	return 0;
}

/* "4.8" against the running kernel. @return 1 new enough, 0 older, -1 malformed */
static int check_min_kernel(const struct json_at *at, const char *text, struct err *err)
{
	unsigned major, minor, have_major, have_minor;
	char end;
	struct utsname host;
	if (sscanf(text, "%u.%u%c", &major, &minor, &end) != 2)
		return json_err(at, err, "\"%.40s\" is no kernel version", text);
	if (uname(&host) < 0 || sscanf(host.release, "%u.%u", &have_major, &have_minor) != 2)
		return err_set(err, ERR_UNSUPPORTED, "the kernel's release is not readable");
	return have_major > major || (have_major == major && have_minor >= minor);
}

static int caps_in_context(const struct json_at *conditions, const struct strv *names,
			   const struct seccomp_context *context, size_t *out_held, struct err *err)
{
	*out_held = 0;
	struct json_at list = json_member(conditions, "caps");
	for (size_t i = 0; i < names->len; i++) {
		int cap = caps_by_name(names->items[i]);
		struct json_at item = json_item(&list, i);
		if (cap < 0)
			return json_err(&item, err, "unknown capability \"%.40s\"",
					names->items[i]);
		*out_held += context->caps >> cap & 1;
	}
	return 0;
}

/*
 * "includes" holds when all of its capabilities are there, the native ABI is listed and the kernel
 * is new enough; one of "excludes" is enough to leave an entry out.
 */
static int parse_conditions(const struct json_at *entry, const char *key, struct parse *parse,
			    bool *out_applied)
{
	static const char *const known[] = { "caps", "arches", "minKernel", NULL };
	struct err *err = parse->err;
	struct json_at at;
	int got = json_get_object(entry, key, &at, err);
	if (got <= 0)
		return got;
	AUTO(struct strv, strv_done) caps = { 0 };
	AUTO(struct strv, strv_done) arches = { 0 };
	AUTO_FREE char *kernel = NULL;
	size_t held = 0, native = 0;
	if (check_keys(&at, known, parse) < 0 || json_get_strv(&at, "caps", &caps, err) < 0 ||
	    json_get_strv(&at, "arches", &arches, err) < 0 ||
	    json_get_str(&at, "minKernel", &kernel, err) < 0 ||
	    caps_in_context(&at, &caps, parse->context, &held, err) < 0)
		return -1;
	for (size_t i = 0; i < arches.len; i++)
		native += seccomp_abi_is_native(arches.items[i]);
	struct json_at kernel_at = json_member(&at, "minKernel");
	int is_new = kernel != NULL ? check_min_kernel(&kernel_at, kernel, err) : -2;
	if (is_new == -1)
		return -1;
	if (strcmp(key, "includes") == 0) {
		if (held < caps.len || (arches.len > 0 && native == 0) || is_new == 0)
			*out_applied = false;
	} else if (held > 0 || native > 0 || is_new == 1) {
		*out_applied = false;
	}
	return 0;
}

static int add_rule(const struct json_at *at, const struct seccomp_rule *rule, const char *name,
		    struct parse *parse)
{
	struct seccomp_profile *profile = parse->profile;
	if (profile->rules_len == SECCOMP_RULES_MAX)
		return json_err(at, parse->err, "more than %d rules", SECCOMP_RULES_MAX);
	if (profile->rules_len == profile->rules_capacity) {
		profile->rules_capacity = profile->rules_capacity != 0 ? profile->rules_capacity * 2
								       : 512;
		profile->rules = mem_realloc(profile->rules,
					     profile->rules_capacity * sizeof(profile->rules[0]));
	}
	struct seccomp_rule *added = &profile->rules[profile->rules_len++];
	*added = *rule;
	added->name = mem_strdup(name);
	return 0;
}

static bool has_index_twice(const struct seccomp_rule *rule)
{
	unsigned seen = 0;
	for (size_t i = 0; i < rule->args_len; i++) {
		if ((seen & 1u << rule->args[i].index) != 0)
			return true;
		seen |= 1u << rule->args[i].index;
	}
	return false;
}

static int add_rules(const struct json_at *at, const struct seccomp_rule *rule, const char *name,
		     struct parse *parse)
{
	if (name[0] == '\0' || strlen(name) > 64)
		return json_err(at, parse->err, "is no name of a system call");
	if (parse->context->fails_on_unknown_call && !seccomp_abi_knows(name))
		return json_err(at, parse->err, "no machine has a system call %s", name);
	if (!has_index_twice(rule))
		return add_rule(at, rule, name, parse);
	/* Two conditions on one argument are alternatives: what runc made of old profiles. */
	for (size_t i = 0; i < rule->args_len; i++) {
		struct seccomp_rule one = *rule;
		one.args_len = 1;
		one.args[0] = rule->args[i];
		if (add_rule(at, &one, name, parse) < 0)
			return -1;
	}
	return 0;
}

static int parse_entry(const struct json_at *at, struct parse *parse)
{
	static const struct action_keys entry_action = { "action", "errnoRet", "errno" };
	static const char *const known[] = { "names", "name",    "action",   "errnoRet", "errno",
					     "args",  "comment", "includes", "excludes", NULL };
	struct err *err = parse->err;
	struct seccomp_rule rule = { .is_applied = true };
	AUTO(struct strv, strv_done) names = { 0 };
	AUTO_FREE char *name = NULL, *comment = NULL;
	if (check_keys(at, known, parse) < 0 || json_get_strv(at, "names", &names, err) < 0 ||
	    json_get_str(at, "name", &name, err) < 0 ||
	    json_get_str(at, "comment", &comment, err) < 0)
		return -1;
	if ((name != NULL) == (names.len > 0))
		return json_err(at, err, "needs \"names\" or \"name\", and not both");
	if (json_need(parse_action(at, &entry_action, &rule.action, parse), at, "action", err) <
		    0 ||
	    parse_args(at, &rule, parse) < 0 ||
	    parse_conditions(at, "includes", parse, &rule.is_applied) < 0 ||
	    parse_conditions(at, "excludes", parse, &rule.is_applied) < 0)
		return -1;
	struct json_at name_at = json_member(at, "name"), names_at = json_member(at, "names");
	if (name != NULL)
		return add_rules(&name_at, &rule, name, parse);
	for (size_t i = 0; i < names.len; i++) {
		struct json_at item = json_item(&names_at, i);
		/* Nobody could say that the listener is there: the answer would be waited for. */
		if (rule.action == SECCOMP_RET_USER_NOTIF && strcmp(names.items[i], "write") == 0)
			return json_err(&item, err,
					"SCMP_ACT_NOTIFY cannot be used for the write syscall");
		if (add_rules(&item, &rule, names.items[i], parse) < 0)
			return -1;
	}
	return 0;
}

static int add_arch(const struct json_at *at, const char *name, struct parse *parse)
{
	struct seccomp_profile *profile = parse->profile;
	const struct seccomp_arch *arch = seccomp_abi_by_name(name);
	if (arch == NULL)
		return json_err(at, parse->err, "unknown architecture \"%.40s\"", name);
	for (size_t i = 0; i < profile->arches_len; i++)
		if (profile->arches[i] == arch)
			return 0;
	if (seccomp_abi_runs_here(arch) && profile->arches_len < SECCOMP_ARCHES_MAX)
		profile->arches[profile->arches_len++] = arch;
	return 0;
}

/* A list of names, checked whole; added if `is_used`. */
static int parse_arch_list(const struct json_at *object, const char *key, bool is_used,
			   struct parse *parse)
{
	AUTO(struct strv, strv_done) names = { 0 };
	if (json_get_strv(object, key, &names, parse->err) < 0)
		return -1;
	struct json_at list = json_member(object, key);
	for (size_t i = 0; i < names.len; i++) {
		struct json_at item = json_item(&list, i);
		if (seccomp_abi_by_name(names.items[i]) == NULL || is_used)
			if (add_arch(&item, names.items[i], parse) < 0)
				return -1;
	}
	return 0;
}

static int parse_arch_map(const struct json_at *root, struct parse *parse)
{
	static const char *const known[] = { "architecture", "subArchitectures", NULL };
	struct json_at map;
	int got = json_get_array(root, "archMap", &map, parse->err);
	if (got <= 0)
		return got;
	struct json_at both = json_member(root, "architectures");
	if (both.value != NULL)
		return json_err(&both, parse->err, "cannot be used together with archMap");
	for (size_t i = 0; i < json_len(&map); i++) {
		struct json_at at = json_item(&map, i);
		AUTO_FREE char *name = NULL;
		if (check_keys(&at, known, parse) < 0 ||
		    json_need(json_get_str(&at, "architecture", &name, parse->err), &at,
			      "architecture", parse->err) < 0)
			return -1;
		struct json_at name_at = json_member(&at, "architecture");
		if (seccomp_abi_by_name(name) == NULL)
			return json_err(&name_at, parse->err, "unknown architecture \"%.40s\"",
					name);
		bool is_ours = seccomp_abi_by_name(name) == seccomp_abi_native();
		if (parse_arch_list(&at, "subArchitectures", is_ours, parse) < 0)
			return -1;
	}
	return 0;
}

static int parse_flags(const struct json_at *root, struct parse *parse)
{
	AUTO(struct strv, strv_done) names = { 0 };
	if (json_get_strv(root, "flags", &names, parse->err) < 0)
		return -1;
	struct json_at list = json_member(root, "flags");
	for (size_t i = 0; i < names.len; i++) {
		size_t f = 0;
		while (f < ARRAY_LEN(flags) && strcmp(flags[f].name, names.items[i]) != 0)
			f++;
		struct json_at item = json_item(&list, i);
		if (f == ARRAY_LEN(flags))
			return json_err(&item, parse->err, "unknown flag \"%.40s\"",
					names.items[i]);
		parse->profile->flags |= flags[f].flag;
	}
	return 0;
}

/* The kernel knows of a listener by a flag, and takes one flag only together with it. */
static void decide_listener(struct seccomp_profile *profile)
{
	bool notifies = profile->default_action == SECCOMP_RET_USER_NOTIF;
	for (size_t i = 0; i < profile->rules_len; i++)
		notifies = notifies || (profile->rules[i].is_applied &&
					profile->rules[i].action == SECCOMP_RET_USER_NOTIF);
	if (notifies)
		profile->flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
	else
		profile->flags &= ~(uint32_t)SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
}

static int parse_root(const struct json_at *root, struct parse *parse)
{
	static const struct action_keys default_action = { "defaultAction", "defaultErrnoRet",
							   "defaultErrno" };
	static const char *const known[] = { "defaultAction",
					     "defaultErrnoRet",
					     "defaultErrno",
					     "archMap",
					     "architectures",
					     "flags",
					     "listenerPath",
					     "listenerMetadata",
					     "syscalls",
					     "comment",
					     NULL };
	struct err *err = parse->err;
	struct seccomp_profile *profile = parse->profile;
	struct json_at syscalls;
	AUTO_FREE char *comment = NULL;
	profile->arches[0] = seccomp_abi_native();
	if (profile->arches[0] == NULL)
		return err_set(err, ERR_UNSUPPORTED, "seccomp: this machine's ABI is unknown");
	profile->arches_len = 1;
	if (check_keys(root, known, parse) < 0 ||
	    json_get_str(root, "comment", &comment, err) < 0 ||
	    json_need(parse_action(root, &default_action, &profile->default_action, parse), root,
		      "defaultAction", err) < 0 ||
	    parse_arch_map(root, parse) < 0 ||
	    parse_arch_list(root, "architectures", true, parse) < 0 || parse_flags(root, parse) < 0)
		return -1;
	int got = json_get_array(root, "syscalls", &syscalls, err);
	for (size_t i = 0, len = got > 0 ? json_len(&syscalls) : 0; i < len; i++) {
		struct json_at entry = json_item(&syscalls, i);
		if (parse_entry(&entry, parse) < 0)
			return -1;
	}
	decide_listener(profile);
	return got < 0 ? -1 : 0;
}

int seccomp_profile_parse(const char *json, const struct seccomp_context *context,
			  struct seccomp_profile *out, struct err *err)
{
	AUTO_JSON struct json_object *doc = NULL;
	struct json_source source = { .what = "seccomp profile", .max_bytes = SECCOMP_JSON_MAX };
	if (json_parse_strict(json, strlen(json), &source, &doc, err) < 0)
		return -1;
	AUTO(struct seccomp_profile, seccomp_profile_done) profile = { 0 };
	struct parse parse = { .context = context, .profile = &profile, .err = err };
	struct json_at root = json_root(doc);
	if (parse_root(&root, &parse) < 0)
		return err_context(err, "seccomp profile");
	*out = profile;
	profile = (struct seccomp_profile){ 0 };
	return 0;
}
