/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading and writing control files relative to a held cgroup directory. Knows nothing of what
 * the files mean. A control file takes each write(2) as one request, so a value is never split.
 */
#include "kernel/cgroup/control/control.h"

#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int cgroup_control_put(const struct cgroup_control *control, const char *file, const char *value)
{
	AUTO_FD fd = openat(control->dir_fd, file, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -1;
	ssize_t n;
	do {
		n = write(fd, value, strlen(value));
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -1 : 0;
}

int cgroup_control_fail(const struct cgroup_control *control, const char *file, const char *value,
			struct err *err)
{
	if (errno != ENOENT)
		return err_sys(err, "write \"%s\" to %s%s/%s", value, control->mount_path,
			       control->path, file);
	err_set(err, ERR_UNSUPPORTED, "cgroup controller %s has no file %s in %s%s",
		control->controller, file, control->mount_path, control->path);
	return err_hint(err, "the kernel needs %s", control->option);
}

int cgroup_control_write(const struct cgroup_control *control, const char *file, const char *value,
			 struct err *err)
{
	if (cgroup_control_put(control, file, value) < 0)
		return cgroup_control_fail(control, file, value, err);
	return 0;
}

int cgroup_control_write_number(const struct cgroup_control *control, const char *file,
				int64_t value, struct err *err)
{
	char text[CGROUP_NUMBER_SIZE];
	snprintf(text, sizeof(text), "%" PRId64, value);
	return cgroup_control_write(control, file, text, err);
}

int cgroup_control_write_max(const struct cgroup_control *control, const char *file, int64_t value,
			     struct err *err)
{
	if (value < 0)
		return cgroup_control_write(control, file, "max", err);
	return cgroup_control_write_number(control, file, value, err);
}

struct cgroup_control cgroup_control_with(const struct cgroup_control *control, const char *option)
{
	struct cgroup_control copy = *control;
	copy.option = option;
	return copy;
}

bool cgroup_control_has(const struct cgroup_control *control, const char *file)
{
	return faccessat(control->dir_fd, file, F_OK, 0) == 0;
}

long cgroup_control_read(int dir_fd, const char *file, char *out, size_t size)
{
	AUTO_FD fd = openat(dir_fd, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -1;
	ssize_t n;
	/* One read(2): the kernel shows a file of this size in one piece. */
	do {
		n = read(fd, out, size - 1);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -1;
	size_t len = (size_t)n;
	if (len > 0 && out[len - 1] == '\n')
		len--;
	out[len] = '\0';
	return (long)len;
}

uint64_t cgroup_control_read_number(int dir_fd, const char *file)
{
	char text[CGROUP_NUMBER_SIZE];
	if (cgroup_control_read(dir_fd, file, text, sizeof(text)) <= 0)
		return 0;
	return strtoull(text, NULL, 10);
}

uint64_t cgroup_control_read_key(int dir_fd, const char *file, const char *key)
{
	char text[4096];
	size_t key_len = strlen(key);
	if (cgroup_control_read(dir_fd, file, text, sizeof(text)) <= 0)
		return 0;
	for (char *line = text; line != NULL;) {
		if (strncmp(line, key, key_len) == 0 && line[key_len] == ' ')
			return strtoull(line + key_len + 1, NULL, 10);
		line = strchr(line, '\n');
		if (line != NULL)
			line++;
	}
	return 0;
}
