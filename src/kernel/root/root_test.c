/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A container's root with everything in it that an evil image could have. The canary directory
 * stands for the host: no test may change anything in it.
 */
#include "kernel/root/root.h"

#include "kernel/mount/mount.h"
#include "kernel/mount/room_test.h"
#include "kernel/ns/ns.h"
#include "sys/rooted.h"

#include <linux/magic.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

/* "root" is the container's, "canary" is outside of it; both in the room. */
static int make_root(void)
{
	CHECK(mkdir("root", 0755) == 0 && mkdir("canary", 0755) == 0);
	room_write("canary/secret", "as it was");
	CHECK(mkdir("canary/pts", 0755) == 0);
	int root_fd = open("root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	CHECK(root_fd >= 0);
	return root_fd;
}

static void check_canary(void)
{
	AUTO_FREE char *secret = room_read("canary/secret");
	CHECK(secret != NULL && strcmp(secret, "as it was") == 0);
	struct stat st;
	CHECK(stat("canary/secret", &st) == 0 && st.st_mode == (S_IFREG | 0644));
	CHECK(stat("canary", &st) == 0 && st.st_nlink == 3);
	CHECK(access("canary/null", F_OK) < 0 && access("canary/console", F_OK) < 0);
	CHECK(access("canary/fd", F_OK) < 0 && access("canary/tty", F_OK) < 0);
	CHECK(rmdir("canary/pts") == 0); /* empty and no mount on it */
	CHECK(mkdir("canary/pts", 0755) == 0);
}

static void mount_at(int root_fd, const char *fstype, const char *path, const char *words_text)
{
	struct err err = { 0 };
	AUTO(struct strv, strv_done) words = room_words(words_text);
	AUTO_FD fd = mount_new(fstype, fstype, &words, 0, 0, &err);
	CHECK_OK(fd, &err);
	AUTO_FD target_fd = rooted_mkdirs(root_fd, path, 0755, &err);
	CHECK_OK(target_fd, &err);
	CHECK_OK(mount_attach(fd, target_fd, &err), &err);
}

static void check_device(const char *path, mode_t mode, unsigned major, unsigned minor)
{
	struct stat st;
	CHECK(lstat(path, &st) == 0 && st.st_mode == mode);
	CHECK(st.st_rdev == makedev(major, minor));
}

static void devices_and_links_body(void)
{
	static const struct root_device more[] = {
		{ "/dev/net/tun", S_IFCHR | 0640, 10, 200, 12, 34 },
		{ "/dev/net/other", S_IFBLK | 0600, 7, 3, 0, 0 },
		{ "/run/fifo", S_IFIFO | 0622, 0, 0, 0, 0 },
		{ "/dev/null", S_IFCHR | 0666, 1, 3, 0, 0 }, /* twice: the same device is fine */
	};
	struct err err = { 0 };
	AUTO_FD root_fd = make_root();
	mount_at(root_fd, "tmpfs", "/dev", "mode=755");
	umask(077);
	CHECK_OK(root_make_devices(root_fd, root_default_devices, root_default_devices_len, &err),
		 &err);
	CHECK_OK(root_make_devices(root_fd, more, ARRAY_LEN(more), &err), &err);
	CHECK(umask(022) == 077);
	check_device("root/dev/null", S_IFCHR | 0666, 1, 3);
	check_device("root/dev/tty", S_IFCHR | 0666, 5, 0);
	check_device("root/dev/net/tun", S_IFCHR | 0640, 10, 200);
	check_device("root/dev/net/other", S_IFBLK | 0600, 7, 3);
	struct stat st;
	CHECK(stat("root/dev/net/tun", &st) == 0 && st.st_uid == 12 && st.st_gid == 34);
	CHECK(stat("root/run/fifo", &st) == 0 && st.st_mode == (S_IFIFO | 0622));

	AUTO_FD dev_fd = open("root/dev", O_PATH | O_DIRECTORY | O_CLOEXEC);
	CHECK_OK(root_make_dev_links(dev_fd, &err), &err);
	CHECK_OK(root_make_dev_links(dev_fd, &err), &err);
	char target[64] = { 0 };
	CHECK(readlink("root/dev/stderr", target, sizeof(target) - 1) > 0);
	CHECK(strcmp(target, "/proc/self/fd/2") == 0);
	memset(target, 0, sizeof(target));
	CHECK(readlink("root/dev/ptmx", target, sizeof(target) - 1) > 0);
	CHECK(strcmp(target, "pts/ptmx") == 0);

	static const struct root_device bad[] = {
		{ "/dev/", S_IFCHR, 1, 3, 0, 0 },
		{ "/dev/..", S_IFCHR, 1, 3, 0, 0 },
		{ "", S_IFCHR, 1, 3, 0, 0 },
	};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		CHECK(root_make_devices(root_fd, &bad[i], 1, &err) == -1 &&
		      err.kind == ERR_INVALID);
	static const struct root_device conflict = { "/dev/tty", S_IFCHR, 1, 3, 0, 0 };
	CHECK(root_make_devices(root_fd, &conflict, 1, &err) == -1);
	CHECK(err.kind == ERR_CONFLICT && strstr(err.text, "/dev/tty") != NULL);
}

/* /dev of the image leads out of it, in every way a path can. */
static void evil_dev_stays_inside_body(void)
{
	struct err err = { 0 };
	AUTO_FD root_fd = make_root();
	char outside[160], cwd[128];
	CHECK(getcwd(cwd, sizeof(cwd)) != NULL);
	snprintf(outside, sizeof(outside), "%s/canary", cwd);
	const char *const targets[] = { outside, "../canary", "../../../../../../../canary",
					"/proc/self/root/canary" };
	for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
		CHECK(symlink(targets[i], "root/dev") == 0);
		root_make_devices(root_fd, root_default_devices, root_default_devices_len, &err);
		check_canary();
		int slave_fd = -5;
		CHECK(root_open_console(root_fd, &slave_fd, &err) == -1 && slave_fd == -5);
		AUTO_FD null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
		CHECK(root_bind_console(root_fd, null_fd, &err) == -1);
		check_canary();
		CHECK(unlink("root/dev") == 0);
	}
	/* Single names in a real /dev that point outside. */
	CHECK(mkdir("root/dev", 0755) == 0);
	snprintf(outside, sizeof(outside), "%s/canary/secret", cwd);
	CHECK(symlink(outside, "root/dev/null") == 0);
	CHECK(symlink("../../canary/console", "root/dev/console") == 0);
	CHECK(symlink("../../canary/fd", "root/dev/fd") == 0);
	CHECK(symlink("../../canary/pts", "root/dev/pts") == 0);
	CHECK(root_make_devices(root_fd, root_default_devices, 1, &err) == -1);
	CHECK(err.kind == ERR_CONFLICT);
	AUTO_FD dev_fd = open("root/dev", O_PATH | O_DIRECTORY | O_CLOEXEC);
	CHECK_OK(root_make_dev_links(dev_fd, &err), &err);
	AUTO_FD null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	CHECK(root_bind_console(root_fd, null_fd, &err) == -1 && err.kind == ERR_CONFLICT);
	int slave_fd;
	CHECK(root_open_console(root_fd, &slave_fd, &err) == -1);
	check_canary();
}

