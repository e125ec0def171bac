/* SPDX-License-Identifier: Apache-2.0 */
/* Names, properties and annotations of units: what comes from outside, and what it becomes. */
#include "runtime/scope/scope.h"

#include "base/buf.h"
#include "base/mem.h"
#include "runtime/scope/property.h"
#include "runtime/scope/protocol.h"
#include "runtime/seal.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void assert_says(const struct err *err, const char *wanted)
{
	if (strstr(err->text, wanted) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", err->text, wanted);
}

/* --- names --- */

static void names_become_units_and_paths(void **state)
{
	(void)state;
	static const struct {
		const char *cgroups_path;
		bool is_user;
		const char *unit, *path;
	} rows[] = {
		{ NULL, false, "runc-id.scope", "/system.slice/runc-id.scope" },
		{ "", false, "runc-id.scope", "/system.slice/runc-id.scope" },
		{ "", true, "runc-id.scope", "/m/user.slice/runc-id.scope" },
		{ ":docker:1234", false, "docker-1234.scope", "/system.slice/docker-1234.scope" },
		{ ":docker:1234", true, "docker-1234.scope", "/m/user.slice/docker-1234.scope" },
		{ "-:x:y", false, "x-y.scope", "/x-y.scope" },
		{ "-.slice:x:y", false, "x-y.scope", "/x-y.scope" },
		{ "a.slice:x:y", false, "x-y.scope", "/a.slice/x-y.scope" },
		{ "a-b-c.slice:x:y", false, "x-y.scope",
		  "/a.slice/a-b.slice/a-b-c.slice/x-y.scope" },
		{ "a::y", false, NULL, "not the name of a slice" },
		{ "a.slice::y", false, "-y.scope", "/a.slice/-y.scope" },
		{ "a.slice:_x:y", false, "_x-y.scope", "/a.slice/__x-y.scope" },
		{ "a.slice:memory.x:y", false, "memory.x-y.scope", "/a.slice/_memory.x-y.scope" },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(struct scope, scope_done) scope = { 0 };
		struct err err = { 0 };
		char path[CGROUP_PATH_MAX];
		int rc = scope_parse(rows[i].cgroups_path, "id", rows[i].is_user, &scope, &err);
		if (rows[i].unit == NULL) {
			assert_int_equal(rc, -1);
			assert_says(&err, rows[i].path);
			continue;
		}
		if (rc < 0)
			fail_msg("%s: %s", rows[i].cgroups_path, err.text);
		assert_string_equal(scope.unit, rows[i].unit);
		assert_int_equal(scope.is_user, rows[i].is_user);
		assert_int_equal(
			scope_resolve_path(&scope, rows[i].is_user ? "/m" : "", path, &err), 0);
		assert_string_equal(path, rows[i].path);
		assert_int_equal(scope_resolve_path(&scope, "/", path, &err), 0);
		assert_true(path[0] == '/' && path[1] != '/');
	}
}

static void hostile_names_are_refused(void **state)
{
	(void)state;
	static const char *const paths[] = {
		"/",
		"/a/b",
		"a:b",
		"a:b:c:d",
		"::",
		"a.slice:x:",
		".slice:x:y",
		"--.slice:x:y",
		"-a.slice:x:y",
		"a-.slice:x:y",
		"a--b.slice:x:y",
		"a.slice/b.slice:x:y",
		"../a.slice:x:y",
		"a.service:x:y",
		"a.slice:../x:y",
		"a.slice:x:../../y",
		"a.slice:x:y/z",
		"a.slice:x:y\nz",
		"a.slice:x\x01:y",
		"a\t.slice:x:y",
		"a.slice:x:y z",
		"a.slice:x:y%h",
		"a.slice:x:y@z",
		"a.slice:x:\xc3\xa4",
	};
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		struct scope scope = { 0 };
		struct err err = { 0 };
		if (scope_parse(paths[i], "id", false, &scope, &err) == 0)
			fail_msg("\"%s\" is taken as %s", paths[i], scope.unit);
		assert_int_equal(err.kind, ERR_INVALID);
		assert_null(scope.unit);
	}
	struct scope scope = { 0 };
	struct err err = { 0 };
	assert_int_equal(scope_parse("a.slice:x:b.slice", "id", false, &scope, &err), -1);
	assert_int_equal(err.kind, ERR_UNSUPPORTED);
	assert_int_equal(scope_parse(NULL, "a+b", false, &scope, &err), -1);
	assert_says(&err, "runc-a+b.scope");
}

