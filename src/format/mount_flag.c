/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Docker's three ways to write a mount. Only the text is looked at: whether a path exists, and what
 * the kernel makes of an option, is decided further down.
 * Source: docker-run(1), "--mount", "--volume", "--tmpfs"
 */
#include "format/mount_flag.h"

#include "base/mem.h"
#include "format/bytes.h"
#include "format/key_value.h"

#include <string.h>

void mount_flag_done(struct mount_flag *flag)
{
	free(flag->source);
	free(flag->target);
	free(flag->propagation);
	strv_done(&flag->options);
	memset(flag, 0, sizeof(*flag));
}

static bool is_propagation(const char *word)
{
	static const char *const words[] = { "private", "rprivate", "shared",
					     "rshared", "slave",    "rslave" };
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcmp(word, words[i]) == 0)
			return true;
	return false;
}

static void replace(char **member, const char *value)
{
	free(*member);
	*member = mem_strdup(value);
}

/* What is known about one --mount while its keys are read, in any order. */
struct mount_keys {
	struct mount_flag flag;
	bool has_bind_key, has_tmpfs_key;
};

static int bad_value(const char *key, const char *value, struct err *err)
{
	return err_set(err, ERR_INVALID, "invalid value for %s: %.128s", key, value);
}

static int parse_bool(const char *key, const char *value, bool *out, struct err *err)
{
	if (value == NULL || strcmp(value, "true") == 0 || strcmp(value, "1") == 0)
		*out = true;
	else if (strcmp(value, "false") == 0 || strcmp(value, "0") == 0)
		*out = false;
	else
		return bad_value(key, value, err);
	return 0;
}

static int key_type(struct mount_keys *keys, const char *key, const char *value, struct err *err)
{
	static const char *const later[] = { "volume", "image", "npipe", "cluster" };
	(void)key;
	for (size_t i = 0; i < ARRAY_LEN(later); i++)
		if (strcmp(value, later[i]) == 0)
			return err_set(err, ERR_UNSUPPORTED,
				       "mounts of type %s are not yet supported", value);
	if (strcmp(value, "bind") == 0)
		keys->flag.type = MOUNT_FLAG_BIND;
	else if (strcmp(value, "tmpfs") == 0)
		keys->flag.type = MOUNT_FLAG_TMPFS;
	else
		return err_set(err, ERR_INVALID, "mount type unknown: \"%.64s\"", value);
	return 0;
}

static int key_source(struct mount_keys *keys, const char *key, const char *value, struct err *err)
{
	if (value[0] == '\0')
		return bad_value(key, value, err);
	replace(&keys->flag.source, value);
	return 0;
}

static int key_target(struct mount_keys *keys, const char *key, const char *value, struct err *err)
{
	(void)key;
	(void)err;
	replace(&keys->flag.target, value);
	return 0;
}

static int key_readonly(struct mount_keys *keys, const char *key, const char *value,
			struct err *err)
{
	return parse_bool(key, value, &keys->flag.is_readonly, err);
}

static int key_propagation(struct mount_keys *keys, const char *key, const char *value,
			   struct err *err)
{
	if (!is_propagation(value))
		return bad_value(key, value, err);
	keys->has_bind_key = true;
	replace(&keys->flag.propagation, value);
	return 0;
}

static int key_nonrecursive(struct mount_keys *keys, const char *key, const char *value,
			    struct err *err)
{
	bool is_nonrecursive = false;
	if (parse_bool(key, value, &is_nonrecursive, err) < 0)
		return -1;
	keys->has_bind_key = true;
	keys->flag.recursion = is_nonrecursive ? MOUNT_RECURSION_DISABLED : MOUNT_RECURSION_DEFAULT;
	return 0;
}

static int key_recursive(struct mount_keys *keys, const char *key, const char *value,
			 struct err *err)
{
	static const struct {
		const char *word;
		enum mount_flag_recursion recursion;
	} words[] = {
		{ "enabled", MOUNT_RECURSION_DEFAULT },
		{ "disabled", MOUNT_RECURSION_DISABLED },
		{ "writable", MOUNT_RECURSION_WRITABLE },
		{ "readonly", MOUNT_RECURSION_READONLY },
	};
	keys->has_bind_key = true;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (strcmp(value, words[i].word) == 0) {
			keys->flag.recursion = words[i].recursion;
			return 0;
		}
	}
	return bad_value(key, value, err);
}

static int key_tmpfs_size(struct mount_keys *keys, const char *key, const char *value,
			  struct err *err)
{
	uint64_t bytes;
	if (bytes_parse(value, &bytes, NULL) < 0)
		return bad_value(key, value, err);
	keys->has_tmpfs_key = true;
	if (bytes > 0)
		strv_add_take(&keys->flag.options,
			      mem_printf("size=%llu", (unsigned long long)bytes));
	return 0;
}

