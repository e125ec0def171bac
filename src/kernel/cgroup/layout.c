/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What cgroup hierarchies there are and where. /proc/self/cgroup names them all in a few hundred
 * bytes; where they are mounted is a convention (/sys/fs/cgroup/NAME) that one statfs each
 * confirms, so that the big mountinfo is read only on machines that do it differently.
 * Must never know what a controller does. Source: cgroups(7); file-hierarchy of systemd for the
 * usual mount points.
 */
#include "kernel/cgroup/layout.h"

#include "kernel/ns/privilege.h"
#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define USUAL_ROOT          "/sys/fs/cgroup"
#define PROC_CGROUP_MAX     65536
#define PROC_MOUNTINFO_MAX  (16u << 20)
#define MOUNTINFO_FIELD_MAX 32

bool cgroup_list_has(const char *list, char separator, const char *word)
{
	size_t word_len = strlen(word);
	while (*list != '\0') {
		const char *end = strchrnul(list, separator);
		if ((size_t)(end - list) == word_len && memcmp(list, word, word_len) == 0)
			return true;
		list = *end != '\0' ? end + 1 : end;
	}
	return false;
}

int cgroup_layout_find_v1(const struct cgroup_layout *layout, const char *controller)
{
	for (size_t i = 0; i < layout->len; i++) {
		const struct cgroup_hierarchy *h = &layout->hierarchies[i];
		if (!h->is_v2 && cgroup_list_has(h->controllers, ',', controller))
			return (int)i;
	}
	return -1;
}

int cgroup_layout_find_v2(const struct cgroup_layout *layout)
{
	for (size_t i = 0; i < layout->len; i++) {
		if (layout->hierarchies[i].is_v2)
			return (int)i;
	}
	return -1;
}

static int copy_part(char *out, size_t size, const char *text, size_t len, struct err *err)
{
	if (len >= size)
		return err_set(err, ERR_INVALID, "/proc/self/cgroup: \"%.*s\" is longer than %zu",
			       (int)len, text, size - 1);
	memcpy(out, text, len);
	out[len] = '\0';
	return 0;
}

/* "4:memory:/path", "1:name=systemd:/path" or "0::/path"; the path may have colons. */
static int parse_line(const char *line, size_t len, struct cgroup_layout *out, struct err *err)
{
	const char *controllers = memchr(line, ':', len);
	const char *path = controllers != NULL ? memchr(controllers + 1, ':',
							len - (size_t)(controllers + 1 - line))
					       : NULL;
	if (path == NULL)
		return err_set(err, ERR_INVALID, "/proc/self/cgroup: no three parts in \"%.*s\"",
			       (int)len, line);
	controllers++;
	path++;
	if (out->len == CGROUP_HIERARCHIES_MAX)
		return err_set(err, ERR_INVALID, "/proc/self/cgroup: more than %d hierarchies",
			       CGROUP_HIERARCHIES_MAX);
	struct cgroup_hierarchy *h = &out->hierarchies[out->len];
	h->mount_path[0] = '\0';
	size_t controllers_len = (size_t)(path - 1 - controllers);
	if (copy_part(h->controllers, sizeof(h->controllers), controllers, controllers_len, err) <
		    0 ||
	    copy_part(h->self_path, sizeof(h->self_path), path, len - (size_t)(path - line), err) <
		    0)
		return -1;
	h->is_v2 = h->controllers[0] == '\0';
	const char *name = h->controllers;
	if (strncmp(name, "name=", 5) == 0)
		name += 5;
	snprintf(h->name, sizeof(h->name), "%s", h->is_v2 ? "unified" : name);
	out->len++;
	return 0;
}

int cgroup_layout_parse(const char *text, struct cgroup_layout *out, struct err *err)
{
	/* In place, and not zeroed as a whole: it is five pages, on the path of every command. */
	out->len = 0;
	out->mode = CGROUP_NONE;
	while (*text != '\0') {
		const char *end = strchrnul(text, '\n');
		if (end > text && parse_line(text, (size_t)(end - text), out, err) < 0) {
			out->len = 0;
			return -1;
		}
		text = *end != '\0' ? end + 1 : end;
	}
	return 0;
}

/* mountinfo writes space, tab, newline and backslash as three octal digits. */
static void unescape(char *text)
{
	char *out = text;
	for (const char *in = text; *in != '\0';) {
		if (in[0] == '\\' && in[1] >= '0' && in[1] <= '3' && in[2] >= '0' && in[2] <= '7' &&
		    in[3] >= '0' && in[3] <= '7') {
			*out++ = (char)((in[1] - '0') * 64 + (in[2] - '0') * 8 + (in[3] - '0'));
			in += 4;
		} else {
			*out++ = *in++;
		}
	}
	*out = '\0';
}

