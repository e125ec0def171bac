/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order: file by file; in each, the longest name first; for each name, the program that is set
 * for it before what stands in the file. No lock is held while a program runs.
 */
#include "engine/registries/credentials.h"

#include "base/mem.h"
#include "engine/registries/auth_file.h"
#include "engine/registries/keeper.h"
#include "engine/registries/places.h"
#include "engine/registries/server.h"

#include <string.h>

static const char *keeper_of(const struct auth_file *file, const char *name,
			     const char **out_server)
{
	bool is_registry = strchr(name, '/') == NULL;
	return auth_file_keeper(file, name, is_registry, out_server);
}

static int find_exactly(const struct auth_file *file, const char *name,
			struct registry_credentials *out, struct err *err)
{
	const char *server;
	const char *keeper = keeper_of(file, name, &server);
	int found = keeper != NULL ? keeper_get(keeper, server, out, err) : 0;
	if (found < 0)
		return err_context(err, "credentials of %s", name);
	return found > 0 ? 1 : auth_file_get(file, name, out, err);
}

int credentials_find(const char *name, const char *auth_file, struct registry_credentials *out,
		     struct err *err)
{
	AUTO(struct strv, strv_done) paths = { 0 };
	AUTO(struct strv, strv_done) names = { 0 };
	place_credentials(auth_file, &paths);
	server_names_above(name, &names);
	for (size_t i = 0; i < paths.len; i++) {
		AUTO(struct auth_file, auth_file_done) file = { 0 };
		if (auth_file_read(paths.items[i], &file, err) < 0)
			return -1;
		for (size_t j = 0; j < names.len; j++) {
			int found = find_exactly(&file, names.items[j], out, err);
			if (found != 0)
				return found;
		}
	}
	return 0;
}

struct change {
	const char *name;
	const struct registry_credentials *credentials; /* NULL: a program has them */
};

static int edit_set(struct auth_file *file, void *context, struct err *err)
{
	const struct change *change = context;
	(void)err;
	auth_file_set(file, change->name, change->credentials);
	return 1;
}

static int edit_remove(struct auth_file *file, void *context, struct err *err)
{
	const struct change *change = context;
	(void)err;
	return auth_file_remove(file, change->name) ? 1 : 0;
}

/* By the program, if there is one. @return whether it has them now, or -1 */
static int keep_by_program(const struct auth_file *file, const char *name,
			   const struct registry_credentials *credentials, struct err *err)
{
	const char *server;
	const char *keeper = keeper_of(file, name, &server);
	if (keeper == NULL)
		return 0;
	return keeper_store(keeper, server, credentials, err) < 0 ? -1 : 1;
}

int credentials_keep(const char *name, const char *auth_file,
		     const struct registry_credentials *credentials, char **out_plain_path,
		     struct err *err)
{
	AUTO(struct strv, strv_done) paths = { 0 };
	place_credentials(auth_file, &paths);
	for (size_t i = 0; i < paths.len; i++) {
		AUTO(struct auth_file, auth_file_done) file = { 0 };
		const char *server;
		if (auth_file_read(paths.items[i], &file, err) < 0)
			return -1;
		bool knows_it = auth_file_has(&file, name) ||
				auth_file_keeper(&file, name, false, &server) != NULL;
		if (!knows_it && i + 1 < paths.len)
			continue;
		int by_program = keep_by_program(&file, name, credentials, err);
		if (by_program < 0)
			return -1;
		struct change change = { name, by_program ? NULL : credentials };
		if (auth_file_change(paths.items[i], edit_set, &change, err) < 0)
			return -1;
		*out_plain_path = by_program ? NULL : mem_strdup(paths.items[i]);
		return 0;
	}
	return err_set(err, ERR_NOT_FOUND, "there is no file for credentials");
}

/* @return 1 forgotten, 0 there was nothing, -1 */
static int forget_in_file(const struct auth_file *file, const char *name, struct err *err)
{
	const char *server;
	const char *keeper = keeper_of(file, name, &server);
	bool is_known = auth_file_has(file, name);
	if (keeper != NULL && !is_known) {
		AUTO(struct registry_credentials, registry_credentials_done) found = { 0 };
		int got = keeper_get(keeper, server, &found, err);
		if (got <= 0)
			return got;
	}
	if (keeper != NULL && keeper_erase(keeper, server, err) < 0)
		return -1;
	struct change change = { .name = name };
	if (is_known && auth_file_change(file->path, edit_remove, &change, err) < 0)
		return -1;
	return is_known || keeper != NULL ? 1 : 0;
}

int credentials_forget(const char *name, const char *auth_file, struct strv *out, struct err *err)
{
	AUTO(struct strv, strv_done) paths = { 0 };
	place_credentials(auth_file, &paths);
	for (size_t i = 0; i < paths.len; i++) {
		AUTO(struct auth_file, auth_file_done) file = { 0 };
		AUTO(struct strv, strv_done) names = { 0 };
		if (auth_file_read(paths.items[i], &file, err) < 0)
			return -1;
		if (name != NULL)
			strv_add(&names, name);
		else
			auth_file_names(&file, &names);
		for (size_t j = 0; j < names.len; j++) {
			int forgotten = forget_in_file(&file, names.items[j], err);
			if (forgotten < 0)
				return err_context(err, "forget %s", names.items[j]);
			if (forgotten > 0 && strv_find(out, names.items[j]) < 0)
				strv_add(out, names.items[j]);
		}
	}
	return 0;
}
