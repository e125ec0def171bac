/* SPDX-License-Identifier: Apache-2.0 */
/* Resource limits on the command line: only the text; which limits exist the kernel room knows. */
#include "format/ulimit.h"

#include "format/number.h"

#include <stdbool.h>
#include <string.h>

static bool limit_parse(const char *text, uint64_t *out)
{
	if (strcmp(text, "-1") == 0 || strcmp(text, "unlimited") == 0) {
		*out = UINT64_MAX;
		return true;
	}
	return number_parse(text, UINT64_MAX, out, NULL) == 0;
}

int ulimit_parse(const char *text, struct ulimit_flag *out, struct err *err)
{
	struct ulimit_flag flag = { 0 };
	size_t len = strcspn(text, "=");
	if (text[len] != '=' || len == 0)
		return err_set(err, ERR_INVALID, "invalid ulimit argument: %.128s", text);
	if (len >= sizeof(flag.name))
		return err_set(err, ERR_INVALID, "invalid ulimit type: %.*s", 64, text);
	memcpy(flag.name, text, len);

	char soft[32];
	const char *limits = text + len + 1;
	size_t soft_len = strcspn(limits, ":");
	bool has_hard = limits[soft_len] == ':';
	if (soft_len >= sizeof(soft))
		return err_set(err, ERR_INVALID, "invalid ulimit argument: %.128s", text);
	memcpy(soft, limits, soft_len);
	soft[soft_len] = '\0';
	if (!limit_parse(soft, &flag.soft) ||
	    !limit_parse(has_hard ? limits + soft_len + 1 : soft, &flag.hard))
		return err_set(err, ERR_INVALID, "invalid ulimit argument: %.128s", text);
	if (flag.soft > flag.hard)
		return err_set(err, ERR_INVALID,
			       "ulimit soft limit must be less than or equal to hard limit: %s",
			       limits);
	*out = flag;
	return 0;
}
