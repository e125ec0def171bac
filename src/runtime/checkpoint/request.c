/* SPDX-License-Identifier: Apache-2.0 */
/* Words that the worker makes a message of. What an option means is not known here. */
#include "runtime/checkpoint/request.h"

#include "base/mem.h"

#include <inttypes.h>

void request_begin(struct strv *request, const char *verb)
{
	strv_add(request, verb);
}

void request_add_text(struct strv *request, const char *name, const char *value)
{
	if (value == NULL)
		return;
	strv_add(request, name);
	strv_add(request, value);
}

void request_add_int(struct strv *request, const char *name, int64_t value)
{
	strv_add(request, name);
	strv_add_take(request, mem_printf("%" PRId64, value));
}

void request_add_flag(struct strv *request, const char *name, bool value)
{
	if (value)
		request_add_int(request, name, 1);
}

void request_add_pair(struct strv *request, const char *name, const char *first, const char *second)
{
	strv_add(request, name);
	strv_add(request, first);
	strv_add(request, second);
}

void request_add_mount(struct strv *request, const char *place, const char *name)
{
	strv_add(request, "external");
	strv_add_take(request, mem_printf("mnt[%s]:%s", place, name));
}
