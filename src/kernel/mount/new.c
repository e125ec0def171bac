/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file system instance, made detached: configured key by key, created, turned into a mount. The
 * kernel explains its refusals in the log of the configuration context, and that text goes into
 * the error. Nothing here knows where the mount will be attached.
 * Kernel: 5.2 for fsopen; what it cannot take (a value above 255 bytes) goes by mount(2).
 */
#include "kernel/mount/mount.h"

#include "kernel/mount/whole.h"

#include "base/mem.h"
#include "base/warn.h"
#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#define FSCONFIG_VALUE_MAX 255 /* fsconfig(2) copies 256 bytes with the NUL */
#define LOG_LINE_MAX       512

/* Super-block flags as the words fsconfig(2) knows; "silent" has none and no effect worth one. */
static const struct {
	unsigned long flag;
	const char *set, *clear;
} sb_words[] = {
	{ MS_RDONLY, "ro", "rw" },         { MS_SYNCHRONOUS, "sync", "async" },
	{ MS_DIRSYNC, "dirsync", NULL },   { MS_LAZYTIME, "lazytime", "nolazytime" },
	{ MS_MANDLOCK, "mand", "nomand" },
};

/* One super block serves many mounts of these: read-only is a matter of the mount alone, or one
 * container's "ro" would take writing away from others in the same namespace. */
static const char *const shared_sb[] = { "proc", "sysfs", "mqueue", "cgroup", "cgroup2" };

static bool has_shared_sb(const char *fstype)
{
	for (size_t i = 0; i < ARRAY_LEN(shared_sb); i++)
		if (strcmp(shared_sb[i], fstype) == 0)
			return true;
	return false;
}

void mount_explain(int fs_fd, struct err *err)
{
	char line[LOG_LINE_MAX];
	if (err == NULL)
		return;
	/* Each read(2) gives one line, "e text" for an error, and ENODATA after the last. */
	for (ssize_t n; (n = read(fs_fd, line, sizeof(line) - 1)) > 0;) {
		line[n] = '\0';
		line[strcspn(line, "\n")] = '\0';
		if (line[0] != 'e' || line[1] != ' ')
			continue;
		size_t used = strlen(err->text), room = sizeof(err->text) - used;
		snprintf(err->text + used, room, " (kernel: %s)", line + 2);
	}
}

static int set_word(int fs_fd, const char *fstype, const char *word, struct err *err)
{
	const char *equals = strchr(word, '=');
	AUTO_FREE char *key = mem_strndup(word,
					  equals != NULL ? (size_t)(equals - word) : strlen(word));
	if (equals != NULL && strlen(equals + 1) > FSCONFIG_VALUE_MAX)
		return err_set(err, ERR_UNSUPPORTED,
			       "mount option %s of %s: the kernel takes no value above %d bytes",
			       key, fstype, FSCONFIG_VALUE_MAX);
	int result = equals != NULL ? fsconfig(fs_fd, FSCONFIG_SET_STRING, key, equals + 1, 0)
				    : fsconfig(fs_fd, FSCONFIG_SET_FLAG, key, NULL, 0);
	if (result == 0)
		return 0;
	err_sys(err, "mount option %s of %s", word, fstype);
	mount_explain(fs_fd, err);
	return -1;
}

static int set_sb_flags(int fs_fd, const char *fstype, unsigned long set, unsigned long clear,
			struct err *err)
{
	for (size_t i = 0; i < ARRAY_LEN(sb_words); i++) {
		const char *word = NULL;
		if ((set & sb_words[i].flag) != 0)
			word = sb_words[i].set;
		else if ((clear & sb_words[i].flag) != 0)
			word = sb_words[i].clear;
		if (word != NULL && set_word(fs_fd, fstype, word, err) < 0)
			return -1;
	}
	/* Change counters and ACLs are no flags of the new interface: only a file system may know a
	 * word. ACLs are on wherever they exist, and mount(2) says nothing either. */
	if ((set & MS_I_VERSION) != 0 &&
	    fsconfig(fs_fd, FSCONFIG_SET_FLAG, "i_version", NULL, 0) < 0)
		warn_say("mount option iversion: %s keeps change counters, or not, by itself",
			 fstype);
	if (((set | clear) & MS_POSIXACL) != 0)
		fsconfig(fs_fd, FSCONFIG_SET_FLAG, (set & MS_POSIXACL) != 0 ? "acl" : "noacl", NULL,
			 0);
	return 0;
}

