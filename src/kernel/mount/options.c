/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mount options as words, and what each means: an attribute of one mount, an attribute of a whole
 * tree, a flag of the super block, a kind of propagation, or a wish of its own. One table; a later
 * word overrides an earlier one. Words that are not in it belong to the file system.
 * Source: mount(8), mount_setattr(2), OCI runtime-spec config.md "Linux mount options"
 */
#include "kernel/mount/mount.h"

#include "base/mem.h"

#include <stddef.h>
#include <string.h>
#include <sys/mount.h>

enum option_kind {
	OPTION_NOTHING, /* "defaults": says what is so anyway */
	OPTION_ATTR,    /* value set, clear: MOUNT_ATTR_* */
	OPTION_REC_ATTR,
	OPTION_SB,          /* value set, clear: MS_* */
	OPTION_SB_AND_ATTR, /* ro, rw: both; `set`/`clear` are the attribute */
	OPTION_PROPAGATION,
	OPTION_REC_PROPAGATION,
	OPTION_WISH, /* value set: offset of a bool */
};

struct option_row {
	const char *word;
	enum option_kind kind;
	unsigned long set, clear;
};

#define ATIME      MOUNT_ATTR__ATIME
#define WISH(name) OPTION_WISH, offsetof(struct mount_options, name)

