/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lexical work on names of an archive. Pure; symlinks are resolve.c's.
 */
#include "unpack/path.h"

#include "unpack/bounds.h"

#include <string.h>

int path_clean(const char *path, struct buf *out, struct err *err)
{
	unsigned depth = 0;
	if (strlen(path) >= UNPACK_PATH_MAX)
		return err_set(err, ERR_INVALID, "the name is longer than %u bytes",
			       UNPACK_PATH_MAX - 1);
	buf_reset(out);
	while (*path != '\0') {
		size_t len = strcspn(path, "/");
		bool is_dot = len == 1 && path[0] == '.';
		if (len == 2 && path[0] == '.' && path[1] == '.')
			return err_set(err, ERR_INVALID, "the name has a \"..\" component");
		if (len > UNPACK_NAME_MAX)
			return err_set(err, ERR_INVALID, "a component is longer than %u bytes",
				       UNPACK_NAME_MAX);
		if (len > 0 && !is_dot) {
			if (++depth > UNPACK_DEPTH_MAX)
				return err_set(err, ERR_INVALID, "more than %u levels deep",
					       UNPACK_DEPTH_MAX);
			if (out->len > 0)
				buf_add_char(out, '/');
			buf_add(out, path, len);
		}
		path += len;
		path += *path == '/';
	}
	return 0;
}

void path_split(const char *path, size_t *out_parent_len, const char **out_name)
{
	const char *slash = strrchr(path, '/');
	*out_parent_len = slash != NULL ? (size_t)(slash - path) : 0;
	*out_name = slash != NULL ? slash + 1 : path;
}

bool path_is_below(const char *path, const char *prefix)
{
	size_t len = strlen(prefix);
	return len == 0 ||
	       (strncmp(path, prefix, len) == 0 && (path[len] == '\0' || path[len] == '/'));
}