static int set_data(int fs_fd, const char *fstype, const struct strv *data, struct err *err)
{
	for (size_t i = 0; data != NULL && i < data->len; i++)
		if (set_word(fs_fd, fstype, data->items[i], err) < 0)
			return -1;
	return 0;
}

int mount_open_fs(const char *fstype, struct err *err)
{
	int fs_fd = fsopen(fstype, FSOPEN_CLOEXEC);
	if (fs_fd >= 0)
		return fs_fd;
	if (errno == ENODEV)
		return err_set(err, ERR_UNSUPPORTED, "this kernel has no file system %s", fstype);
	return err_call(err, "fsopen", "open file system %s", fstype);
}

int mount_create(int fs_fd, const char *fstype, uint64_t attrs, struct err *err)
{
	if (fsconfig(fs_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0) {
		err_call(err, "fsconfig", "create a %s file system", fstype);
		mount_explain(fs_fd, err);
		return -1;
	}
	int fd = fsmount(fs_fd, FSMOUNT_CLOEXEC, (unsigned)attrs);
	if (fd < 0) {
		err_call(err, "fsmount", "mount %s", fstype);
		mount_explain(fs_fd, err);
	}
	return fd;
}

static bool has_long_value(const struct strv *data)
{
	for (size_t i = 0; data != NULL && i < data->len; i++) {
		const char *equals = strchr(data->items[i], '=');
		if (equals != NULL && strlen(equals + 1) > FSCONFIG_VALUE_MAX)
			return true;
	}
	return false;
}

int mount_new(const char *fstype, const char *source, const struct strv *data, uint64_t attrs,
	      unsigned long sb_flags, struct err *err)
{
	if (has_long_value(data)) {
		const struct mount_whole whole = { fstype, source, data, attrs, sb_flags };
		return mount_new_whole(&whole, err);
	}
	AUTO_FD fs_fd = mount_open_fs(fstype, err);
	if (fs_fd < 0)
		return -1;
	if (source != NULL && strlen(source) > FSCONFIG_VALUE_MAX)
		return err_set(err, ERR_UNSUPPORTED,
			       "source of %s: the kernel takes no value above %d bytes", fstype,
			       FSCONFIG_VALUE_MAX);
	if (source != NULL && fsconfig(fs_fd, FSCONFIG_SET_STRING, "source", source, 0) < 0) {
		err_call(err, "fsconfig", "source %s of %s", source, fstype);
		mount_explain(fs_fd, err);
		return -1;
	}
	if (has_shared_sb(fstype))
		sb_flags &= ~(unsigned long)MS_RDONLY;
	if (set_sb_flags(fs_fd, fstype, sb_flags, 0, err) < 0 ||
	    set_data(fs_fd, fstype, data, err) < 0)
		return -1;
	return mount_create(fs_fd, fstype, attrs, err);
}

int mount_reconfigure(int mount_fd, const struct mount_options *options, struct err *err)
{
	AUTO_FD fs_fd = fspick(mount_fd, "", FSPICK_CLOEXEC | FSPICK_EMPTY_PATH);
	if (fs_fd < 0)
		return err_sys(err, "open the mounted file system");
	if (set_sb_flags(fs_fd, "remount", options->sb_flags, options->sb_clear, err) < 0 ||
	    set_data(fs_fd, "remount", &options->data, err) < 0)
		return -1;
	if (fsconfig(fs_fd, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0) == 0)
		return 0;
	err_sys(err, "reconfigure the mounted file system");
	mount_explain(fs_fd, err);
	return -1;
}