/* Alphabetical: found by bisection. */
static const struct option_row option_table[] = {
	{ "acl", OPTION_SB, MS_POSIXACL, 0 },
	{ "async", OPTION_SB, 0, MS_SYNCHRONOUS },
	{ "atime", OPTION_ATTR, MOUNT_ATTR_RELATIME, ATIME }, /* what the kernel does unasked */
	{ "bind", WISH(is_bind) },
	{ "copy-symlink", WISH(copy_symlink) },
	{ "defaults", OPTION_NOTHING },
	{ "dest-nofollow", WISH(dest_nofollow) },
	{ "dev", OPTION_ATTR, 0, MOUNT_ATTR_NODEV },
	{ "diratime", OPTION_ATTR, 0, MOUNT_ATTR_NODIRATIME },
	{ "dirsync", OPTION_SB, MS_DIRSYNC, 0 },
	{ "exec", OPTION_ATTR, 0, MOUNT_ATTR_NOEXEC },
	{ "idmap", WISH(idmap) },
	{ "iversion", OPTION_SB, MS_I_VERSION, 0 },
	{ "lazytime", OPTION_SB, MS_LAZYTIME, 0 },
	{ "loud", OPTION_SB, 0, MS_SILENT },
	{ "mand", OPTION_SB, MS_MANDLOCK, 0 },
	{ "noacl", OPTION_SB, 0, MS_POSIXACL },
	{ "noatime", OPTION_ATTR, MOUNT_ATTR_NOATIME, ATIME },
	{ "nodev", OPTION_ATTR, MOUNT_ATTR_NODEV, 0 },
	{ "nodiratime", OPTION_ATTR, MOUNT_ATTR_NODIRATIME, 0 },
	{ "noexec", OPTION_ATTR, MOUNT_ATTR_NOEXEC, 0 },
	{ "noiversion", OPTION_SB, 0, MS_I_VERSION },
	{ "nolazytime", OPTION_SB, 0, MS_LAZYTIME },
	{ "nomand", OPTION_SB, 0, MS_MANDLOCK },
	{ "norelatime",
	  OPTION_NOTHING }, /* relatime is no flag any more: there is nothing to clear */
	{ "nostrictatime", OPTION_ATTR, MOUNT_ATTR_RELATIME, ATIME },
	{ "nosuid", OPTION_ATTR, MOUNT_ATTR_NOSUID, 0 },
	{ "nosymfollow", OPTION_ATTR, MOUNT_ATTR_NOSYMFOLLOW, 0 },
	{ "private", OPTION_PROPAGATION, MS_PRIVATE },
	{ "ratime", OPTION_REC_ATTR, MOUNT_ATTR_RELATIME, ATIME },
	{ "rbind", WISH(is_recursive) }, /* is_bind follows from it */
	{ "rdev", OPTION_REC_ATTR, 0, MOUNT_ATTR_NODEV },
	{ "rdiratime", OPTION_REC_ATTR, 0, MOUNT_ATTR_NODIRATIME },
	{ "relatime", OPTION_ATTR, MOUNT_ATTR_RELATIME, ATIME },
	{ "remount", WISH(is_remount) },
	{ "rexec", OPTION_REC_ATTR, 0, MOUNT_ATTR_NOEXEC },
	{ "ridmap", WISH(idmap_recursive) }, /* idmap follows from it */
	{ "rnoatime", OPTION_REC_ATTR, MOUNT_ATTR_NOATIME, ATIME },
	{ "rnodev", OPTION_REC_ATTR, MOUNT_ATTR_NODEV, 0 },
	{ "rnodiratime", OPTION_REC_ATTR, MOUNT_ATTR_NODIRATIME, 0 },
	{ "rnoexec", OPTION_REC_ATTR, MOUNT_ATTR_NOEXEC, 0 },
	{ "rnorelatime", OPTION_NOTHING },
	{ "rnostrictatime", OPTION_REC_ATTR, MOUNT_ATTR_RELATIME, ATIME },
	{ "rnosuid", OPTION_REC_ATTR, MOUNT_ATTR_NOSUID, 0 },
	{ "rnosymfollow", OPTION_REC_ATTR, MOUNT_ATTR_NOSYMFOLLOW, 0 },
	{ "ro", OPTION_SB_AND_ATTR, MOUNT_ATTR_RDONLY, 0 },
	{ "rprivate", OPTION_REC_PROPAGATION, MS_PRIVATE },
	{ "rrelatime", OPTION_REC_ATTR, MOUNT_ATTR_RELATIME, ATIME },
	{ "rro", OPTION_REC_ATTR, MOUNT_ATTR_RDONLY, 0 },
	{ "rrw", OPTION_REC_ATTR, 0, MOUNT_ATTR_RDONLY },
	{ "rshared", OPTION_REC_PROPAGATION, MS_SHARED },
	{ "rslave", OPTION_REC_PROPAGATION, MS_SLAVE },
	{ "rstrictatime", OPTION_REC_ATTR, MOUNT_ATTR_STRICTATIME, ATIME },
	{ "rsuid", OPTION_REC_ATTR, 0, MOUNT_ATTR_NOSUID },
	{ "rsymfollow", OPTION_REC_ATTR, 0, MOUNT_ATTR_NOSYMFOLLOW },
	{ "runbindable", OPTION_REC_PROPAGATION, MS_UNBINDABLE },
	{ "rw", OPTION_SB_AND_ATTR, 0, MOUNT_ATTR_RDONLY },
	{ "shared", OPTION_PROPAGATION, MS_SHARED },
	{ "silent", OPTION_SB, MS_SILENT, 0 },
	{ "slave", OPTION_PROPAGATION, MS_SLAVE },
	{ "src-nofollow", WISH(src_nofollow) },
	{ "strictatime", OPTION_ATTR, MOUNT_ATTR_STRICTATIME, ATIME },
	{ "suid", OPTION_ATTR, 0, MOUNT_ATTR_NOSUID },
	{ "symfollow", OPTION_ATTR, 0, MOUNT_ATTR_NOSYMFOLLOW },
	{ "sync", OPTION_SB, MS_SYNCHRONOUS, 0 },
	{ "tmpcopyup", WISH(tmpcopyup) },
	{ "unbindable", OPTION_PROPAGATION, MS_UNBINDABLE },
};

const char *mount_option_word(size_t index)
{
	return index < ARRAY_LEN(option_table) ? option_table[index].word : NULL;
}

static int compare_rows(const void *word, const void *row)
{
	return strcmp(word, ((const struct option_row *)row)->word);
}

static const struct option_row *find_row(const char *word)
{
	return bsearch(word, option_table, ARRAY_LEN(option_table), sizeof(option_table[0]),
		       compare_rows);
}

/* The access time is one field with three values: the kernel wants it cleared whole to change it.
 * All other attributes are bits, and each is in one of the two masks at most. */
static void change_attrs(uint64_t *attr_set, uint64_t *attr_clear, const struct option_row *row)
{
	*attr_set = (*attr_set & ~(uint64_t)row->clear) | row->set;
	*attr_clear = (*attr_clear & ~((uint64_t)row->set & ~(uint64_t)ATIME)) | row->clear;
}

