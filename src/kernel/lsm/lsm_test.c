/* SPDX-License-Identifier: Apache-2.0 */

/* On a machine with AppArmor or SELinux the kernel is asked; elsewhere, what there is to refuse. */
#include "kernel/lsm/lsm.h"

#include "kernel/lsm/label.h"
#include "kernel/proc/procfs.h"
#include "sys/fd.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void labels_are_compared_whole(void **state)
{
	(void)state;
	assert_true(lsm_label_is("onggi-default (enforce)\n", "onggi-default"));
	assert_true(lsm_label_is("onggi-default", "onggi-default"));
	assert_true(lsm_label_is("unconfined\n", "unconfined"));
	assert_true(lsm_label_is("system_u:system_r:container_t:s0:c1,c2",
				 "system_u:system_r:container_t:s0:c1,c2"));
	assert_false(lsm_label_is("onggi-default-2 (enforce)\n", "onggi-default"));
	assert_false(lsm_label_is("onggi-def", "onggi-default"));
	assert_false(lsm_label_is("onggi-default//child (enforce)", "onggi-default"));
	assert_false(lsm_label_is("", "onggi-default"));
	assert_false(lsm_label_is("x", ""));
}

static void loaded_profiles_are_found(void **state)
{
	(void)state;
	static const char list[] = "docker-default (enforce)\nmy-onggi-default (enforce)\n"
				   "onggi-default (enforce)\n";
	assert_true(lsm_profile_listed(list, "onggi-default"));
	assert_true(lsm_profile_listed(list, "docker-default"));
	assert_false(lsm_profile_listed(list, "default"));
	assert_false(lsm_profile_listed("my-onggi-default (enforce)", "onggi-default"));
	assert_false(lsm_profile_listed("", "onggi-default"));
}

static int open_self(void)
{
	AUTO_FD proc_fd = procfs_open(NULL);
	assert_true(proc_fd >= 0);
	int self_fd = procfs_open_self(proc_fd, NULL);
	assert_true(self_fd >= 0);
	return self_fd;
}

static void names_are_one_line(void **state)
{
	(void)state;
	AUTO_FD self_fd = open_self();
	static const char *const bad[] = { "", "a\nb", "a\x7f", "\xc3\xa9" };
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct err err = { 0 };
		assert_int_equal(lsm_set_apparmor_exec(self_fd, bad[i], &err), -1);
		assert_int_equal(err.kind, ERR_INVALID);
		err_clear(&err);
		assert_int_equal(lsm_set_selinux_exec(self_fd, bad[i], &err), -1);
		assert_int_equal(err.kind, ERR_INVALID);
	}
}

static void absent_modules_are_refused(void **state)
{
	(void)state;
	AUTO_FD self_fd = open_self();
	struct err err = { 0 };
	if (!lsm_has_apparmor()) {
		assert_int_equal(lsm_set_apparmor_exec(self_fd, "onggi-default", &err), -1);
		assert_int_equal(err.kind, ERR_UNSUPPORTED);
		assert_int_equal(lsm_load_default_apparmor(NULL), 0);
	}
	if (!lsm_has_selinux()) {
		assert_int_equal(lsm_set_selinux_exec(self_fd, "system_u:r:t:s0", &err), -1);
		assert_int_equal(err.kind, ERR_UNSUPPORTED);
	}
}

/* A directory that is no procfs must not be written to, whatever its files are called. */
static void a_false_proc_is_refused(void **state)
{
	(void)state;
	char path[] = "/tmp/lsm-test-XXXXXX";
	assert_non_null(mkdtemp(path));
	AUTO_FD dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_FD file_fd = openat(dir_fd, "exec", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	struct err err = { 0 };
	int rc = procfs_write(dir_fd, "exec", "exec x", &err);
	struct stat st;
	fstat(file_fd, &st);
	unlinkat(dir_fd, "exec", 0);
	rmdir(path);
	assert_int_equal(rc, -1);
	assert_int_equal(err.kind, ERR_INVALID);
	assert_int_equal(st.st_size, 0);
}

static int set_in_child(void)
{
	struct err err = { 0 };
	AUTO_FD self_fd = open_self();
	if (lsm_set_apparmor_exec(self_fd, "no-such-profile", &err) == 0 ||
	    err.kind != ERR_NOT_FOUND)
		return 1;
	if (lsm_load_default_apparmor(&err) < 0) {
		dprintf(STDERR_FILENO, "%s\n", err.text);
		return err.kind == ERR_UNSUPPORTED ? 77 : 2;
	}
	if (lsm_load_default_apparmor(&err) < 0 ||
	    lsm_set_apparmor_exec(self_fd, LSM_DEFAULT_APPARMOR, &err) < 0) {
		dprintf(STDERR_FILENO, "%s\n", err.text);
		return 3;
	}
	/* Under the profile: its label is seen, and writing to kernel parameters is denied. */
	execl("/bin/sh", "sh", "-c",
	      "read label < /proc/self/attr/current && test \"$label\" = 'onggi-default (enforce)' "
	      "&& ! echo 1 2> /dev/null > /proc/sys/kernel/printk_ratelimit "
	      "&& test -r /proc/self/status && ! cat /proc/kcore > /dev/null 2>&1",
	      NULL);
	return 4;
}

static void apparmor_confines(void **state)
{
	(void)state;
	if (!lsm_has_apparmor() || geteuid() != 0) {
		print_message("needs AppArmor and root\n");
		skip();
	}
	pid_t pid = fork();
	if (pid == 0)
		_exit(set_in_child());
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(labels_are_compared_whole),
		cmocka_unit_test(loaded_profiles_are_found),
		cmocka_unit_test(names_are_one_line),
		cmocka_unit_test(absent_modules_are_refused),
		cmocka_unit_test(a_false_proc_is_refused),
		cmocka_unit_test(apparmor_confines),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
