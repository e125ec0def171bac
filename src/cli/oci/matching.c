/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/oci/matching.h"

#include "base/warn.h"

#include <regex.h>
#include <stdlib.h>

/* Others may take containers away at the same time. */
static int call_each(const struct bundle_home *home, const struct bundle_summary *list, size_t len,
		     const regex_t *regex, oci_each *each, void *context, struct err *err)
{
	int result = 0;
	for (size_t i = 0; i < len; i++) {
		struct err why = { 0 };
		if (regexec(regex, list[i].id, 0, NULL, 0) != 0 ||
		    each(home, list[i].id, context, &why) == 0 || why.kind == ERR_NOT_FOUND)
			continue;
		if (result < 0)
			warn_say("%s: %s", list[i].id, why.text);
		else if (err != NULL)
			*err = why;
		result = -1;
	}
	return result;
}

int oci_for_each(const struct bundle_home *home, const char *pattern, bool is_regex, oci_each *each,
		 void *context, struct err *err)
{
	struct bundle_summary *list = NULL;
	size_t len = 0;
	regex_t regex;
	if (!is_regex)
		return each(home, pattern, context, err);
	if (regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB) != 0)
		return err_set(err, ERR_INVALID, "--regex: \"%.64s\" is no regular expression",
			       pattern);
	int result = bundle_list(home, &list, &len, err);
	if (result == 0)
		result = call_each(home, list, len, &regex, each, context, err);
	for (size_t i = 0; i < len; i++)
		bundle_summary_done(&list[i]);
	free(list);
	regfree(&regex);
	return result;
}
