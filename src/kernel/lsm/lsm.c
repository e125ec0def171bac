/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Labels for the next exec. A label that was written is read back: the kernel has taken writes
 * that went to a fake file, or to the wrong module's attribute, without a word.
 * Knows nothing of which label a container should have.
 */
#include "kernel/lsm/lsm.h"

#include "kernel/lsm/label.h"
#include "kernel/proc/procfs.h"
#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#define LABEL_MAX 4096 /* a page, the most that an attribute takes */

bool lsm_has_apparmor(void)
{
	char enabled = 'N';
	AUTO_FD fd = open("/sys/module/apparmor/parameters/enabled", O_RDONLY | O_CLOEXEC);
	return fd >= 0 && read(fd, &enabled, 1) == 1 && enabled == 'Y';
}

bool lsm_has_selinux(void)
{
	struct statfs fs;
	return statfs("/sys/fs/selinux", &fs) == 0 && fs.f_type == SELINUX_MAGIC;
}

bool lsm_label_is(const char *read_back, const char *wanted)
{
	size_t len = strlen(wanted);
	if (len == 0 || strncmp(read_back, wanted, len) != 0)
		return false;
	const char *rest = read_back + len;
	return *rest == '\0' || *rest == '\n' || strncmp(rest, " (", 2) == 0;
}

bool lsm_profile_listed(const char *profiles, const char *profile)
{
	for (const char *line = profiles; *line != '\0';) {
		if (lsm_label_is(line, profile))
			return true;
		line = strchrnul(line, '\n');
		line += *line == '\n';
	}
	return false;
}

static int check_label(int proc_self_fd, const char *path, const char *wanted, struct err *err)
{
	char text[LABEL_MAX + 1];
	AUTO_FD fd = procfs_open_below(proc_self_fd, path, O_RDONLY, err);
	if (fd < 0)
		return -1;
	ssize_t n = read(fd, text, LABEL_MAX);
	if (n < 0)
		return err_sys(err, "read %s back", path);
	text[n] = '\0';
	if (!lsm_label_is(text, wanted))
		return err_set(err, ERR_SYSTEM, "%s is \"%.100s\" after \"%.100s\" was written",
			       path, text, wanted);
	return 0;
}

static int write_label(int proc_self_fd, const char *path, const char *value, const char *wanted,
		       struct err *err)
{
	if (procfs_write(proc_self_fd, path, value, err) < 0)
		return -1;
	return check_label(proc_self_fd, path, wanted, err);
}

/* One line, no control characters: what is written is a command to the module. */
static int check_name(const char *what, const char *name, struct err *err)
{
	size_t len = strlen(name);
	if (len == 0 || len > LABEL_MAX - 16)
		return err_set(err, ERR_INVALID, "%s: 1 to %d characters", what, LABEL_MAX - 16);
	for (const char *c = name; *c != '\0'; c++)
		if (*c < ' ' || *c > '~')
			return err_set(err, ERR_INVALID, "%s: a character is not printable ASCII",
				       what);
	return 0;
}

int lsm_set_apparmor_exec(int proc_self_fd, const char *profile, struct err *err)
{
	char value[LABEL_MAX];
	if (check_name("AppArmor profile", profile, err) < 0)
		return -1;
	if (!lsm_has_apparmor())
		return err_set(err, ERR_UNSUPPORTED,
			       "AppArmor profile %s: AppArmor is not active in this kernel",
			       profile);
	snprintf(value, sizeof(value), "exec %s", profile);
	/* Since Linux 5.8 each module has its own directory; the old file is the first module's. */
	struct err own_err = { 0 };
	if (write_label(proc_self_fd, "attr/apparmor/exec", value, profile, &own_err) == 0)
		return 0;
	if (own_err.errnum == ENOENT &&
	    faccessat(proc_self_fd, "attr/apparmor/exec", F_OK, 0) < 0) {
		err_clear(&own_err);
		if (write_label(proc_self_fd, "attr/exec", value, profile, &own_err) == 0)
			return 0;
	}
	if (own_err.errnum == ENOENT)
		return err_set(err, ERR_NOT_FOUND, "AppArmor profile %s is not loaded", profile);
	if (err != NULL)
		*err = own_err;
	return err_context(err, "AppArmor profile %s", profile);
}

int lsm_set_selinux_exec(int proc_self_fd, const char *label, struct err *err)
{
	if (check_name("SELinux label", label, err) < 0)
		return -1;
	if (!lsm_has_selinux())
		return err_set(err, ERR_UNSUPPORTED,
			       "SELinux label %s: SELinux is not active in this kernel", label);
	if (write_label(proc_self_fd, "attr/exec", label, label, err) == 0)
		return 0;
	if (errno == EINVAL)
		err_hint(err, "does the loaded policy know this label?");
	return err_context(err, "SELinux label %s", label);
}
