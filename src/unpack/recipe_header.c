/* SPDX-License-Identifier: Apache-2.0 */
/* What the engine itself reads of a recipe: how long the archive will be. */
#include "unpack/recipe.h"

#include <string.h>
#include <unistd.h>

int recipe_read_header(int recipe_fd, struct recipe_header *out, struct err *err)
{
	struct recipe_header header;
	ssize_t n = pread(recipe_fd, &header, sizeof(header), 0);
	if (n < 0)
		return err_sys(err, "read the recipe");
	if (n != (ssize_t)sizeof(header) ||
	    memcmp(header.magic, RECIPE_MAGIC, sizeof(header.magic)) != 0)
		return err_set(err, ERR_INVALID, "the recipe is damaged: no header");
	*out = header;
	return 0;
}
