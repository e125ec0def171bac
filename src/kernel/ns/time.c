/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clock offsets of a time namespace. They belong to the namespace that children of the caller
 * get, and are fixed by the first of these children.
 * Kernel: 5.6 with CONFIG_TIME_NS.
 */
#include "kernel/ns/ns.h"

#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

#define NANOSECS_PER_SEC 1000000000u

int ns_write_time_offsets(const struct ns_time_offset *offsets, size_t len, struct err *err)
{
	if (len == 0)
		return 0;
	AUTO(struct buf, buf_done) text = { 0 };
	for (size_t i = 0; i < len; i++) {
		const struct ns_time_offset *offset = &offsets[i];
		const char *clock = offset->is_boottime ? "boottime" : "monotonic";
		if (offset->nanosecs >= NANOSECS_PER_SEC)
			return err_set(err, ERR_INVALID,
				       "time offset of %s: %" PRIu32
				       " nanoseconds are a second or more",
				       clock, offset->nanosecs);
		buf_addf(&text, "%s %" PRId64 " %" PRIu32 "\n", clock, offset->secs,
			 offset->nanosecs);
	}
	AUTO_FD fd = open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return err_set(err, ERR_UNSUPPORTED,
			       "time offsets need time namespaces (Linux 5.6, CONFIG_TIME_NS)");
	if (fd < 0)
		return err_sys(err, "open time namespace offsets");
	/* One write: the kernel takes all clocks or none. */
	if (write(fd, text.data, text.len) < 0) {
		int errnum = errno;
		err_sys(err, "write time namespace offsets");
		if (errnum == ERANGE)
			err_hint(err, "a clock would become negative or overflow");
		return -1;
	}
	return 0;
}
