/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/scope/property.h"

#include "base/mem.h"

#include <inttypes.h>

static void add_head(struct strv *list, const char *name, const char *type, unsigned minimum,
		     size_t count)
{
	strv_add(list, name);
	strv_add(list, type);
	strv_add_take(list, mem_printf("%u", minimum));
	strv_add_take(list, mem_printf("%zu", count));
}

void property_add_since(struct strv *list, unsigned minimum, const char *name, const char *type,
			const char *value)
{
	add_head(list, name, type, minimum, 1);
	strv_add(list, value);
}

void property_add(struct strv *list, const char *name, const char *type, const char *value)
{
	property_add_since(list, 0, name, type, value);
}

void property_add_bool(struct strv *list, const char *name, bool value)
{
	property_add(list, name, "b", value ? "true" : "false");
}

void property_add_number(struct strv *list, const char *name, uint64_t value)
{
	AUTO_FREE char *text = mem_printf("%" PRIu64, value);
	property_add(list, name, "t", text);
}

void property_add_list(struct strv *list, const char *name, const char *type,
		       const struct strv *values)
{
	add_head(list, name, type, 0, values->len);
	strv_add_all(list, values);
}