static void masks_hide_body(void)
{
	struct err err = { 0 };
	AUTO(struct root_masks, root_masks_done) masks = { -1, -1, false, false };
	AUTO_FD root_fd = make_root();
	CHECK_OK(root_masks_open(&masks, &err), &err);
	static const char *const files[] = { "root/f0", "root/f1", "root/f2" };
	static const char *const dirs[] = { "root/d0", "root/d1", "root/d2" };
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		room_write(files[i], "secret");
		CHECK(mkdir(dirs[i], 0755) == 0);
		CHECK_OK(root_mask_path(root_fd, &masks, files[i] + 4, &err), &err);
		CHECK_OK(root_mask_path(root_fd, &masks, dirs[i] + 4, &err), &err);
	}
	CHECK_OK(root_mask_path(root_fd, &masks, "/missing", &err), &err);
	CHECK_OK(root_mask_path(root_fd, &masks, "/f0/missing", &err), &err);
	CHECK(!err_is_set(&err));
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		check_device(files[i], S_IFCHR | 0666, 1, 3);
		AUTO_FREE char *text = room_read(files[i]);
		CHECK(text != NULL && *text == '\0');
		AUTO_FD write_fd = open(files[i], O_WRONLY | O_CLOEXEC);
		CHECK(write_fd >= 0 && write(write_fd, "x", 1) == 1);
		/* The inode is the host's: nothing about it can be changed from here. */
		CHECK(chmod(files[i], 0600) == -1 && errno == EROFS);
		CHECK(chown(files[i], 1, 1) == -1 && errno == EROFS);
		char inside[64];
		snprintf(inside, sizeof(inside), "%s/x", dirs[i]);
		CHECK(open(inside, O_CREAT | O_WRONLY | O_CLOEXEC, 0600) == -1 && errno == EROFS);
	}
}

