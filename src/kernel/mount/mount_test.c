/* SPDX-License-Identifier: Apache-2.0 */
/* Mounts as objects, against the running kernel; and what older kernels make of them. */
#include "kernel/mount/mount.h"
#include "kernel/mount/room_test.h"

#include "kernel/ns/ns.h"

#include <linux/magic.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

static int new_tmpfs(uint64_t attrs)
{
	struct err err = { 0 };
	int fd = mount_new("tmpfs", "tmpfs", NULL, attrs, 0, &err);
	CHECK_OK(fd, &err);
	return fd;
}

static void attach_at(int mount_fd, const char *target)
{
	struct err err = { 0 };
	AUTO_FD target_fd = open(target, O_PATH | O_CLOEXEC);
	CHECK(target_fd >= 0);
	CHECK_OK(mount_attach(mount_fd, target_fd, &err), &err);
}

static unsigned long flags_of(const char *path)
{
	struct statvfs st;
	CHECK(statvfs(path, &st) == 0);
	return st.f_flag;
}

static void refusals_carry_the_kernels_text_body(void)
{
	struct err err = { 0 };
	AUTO(struct strv, strv_done) words = room_words("size=64k,no-such-word=1");
	CHECK(mount_new("tmpfs", NULL, &words, 0, 0, &err) == -1);
	CHECK(err.kind == ERR_SYSTEM && err.errnum == EINVAL);
	CHECK(strstr(err.text, "mount option no-such-word=1 of tmpfs") != NULL);
	CHECK(strstr(err.text, "(kernel: ") != NULL);
	CHECK(mount_new("no-such-file-system", NULL, NULL, 0, 0, &err) == -1);
	CHECK(err.kind == ERR_UNSUPPORTED);
	CHECK(strstr(err.text, "no-such-file-system") != NULL);
	char value[5000];
	memset(value, 'x', sizeof(value));
	memcpy(value, "size=", 5);
	value[sizeof(value) - 1] = '\0';
	AUTO(struct strv, strv_done) large = room_words(value);
	CHECK(mount_new("tmpfs", NULL, &large, 0, 0, &err) == -1);
	CHECK(err.kind == ERR_UNSUPPORTED && strstr(err.text, "4095 bytes") != NULL);
}

/* fsconfig(2) takes 255 bytes a value, mount(2) a page. */
static void long_values_go_by_mount_body(void)
{
	struct err err = { 0 };
	char value[400];
	memset(value, '0', sizeof(value));
	memcpy(value, "size=", 5);
	memcpy(value + sizeof(value) - 5, "100k", 5); /* octal */
	AUTO(struct strv, strv_done) words = room_words(value);
	strv_add(&words, "mode=711");
	AUTO_FD fd = mount_new("tmpfs", "tmpfs", &words, MOUNT_ATTR_NOEXEC, 0, &err);
	CHECK_OK(fd, &err);
	struct statvfs fs;
	struct stat st;
	CHECK(fstatvfs(fd, &fs) == 0 && fstat(fd, &st) == 0);
	CHECK((st.st_mode & 07777) == 0711 && (fs.f_flag & ST_NOEXEC) != 0);
	CHECK(fs.f_blocks * fs.f_frsize == 64 << 10);
	value[5] = 'y';
	AUTO(struct strv, strv_done) wrong = room_words(value);
	CHECK(mount_new("tmpfs", NULL, &wrong, 0, 0, &err) == -1);
	CHECK(err.kind == ERR_SYSTEM && err.errnum == EINVAL);
}

static void kind_of_target_must_match_body(void)
{
	struct err err = { 0 };
	room_write("file", "");
	AUTO_FD fd = new_tmpfs(0);
	AUTO_FD file_fd = open("file", O_PATH | O_CLOEXEC);
	CHECK(mount_attach(fd, file_fd, &err) == -1);
	CHECK(err.kind == ERR_SYSTEM && strstr(err.hint, "directory") != NULL);
}

