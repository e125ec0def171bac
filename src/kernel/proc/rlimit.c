/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Resource limits of the calling process: one table, one call per limit.
 * Knows nothing of defaults; those are the engine's.
 */
#include "kernel/proc/rlimit.h"

#include "base/warn.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>

static const char *const names[] = {
	[RLIMIT_AS] = "RLIMIT_AS",
	[RLIMIT_CORE] = "RLIMIT_CORE",
	[RLIMIT_CPU] = "RLIMIT_CPU",
	[RLIMIT_DATA] = "RLIMIT_DATA",
	[RLIMIT_FSIZE] = "RLIMIT_FSIZE",
	[RLIMIT_LOCKS] = "RLIMIT_LOCKS",
	[RLIMIT_MEMLOCK] = "RLIMIT_MEMLOCK",
	[RLIMIT_MSGQUEUE] = "RLIMIT_MSGQUEUE",
	[RLIMIT_NICE] = "RLIMIT_NICE",
	[RLIMIT_NOFILE] = "RLIMIT_NOFILE",
	[RLIMIT_NPROC] = "RLIMIT_NPROC",
	[RLIMIT_RSS] = "RLIMIT_RSS",
	[RLIMIT_RTPRIO] = "RLIMIT_RTPRIO",
	[RLIMIT_RTTIME] = "RLIMIT_RTTIME",
	[RLIMIT_SIGPENDING] = "RLIMIT_SIGPENDING",
	[RLIMIT_STACK] = "RLIMIT_STACK",
};
_Static_assert(ARRAY_LEN(names) == RLIM_NLIMITS, "one name per limit of the headers");
_Static_assert(sizeof(rlim_t) == sizeof(uint64_t) && RLIM_INFINITY == UINT64_MAX,
	       "rlim_t is what rlimit_entry carries");

int rlimit_by_name(const char *name)
{
	if (strncasecmp(name, "RLIMIT_", 7) == 0)
		name += 7;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcasecmp(name, names[i] + 7) == 0)
			return (int)i;
	return -1;
}

const char *rlimit_name(int resource)
{
	return resource >= 0 && (size_t)resource < ARRAY_LEN(names) ? names[resource] : NULL;
}

/* Without CAP_SYS_RESOURCE a hard limit only goes down: take as much as there is. */
static int apply_capped(const struct rlimit_entry *entry, struct err *err)
{
	const char *name = rlimit_name(entry->resource);
	struct rlimit now;
	if (getrlimit(entry->resource, &now) < 0)
		return err_sys(err, "read %s", name);
	struct rlimit limit = {
		.rlim_cur = entry->soft < now.rlim_max ? entry->soft : now.rlim_max,
		.rlim_max = entry->hard < now.rlim_max ? entry->hard : now.rlim_max,
	};
	if (setrlimit(entry->resource, &limit) < 0)
		return err_sys(err, "set %s", name);
	warn_say("%s stays at %llu: raising it needs CAP_SYS_RESOURCE", name,
		 (unsigned long long)limit.rlim_max);
	return 0;
}

static int apply_one(const struct rlimit_entry *entry, struct err *err)
{
	const char *name = rlimit_name(entry->resource);
	if (name == NULL)
		return err_set(err, ERR_INVALID, "resource limit %d is unknown", entry->resource);
	if (entry->soft > entry->hard)
		return err_set(err, ERR_INVALID, "%s: the soft limit is above the hard limit",
			       name);
	struct rlimit limit = { .rlim_cur = entry->soft, .rlim_max = entry->hard };
	if (setrlimit(entry->resource, &limit) == 0)
		return 0;
	return errno == EPERM ? apply_capped(entry, err) : err_sys(err, "set %s", name);
}

int rlimit_apply(const struct rlimit_entry *entries, size_t len, struct err *err)
{
	for (size_t i = 0; i < len; i++)
		if (apply_one(&entries[i], err) < 0)
			return -1;
	return 0;
}