static bool options_have_all(const char *options, const char *controllers)
{
	char word[CGROUP_NAME_MAX];
	while (*controllers != '\0') {
		const char *end = strchrnul(controllers, ',');
		snprintf(word, sizeof(word), "%.*s", (int)(end - controllers), controllers);
		if (!cgroup_list_has(options, ',', word))
			return false;
		controllers = *end != '\0' ? end + 1 : end;
	}
	return true;
}

/* id parent dev root MOUNTPOINT OPTIONS optional... - TYPE source SUPEROPTIONS */
static void place_line(struct cgroup_layout *layout, char *line)
{
	char *fields[MOUNTINFO_FIELD_MAX];
	size_t len = 0, dash = 0;
	for (char *next = line, *field;
	     len < MOUNTINFO_FIELD_MAX && (field = strsep(&next, " ")) != NULL;) {
		if (dash == 0 && len > 5 && strcmp(field, "-") == 0)
			dash = len;
		fields[len++] = field;
	}
	if (dash == 0 || len < dash + 4 || cgroup_list_has(fields[5], ',', "ro"))
		return;
	bool is_v2 = strcmp(fields[dash + 1], "cgroup2") == 0;
	if (!is_v2 && strcmp(fields[dash + 1], "cgroup") != 0)
		return;
	unescape(fields[4]);
	for (size_t i = 0; i < layout->len; i++) {
		struct cgroup_hierarchy *h = &layout->hierarchies[i];
		if (h->mount_path[0] != '\0' || h->is_v2 != is_v2 ||
		    strlen(fields[4]) >= sizeof(h->mount_path) ||
		    (!is_v2 && !options_have_all(fields[dash + 3], h->controllers)))
			continue;
		memcpy(h->mount_path, fields[4], strlen(fields[4]) + 1);
		return;
	}
}

void cgroup_layout_place(struct cgroup_layout *layout, const char *mountinfo)
{
	char line[PATH_MAX * 2];
	while (*mountinfo != '\0') {
		const char *end = strchrnul(mountinfo, '\n');
		size_t len = (size_t)(end - mountinfo);
		if (len < sizeof(line)) {
			memcpy(line, mountinfo, len);
			line[len] = '\0';
			place_line(layout, line);
		}
		mountinfo = *end != '\0' ? end + 1 : end;
	}
}

void cgroup_layout_finish(struct cgroup_layout *layout)
{
	size_t kept = 0;
	bool has_v1 = false, has_v2 = false;
	for (size_t i = 0; i < layout->len; i++) {
		struct cgroup_hierarchy *h = &layout->hierarchies[i];
		if (h->mount_path[0] == '\0')
			continue;
		has_v1 |= !h->is_v2;
		has_v2 |= h->is_v2;
		if (kept != i)
			layout->hierarchies[kept] = *h;
		kept++;
	}
	layout->len = kept;
	if (has_v1)
		layout->mode = has_v2 ? CGROUP_HYBRID : CGROUP_V1;
	else
		layout->mode = has_v2 ? CGROUP_V2 : CGROUP_NONE;
}

enum probe { PROBE_NO, PROBE_READ_ONLY, PROBE_YES };

/*
 * That nothing is there for us is an answer; any other failure is none. Taken for one, a machine
 * short of memory would seem to have no cgroups, and `delete` would leave them behind.
 */
static int probe_mount(const char *path, long magic, enum probe *out, struct err *err)
{
	struct statfs fs;
	enum probe probe = PROBE_NO;
	if (statfs(path, &fs) < 0) {
		if (errno != ENOENT && errno != ENOTDIR && errno != EACCES)
			return err_sys(err, "look for control groups at %s", path);
	} else if (fs.f_type == magic) {
		probe = (fs.f_flags & ST_RDONLY) != 0 ? PROBE_READ_ONLY : PROBE_YES;
	}
	*out = probe;
	return 0;
}

static int probe_usual(struct cgroup_hierarchy *h, enum probe *out, struct err *err)
{
	char path[CGROUP_PATH_MAX];
	enum probe probe = PROBE_NO;
	snprintf(path, sizeof(path), USUAL_ROOT "/%s", h->name);
	if (h->is_v2) {
		if (probe_mount(USUAL_ROOT, CGROUP2_SUPER_MAGIC, &probe, err) < 0)
			return -1;
		if (probe != PROBE_NO)
			memcpy(path, USUAL_ROOT, sizeof(USUAL_ROOT));
	}
	if (probe == PROBE_NO &&
	    probe_mount(path, h->is_v2 ? CGROUP2_SUPER_MAGIC : CGROUP_SUPER_MAGIC, &probe, err) < 0)
		return -1;
	if (probe == PROBE_YES)
		memcpy(h->mount_path, path, strlen(path) + 1);
	*out = probe;
	return 0;
}

