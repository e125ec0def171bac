/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fault.h"

#ifdef ONGGI_FAULTS
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int fault_point(const char *where, unsigned number, const char *name, struct err *err)
{
	const char *order = getenv("ONGGI_FAULT");
	if (order == NULL || strlen(order) < sizeof("kill:") - 1)
		return 0;
	char by_name[128], by_number[64];
	snprintf(by_name, sizeof(by_name), "%s/%s", where, name);
	snprintf(by_number, sizeof(by_number), "%s/#%u", where, number);
	const char *target = order + sizeof("kill:") - 1;
	if (strcmp(target, by_name) != 0 && strcmp(target, by_number) != 0)
		return 0;
	if (strncmp(order, "kill:", 5) == 0) {
		kill(getpid(), SIGKILL);
		_exit(128 +
		      SIGKILL); /* the first of a pid namespace does not hear its own signals */
	}
	return err_num(err, EIO, "injected fault");
}
#else
/* An empty translation unit is not ISO C. */
extern int fault_is_not_built;
#endif
