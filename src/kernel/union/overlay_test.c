/* SPDX-License-Identifier: Apache-2.0 */
/* Unions on the running kernel, and the ways older kernels are served. */
#include "kernel/union/overlay.h"

#include "kernel/mount/mount.h"
#include "kernel/mount/room_test.h"
#include "kernel/ns/ns.h"
#include "kernel/union/classic.h"

#include <ftw.h>
#include <linux/magic.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#define LAYERS_MAX OVERLAY_LAYERS_MAX

static char layer_names[LAYERS_MAX][32];
static const char *layers[LAYERS_MAX];

/* Layers "l0" (top), "l1", ... each with its number in "same" and a file of its own. */
static struct overlay make_layers(size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char path[64];
		snprintf(layer_names[i], sizeof(layer_names[i]), "l%zu", i);
		layers[i] = layer_names[i];
		CHECK(mkdir(layers[i], 0755) == 0);
		snprintf(path, sizeof(path), "%s/same", layers[i]);
		room_write(path, layers[i]);
		snprintf(path, sizeof(path), "%s/of-%zu", layers[i], i);
		room_write(path, layers[i]);
	}
	CHECK(mkdir("upper", 0755) == 0 && mkdir("work", 0755) == 0);
	int base_fd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	CHECK(base_fd >= 0 && chdir("/") == 0); /* names are relative to the base, not to us */
	return (struct overlay){
		.base_dir_fd = base_fd,
		.lower = layers,
		.lower_len = len,
		.upper = "upper",
		.work = "work",
		.idmap_userns_fd = -1,
	};
}

static bool has_text(int dir_fd, const char *name, const char *text)
{
	char content[64] = { 0 };
	AUTO_FD fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC);
	return fd >= 0 && read(fd, content, sizeof(content) - 1) >= 0 && strcmp(content, text) == 0;
}

static bool can_write(int dir_fd, const char *name)
{
	AUTO_FD fd = openat(dir_fd, name, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
	return fd >= 0;
}

typedef int mount_way(const struct overlay *overlay, struct err *err);

static void check_counts(mount_way *way)
{
	static const size_t counts[] = { 1, 2, 20, 60, 128, 500 };
	struct err err = { 0 };
	struct overlay overlay = make_layers(LAYERS_MAX);
	for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
		overlay.lower_len = counts[i];
		char last[16];
		snprintf(last, sizeof(last), "of-%zu", counts[i] - 1);
		AUTO_FD fd = way(&overlay, &err);
		CHECK_OK(fd, &err);
		CHECK(mount_fs_magic(fd) == OVERLAYFS_SUPER_MAGIC);
		CHECK(has_text(fd, "same", "l0"));
		CHECK(has_text(fd, last, layers[counts[i] - 1]));
		CHECK(can_write(fd, last) && faccessat(fd, "new", F_OK, 0) < 0);
		CHECK(has_text(overlay.base_dir_fd, "l0/same", "l0"));
		struct overlay readonly = overlay;
		readonly.upper = readonly.work = NULL;
		if (counts[i] == 1 && way != overlay_mount)
			continue; /* not for these: overlay_mount serves it without a union */
		AUTO_FD readonly_fd = way(&readonly, &err);
		CHECK_OK(readonly_fd, &err);
		CHECK(has_text(readonly_fd, last, layers[counts[i] - 1]));
		CHECK(!can_write(readonly_fd, "new") && errno == EROFS);
	}
	CHECK(getcwd((char[8]){ 0 }, 8) != NULL && access("tmp", F_OK) == 0); /* still in "/" */
}

static void any_number_of_layers_body(void)
{
	check_counts(overlay_mount);
}

static void any_number_of_layers_by_string_body(void)
{
	check_counts(overlay_mount_classic);
}

static void check_bad_input(mount_way *way)
{
	struct err err = { 0 };
	struct overlay overlay = make_layers(3);
	layers[1] = "no/such/layer";
	CHECK(way(&overlay, &err) == -1 && err.kind == ERR_SYSTEM && err.errnum == ENOENT);
	CHECK(strstr(err.text, "no/such/layer") != NULL);
	layers[1] = "l1/same";
	CHECK(way(&overlay, &err) == -1 && strstr(err.text, "l1/same") != NULL);
	layers[1] = "l1";
	layers[0] = "gone";
	CHECK(way(&overlay, &err) == -1 && strstr(err.text, "gone") != NULL);
	layers[0] = "l0";
	overlay.upper = "no-upper";
	CHECK(way(&overlay, &err) == -1 && strstr(err.text, "no-upper") != NULL);
	CHECK(way(&overlay, NULL) == -1);
}

