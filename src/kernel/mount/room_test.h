/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Rooms for tests that mount: the test program becomes a "host" of its own whose mounts are all
 * shared, as on a machine with systemd; each room is a child in a private mount namespace with an
 * empty tmpfs as its working directory. Whatever a room lets out shows in the host's mount table,
 * or in the canary directory, afterwards.
 */
#include "kernel/ns/child_test.h"

#include "base/mem.h"
#include "base/strv.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

static char room_dir[] = "/tmp/onggi-room-XXXXXX";

/* @return what is in the file, owned, or NULL */
static UNUSED char *room_read(const char *path)
{
	struct buf text = { 0 };
	AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fd_read_all(fd, 16u << 20, path, &text, NULL) < 0)
		return NULL;
	return buf_take(&text);
}

/* Make or replace a file. */
static UNUSED void room_write(const char *path, const char *text)
{
	AUTO_FD fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	CHECK(fd >= 0);
	CHECK(fd_write_all(fd, text, strlen(text)) == 0);
}

/* "ro,mode=755" as a list; strv_done() it. */
static UNUSED struct strv room_words(const char *comma_separated)
{
	struct strv words = { 0 };
	if (*comma_separated != '\0')
		strv_split(&words, comma_separated, ',');
	return words;
}

static void (*room_body)(void);

/* What the child of a room does. */
static void room_enter(void)
{
	CHECK(unshare(CLONE_NEWNS) == 0);
	CHECK(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
	CHECK(mount("room", room_dir, "tmpfs", 0, NULL) == 0);
	CHECK(chdir(room_dir) == 0);
	room_body();
}

/* Run `body` in a room; the host's mount table must be the same afterwards. */
static UNUSED void room_run(void (*body)(void))
{
	AUTO_FREE char *before = room_read("/proc/self/mountinfo");
	room_body = body;
	int exit_status = child_run(room_enter);
	AUTO_FREE char *after = room_read("/proc/self/mountinfo");
	assert_string_equal(before, after);
	child_judge(exit_status);
}

/* Group set-up: become the host. Without the right to, nothing here can be tested. */
static UNUSED int room_setup(void **state)
{
	(void)state;
	if (mkdtemp(room_dir) == NULL)
		return -1;
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL) < 0) {
		fprintf(stderr, "SKIP: no mount namespace of our own: %s\n", strerror(errno));
		rmdir(room_dir);
		exit(CHILD_SKIP); /* the whole program is skipped, as meson understands it */
	}
	return 0;
}

/* Group tear-down. */
static UNUSED int room_teardown(void **state)
{
	(void)state;
	return rmdir(room_dir);
}

/* Make one system call answer `errnum` from now on, as an older kernel does. */
static UNUSED void room_deny_syscall(unsigned number, unsigned errnum)
{
	struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | errnum),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = { .len = ARRAY_LEN(program), .filter = program };
	CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	CHECK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0);
}

/* A cmocka test `name` that runs `name_body` in a room. */
#define ROOM_TEST(name)                                                                            \
	static void name(void **state)                                                             \
	{                                                                                          \
		(void)state;                                                                       \
		room_run(name##_body);                                                             \
	}