static void clones_are_the_same_files_body(void)
{
	struct err err = { 0 };
	CHECK(mkdir("a", 0755) == 0 && mkdir("b", 0755) == 0 && mkdir("a/sub", 0755) == 0);
	AUTO_FD fd = new_tmpfs(0);
	attach_at(fd, "a/sub");
	room_write("a/sub/inner", "1");
	AUTO_FD flat_fd = mount_clone(AT_FDCWD, "a", false, &err);
	AUTO_FD deep_fd = mount_clone(AT_FDCWD, "a", true, &err);
	CHECK(flat_fd >= 0 && deep_fd >= 0);
	CHECK(faccessat(flat_fd, "sub/inner", F_OK, 0) == -1 && errno == ENOENT);
	CHECK(faccessat(deep_fd, "sub/inner", F_OK, 0) == 0);
	CHECK(mount_same(flat_fd, deep_fd, &err) == 0);
	CHECK(mount_same(flat_fd, flat_fd, &err) == 1);
	CHECK(mount_same(-1, flat_fd, &err) == -1 && err.kind == ERR_SYSTEM);
	attach_at(deep_fd, "b");
	CHECK(access("b/sub/inner", F_OK) == 0);
	CHECK(mount_fs_magic(deep_fd) == TMPFS_MAGIC);
	CHECK(mount_fs_magic(-1) == -1);
	CHECK_OK(mount_detach("b", &err), &err);
	CHECK(access("b/sub", F_OK) == -1);
	CHECK(mount_detach("b", &err) == -1 && err.errnum == EINVAL);
	CHECK(symlink("a/sub", "link") == 0);
	CHECK(mount_detach("link", &err) == -1); /* not through a symlink */
	CHECK(access("a/sub/inner", F_OK) == 0);
}

static void attributes_of_a_tree_body(void)
{
	struct err err = { 0 };
	CHECK(mkdir("a", 0755) == 0 && mkdir("b", 0755) == 0 && mkdir("a/s u\\b", 0755) == 0);
	AUTO_FD sub_fd = new_tmpfs(MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NOATIME);
	attach_at(sub_fd, "a/s u\\b");
	AUTO_FD tree_fd = mount_clone(AT_FDCWD, "a", true, &err);
	CHECK_OK(tree_fd, &err);
	CHECK_OK(mount_set_attrs(tree_fd, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID, 0, true, &err),
		 &err);
	CHECK_OK(mount_set_attrs(tree_fd, MOUNT_ATTR_NODEV, 0, false, &err), &err);
	CHECK_OK(mount_set_attrs(tree_fd, 0, MOUNT_ATTR_NOSUID, false, &err), &err);
	CHECK_OK(mount_set_attrs(tree_fd, 0, 0, true, &err), &err);
	attach_at(tree_fd, "b");
	unsigned long top = flags_of("b"), sub = flags_of("b/s u\\b");
	CHECK((top & ST_RDONLY) && (sub & ST_RDONLY));
	CHECK(!(top & ST_NOSUID) && (sub & ST_NOSUID));
	CHECK((top & ST_NODEV) && !(sub & ST_NODEV));
	CHECK((sub & ST_NOEXEC) && (sub & ST_NOATIME) && !(top & ST_NOEXEC));
	CHECK(!(flags_of("a") & ST_RDONLY)); /* the original is as it was */
	CHECK_OK(mount_set_attrs(tree_fd, MOUNT_ATTR_NOATIME, 0, false, &err), &err);
	CHECK(flags_of("b") & ST_NOATIME);

	room_write("file", "x");
	AUTO_FD file_fd = mount_clone(AT_FDCWD, "file", false, &err);
	CHECK_OK(mount_set_attrs(file_fd, MOUNT_ATTR_RDONLY, 0, true, &err), &err);
	room_write("place", "");
	attach_at(file_fd, "place");
	CHECK(open("place", O_WRONLY | O_CLOEXEC) == -1 && errno == EROFS);
}

static void attributes_without_mount_setattr_body(void)
{
	room_deny_syscall(SYS_mount_setattr, ENOSYS);
	attributes_of_a_tree_body();
	struct err err = { 0 };
	AUTO_FD fd = open("b", O_PATH | O_CLOEXEC);
	CHECK(mount_set_attrs(fd, MOUNT_ATTR_NODEV, 0, true, &err) == -1);
	CHECK(err.kind == ERR_UNSUPPORTED);
	CHECK_OK(mount_set_propagation(fd, MS_UNBINDABLE, false, &err), &err);
	CHECK(mount_clone(fd, "", false, &err) == -1 && err.errnum == EINVAL);
	CHECK(mount_set_idmap(fd, fd, false, &err) == -1 && err.kind == ERR_UNSUPPORTED);
}

static void reconfigure_changes_the_super_block_body(void)
{
	struct err err = { 0 };
	CHECK(mkdir("a", 0755) == 0);
	AUTO_FD fd = new_tmpfs(0);
	attach_at(fd, "a");
	AUTO(struct strv, strv_done) words = room_words("remount,ro,size=128k");
	AUTO(struct mount_options, mount_options_done) options = { 0 };
	CHECK_OK(mount_options_parse(&words, &options, &err), &err);
	CHECK_OK(mount_reconfigure(fd, &options, &err), &err);
	struct statvfs st;
	CHECK(statvfs("a", &st) == 0 && st.f_blocks * st.f_frsize == 128 << 10);
	CHECK(open("a/x", O_CREAT | O_WRONLY | O_CLOEXEC, 0600) == -1 && errno == EROFS);
}