static void masks_do_not_follow_out_body(void)
{
	struct err err = { 0 };
	AUTO(struct root_masks, root_masks_done) masks = { -1, -1, false, false };
	AUTO_FD root_fd = make_root();
	CHECK_OK(root_masks_open(&masks, &err), &err);
	CHECK(symlink("../canary/secret", "root/relative") == 0);
	CHECK(symlink("/proc/self/cwd/canary/secret", "root/magic") == 0);
	CHECK(symlink("../canary", "root/sys") == 0);
	CHECK_OK(root_mask_path(root_fd, &masks, "/sys/secret", &err), &err);
	CHECK_OK(root_readonly_path(root_fd, "/sys", &err), &err);
	CHECK(symlink("real", "root/inside") == 0);
	room_write("root/real", "hide me");
	mount_at(root_fd, "proc", "/proc", "");
	CHECK_OK(root_mask_path(root_fd, &masks, "/relative", &err), &err);
	CHECK_OK(root_readonly_path(root_fd, "/relative", &err), &err);
	CHECK(root_mask_path(root_fd, &masks, "/magic", &err) == -1); /* fails, not skipped */
	CHECK(strstr(err.text, "mask /magic") != NULL);
	CHECK(root_readonly_path(root_fd, "/magic", &err) == -1);
	CHECK_OK(root_mask_path(root_fd, &masks, "/inside", &err), &err);
	check_device("root/real", S_IFCHR | 0666, 1, 3);
	check_canary();
	room_write("canary/secret", "as it was"); /* not read-only either */
}

/* Another container shares the directory, and swaps it with a way out while we work in it. */
static void swapped_directories_body(void)
{
	struct err err = { 0 };
	AUTO(struct root_masks, root_masks_done) masks = { -1, -1, false, false };
	AUTO_FD root_fd = make_root();
	CHECK_OK(root_masks_open(&masks, &err), &err);
	CHECK(mkdir("root/shared", 0755) == 0 && symlink("../canary", "root/swap") == 0);
	room_write("root/shared/secret", "hide me");
	pid_t peer = fork();
	CHECK(peer >= 0);
	if (peer == 0)
		prctl(PR_SET_PDEATHSIG, SIGKILL); /* a failed CHECK must not leave it spinning */
	while (peer == 0)
		renameat2(root_fd, "shared", root_fd, "swap", RENAME_EXCHANGE);
	static const struct root_device device = { "/shared/null", S_IFCHR | 0666, 1, 3, 0, 0 };
	unsigned inside = 0;
	for (unsigned i = 0; i < 20000; i++) {
		inside += root_make_devices(root_fd, &device, 1, &err) == 0;
		if (i % 50 != 0)
			continue; /* mounts pile up: fewer of them */
		root_mask_path(root_fd, &masks, "/shared/secret", &err);
		root_readonly_path(root_fd, "/shared/secret", &err);
	}
	CHECK(inside > 0);
	CHECK(kill(peer, SIGKILL) == 0 && waitpid(peer, NULL, 0) == peer);
	check_canary();
	room_write("canary/secret", "as it was");
}

