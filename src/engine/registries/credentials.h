/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Credentials by the name of a registry or a repository, over all files and programs that may have
 * them. `auth_file`: this file instead of the usual ones; NULL.
 */
#include "base/err.h"
#include "base/strv.h"
#include "registry/registry.h"

/** The most specific ones of the first file that has any. @return 1, 0 none, -1 */
int credentials_find(const char *name, const char *auth_file, struct registry_credentials *out,
		     struct err *err);

/** Keep them where they will be found: in the file that knows the name already, else in the last.
 *  @out_plain_path  as registries_login_keep() */
int credentials_keep(const char *name, const char *auth_file,
		     const struct registry_credentials *credentials, char **out_plain_path,
		     struct err *err);

/** Forget exactly this name, or all (NULL), in every file. @out names forgotten are appended */
int credentials_forget(const char *name, const char *auth_file, struct strv *out, struct err *err);
