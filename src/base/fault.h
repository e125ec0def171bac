/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Points where a test build (-Dfaults=true) can be made to fail or to die:
 *
 *	ONGGI_FAULT=fail:inner/pivot root      that step fails with EIO
 *	ONGGI_FAULT=kill:parent/make cgroup    the process kills itself with SIGKILL there
 *	ONGGI_FAULT=fail:inner/#12             by the step's number in its process
 *
 * Other builds contain none of this.
 */
#include "base/err.h"

#ifdef ONGGI_FAULTS
/** @return 0, or -1 with the injected error; does not return when told to die */
int fault_point(const char *where, unsigned number, const char *name, struct err *err);
#else
static inline int fault_point(const char *where UNUSED, unsigned number UNUSED,
			      const char *name UNUSED, struct err *err UNUSED)
{
	return 0;
}
#endif