/* The image's own /dev/null is never what masks are made of. */
static void masks_are_of_the_hosts_null_body(void)
{
	struct err err = { 0 };
	AUTO(struct root_masks, root_masks_done) masks = { -1, -1, false, false };
	AUTO_FD root_fd = make_root();
	CHECK(mkdir("root/dev", 0755) == 0);
	CHECK(symlink("../../canary/secret", "root/dev/null") == 0);
	room_write("root/secret", "x");
	CHECK_OK(root_masks_open(&masks, &err), &err);
	CHECK_OK(root_mask_path(root_fd, &masks, "/secret", &err), &err);
	check_device("root/secret", S_IFCHR | 0666, 1, 3);

	room_write("fake", "");
	CHECK(mount("fake", "/dev/null", NULL, MS_BIND, NULL) == 0);
	struct root_masks untouched = { -7, -7, true, true };
	CHECK(root_masks_open(&untouched, &err) == -1 && err.kind == ERR_INVALID);
	CHECK(untouched.null_fd == -7);
}

static void readonly_is_recursive_body(void)
{
	struct err err = { 0 };
	AUTO_FD root_fd = make_root();
	CHECK(mkdir("root/a", 0755) == 0);
	mount_at(root_fd, "tmpfs", "/a/b", "");
	room_write("root/a/b/file", "1");
	CHECK_OK(root_readonly_path(root_fd, "/a", &err), &err);
	CHECK_OK(root_readonly_path(root_fd, "/missing/path", &err), &err);
	CHECK(open("root/a/x", O_CREAT | O_WRONLY | O_CLOEXEC, 0600) == -1 && errno == EROFS);
	CHECK(open("root/a/b/file", O_WRONLY | O_CLOEXEC) == -1 && errno == EROFS);
	AUTO_FREE char *text = room_read("root/a/b/file");
	CHECK(text != NULL && strcmp(text, "1") == 0);
}

static void new_root_as_mount(const char *path)
{
	struct err err = { 0 };
	AUTO_FD clone_fd = mount_clone(AT_FDCWD, path, true, &err);
	AUTO_FD target_fd = open(path, O_PATH | O_CLOEXEC);
	CHECK(clone_fd >= 0 && target_fd >= 0);
	CHECK_OK(mount_attach(clone_fd, target_fd, &err), &err);
}