static int key_tmpfs_mode(struct mount_keys *keys, const char *key, const char *value,
			  struct err *err)
{
	size_t len = strlen(value);
	if (len == 0 || len > 5 || value[strspn(value, "01234567")] != '\0')
		return bad_value(key, value, err);
	keys->has_tmpfs_key = true;
	strv_add_take(&keys->flag.options, mem_printf("mode=%s", value));
	return 0;
}

static int key_ignored(struct mount_keys *keys, const char *key, const char *value, struct err *err)
{
	(void)keys, (void)key, (void)value, (void)err;
	return 0;
}

static int key_later(struct mount_keys *keys, const char *key, const char *value, struct err *err)
{
	(void)keys, (void)value;
	return err_set(err, ERR_UNSUPPORTED, "%s is not yet supported", key);
}

static const struct mount_key {
	const char *key;
	bool needs_value;
	int (*set)(struct mount_keys *keys, const char *key, const char *value, struct err *err);
} mount_keys[] = {
	{ "bind-nonrecursive", false, key_nonrecursive },
	{ "bind-propagation", true, key_propagation },
	{ "bind-recursive", true, key_recursive },
	{ "consistency", true, key_ignored }, /* only ever meant something on macOS */
	{ "destination", true, key_target },
	{ "dst", true, key_target },
	{ "image-subpath", true, key_later },
	{ "readonly", false, key_readonly },
	{ "ro", false, key_readonly },
	{ "source", true, key_source },
	{ "src", true, key_source },
	{ "target", true, key_target },
	{ "tmpfs-mode", true, key_tmpfs_mode },
	{ "tmpfs-size", true, key_tmpfs_size },
	{ "type", true, key_type },
	{ "volume-driver", true, key_later },
	{ "volume-label", true, key_later },
	{ "volume-nocopy", false, key_later },
	{ "volume-opt", true, key_later },
	{ "volume-subpath", true, key_later },
};

static int mount_field(struct mount_keys *keys, char *field, struct err *err)
{
	AUTO_FREE char *whole = mem_strdup(field);
	char *equals = strchr(field, '=');
	const char *value = equals != NULL ? equals + 1 : NULL;
	if (equals != NULL)
		*equals = '\0';
	for (size_t i = 0; i < ARRAY_LEN(mount_keys); i++) {
		if (strcmp(mount_keys[i].key, field) != 0)
			continue;
		if (mount_keys[i].needs_value && value == NULL)
			return err_set(err, ERR_INVALID,
				       "invalid field '%.64s' must be a key=value pair", field);
		return mount_keys[i].set(keys, mount_keys[i].key, value, err);
	}
	return err_set(err, ERR_INVALID, "unexpected key '%.64s' in '%.128s'", field, whole);
}

static int target_check(const char *target, struct err *err)
{
	if (target == NULL)
		return err_set(err, ERR_INVALID, "target is required");
	if (target[0] != '/')
		return err_set(err, ERR_INVALID,
			       "invalid mount path: '%.128s' mount path must be absolute", target);
	if (target[strspn(target, "/")] == '\0')
		return err_set(err, ERR_INVALID, "invalid mount: destination can't be '/'");
	return 0;
}

/* What the keys mean together. */
static int mount_check(const struct mount_keys *keys, struct err *err)
{
	const struct mount_flag *flag = &keys->flag;
	if (target_check(flag->target, err) < 0)
		return -1;
	if (flag->type == MOUNT_FLAG_TMPFS) {
		if (flag->source != NULL)
			return err_set(err, ERR_INVALID, "source must not be specified for tmpfs");
		if (keys->has_bind_key)
			return err_set(err, ERR_INVALID,
				       "cannot mix 'bind-*' options with mount type 'tmpfs'");
		return 0;
	}
	if (flag->source == NULL)
		return err_set(err, ERR_INVALID, "source is required for a bind mount");
	if (keys->has_tmpfs_key)
		return err_set(err, ERR_INVALID,
			       "cannot mix 'tmpfs-*' options with mount type 'bind'");
	bool is_forced = flag->recursion == MOUNT_RECURSION_READONLY;
	if ((is_forced || flag->recursion == MOUNT_RECURSION_WRITABLE) && !flag->is_readonly)
		return err_set(err, ERR_INVALID,
			       "option 'bind-recursive=%s' requires 'readonly' to be specified in "
			       "conjunction",
			       is_forced ? "readonly" : "writable");
	if (is_forced && (flag->propagation == NULL || strcmp(flag->propagation, "rprivate") != 0))
		return err_set(err, ERR_INVALID,
			       "option 'bind-recursive=readonly' requires "
			       "'bind-propagation=rprivate' to be specified in conjunction");
	return 0;
}

static void mount_keys_done(struct mount_keys *keys)
{
	mount_flag_done(&keys->flag);
}

static void mount_flag_hand_over(struct mount_flag *from, struct mount_flag *out)
{
	*out = *from;
	memset(from, 0, sizeof(*from));
}

