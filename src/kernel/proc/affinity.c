/* SPDX-License-Identifier: Apache-2.0 */
/* Processors of the calling process, with a mask large enough for every kernel. */
#include "kernel/proc/affinity.h"

#include "base/bit_list.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

int affinity_apply(const char *list, struct err *err)
{
	uint64_t mask[BIT_LIST_WORDS];
	if (bit_list_parse(list, mask, err) < 0)
		return err_context(err, "processors");
	if (syscall(SYS_sched_setaffinity, 0, sizeof(mask), mask) == 0)
		return 0;
	err_sys(err, "run on the processors %s", list);
	return errno == EINVAL ? err_hint(err, "are they online, and in the cpuset?") : -1;
}
