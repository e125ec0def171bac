/* SPDX-License-Identifier: Apache-2.0 */
/* The names of containers. Names are checked against Docker's grammar first: no '/', no "..". */
#include "store/names.h"

#include "store/scan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct name_path {
	char text[sizeof("names/") + 128];
};

static struct name_path name_path(const char *name)
{
	struct name_path path;
	snprintf(path.text, sizeof(path.text), "names/%s", name);
	return path;
}

int names_lookup(const struct store *store, const char *name, char out_id[ID_SIZE])
{
	char id[ID_SIZE + 1];
	if (!id_is_name(name))
		return 0;
	ssize_t n = readlinkat(store->run_fd, name_path(name).text, id, sizeof(id));
	if (n != ID_LEN)
		return 0;
	memcpy(out_id, id, ID_LEN);
	out_id[ID_LEN] = '\0';
	return id_is_prefix(out_id) ? 1 : 0;
}

int names_reserve(const struct store *store, const char *name, const char *id, struct err *err)
{
	if (!id_is_name(name))
		return err_set(err, ERR_INVALID,
			       "container name %.130s: only [a-zA-Z0-9][a-zA-Z0-9_.-]+, at most "
			       "128 characters",
			       name);
	if (symlinkat(id, store->run_fd, name_path(name).text) == 0)
		return 0;
	if (errno != EEXIST)
		return err_sys(err, "reserve container name %s", name);
	char owner[ID_SIZE] = "another one";
	names_lookup(store, name, owner);
	err_set(err, ERR_CONFLICT, "container name %s is already in use by container %.12s", name,
		owner);
	return err_hint(err, "remove that container, or choose another name");
}

void names_release(const struct store *store, const char *name, const char *id)
{
	char owner[ID_SIZE];
	if (names_lookup(store, name, owner) == 1 && strcmp(owner, id) == 0)
		unlinkat(store->run_fd, name_path(name).text, 0);
}

static bool is_stale(const struct store *store, const char *owner, const char *id)
{
	if (id != NULL && strcmp(owner, id) == 0)
		return true;
	return faccessat(store->containers_fd, owner, F_OK, AT_SYMLINK_NOFOLLOW) < 0 &&
	       errno == ENOENT;
}

int names_stale(const struct store *store, const char *id, struct strv *out, struct err *err)
{
	AUTO(struct strv, strv_done) names = { 0 };
	if (scan_names(store->run_fd, "names", &names, err) < 0)
		return -1;
	for (size_t i = 0; i < names.len; i++) {
		char owner[ID_SIZE];
		if (names_lookup(store, names.items[i], owner) == 1 && is_stale(store, owner, id))
			strv_add(out, names.items[i]);
	}
	return 0;
}

int names_sweep(const struct store *store, const char *id, struct err *err)
{
	AUTO(struct strv, strv_done) stale = { 0 };
	if (names_stale(store, id, &stale, err) < 0)
		return -1;
	for (size_t i = 0; i < stale.len; i++)
		unlinkat(store->run_fd, name_path(stale.items[i]).text, 0);
	return 0;
}