static void bad_input_is_named_body(void)
{
	struct err err = { 0 };
	check_bad_input(overlay_mount);
	struct overlay overlay = { .lower = layers, .idmap_userns_fd = -1 };
	CHECK(overlay_mount(&overlay, &err) == -1 && err.kind == ERR_INVALID);
	overlay.lower_len = OVERLAY_LAYERS_MAX + 1;
	CHECK(overlay_mount(&overlay, &err) == -1 && err.kind == ERR_INVALID);
	overlay.lower_len = 2;
	overlay.upper = "upper";
	CHECK(overlay_mount(&overlay, &err) == -1 && err.kind == ERR_INVALID);
	overlay.upper = NULL;
	overlay.is_volatile = true;
	CHECK(overlay_mount(&overlay, &err) == -1 && err.kind == ERR_INVALID);
}

static void bad_input_is_named_by_string_body(void)
{
	check_bad_input(overlay_mount_classic);
}

/* Characters that mean something to overlayfs, to mount(2) and to /proc; and long names. */
static void names_may_be_anything_body(void)
{
	static char long_name[300];
	struct err err = { 0 };
	struct overlay overlay = make_layers(1);
	memset(long_name, 'x', sizeof(long_name) - 1);
	long_name[100] = long_name[200] = '/';
	char first[128] = { 0 }, second[256] = { 0 };
	memcpy(first, long_name, 100);
	memcpy(second, long_name, 200);
	static const char *const odd[] = { "a:b,c\\d e=f", "\\", "l:l", "::", "work,dir:\\x" };
	CHECK(mkdirat(overlay.base_dir_fd, first, 0755) == 0);
	CHECK(mkdirat(overlay.base_dir_fd, second, 0755) == 0);
	CHECK(mkdirat(overlay.base_dir_fd, long_name, 0755) == 0);
	for (size_t i = 0; i < ARRAY_LEN(odd); i++) {
		char inside[64];
		CHECK(mkdirat(overlay.base_dir_fd, odd[i], 0755) == 0);
		snprintf(inside, sizeof(inside), "%s/in-%zu", odd[i], i);
		AUTO_FD fd = openat(overlay.base_dir_fd, inside, O_CREAT | O_WRONLY | O_CLOEXEC,
				    0644);
		CHECK(fd >= 0);
	}
	const char *const lower[] = { odd[0], odd[1], odd[2], long_name };
	overlay.lower = lower;
	overlay.lower_len = ARRAY_LEN(lower);
	overlay.upper = odd[3];
	overlay.work = odd[4];
	mount_way *const ways[] = { overlay_mount, overlay_mount_classic };
	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		AUTO_FD fd = ways[i](&overlay, &err);
		CHECK_OK(fd, &err);
		for (size_t k = 0; k < 4; k++) {
			char name[16];
			snprintf(name, sizeof(name), "in-%zu", k);
			CHECK(faccessat(fd, name, F_OK, 0) == 0);
		}
		CHECK(can_write(fd, "new"));
	}
	CHECK(faccessat(overlay.base_dir_fd, "::/new", F_OK, 0) == 0);
}

