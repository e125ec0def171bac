/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From linux.cgroupsPath to a unit and its place in the tree. The names come from outside and
 * become the names of directories and of systemd's files: what systemd itself would not take is
 * refused here, where the message can say what was meant. Source: systemd.unit(5),
 * systemd.slice(5); unit_name_is_valid() and slice_name_is_valid()
 */
#include "base/buf.h"
#include "base/mem.h"
#include "base/strv.h"
#include "runtime/scope/scope.h"

#include <stdio.h>
#include <string.h>

#define UNIT_NAME_MAX 255
#define SLICE_SUFFIX  ".slice"
#define DEFAULT_NAME  "runc" /* engines look for runc-ID.scope */

void scope_done(struct scope *scope)
{
	free(ptr_take(&scope->unit));
	free(ptr_take(&scope->slice));
}

static bool has_unit_bytes(const char *name)
{
	static const char bytes[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789:-_.\\";
	size_t len = strlen(name);
	return len <= UNIT_NAME_MAX && strspn(name, bytes) == len;
}

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);
	return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

/* "a-b.slice": no empty part, since each is a slice of its own. */
static bool is_slice(const char *name)
{
	if (!has_unit_bytes(name) || !ends_with(name, SLICE_SUFFIX))
		return false;
	if (strcmp(name, "-" SLICE_SUFFIX) == 0)
		return true;
	size_t len = strlen(name) - strlen(SLICE_SUFFIX);
	if (len == 0 || name[0] == '-' || name[len - 1] == '-')
		return false;
	return memmem(name, len, "--", 2) == NULL;
}

static int check_form(const struct strv *parts, const char *cgroups_path, struct err *err)
{
	if (parts->len == 3 && parts->items[2][0] != '\0')
		return 0;
	err_set(err, ERR_INVALID,
		"linux.cgroupsPath: \"%.200s\" is not of the form slice:prefix:name", cgroups_path);
	return err_hint(err, "with --systemd-cgroup it is like system.slice:runc:my-container");
}

static char *make_unit(const char *prefix, const char *name, struct err *err)
{
	if (ends_with(name, SLICE_SUFFIX)) {
		err_set(err, ERR_UNSUPPORTED,
			"linux.cgroupsPath: the name \"%.200s\" is a slice's, and a container "
			"needs a scope",
			name);
		return NULL;
	}
	AUTO_FREE char *unit = mem_printf("%s-%s.scope", prefix, name);
	if (has_unit_bytes(unit))
		return ptr_take(&unit);
	err_set(err, ERR_INVALID,
		"\"%.300s\" cannot be the name of a systemd unit: at most %d of the characters "
		"a-z, "
		"A-Z, 0-9, \"-\", \"_\", \".\" and \"\\\"",
		unit, UNIT_NAME_MAX);
	return NULL;
}

static char *make_slice(const char *wanted, bool is_user, struct err *err)
{
	if (wanted[0] == '\0')
		return mem_strdup(is_user ? "user.slice" : "system.slice");
	if (strcmp(wanted, "-") == 0)
		return mem_strdup("-" SLICE_SUFFIX);
	if (is_slice(wanted))
		return mem_strdup(wanted);
	err_set(err, ERR_INVALID, "linux.cgroupsPath: \"%.200s\" is not the name of a slice",
		wanted);
	err_hint(err, "the slice a-b.slice lies in a.slice: names have no \"/\" and no empty part");
	return NULL;
}

int scope_parse(const char *cgroups_path, const char *id, bool is_user, struct scope *out,
		struct err *err)
{
	AUTO(struct strv, strv_done) parts = { 0 };
	AUTO(struct scope, scope_done) scope = { .is_user = is_user };
	if (cgroups_path == NULL || cgroups_path[0] == '\0') {
		strv_add(&parts, "");
		strv_add(&parts, DEFAULT_NAME);
		strv_add(&parts, id);
	} else {
		strv_split(&parts, cgroups_path, ':');
	}
	if (check_form(&parts, cgroups_path, err) < 0)
		return -1;
	scope.slice = make_slice(parts.items[0], is_user, err);
	if (scope.slice == NULL)
		return -1;
	scope.unit = make_unit(parts.items[1], parts.items[2], err);
	if (scope.unit == NULL)
		return -1;
	*out = scope;
	scope = (struct scope){ 0 };
	return 0;
}

/* a-b.slice is /a.slice/a-b.slice. */
static void add_slices(struct buf *path, const char *slice)
{
	size_t len = strlen(slice) - strlen(SLICE_SUFFIX);
	if (strcmp(slice, "-" SLICE_SUFFIX) == 0)
		return;
	for (size_t i = 1; i <= len; i++)
		if (i == len || slice[i] == '-')
			buf_addf(path, "/%.*s" SLICE_SUFFIX, (int)i, slice);
}

/* systemd puts "_" before names that could be a file of the kernel's: cg_needs_escape(). */
static bool is_escaped(const char *unit)
{
	static const char *const controllers[] = { "cgroup", "cpu",        "cpuacct", "cpuset",
						   "io",     "blkio",      "memory",  "devices",
						   "pids",   "bpf-foreign" };
	size_t len = strcspn(unit, ".");
	if (unit[0] == '_' || unit[0] == '.')
		return true;
	for (size_t i = 0; i < ARRAY_LEN(controllers); i++)
		if (strlen(controllers[i]) == len && strncmp(unit, controllers[i], len) == 0)
			return true;
	return false;
}

int scope_resolve_path(const struct scope *scope, const char *manager_path,
		       char out[CGROUP_PATH_MAX], struct err *err)
{
	AUTO(struct buf, buf_done) path = { 0 };
	if (strcmp(manager_path, "/") != 0)
		buf_add_str(&path, manager_path);
	add_slices(&path, scope->slice);
	buf_addf(&path, "/%s%s", is_escaped(scope->unit) ? "_" : "", scope->unit);
	if (path.len >= CGROUP_PATH_MAX)
		return err_set(err, ERR_INVALID, "the control group of %s has a path of %zu bytes",
			       scope->unit, path.len);
	memcpy(out, path.data, path.len + 1);
	return 0;
}