/* "ro" for a file system whose super block others use must not make theirs read-only. */
static void shared_super_blocks_stay_writable_body(void)
{
	struct err err = { 0 };
	CHECK(mkdir("ro", 0755) == 0 && mkdir("rw", 0755) == 0);
	CHECK(unshare(CLONE_NEWIPC) == 0);
	AUTO_FD ro_fd = mount_new("mqueue", "mqueue", NULL, MOUNT_ATTR_RDONLY, MS_RDONLY, &err);
	AUTO_FD rw_fd = mount_new("mqueue", "mqueue", NULL, 0, 0, &err);
	if (ro_fd < 0)
		child_skip("no mqueue file system");
	CHECK(rw_fd >= 0);
	attach_at(ro_fd, "ro");
	attach_at(rw_fd, "rw");
	CHECK(open("ro/q", O_CREAT | O_WRONLY | O_CLOEXEC, 0600) == -1 && errno == EROFS);
	AUTO_FD queue_fd = open("rw/q", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	CHECK(queue_fd >= 0);
}

static void idmap_shifts_owners_body(void)
{
	static const struct ns_id_map map = { 0, 100000, 65536 };
	struct err err = { 0 };
	AUTO_FD userns_fd = ns_open_user_with_maps(&map, 1, &map, 1, &err);
	if (userns_fd < 0)
		child_skip(err.text);
	AUTO_FD proc_fd = mount_new("proc", "proc", NULL, 0, 0, &err);
	CHECK_OK(proc_fd, &err);
	CHECK(mount_set_idmap(proc_fd, userns_fd, false, &err) == -1);
	CHECK(err.kind == ERR_UNSUPPORTED && strstr(err.text, "file system proc") != NULL);
	room_write("file", "x");
	AUTO_FD clone_fd = mount_clone(AT_FDCWD, ".", false, &err);
	if (mount_set_idmap(clone_fd, userns_fd, true, &err) < 0)
		child_skip(err.text); /* tmpfs takes maps from Linux 6.3 on */
	struct stat st;
	CHECK(fstatat(clone_fd, "file", &st, 0) == 0 && st.st_uid == 100000);
	CHECK(stat("file", &st) == 0 && st.st_uid == 0);
}

static void a_clone_out_of_another_namespace_body(void)
{
	struct err err = { 0 };
	int ready[2], go[2];
	char byte = 0, inside[64], link[64];
	CHECK(mkdir("dir", 0755) == 0 && mkdir("here", 0755) == 0);
	CHECK(pipe2(ready, O_CLOEXEC) == 0 && pipe2(go, O_CLOEXEC) == 0);
	pid_t pid = fork();
	CHECK(pid >= 0);
	if (pid == 0) {
		CHECK_OK(ns_unshare(NS_MOUNT, &err), &err);
		CHECK(mount("theirs", "dir", "tmpfs", 0, NULL) == 0);
		room_write("dir/file", "theirs");
		CHECK(symlink("dir", "link") == 0);
		CHECK(write(ready[1], "r", 1) == 1 && read(go[0], &byte, 1) >= 0);
		_exit(0);
	}
	CHECK(read(ready[0], &byte, 1) == 1);
	AUTO_FD ns_fd = ns_open_pid(NS_MOUNT, pid, &err);
	CHECK_OK(ns_fd, &err);
	snprintf(inside, sizeof(inside), "%s/dir", room_dir);
	snprintf(link, sizeof(link), "%s/link", room_dir);
	AUTO_FD clone_fd = mount_clone_in(ns_fd, inside, &err);
	CHECK_OK(clone_fd, &err);
	CHECK(mount_clone_in(ns_fd, link, &err) == -1 && err.errnum == ELOOP);
	CHECK(mount_clone_in(ns_fd, "/no/such/dir", &err) == -1 && err.errnum == ENOENT);
	CHECK(write(go[1], "g", 1) == 1 && waitpid(pid, NULL, 0) == pid);
	attach_at(clone_fd, "here");
	AUTO_FREE char *text = room_read("here/file");
	CHECK(text != NULL && strcmp(text, "theirs") == 0);
	CHECK(access("dir/file", F_OK) == -1); /* we never left our namespace */
}

static void copy_up_keeps_everything_body(void)
{
	struct err err = { 0 };
	CHECK(mkdir("from", 0755) == 0 && mkdir("from/d", 0700) == 0 && mkdir("to", 0755) == 0);
	room_write("from/d/file", "content");
	room_write("outside", "as it was");
	CHECK(chown("from/d/file", 5, 6) == 0 && chmod("from/d/file", 04711) == 0);
	CHECK(symlink("../outside", "from/link") == 0 && mkfifo("from/fifo", 0640) == 0);
	CHECK(mknod("from/null", S_IFCHR | 0604, makedev(1, 3)) == 0);
	CHECK(setxattr("from/d/file", "trusted.jar", "1", 1, 0) == 0);
	const struct timespec times[2] = { { .tv_sec = 1000 }, { .tv_sec = 2000 } };
	CHECK(utimensat(AT_FDCWD, "from/d", times, 0) == 0);
	CHECK(mkdir("from/mnt", 0711) == 0);
	CHECK(mount("other", "from/mnt", "tmpfs", 0, NULL) == 0);
	room_write("from/mnt/hidden", "x");
	AUTO_FD from_fd = open("from", O_PATH | O_CLOEXEC);
	AUTO_FD to_fd = open("to", O_PATH | O_CLOEXEC);
	umask(077);
	CHECK_OK(mount_copy_up(from_fd, to_fd, &err), &err);
	struct stat st;
	char value;
	CHECK(stat("to/d/file", &st) == 0 && st.st_mode == (S_IFREG | 04711));
	CHECK(st.st_uid == 5 && st.st_gid == 6);
	CHECK(getxattr("to/d/file", "trusted.jar", &value, 1) == 1 && value == '1');
	AUTO_FREE char *text = room_read("to/d/file");
	CHECK(text != NULL && strcmp(text, "content") == 0);
	CHECK(stat("to/d", &st) == 0 && st.st_mtime == 2000 && st.st_mode == (S_IFDIR | 0700));
	CHECK(lstat("to/link", &st) == 0 && S_ISLNK(st.st_mode));
	CHECK(stat("to/fifo", &st) == 0 && st.st_mode == (S_IFIFO | 0640));
	CHECK(stat("to/null", &st) == 0 && st.st_mode == (S_IFCHR | 0604));
	CHECK(st.st_rdev == makedev(1, 3));
	CHECK(stat("to/mnt", &st) == 0 && access("to/mnt/hidden", F_OK) == -1);
	CHECK(mount_copy_up(from_fd, to_fd, &err) == -1 && err.errnum == EEXIST);
}

/* What a shared "host" would see of an attach if the room were not private is seen here too. */
static void a_leak_would_be_seen(void **state)
{
	(void)state;
	AUTO_FREE char *before = room_read("/proc/self/mountinfo");
	assert_int_equal(mount("leak", room_dir, "tmpfs", 0, NULL), 0);
	AUTO_FREE char *after = room_read("/proc/self/mountinfo");
	assert_int_equal(umount2(room_dir, MNT_DETACH), 0);
	assert_string_not_equal(before, after);
}

ROOM_TEST(refusals_carry_the_kernels_text)
ROOM_TEST(long_values_go_by_mount)
ROOM_TEST(kind_of_target_must_match)
ROOM_TEST(clones_are_the_same_files)
ROOM_TEST(attributes_of_a_tree)
ROOM_TEST(attributes_without_mount_setattr)
ROOM_TEST(reconfigure_changes_the_super_block)
ROOM_TEST(shared_super_blocks_stay_writable)
ROOM_TEST(idmap_shifts_owners)
ROOM_TEST(copy_up_keeps_everything)
ROOM_TEST(a_clone_out_of_another_namespace)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refusals_carry_the_kernels_text),
		cmocka_unit_test(long_values_go_by_mount),
		cmocka_unit_test(kind_of_target_must_match),
		cmocka_unit_test(clones_are_the_same_files),
		cmocka_unit_test(attributes_of_a_tree),
		cmocka_unit_test(attributes_without_mount_setattr),
		cmocka_unit_test(reconfigure_changes_the_super_block),
		cmocka_unit_test(shared_super_blocks_stay_writable),
		cmocka_unit_test(idmap_shifts_owners),
		cmocka_unit_test(copy_up_keeps_everything),
		cmocka_unit_test(a_clone_out_of_another_namespace),
		cmocka_unit_test(a_leak_would_be_seen),
	};
	return cmocka_run_group_tests_name("mount", tests, room_setup, room_teardown);
}
