/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A kernel that lacks system calls: deny ERRNO CALL[,CALL...] COMMAND...
 *
 * Everything that COMMAND starts is told ERRNO (ENOSYS, EPERM) by each of the calls: as an old
 * kernel does, or a filter around the runtime. Filters of containers come on top as usual. `deny
 * list` prints the calls it knows. Source: seccomp(2); x86-64 only
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CALLS_MAX 64

static const struct {
	const char *name;
	unsigned number;
} calls[] = {
	{ "openat2", SYS_openat2 },
	{ "clone3", SYS_clone3 },
	{ "fsopen", SYS_fsopen },
	{ "fsconfig", SYS_fsconfig },
	{ "fsmount", SYS_fsmount },
	{ "fspick", SYS_fspick },
	{ "move_mount", SYS_move_mount },
	{ "open_tree", SYS_open_tree },
	{ "mount_setattr", SYS_mount_setattr },
	{ "pidfd_open", SYS_pidfd_open },
	{ "pidfd_send_signal", SYS_pidfd_send_signal },
	{ "pidfd_getfd", SYS_pidfd_getfd },
	{ "close_range", SYS_close_range },
	{ "memfd_create", SYS_memfd_create },
	{ "keyctl", SYS_keyctl },
	{ "statx", SYS_statx },
	{ "execveat", SYS_execveat },
	{ "mremap", SYS_mremap },
	{ "seccomp", SYS_seccomp },
	{ "faccessat2", 439 },
	{ "pivot_root", SYS_pivot_root },
	{ "setns", SYS_setns },
	{ "name_to_handle_at", SYS_name_to_handle_at },
};

#define CALLS_LEN (sizeof(calls) / sizeof(calls[0]))

static int find(const char *name)
{
	for (size_t i = 0; i < CALLS_LEN; i++)
		if (strcmp(calls[i].name, name) == 0)
			return (int)calls[i].number;
	fprintf(stderr, "deny: unknown call %s\n", name);
	exit(2);
}

static size_t add_call(struct sock_filter *filter, size_t len, int number, int errnum)
{
	filter[len++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number, 0,
						     1);
	filter[len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
						     SECCOMP_RET_ERRNO | (unsigned)errnum);
	return len;
}

static void install(char *names, int errnum)
{
	struct sock_filter filter[2 * CALLS_MAX + 4] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	};
	size_t len = 1;
	for (char *name; (name = strsep(&names, ",")) != NULL && len < 2 * CALLS_MAX;)
		len = add_call(filter, len, find(name), errnum);
	filter[len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog program = { .len = (unsigned short)len, .filter = filter };
	/* Without no_new_privs, which the command would inherit: that takes root. */
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0) {
		perror("deny: seccomp");
		exit(2);
	}
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "list") == 0) {
		for (size_t i = 0; i < CALLS_LEN; i++)
			puts(calls[i].name);
		return 0;
	}
	if (argc < 4)
		return 2;
	install(argv[2], strcmp(argv[1], "EPERM") == 0 ? EPERM : ENOSYS);
	execvp(argv[3], argv + 3);
	perror("deny");
	return 127;
}
