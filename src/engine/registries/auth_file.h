/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One file of credentials, as docker (config.json) and the containers tools (auth.json) have it:
 * `auths` by server, `credHelpers` and `credsStore` for programs that keep them. The file is its
 * user's: what else is in it stays as it is.
 * Source: containers-auth.json(5), docker login's reference page
 */
#include "base/err.h"
#include "base/strv.h"
#include "registry/registry.h"

#include <stdbool.h>

#define AUTH_FILE_BYTES_MAX (1u << 20)

struct json_object;

struct auth_file {
	char *path;
	struct json_object *doc; /* an object; empty where there is no file */
};
void auth_file_done(struct auth_file *file);

/** Read it; one that is not there is empty. @return 0, or -1 ERR_INVALID, ERR_SYSTEM */
int auth_file_read(const char *path, struct auth_file *out, struct err *err);

/** As auth_file_read of text at hand. */
int auth_file_parse(const char *text, size_t len, const char *path, struct auth_file *out,
		    struct err *err);

/**
 * Which program keeps the credentials of exactly this name (engine/registries/server.h).
 * @uses_store  also by `credsStore`, which is for whole registries
 * @out_server  the key it knows them by; borrowed from the file, from `name`, or static
 * @return the program's NAME, borrowed; NULL: none
 */
const char *auth_file_keeper(const struct auth_file *file, const char *name, bool uses_store,
			     const char **out_server);

/** Is there an entry for exactly this name, even an empty one? */
bool auth_file_has(const struct auth_file *file, const char *name);

/** The credentials that stand in the file under exactly this name.
 *  @return 1; 0 none; -1 ERR_INVALID, ERR_UNSUPPORTED (a registrytoken) */
int auth_file_get(const struct auth_file *file, const char *name, struct registry_credentials *out,
		  struct err *err);

/** All names with an entry or a program of their own, each once; appended. */
void auth_file_names(const struct auth_file *file, struct strv *out);

/** In memory: set an entry. NULL: an empty one, which says that a program has it. */
void auth_file_set(struct auth_file *file, const char *name,
		   const struct registry_credentials *credentials);

/** In memory: remove the entries of a name. @return whether there was one */
bool auth_file_remove(struct auth_file *file, const char *name);

/** Change a file that others may be changing: `edit` gets its newest content.
 *  @edit    returns 1 when there is something to write, 0 when not, -1 */
typedef int auth_file_edit(struct auth_file *file, void *context, struct err *err);

/** Read, edit and replace it, mode 0600; made, with its directory (0700), if missing. Atomic, and
 *  one after the other where several do it. A symlink is followed.
 *  @return what `edit` returned, or -1 */
int auth_file_change(const char *path, auth_file_edit *edit, void *context, struct err *err);