static void whiteouts_and_opaque_directories_body(void)
{
	struct err err = { 0 };
	struct overlay overlay = make_layers(2);
	int base_fd = overlay.base_dir_fd;
	CHECK(mkdirat(base_fd, "l0/d", 0755) == 0 && mkdirat(base_fd, "l1/d", 0755) == 0);
	CHECK(can_write(base_fd, "l1/d/below") && can_write(base_fd, "l0/d/above"));
	AUTO_FD top_fd = openat(base_fd, "l0", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_FD dir_fd = openat(base_fd, "l0/d", O_PATH | O_DIRECTORY | O_CLOEXEC);
	CHECK_OK(overlay_make_whiteout(top_fd, "of-1", &err), &err);
	CHECK_OK(overlay_make_whiteout(top_fd, "of-1", &err), &err);
	CHECK(overlay_make_whiteout(top_fd, "same", &err) == -1 && err.errnum == EEXIST);
	CHECK_OK(overlay_make_opaque(dir_fd, false, &err), &err); /* O_PATH will do */
	AUTO_FD fd = overlay_mount(&overlay, &err);
	CHECK_OK(fd, &err);
	CHECK(faccessat(fd, "of-1", F_OK, 0) == -1 && errno == ENOENT);
	CHECK(faccessat(fd, "of-0", F_OK, 0) == 0);
	CHECK(faccessat(fd, "d/above", F_OK, 0) == 0);
	CHECK(faccessat(fd, "d/below", F_OK, 0) == -1 && errno == ENOENT);
}

/* Where mknod is refused altogether, a marked file is the whiteout (Linux 6.7). */
static void whiteouts_without_mknod_body(void)
{
	struct err err = { 0 };
	struct overlay overlay = make_layers(2);
	AUTO_FD top_fd = openat(overlay.base_dir_fd, "l0", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fsetxattr(top_fd, "user.probe", "1", 1, 0) < 0)
		child_skip("no user extended attributes on tmpfs (Linux 6.6)");
	CHECK(fremovexattr(top_fd, "user.probe") == 0);
	room_deny_syscall(SYS_mknodat, EPERM);
	CHECK_OK(overlay_make_whiteout(top_fd, "of-1", &err), &err);
	CHECK_OK(overlay_make_whiteout(top_fd, "other", &err), &err);
	overlay.is_unprivileged = true;
	AUTO_FD fd = overlay_mount(&overlay, &err);
	CHECK_OK(fd, &err);
	CHECK(faccessat(fd, "of-1", F_OK, 0) == -1 && errno == ENOENT);
	CHECK(faccessat(fd, "other", F_OK, 0) == -1 && errno == ENOENT);
	CHECK(faccessat(fd, "of-0", F_OK, 0) == 0);
}

static void volatile_is_once_body(void)
{
	struct err err = { 0 };
	struct overlay overlay = make_layers(2);
	overlay.is_volatile = true;
	AUTO_FD fd = overlay_mount(&overlay, &err);
	CHECK_OK(fd, &err);
	CHECK(can_write(fd, "new"));
	CHECK(faccessat(overlay.base_dir_fd, "work/work/incompat/volatile", F_OK, 0) == 0);
	fd_close(&fd);
	CHECK(overlay_mount(&overlay, &err) == -1);
	CHECK(strstr(err.hint, "volatile") != NULL);
}

static void in_a_user_namespace_body(void)
{
	static const struct ns_id_map map = { 0, 100000, 65536 };
	struct err err = { 0 };
	AUTO_FD userns_fd = ns_open_user_with_maps(&map, 1, &map, 1, &err);
	if (userns_fd < 0)
		child_skip(err.text);
	CHECK(chown(".", 100000, 100000) == 0);
	CHECK_OK(ns_join(NS_USER, userns_fd, &err), &err);
	CHECK(setgid(0) == 0 && setuid(0) == 0);
	CHECK_OK(ns_unshare(NS_MOUNT, &err), &err);
	CHECK(chdir(room_dir) == 0);
	struct overlay overlay = make_layers(3);
	overlay.is_unprivileged = true;
	AUTO_FD top_fd = openat(overlay.base_dir_fd, "l0", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK_OK(overlay_make_whiteout(top_fd, "of-1", &err), &err);
	CHECK(mkdirat(overlay.base_dir_fd, "l0/d", 0755) == 0);
	CHECK(mkdirat(overlay.base_dir_fd, "l1/d", 0755) == 0);
	CHECK(can_write(overlay.base_dir_fd, "l1/d/below"));
	AUTO_FD dir_fd = openat(overlay.base_dir_fd, "l0/d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (overlay_make_opaque(dir_fd, true, &err) < 0)
		child_skip("no user extended attributes on tmpfs (Linux 6.6)");
	mount_way *const ways[] = { overlay_mount, overlay_mount_classic };
	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		AUTO_FD fd = ways[i](&overlay, &err);
		CHECK_OK(fd, &err);
		CHECK(has_text(fd, "same", "l0") && has_text(fd, "of-2", "l2"));
		CHECK(faccessat(fd, "of-1", F_OK, 0) == -1);
		CHECK(faccessat(fd, "d/below", F_OK, 0) == -1);
		CHECK(can_write(fd, "of-2"));
	}
}

static int remove_entry(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st, (void)kind, (void)ftw;
	return remove(path);
}

/* On the disk's file system, not the room's tmpfs. */
static void check_owners(mount_way *way)
{
	static const struct ns_id_map map = { 0, 100000, 65536 };
	struct err err = { 0 };
	char dir[] = "/var/tmp/onggi-idmap-XXXXXX";
	AUTO_FD userns_fd = ns_open_user_with_maps(&map, 1, &map, 1, &err);
	if (userns_fd < 0)
		child_skip(err.text);
	CHECK(mkdtemp(dir) != NULL && chdir(dir) == 0);
	struct overlay overlay = make_layers(3);
	overlay.idmap_userns_fd = userns_fd;
	AUTO_FD fd = way(&overlay, &err);
	CHECK_OK(fd, &err);
	struct stat st;
	CHECK(getuid() == 0 && geteuid() == 0);
	CHECK(fstatat(fd, "of-2", &st, 0) == 0 && st.st_uid == 100000 && st.st_gid == 100000);
	pid_t pid = fork();
	CHECK(pid >= 0);
	if (pid == 0) { /* the container's root */
		CHECK_OK(ns_join(NS_USER, userns_fd, &err), &err);
		CHECK(setgid(0) == 0 && setuid(0) == 0);
		CHECK(fstatat(fd, "of-2", &st, 0) == 0 && st.st_uid == 0);
		CHECK(can_write(fd, "new") && mkdirat(fd, "dir", 0755) == 0);
		CHECK(fchownat(fd, "new", 33, 44, 0) == 0);
		CHECK(can_write(fd, "of-1") && unlinkat(fd, "of-2", 0) == 0);
		_exit(0);
	}
	int status;
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	CHECK(fstatat(overlay.base_dir_fd, "upper/new", &st, 0) == 0);
	CHECK(st.st_uid == 33 && st.st_gid == 44);
	CHECK(fstatat(overlay.base_dir_fd, "upper/dir", &st, 0) == 0 && st.st_uid == 0);
	CHECK(fstatat(overlay.base_dir_fd, "upper/of-1", &st, 0) == 0 && st.st_uid == 0);
	CHECK(fstatat(overlay.base_dir_fd, "upper/of-2", &st, 0) == 0 && S_ISCHR(st.st_mode));
	CHECK(can_write(overlay.base_dir_fd, "work/probe")); /* we are who we were */
	overlay.upper = overlay.work = NULL;
	AUTO_FD readonly_fd = way(&overlay, &err);
	CHECK_OK(readonly_fd, &err);
	CHECK(fstatat(readonly_fd, "of-2", &st, 0) == 0 && st.st_uid == 100000);
	fd_close(&readonly_fd);
	overlay.lower_len = 1;
	AUTO_FD single_fd = overlay_mount(&overlay, &err);
	CHECK_OK(single_fd, &err);
	CHECK(fstatat(single_fd, "of-0", &st, 0) == 0 && st.st_uid == 100000);
	CHECK(!can_write(single_fd, "new"));
	fd_close(&fd);
	fd_close(&single_fd);
	nftw(dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static void owners_are_shifted_body(void)
{
	check_owners(overlay_mount);
}

static void owners_are_shifted_by_string_body(void)
{
	check_owners(overlay_mount_classic);
}

ROOM_TEST(any_number_of_layers)
ROOM_TEST(any_number_of_layers_by_string)
ROOM_TEST(bad_input_is_named)
ROOM_TEST(bad_input_is_named_by_string)
ROOM_TEST(names_may_be_anything)
ROOM_TEST(whiteouts_and_opaque_directories)
ROOM_TEST(whiteouts_without_mknod)
ROOM_TEST(volatile_is_once)
ROOM_TEST(in_a_user_namespace)
ROOM_TEST(owners_are_shifted)
ROOM_TEST(owners_are_shifted_by_string)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_number_of_layers),
		cmocka_unit_test(any_number_of_layers_by_string),
		cmocka_unit_test(bad_input_is_named),
		cmocka_unit_test(bad_input_is_named_by_string),
		cmocka_unit_test(names_may_be_anything),
		cmocka_unit_test(whiteouts_and_opaque_directories),
		cmocka_unit_test(whiteouts_without_mknod),
		cmocka_unit_test(volatile_is_once),
		cmocka_unit_test(in_a_user_namespace),
		cmocka_unit_test(owners_are_shifted),
		cmocka_unit_test(owners_are_shifted_by_string),
	};
	return cmocka_run_group_tests_name("union", tests, room_setup, room_teardown);
}
