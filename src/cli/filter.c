/* SPDX-License-Identifier: Apache-2.0 */
/* --filter NAME=VALUE of the listing verbs. */
#include "base/mem.h"
#include "cli/listing.h"

#include <string.h>

/* The value if `filter` has this name, else NULL. */
static const char *filter_value(const char *filter, const char *name)
{
	size_t len = strlen(name);
	return strncmp(filter, name, len) == 0 && filter[len] == '=' ? filter + len + 1 : NULL;
}

int filter_check(const struct strv *filters, const char *names, struct err *err)
{
	AUTO(struct strv, strv_done) known = { 0 };
	strv_split(&known, names, ' ');
	for (size_t i = 0; i < filters->len; i++) {
		const char *equals = strchr(filters->items[i], '=');
		if (equals == NULL)
			return err_set(err, ERR_INVALID,
				       "invalid argument \"%s\" for \"-f, --filter\" flag: bad "
				       "format of filter (expected name=value)",
				       filters->items[i]);
		AUTO_FREE char *name = mem_strndup(filters->items[i],
						   (size_t)(equals - filters->items[i]));
		if (strv_find(&known, name) < 0) {
			err_set(err, ERR_INVALID, "invalid filter '%s'", name);
			return err_hint(err, "known are %s", names);
		}
	}
	return 0;
}

bool filter_has(const struct strv *filters, const char *name)
{
	for (size_t i = 0; i < filters->len; i++)
		if (filter_value(filters->items[i], name) != NULL)
			return true;
	return false;
}

bool filter_any(const struct strv *filters, const char *name, filter_match *match,
		const void *object)
{
	for (size_t i = 0; i < filters->len; i++) {
		const char *value = filter_value(filters->items[i], name);
		if (value != NULL && match(object, value))
			return true;
	}
	return !filter_has(filters, name);
}

bool filter_all(const struct strv *filters, const char *name, filter_match *match,
		const void *object)
{
	for (size_t i = 0; i < filters->len; i++) {
		const char *value = filter_value(filters->items[i], name);
		if (value != NULL && !match(object, value))
			return false;
	}
	return true;
}

bool filter_matches_label(const struct strv *labels, const char *wanted)
{
	if (strchr(wanted, '=') == NULL)
		return strv_env_get(labels, wanted) != NULL;
	return strv_find(labels, wanted) >= 0;
}
