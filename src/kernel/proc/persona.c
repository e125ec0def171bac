/* SPDX-License-Identifier: Apache-2.0 */
/* The execution domain: which kind of Linux a program believes to be on. */
#include "kernel/proc/persona.h"

#include <sys/personality.h>

int persona_apply(const struct persona *persona, struct err *err)
{
	if (!persona->is_set)
		return 0;
	if (personality(persona->domain) < 0)
		return err_sys(err, "set the execution domain %#lx", persona->domain);
	return 0;
}
