/* SPDX-License-Identifier: Apache-2.0 */
/* One bad operand does not stop the others. */
#include "cli/several.h"

#include "cli/output.h"

int several_each(const struct strv *operands, bool missing_is_fine, several_fn *act, void *arg)
{
	int status = EXIT_OK;
	for (size_t i = 0; i < operands->len; i++) {
		struct err err = { 0 };
		if (act(arg, operands->items[i], &err) == 0)
			continue;
		output_error(&err);
		if (err.kind != ERR_NOT_FOUND || !missing_is_fine)
			status = EXIT_FAILED;
	}
	return status;
}
