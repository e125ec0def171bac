/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Landlock by its raw calls: the rights are the kernel's ABI and grow with its version, while the
 * headers of the build machine may be older.
 */
#include "unpack/landlock.h"

#include "sys/fd.h"

#include <errno.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Beyond LANDLOCK_ACCESS_FS_MAKE_SYM (ABI 1) */
#define ACCESS_REFER     (1ull << 13) /* ABI 2 */
#define ACCESS_TRUNCATE  (1ull << 14) /* ABI 3 */
#define ACCESS_IOCTL_DEV (1ull << 15) /* ABI 5 */
#define ACCESS_ABI1      ((1ull << 13) - 1)

#define ACCESS_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define ACCESS_WRITE                                                                               \
	(ACCESS_READ | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |             \
	 LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR |                           \
	 LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |                               \
	 LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_SYM | ACCESS_REFER |               \
	 ACCESS_TRUNCATE)

struct ruleset_attr {
	uint64_t fs;
	uint64_t net;    /* ABI 4 */
	uint64_t scoped; /* ABI 6 */
};

static int allow(int ruleset_fd, int dir_fd, uint64_t access, struct err *err)
{
	struct landlock_path_beneath_attr rule = { .allowed_access = access, .parent_fd = dir_fd };
	if (syscall(SYS_landlock_add_rule, ruleset_fd, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0)
		return err_sys(err, "landlock: allow a directory");
	return 0;
}

int landlock_restrict(int write_fd, int read_fd, struct err *err)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	if (abi < 1)
		return 0;
	struct ruleset_attr attr = { .fs = ACCESS_ABI1 };
	if (abi >= 2) /* below, linking across directories is never allowed */
		attr.fs |= ACCESS_REFER;
	if (abi >= 3)
		attr.fs |= ACCESS_TRUNCATE;
	if (abi >= 5)
		attr.fs |= ACCESS_IOCTL_DEV;
	if (abi >= 4)
		attr.net = 3; /* bind and connect */
	if (abi >= 6)
		attr.scoped = 3; /* abstract sockets and signals */
	/* ABI 1 forbids every link between directories: hard links need that. */
	if (abi == 1 && write_fd >= 0)
		return 0;
	size_t size = abi >= 6 ? 24 : abi >= 4 ? 16 : 8;
	AUTO_FD ruleset_fd = (int)syscall(SYS_landlock_create_ruleset, &attr, size, 0);
	if (ruleset_fd < 0)
		return err_sys(err, "landlock: make a rule set");
	if (write_fd >= 0 && allow(ruleset_fd, write_fd, ACCESS_WRITE & attr.fs, err) < 0)
		return -1;
	if (read_fd >= 0 && allow(ruleset_fd, read_fd, ACCESS_READ, err) < 0)
		return -1;
	if (syscall(SYS_landlock_restrict_self, ruleset_fd, 0) < 0)
		return err_sys(err, "landlock: restrict");
	return 0;
}