static void pivot_leaves_nothing_body(void)
{
	struct err err = { 0 };
	AUTO(struct root_masks, root_masks_done) masks = { -1, -1, false, false };
	AUTO_FD plain_fd = make_root();
	room_write("root/inside", "1");
	room_write("root/hidden", "1");
	room_write("root/hidden2", "1");
	CHECK(mkdir("root/dir", 0755) == 0 && mkdir("root/dir2", 0755) == 0);
	CHECK_OK(root_masks_open(&masks, &err), &err);
	CHECK(root_pivot(plain_fd, &err) == -1 && err.errnum == EINVAL && err.hint[0] != '\0');
	CHECK(chdir(room_dir) == 0);
	new_root_as_mount("root");
	AUTO_FD root_fd = open("root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	mount_at(root_fd, "proc", "/proc", "");
	CHECK_OK(root_pivot(root_fd, &err), &err);
	CHECK(access("/inside", F_OK) == 0);
	CHECK(access("/../canary", F_OK) == -1 && access("/tmp", F_OK) == -1);
	AUTO_FREE char *mounts = room_read("/proc/self/mountinfo");
	size_t lines = 0;
	for (const char *at = mounts; (at = strchr(at, '\n')) != NULL; at++)
		lines++;
	CHECK(lines == 2); /* the root and /proc */
	/* Masks made before still work, when the host's /dev is out of reach. */
	CHECK_OK(root_mask_path(root_fd, &masks, "/hidden", &err), &err);
	CHECK_OK(root_mask_path(root_fd, &masks, "/hidden2", &err), &err);
	CHECK_OK(root_mask_path(root_fd, &masks, "/dir", &err), &err);
	CHECK_OK(root_mask_path(root_fd, &masks, "/dir2", &err), &err);
	check_device("/hidden2", S_IFCHR | 0666, 1, 3);
	CHECK_OK(root_readonly_path(root_fd, "/proc", &err), &err);
}

static void chroot_into_a_detached_mount_body(void)
{
	struct err err = { 0 };
	AUTO_FD fd = mount_new("tmpfs", "tmpfs", NULL, 0, 0, &err);
	CHECK_OK(fd, &err);
	AUTO_FD file_fd = openat(fd, "inside", O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
	CHECK(file_fd >= 0);
	CHECK_OK(root_chroot(fd, &err), &err);
	CHECK(access("/inside", F_OK) == 0 && access("/../../tmp", F_OK) == -1);
	char cwd[8];
	CHECK(getcwd(cwd, sizeof(cwd)) != NULL && strcmp(cwd, "/") == 0);
}

/* What is below a mount that is gone may look alike: the root of a virtual machine can be another's
 * whole tree, with what its /proc had in it. */
static bool has_procfs(const char *path)
{
	struct statfs fs;
	return statfs(path, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC;
}

static void host_trees_are_hidden_body(void)
{
	struct err err = { 0 };
	CHECK(mkdir("root", 0755) == 0 && mkdir("a\tb", 0755) == 0);
	CHECK(mount("root", "root", "tmpfs", 0, NULL) == 0);
	CHECK(mount("none", "a\tb", "sysfs", 0, NULL) == 0 && access("a\tb/class", F_OK) == 0);
	AUTO_FD root_fd = open("root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	mount_at(root_fd, "proc", "/proc", "");
	AUTO_FD self_fd = open("root/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	CHECK(has_procfs("/proc"));
	CHECK_OK(root_hide_host_trees(root_fd, self_fd, &err), &err);
	CHECK(!has_procfs("/proc") && access("a\tb/class", F_OK) < 0);
	CHECK(access("root/proc/self", F_OK) == 0);
}

static void console_is_of_this_devpts_body(void)
{
	struct err err = { 0 };
	AUTO_FD root_fd = make_root();
	int slave_fd = -1;
	CHECK(mkdir("root/dev", 0755) == 0 && mkdir("root/dev/pts", 0755) == 0);
	CHECK(symlink("../../../canary/secret", "root/dev/pts/ptmx") == 0);
	CHECK(root_open_console(root_fd, &slave_fd, &err) == -1 && err.kind == ERR_INVALID);
	mount_at(root_fd, "devpts", "/dev/pts", "newinstance,ptmxmode=0666,mode=0620");
	AUTO_FD master_fd = root_open_console(root_fd, &slave_fd, &err);
	CHECK_OK(master_fd, &err);
	CHECK(isatty(master_fd) && isatty(slave_fd));
	CHECK(mount_fs_magic(slave_fd) == DEVPTS_SUPER_MAGIC);
	CHECK((fcntl(master_fd, F_GETFD) & FD_CLOEXEC) && (fcntl(slave_fd, F_GETFD) & FD_CLOEXEC));
	CHECK_OK(root_bind_console(root_fd, slave_fd, &err), &err);
	struct stat console, slave;
	CHECK(stat("root/dev/console", &console) == 0 && fstat(slave_fd, &slave) == 0);
	CHECK(console.st_dev == slave.st_dev && console.st_ino == slave.st_ino);
	AUTO_FD console_fd = open("root/dev/console", O_WRONLY | O_NOCTTY | O_CLOEXEC);
	char text[4] = { 0 };
	CHECK(write(console_fd, "hi", 2) == 2 && read(master_fd, text, 2) == 2);
	CHECK(strcmp(text, "hi") == 0);
	fd_close(&slave_fd);
	check_canary();
}

/* In a user namespace mknod is refused, and mounts that came along are locked. */
static void in_a_user_namespace_body(void)
{
	static const struct ns_id_map map = { 0, 0, 65536 };
	static const struct root_device missing = { "/dev/none", S_IFCHR | 0666, 250, 77, 0, 0 };
	struct err err = { 0 };
	AUTO_FD userns_fd = ns_open_user_with_maps(&map, 1, &map, 1, &err);
	if (userns_fd < 0)
		child_skip(err.text);
	CHECK(fcntl(make_root(), F_SETFD, FD_CLOEXEC) == 0);
	CHECK(mkdir("root/locked", 0755) == 0);
	CHECK(mount("locked", "root/locked", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) == 0);
	CHECK_OK(ns_join(NS_USER, userns_fd, &err), &err);
	CHECK_OK(ns_unshare(NS_MOUNT, &err), &err);
	CHECK(chdir(room_dir) == 0);
	AUTO_FD root_fd = open("root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	AUTO(struct root_masks, root_masks_done) masks = { -1, -1, false, false };
	CHECK_OK(root_masks_open(&masks, &err), &err);
	mount_at(root_fd, "tmpfs", "/dev", "mode=755");
	CHECK_OK(root_make_devices(root_fd, root_default_devices, root_default_devices_len, &err),
		 &err);
	for (size_t i = 0; i < root_default_devices_len; i++) {
		struct stat st;
		char path[64];
		snprintf(path, sizeof(path), "root%s", root_default_devices[i].path);
		CHECK(lstat(path, &st) == 0 && S_ISCHR(st.st_mode));
		CHECK(st.st_rdev ==
		      makedev(root_default_devices[i].major, root_default_devices[i].minor));
	}
	AUTO_FD null_fd = open("root/dev/null", O_WRONLY | O_CLOEXEC);
	CHECK(null_fd >= 0 && write(null_fd, "x", 1) == 1);
	CHECK(root_make_devices(root_fd, &missing, 1, &err) == -1 && err.kind == ERR_NOT_FOUND);
	CHECK_OK(root_readonly_path(root_fd, "/locked", &err), &err);
	CHECK(open("root/locked/x", O_CREAT | O_WRONLY | O_CLOEXEC, 0600) == -1 && errno == EROFS);
	room_write("root/secret", "x");
	room_write("root/secret2", "x");
	CHECK_OK(root_mask_path(root_fd, &masks, "/secret", &err), &err);
	CHECK_OK(root_mask_path(root_fd, &masks, "/secret2", &err), &err);
	CHECK_OK(root_mask_path(root_fd, &masks, "/locked", &err), &err);
	check_device("root/secret2", S_IFCHR | 0666, 1, 3);
}

ROOM_TEST(devices_and_links)
ROOM_TEST(evil_dev_stays_inside)
ROOM_TEST(masks_hide)
ROOM_TEST(masks_do_not_follow_out)
ROOM_TEST(swapped_directories)
ROOM_TEST(masks_are_of_the_hosts_null)
ROOM_TEST(readonly_is_recursive)
ROOM_TEST(pivot_leaves_nothing)
ROOM_TEST(chroot_into_a_detached_mount)
ROOM_TEST(host_trees_are_hidden)
ROOM_TEST(console_is_of_this_devpts)
ROOM_TEST(in_a_user_namespace)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(devices_and_links),
		cmocka_unit_test(evil_dev_stays_inside),
		cmocka_unit_test(masks_hide),
		cmocka_unit_test(masks_do_not_follow_out),
		cmocka_unit_test(swapped_directories),
		cmocka_unit_test(masks_are_of_the_hosts_null),
		cmocka_unit_test(readonly_is_recursive),
		cmocka_unit_test(pivot_leaves_nothing),
		cmocka_unit_test(chroot_into_a_detached_mount),
		cmocka_unit_test(host_trees_are_hidden),
		cmocka_unit_test(console_is_of_this_devpts),
		cmocka_unit_test(in_a_user_namespace),
	};
	return cmocka_run_group_tests_name("root", tests, room_setup, room_teardown);
}