static void long_names_are_refused(void **state)
{
	(void)state;
	char text[1024], path[CGROUP_PATH_MAX];
	AUTO(struct scope, scope_done) scope = { 0 };
	struct err err = { 0 };
	snprintf(text, sizeof(text), "a.slice:x:%0248d", 1);
	assert_int_equal(scope_parse(text, "id", false, &scope, &err), -1);
	/* 255 bytes: as long as a file name may be. */
	snprintf(text, sizeof(text), "a.slice:x:%0247d", 1);
	assert_int_equal(scope_parse(text, "id", false, &scope, &err), 0);
	scope_done(&scope);
	/* Each dash is a slice with all of the name before it: the path grows with its square. */
	snprintf(text, sizeof(text), "%s.slice:x:y", "a-b-c-d-e-f-g-h-i-j-k-l-m-n-o-p-q-r-s-t-u-v");
	assert_int_equal(scope_parse(text, "id", false, &scope, &err), 0);
	assert_int_equal(scope_resolve_path(&scope, "", path, &err), -1);
}

/* --- properties --- */

/* "NAME type=value,value ..." of all, in order */
static char *flat(const struct strv *list)
{
	struct buf out = { 0 };
	for (size_t at = 0; at < list->len;) {
		assert_true(at + PROPERTY_HEAD <= list->len);
		size_t count = strtoul(list->items[at + 3], NULL, 10);
		buf_addf(&out, "%s%s %s=", at > 0 ? " " : "", list->items[at], list->items[at + 1]);
		at += PROPERTY_HEAD;
		assert_true(at + count <= list->len);
		for (size_t i = 0; i < count; i++)
			buf_addf(&out, "%s%s", i > 0 ? "," : "", list->items[at + i]);
		at += count;
	}
	return buf_take(&out);
}

static void assert_limits(const struct cgroup_limits *limits, bool is_v2, const char *wanted)
{
	AUTO(struct strv, strv_done) list = { 0 };
	struct err err = { 0 };
	if (property_add_limits(&list, limits, is_v2, NULL, &err) < 0)
		fail_msg("%s", err.text);
	AUTO_FREE char *text = flat(&list);
	assert_string_equal(text, wanted);
}

static struct cgroup_value value(int64_t number)
{
	return (struct cgroup_value){ .is_set = true, .value = number };
}

#define MAX_TEXT "18446744073709551615"

static void limits_become_properties(void **state)
{
	(void)state;
	static char cpus[] = "0-2,9", mems[] = "0";
	struct cgroup_limits limits = { 0 };
	assert_limits(&limits, true, "");
	limits.memory.limit_bytes = value(64 << 20);
	limits.memory.swap_bytes = value(96 << 20);
	limits.memory.reservation_bytes = value(1 << 20);
	assert_limits(&limits, true,
		      "MemoryMax t=67108864 MemoryLow t=1048576 MemorySwapMax t=33554432");
	assert_limits(&limits, false, "MemoryLimit t=67108864");
	limits.memory.swap_bytes = value(-1);
	assert_limits(&limits, true,
		      "MemoryMax t=67108864 MemoryLow t=1048576 MemorySwapMax t=" MAX_TEXT);
	limits = (struct cgroup_limits){ 0 };
	limits.pids_max = value(0);
	assert_limits(&limits, true, "TasksMax t=" MAX_TEXT);
	limits.pids_max = value(7);
	limits.cpu.shares = value(1024);
	limits.cpu.cpus = cpus;
	limits.cpu.mems = mems;
	assert_limits(&limits, true,
		      "CPUWeight t=39 TasksMax t=7 AllowedCPUs ay=0702 AllowedMemoryNodes ay=01");
	assert_limits(&limits, false,
		      "CPUShares t=1024 TasksMax t=7 AllowedCPUs ay=0702 AllowedMemoryNodes ay=01");
}

static void bandwidth_is_rounded_up_to_percents(void **state)
{
	(void)state;
	struct cgroup_limits limits = { 0 };
	limits.cpu.quota_us = value(12345);
	assert_limits(&limits, true, "CPUQuotaPerSecUSec t=130000");
	limits.cpu.period_us = value(50000);
	assert_limits(&limits, true, "CPUQuotaPeriodUSec t=50000 CPUQuotaPerSecUSec t=250000");
	limits.cpu.quota_us = value(-1);
	assert_limits(&limits, false, "CPUQuotaPeriodUSec t=50000 CPUQuotaPerSecUSec t=" MAX_TEXT);
	limits.cpu.quota_us = value(INT64_MAX);
	limits.cpu.period_us = value(0);
	AUTO(struct strv, strv_done) list = { 0 };
	assert_int_equal(property_add_limits(&list, &limits, true, NULL, NULL), 0);
}