int mount_flag_parse(const char *text, struct mount_flag *out, struct err *err)
{
	AUTO(struct mount_keys, mount_keys_done) keys = { 0 };
	AUTO(struct strv, strv_done) fields = { 0 };
	if (csv_split(text, &fields, err) < 0)
		return -1;
	bool has_type = false;
	for (size_t i = 0; i < fields.len; i++) {
		has_type |= strncmp(fields.items[i], "type=", 5) == 0;
		if (mount_field(&keys, fields.items[i], err) < 0)
			return -1;
	}
	if (!has_type) /* Docker's default */
		return err_set(err, ERR_UNSUPPORTED,
			       "mounts of type volume are not yet supported: say type=bind or "
			       "type=tmpfs");
	if (mount_check(&keys, err) < 0)
		return -1;
	mount_flag_hand_over(&keys.flag, out);
	return 0;
}

static int volume_option(struct mount_flag *flag, const char *word, struct err *err)
{
	static const char *const passed[] = { "exec",   "noexec", "dev", "nodev", "suid",
					      "nosuid", "idmap",  "z",   "Z" };
	static const char *const ignored[] = { "cached", "consistent", "default", "delegated",
					       "rbind" };
	if (strcmp(word, "ro") == 0 || strcmp(word, "rw") == 0) {
		flag->is_readonly = strcmp(word, "ro") == 0;
		return 0;
	}
	if (is_propagation(word)) {
		replace(&flag->propagation, word);
		return 0;
	}
	if (strcmp(word, "bind") == 0) {
		flag->recursion = MOUNT_RECURSION_DISABLED;
		return 0;
	}
	for (size_t i = 0; i < ARRAY_LEN(passed); i++) {
		if (strcmp(word, passed[i]) == 0) {
			strv_add(&flag->options, word);
			return 0;
		}
	}
	for (size_t i = 0; i < ARRAY_LEN(ignored); i++)
		if (strcmp(word, ignored[i]) == 0)
			return 0;
	if (strcmp(word, "nocopy") == 0)
		return err_set(err, ERR_INVALID, "nocopy is for volumes, not for binds");
	return err_set(err, ERR_INVALID, "invalid mode: %.64s", word);
}

int volume_flag_parse(const char *text, struct mount_flag *out, struct err *err)
{
	AUTO(struct mount_flag, mount_flag_done) flag = { .type = MOUNT_FLAG_BIND };
	AUTO(struct strv, strv_done) parts = { 0 };
	strv_split(&parts, text, ':');
	for (size_t i = 0; i < parts.len; i++)
		if (parts.items[i][0] == '\0')
			return err_set(err, ERR_INVALID,
				       "invalid spec: %.128s: empty section between colons", text);
	if (parts.len == 1)
		return err_set(err, ERR_UNSUPPORTED,
			       "anonymous volumes are not yet supported: say HOST:%.128s", text);
	if (parts.len > 3)
		return err_set(err, ERR_INVALID, "invalid volume specification: '%.128s'", text);
	if (parts.items[0][0] != '/' && parts.items[0][0] != '.')
		return err_set(err, ERR_UNSUPPORTED,
			       "named volumes are not yet supported: %.64s is not a path (one "
			       "begins with / or .)",
			       parts.items[0]);
	if (target_check(parts.items[1], err) < 0)
		return -1;
	AUTO(struct strv, strv_done) words = { 0 };
	if (parts.len == 3)
		strv_split(&words, parts.items[2], ',');
	for (size_t i = 0; i < words.len; i++)
		if (volume_option(&flag, words.items[i], err) < 0)
			return -1;
	if (strv_find(&words, "ro") >= 0 && strv_find(&words, "rw") >= 0)
		return err_set(err, ERR_INVALID, "invalid mode: %.64s", parts.items[2]);
	flag.source = mem_strdup(parts.items[0]);
	flag.target = mem_strdup(parts.items[1]);
	mount_flag_hand_over(&flag, out);
	return 0;
}

int tmpfs_flag_parse(const char *text, struct mount_flag *out, struct err *err)
{
	AUTO(struct mount_flag, mount_flag_done) flag = { .type = MOUNT_FLAG_TMPFS };
	size_t len = strcspn(text, ":");
	flag.target = mem_strndup(text, len);
	if (target_check(flag.target, err) < 0)
		return -1;
	AUTO(struct strv, strv_done) words = { 0 };
	if (text[len] == ':' && text[len + 1] != '\0')
		strv_split(&words, text + len + 1, ',');
	for (size_t i = 0; i < words.len; i++) {
		const char *word = words.items[i];
		if (strcmp(word, "ro") == 0 || strcmp(word, "rw") == 0)
			flag.is_readonly = strcmp(word, "ro") == 0;
		else if (word[0] == '\0')
			return err_set(err, ERR_INVALID, "invalid tmpfs option \"\"");
		else
			strv_add(&flag.options, word);
	}
	mount_flag_hand_over(&flag, out);
	return 0;
}