/*
 * Try the usual mount points. The v2 line is always there, mounted or not, so a v2 tree in an
 * unusual place is looked for only when there is nothing else.
 * Returns 1 if a hierarchy is left that only mountinfo can place, 0 if none, or -1.
 */
static int place_usual(struct cgroup_layout *layout, struct err *err)
{
	bool is_complete = true;
	bool has_v1 = false;
	for (size_t i = 0; i < layout->len; i++)
		has_v1 |= !layout->hierarchies[i].is_v2;
	for (size_t i = 0; i < layout->len; i++) {
		struct cgroup_hierarchy *h = &layout->hierarchies[i];
		enum probe probe;
		if (probe_usual(h, &probe, err) < 0)
			return -1;
		if (probe == PROBE_NO && (!h->is_v2 || !has_v1))
			is_complete = false;
	}
	return is_complete ? 0 : 1;
}

/* May we make cgroups somewhere: in the root, our own cgroup or above, our user session? */
static bool is_writable(const struct cgroup_hierarchy *h)
{
	char path[CGROUP_PATH_MAX * 2 + 64];
	char session[64];
	snprintf(session, sizeof(session), "/user@%u.service", (unsigned)ns_outside_uid());
	size_t mount_len = strlen(h->mount_path);
	snprintf(path, sizeof(path), "%s%s", h->mount_path, h->self_path);
	for (;;) {
		if (faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == 0)
			return true;
		size_t len = strlen(path);
		snprintf(path + len, sizeof(path) - len, "%s", session);
		if (h->is_v2 && faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == 0)
			return true;
		path[len] = '\0';
		char *slash = strrchr(path, '/');
		if (slash == NULL || slash < path + mount_len)
			return false;
		*slash = '\0';
	}
}

/* A part of the tree that was given to us, wherever it is: does the path lead into one? */
static bool leads_into_ours(const struct cgroup_hierarchy *h, const char *wanted)
{
	char path[CGROUP_PATH_MAX * 2];
	size_t mount_len = strlen(h->mount_path);
	if (wanted == NULL || strlen(wanted) >= sizeof(path) - mount_len)
		return false;
	snprintf(path, sizeof(path), "%s%s", h->mount_path, wanted);
	while (faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) < 0) {
		char *slash = strrchr(path, '/');
		if (errno != ENOENT || slash == NULL || slash <= path + mount_len)
			return false;
		*slash = '\0';
	}
	return true;
}

/* Whoever may write the first root is taken to be privileged for all: one call, not twelve. */
static void drop_unwritable(struct cgroup_layout *layout, const char *wanted)
{
	if (layout->len > 0 &&
	    faccessat(AT_FDCWD, layout->hierarchies[0].mount_path, W_OK, AT_EACCESS) == 0)
		return;
	for (size_t i = 0; i < layout->len; i++) {
		const struct cgroup_hierarchy *h = &layout->hierarchies[i];
		if (!is_writable(h) && !leads_into_ours(h, wanted))
			layout->hierarchies[i].mount_path[0] = '\0';
	}
	cgroup_layout_finish(layout);
}

static int read_proc(const char *path, size_t max_bytes, struct buf *out, struct err *err)
{
	AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, "open %s", path);
	return fd_read_all(fd, max_bytes, path, out, err);
}

int cgroup_layout_detect(const char *wanted, struct cgroup_layout *out, struct err *err)
{
	AUTO(struct buf, buf_done) text = { 0 };
	out->len = 0;
	if (read_proc("/proc/self/cgroup", PROC_CGROUP_MAX, &text, err) < 0 ||
	    cgroup_layout_parse(buf_str(&text), out, err) < 0)
		return -1;
	int is_open = place_usual(out, err);
	if (is_open < 0)
		return -1;
	if (is_open) {
		buf_reset(&text);
		if (read_proc("/proc/self/mountinfo", PROC_MOUNTINFO_MAX, &text, err) < 0)
			return -1;
		cgroup_layout_place(out, buf_str(&text));
	}
	cgroup_layout_finish(out);
	drop_unwritable(out, wanted);
	return 0;
}