static void unified_files_become_properties(void **state)
{
	(void)state;
	static const char *const rows[][2] = {
		{ "memory.high=1048576", "MemoryHigh t=1048576" },
		{ "memory.max=max", "MemoryMax t=" MAX_TEXT },
		{ "pids.max= 5\n", "TasksMax t=5" },
		{ "cpu.max=10000 50000", "CPUQuotaPeriodUSec t=50000 CPUQuotaPerSecUSec t=200000" },
		{ "cpu.max=max", "CPUQuotaPeriodUSec t=100000 CPUQuotaPerSecUSec t=" MAX_TEXT },
		{ "cpuset.cpus=1", "AllowedCPUs ay=02" },
		{ "memory.oom.group=1", "" },
		{ "memory.high=many", NULL },
		{ "cpuset.cpus=3-1", NULL },
		{ "cpuset.cpus=1-99999999999", NULL },
		{ "cpu.max=-5", NULL },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(struct strv, strv_done) list = { 0 };
		struct cgroup_limits limits = { 0 };
		strv_add(&limits.unified, rows[i][0]);
		if (rows[i][1] != NULL)
			assert_limits(&limits, true, rows[i][1]);
		else
			assert_int_equal(property_add_limits(&list, &limits, true, NULL, NULL), -1);
		strv_done(&limits.unified);
	}
}

static void devices_are_never_widened(void **state)
{
	(void)state;
	struct cgroup_limits limits = { 0 };
	AUTO(struct strv, strv_done) list = { 0 };
	cgroup_limits_add_device(&limits, false, 'a', -1, -1, "rwm");
	cgroup_limits_add_device(&limits, true, 'c', -1, -1, "m");
	cgroup_limits_add_device(&limits, true, 'c', 1, 3, "rwm");
	cgroup_limits_add_device(&limits, true, 'c', 136, -1, "rw");
	cgroup_limits_add_device(&limits, true, 'b', -1, 5, "r");
	assert_int_equal(property_add_devices(&list, &limits, NULL), 0);
	AUTO_FREE char *text = flat(&list);
	assert_string_equal(text, "DevicePolicy s=strict DeviceAllow a(ss)= DeviceAllow "
				  "a(ss)=char-*,m,/dev/char/1:3,rwm,char-136,rw");
	cgroup_limits_add_device(&limits, true, 'a', -1, -1, "rwm");
	cgroup_limits_add_device(&limits, false, 'c', 1, 3, "rwm");
	AUTO(struct strv, strv_done) denying = { 0 };
	assert_int_equal(property_add_devices(&denying, &limits, NULL), 0);
	AUTO_FREE char *deny = flat(&denying);
	assert_string_equal(deny, "DevicePolicy s=strict DeviceAllow a(ss)=");
	cgroup_limits_done(&limits);
}

/* --- annotations --- */

static int annotate(const char *annotation, char **out, struct err *err)
{
	AUTO(struct strv, strv_done) annotations = { 0 };
	AUTO(struct strv, strv_done) list = { 0 };
	strv_add(&annotations, "org.example=1");
	strv_add(&annotations, annotation);
	int rc = property_add_annotations(&list, &annotations, err);
	*out = flat(&list);
	return rc;
}

#define P "org.systemd.property."

static void annotations_become_properties(void **state)
{
	(void)state;
	static const char *const rows[][2] = {
		{ P "TimeoutStopUSec=uint64 123456789", "TimeoutStopUSec t=123456789" },
		{ P "TimeoutStopSec=5", "TimeoutStopUSec t=5000000" },
		{ P "TimeoutStopSec= uint32 5 ", "TimeoutStopUSec t=5000000" },
		{ P "CollectMode='inactive-or-failed'", "CollectMode s=inactive-or-failed" },
		{ P "CollectMode=\"a\\\"b\"", "CollectMode s=a\"b" },
		{ P "Delegate=false", "Delegate b=false" },
		{ P "KillSignal=int32 9", "KillSignal i=9" },
		{ P "After=['a.service', \"b.service\"]", "After as=a.service,b.service" },
		{ P "After=@as []", "After as=" },
		{ P "DefaultDependencies=true", "DefaultDependencies b=true" },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO_FREE char *text = NULL;
		struct err err = { 0 };
		if (annotate(rows[i][0], &text, &err) < 0)
			fail_msg("%s: %s", rows[i][0], err.text);
		assert_string_equal(text, rows[i][1]);
	}
}

