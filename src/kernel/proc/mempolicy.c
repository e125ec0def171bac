/* SPDX-License-Identifier: Apache-2.0 */
/* Memory policies of the calling process, by the bare system call: glibc has no wrapper. */
#include "kernel/proc/mempolicy.h"

#include "base/bit_list.h"

#include <errno.h>
#include <linux/mempolicy.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MPOL_WEIGHTED_INTERLEAVE_NUMBER 6    /* Linux 6.9 */
#define NODES_MAX                       1024 /* MAX_NUMNODES of the largest kernel */

static bool has_nodes(const struct mempolicy *policy)
{
	return policy->nodes != NULL && policy->nodes[0] != '\0';
}

int mempolicy_check(const struct mempolicy *policy, struct err *err)
{
	uint64_t mask[BIT_LIST_WORDS];
	uint32_t both = MPOL_F_STATIC_NODES | MPOL_F_RELATIVE_NODES;
	bool takes_none = policy->mode == MPOL_DEFAULT || policy->mode == MPOL_LOCAL;
	if (takes_none && has_nodes(policy))
		return err_set(err, ERR_INVALID, "this mode takes no nodes");
	if (!takes_none && policy->mode != MPOL_PREFERRED && !has_nodes(policy))
		return err_set(err, ERR_INVALID, "this mode needs nodes");
	if ((policy->flags & both) == both)
		return err_set(err, ERR_INVALID, "nodes cannot be both static and relative");
	if (takes_none && policy->flags != 0)
		return err_set(err, ERR_INVALID, "this mode takes no flags");
	if ((policy->flags & MPOL_F_NUMA_BALANCING) != 0 && policy->mode != MPOL_BIND &&
	    policy->mode != MPOL_PREFERRED_MANY)
		return err_set(err, ERR_INVALID, "only bound memory can be balanced");
	if (has_nodes(policy) && bit_list_parse(policy->nodes, mask, err) < 0)
		return -1;
	for (size_t word = NODES_MAX / 64; has_nodes(policy) && word < BIT_LIST_WORDS; word++)
		if (mask[word] != 0)
			return err_set(err, ERR_INVALID, "there are never more than %d nodes",
				       NODES_MAX);
	return 0;
}

int mempolicy_apply(const struct mempolicy *policy, struct err *err)
{
	uint64_t mask[BIT_LIST_WORDS] = { 0 };
	if (!policy->is_set)
		return 0;
	if (has_nodes(policy) && bit_list_parse(policy->nodes, mask, err) < 0)
		return -1;
	/* The kernel takes one bit less than it is told: get_nodes() in mm/mempolicy.c. */
	unsigned long bits = has_nodes(policy) ? NODES_MAX + 1 : 0;
	if (syscall(SYS_set_mempolicy, (int)(policy->mode | policy->flags),
		    has_nodes(policy) ? mask : NULL, bits) == 0)
		return 0;
	int errnum = errno;
	if (errnum == ENOSYS)
		return err_set(err, ERR_UNSUPPORTED, "memory policy: the kernel needs CONFIG_NUMA");
	err_num(err, errnum, "set memory policy %u of nodes %s", policy->mode,
		has_nodes(policy) ? policy->nodes : "(none)");
	if (errnum == EINVAL && policy->mode >= MPOL_WEIGHTED_INTERLEAVE_NUMBER)
		return err_hint(err, "are the nodes online, and does this kernel (Linux 6.9) know "
				     "the mode?");
	return errnum == EINVAL ? err_hint(err, "are the nodes online, and in the cpuset?") : -1;
}