static void change_sb(struct mount_options *options, unsigned long set, unsigned long clear)
{
	options->sb_flags = (options->sb_flags & ~clear) | set;
	options->sb_clear = (options->sb_clear & ~set) | clear;
}

static int add_propagation(struct mount_options *options, const struct option_row *row,
			   struct err *err)
{
	if (options->propagation_len == MOUNT_PROPAGATIONS_MAX)
		return err_set(err, ERR_INVALID, "more than %d kinds of propagation",
			       MOUNT_PROPAGATIONS_MAX);
	options->propagation[options->propagation_len++] =
		row->set | (row->kind == OPTION_REC_PROPAGATION ? MS_REC : 0);
	return 0;
}

static int apply_row(struct mount_options *options, const struct option_row *row, struct err *err)
{
	switch (row->kind) {
	case OPTION_NOTHING:
		break;
	case OPTION_ATTR:
		change_attrs(&options->attr_set, &options->attr_clear, row);
		break;
	case OPTION_REC_ATTR:
		change_attrs(&options->rec_attr_set, &options->rec_attr_clear, row);
		break;
	case OPTION_SB:
		change_sb(options, row->set, row->clear);
		break;
	case OPTION_SB_AND_ATTR:
		change_attrs(&options->attr_set, &options->attr_clear, row);
		change_sb(options, row->set != 0 ? MS_RDONLY : 0, row->set != 0 ? 0 : MS_RDONLY);
		break;
	case OPTION_PROPAGATION:
	case OPTION_REC_PROPAGATION:
		return add_propagation(options, row, err);
	case OPTION_WISH:
		*(bool *)((char *)options + row->set) = true;
		break;
	}
	return 0;
}

void mount_options_done(struct mount_options *options)
{
	strv_done(&options->data);
	free(options->idmap_words);
	*options = (struct mount_options){ 0 };
}

/* mount(2) takes all of them as one text, so a list may hold several in one word. A file system's
 * own escape (overlay: "\\,") and quotes (contexts of SELinux) keep a comma. */
static void add_data(struct strv *data, const char *word)
{
	bool is_quoted = false;
	const char *start = word;
	for (const char *at = word;; at++) {
		if (*at == '"')
			is_quoted = !is_quoted;
		if (*at == '\\' && at[1] != '\0') {
			at++;
			continue;
		}
		if (*at != '\0' && (*at != ',' || is_quoted))
			continue;
		AUTO_FREE char *piece = mem_strndup(start, (size_t)(at - start));
		if (*piece != '\0')
			strv_add(data, piece);
		if (*at == '\0')
			return;
		start = at + 1;
	}
}

/* "idmap=uids=0-1-10;gids=0-1-10": maps of the mount's own, as crun has them. */
static bool take_idmap_words(struct mount_options *options, const char *word)
{
	bool is_recursive = strncmp(word, "ridmap=", 7) == 0;
	if (!is_recursive && strncmp(word, "idmap=", 6) != 0)
		return false;
	(is_recursive ? &options->idmap_recursive : &options->idmap)[0] = true;
	free(options->idmap_words);
	options->idmap_words = mem_strdup(strchr(word, '=') + 1);
	return true;
}

int mount_options_parse(const struct strv *words, struct mount_options *out, struct err *err)
{
	AUTO(struct mount_options, mount_options_done) options = { 0 };
	for (size_t i = 0; i < words->len; i++) {
		const struct option_row *row = find_row(words->items[i]);
		if (row != NULL && apply_row(&options, row, err) < 0)
			return -1;
		if (row == NULL && !take_idmap_words(&options, words->items[i]))
			add_data(&options.data, words->items[i]);
	}
	options.is_bind |= options.is_recursive;
	if (options.idmap && options.idmap_recursive)
		return err_set(err, ERR_INVALID, "mount options idmap and ridmap contradict");
	options.idmap |= options.idmap_recursive;
	if (options.tmpcopyup && options.is_bind)
		return err_set(err, ERR_INVALID, "mount options tmpcopyup and bind contradict");
	*out = options;
	options = (struct mount_options){ 0 };
	return 0;
}