/* What acts on others than the unit, and what is not of the type that systemd wants. */
static void other_annotations_are_refused(void **state)
{
	(void)state;
	static const char *const refused[] = {
		"ExecStartPre",
		"ExecStop",
		"OnFailure",
		"OnSuccess",
		"FailureAction",
		"SuccessAction",
		"Conflicts",
		"Wants",
		"Requires",
		"BindsTo",
		"PIDs",
		"Slice",
		"User",
		"JobTimeoutAction",
		"DevicePolicy",
		"DeviceAllow",
		"PartOf",
		"Upholds",
		"Environment",
		"StartLimitAction",
		"",
		"after",
	};
	static const char *const invalid[] = {
		"TimeoutStopUSec='5'",
		"TimeoutStopUSec=uint64 -5",
		"TimeoutStopUSec=byte 300",
		"TimeoutStopUSec=",
		"TimeoutStopUSec=5 6",
		"TimeoutStopSec=18446744073709551",
		"CollectMode=inactive",
		"CollectMode='inactive",
		"CollectMode='a'; true",
		"CollectMode='a\nb'",
		"CollectMode='a\\nb'",
		"CollectMode='a\\",
		"Delegate=1",
		"Delegate=truefalse",
		"After='a'",
		"After=['a'",
		"After=['a' 'b']",
		"KillSignal=int32 99999999999",
	};
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		AUTO_FREE char *text = NULL;
		AUTO_FREE char *annotation = mem_printf(P "%s=['x']", refused[i]);
		struct err err = { 0 };
		if (annotate(annotation, &text, &err) == 0)
			fail_msg("%s is taken as %s", annotation, text);
		assert_int_equal(err.kind, ERR_UNSUPPORTED);
	}
	for (size_t i = 0; i < ARRAY_LEN(invalid); i++) {
		AUTO_FREE char *text = NULL;
		AUTO_FREE char *annotation = mem_printf(P "%s", invalid[i]);
		struct err err = { 0 };
		if (annotate(annotation, &text, &err) == 0)
			fail_msg("%s is taken as %s", annotation, text);
		assert_int_equal(err.kind, ERR_INVALID);
		assert_says(&err, "annotation " P);
	}
}

/* --- the worker --- */

/* A worker that says nothing is an error, not a wait. */
static void a_silent_worker_is_an_error(void **state)
{
	(void)state;
	char dir[] = "/tmp/onggi-test-scope-XXXXXX";
	static char unit[] = "onggi-test.scope", slice[] = "system.slice";
	struct scope scope = { .unit = unit, .slice = slice };
	struct err err = { 0 };
	assert_non_null(mkdtemp(dir));
	AUTO_FREE char *worker = mem_printf("%s/" SCOPE_WORKER_NAME, dir);
	setenv(SEAL_LIBEXEC_ENV, dir, 1);
	assert_int_equal(scope_stop(&scope, &err), -1);
	assert_int_equal(err.kind, ERR_UNSUPPORTED);
	assert_says(&err, worker);
	assert_int_equal(symlink("/bin/true", worker), 0);
	assert_int_equal(scope_stop(&scope, &err), -1);
	assert_says(&err, "systemd unit onggi-test.scope: ");
	unlink(worker);
	rmdir(dir);
	unsetenv(SEAL_LIBEXEC_ENV);
}

/* The real one: without a systemd it says where it looked; a unit that is not there is stopped. */
static void the_worker_answers(void **state)
{
	(void)state;
	char path[PATH_MAX];
	static char unit[] = "onggi-test-not-there.scope", slice[] = "system.slice";
	struct scope scope = { .unit = unit, .slice = slice };
	struct err err = { 0 };
	struct stat st;
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - sizeof("/bin"));
	assert_true(len > 0);
	path[len] = '\0';
	memcpy(strrchr(path, '/'), "/bin", sizeof("/bin"));
	AUTO_FREE char *worker = mem_printf("%s/" SCOPE_WORKER_NAME, path);
	if (access(worker, X_OK) < 0) {
		print_message("built without libsystemd: there is no worker\n");
		free(ptr_take(&worker)); /* skip() jumps away */
		skip();
	}
	setenv(SEAL_LIBEXEC_ENV, path, 1);
	bool has_systemd = stat("/run/systemd/private", &st) == 0;
	int rc = scope_stop(&scope, &err);
	unsetenv(SEAL_LIBEXEC_ENV);
	assert_int_equal(rc, has_systemd ? 0 : -1);
	if (!has_systemd)
		assert_says(&err, "no way to the system's systemd");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_become_units_and_paths),
		cmocka_unit_test(hostile_names_are_refused),
		cmocka_unit_test(long_names_are_refused),
		cmocka_unit_test(limits_become_properties),
		cmocka_unit_test(bandwidth_is_rounded_up_to_percents),
		cmocka_unit_test(unified_files_become_properties),
		cmocka_unit_test(devices_are_never_widened),
		cmocka_unit_test(annotations_become_properties),
		cmocka_unit_test(other_annotations_are_refused),
		cmocka_unit_test(a_silent_worker_is_an_error),
		cmocka_unit_test(the_worker_answers),
	};
	return cmocka_run_group_tests_name("scope", tests, NULL, NULL);
}
