/* SPDX-License-Identifier: Apache-2.0 */
/* Image names as symlinks whose text is not a path: nothing ever follows them. */
#include "store/refs.h"

#include "base/buf.h"
#include "base/mem.h"
#include "store/scan.h"
#include "sys/fd.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define REF_TEXT_SIZE 1024

void refs_list_done(struct refs_list *list)
{
	strv_done(&list->names);
	strv_done(&list->ids);
}

/* "refs/docker.io%2Flibrary%2Fdebian:12". What begins with a dot is never a name here. */
static char *ref_path(const char *name)
{
	struct buf path = { 0 };
	buf_add_str(&path, "refs/");
	for (const char *c = name; *c != '\0'; c++) {
		bool is_plain = isalnum((unsigned char)*c) || strchr("_:@-", *c) != NULL ||
				(*c == '.' && c != name);
		if (is_plain)
			buf_add_char(&path, *c);
		else
			buf_addf(&path, "%%%02X", (unsigned char)*c);
	}
	if (path.len - strlen("refs/") > NAME_MAX) {
		char hex[DIGEST_HEX_SIZE];
		digest_of(name, strlen(name), hex);
		buf_reset(&path);
		buf_addf(&path, "refs/%%%s", hex);
	}
	return buf_take(&path);
}

/* @return the name (within `text`) after the id, or NULL when it is damaged or not there */
static const char *read_ref(const struct store *store, const char *path, char text[REF_TEXT_SIZE])
{
	ssize_t n = readlinkat(store->root_fd, path, text, REF_TEXT_SIZE - 1);
	if (n <= DIGEST_HEX_LEN + 1 || text[DIGEST_HEX_LEN] != ' ')
		return NULL;
	text[n] = '\0';
	text[DIGEST_HEX_LEN] = '\0';
	return id_is_prefix(text) ? text + DIGEST_HEX_LEN + 1 : NULL;
}

int refs_lookup(const struct store *store, const char *name, char out_id[DIGEST_HEX_SIZE])
{
	char text[REF_TEXT_SIZE];
	AUTO_FREE char *path = ref_path(name);
	const char *found = read_ref(store, path, text);
	if (found == NULL || strcmp(found, name) != 0)
		return 0;
	memcpy(out_id, text, DIGEST_HEX_SIZE);
	return 1;
}

int refs_set(const struct store *store, const char *name, const char *id, struct err *err)
{
	char random[ID_SIZE], fresh[sizeof("staging/") + ID_SIZE];
	AUTO_FREE char *path = ref_path(name);
	AUTO_FREE char *text = mem_printf("%.64s %s", id, name);
	if (strlen(text) >= REF_TEXT_SIZE)
		return err_set(err, ERR_INVALID, "image name %.64s...: too long", name);
	id_new(random);
	snprintf(fresh, sizeof(fresh), "staging/%s", random);
	if (symlinkat(text, store->root_fd, fresh) < 0)
		return err_sys(err, "name image %s", name);
	if (renameat(store->root_fd, fresh, store->root_fd, path) < 0) {
		err_sys(err, "name image %s", name);
		unlinkat(store->root_fd, fresh, 0);
		return -1;
	}
	return scan_sync(store->root_fd, "refs", err);
}

int refs_remove(const struct store *store, const char *name, struct err *err)
{
	AUTO_FREE char *path = ref_path(name);
	if (unlinkat(store->root_fd, path, 0) < 0 && errno != ENOENT)
		return err_sys(err, "untag %s", name);
	return scan_sync(store->root_fd, "refs", err);
}

int refs_list(const struct store *store, struct refs_list *out, struct err *err)
{
	AUTO(struct strv, strv_done) files = { 0 };
	if (scan_names(store->root_fd, "refs", &files, err) < 0)
		return -1;
	*out = (struct refs_list){ 0 };
	for (size_t i = 0; i < files.len; i++) {
		char text[REF_TEXT_SIZE];
		AUTO_FREE char *path = mem_printf("refs/%s", files.items[i]);
		const char *name = read_ref(store, path, text);
		if (name == NULL)
			continue;
		strv_add(&out->names, name);
		strv_add(&out->ids, text);
	}
	return 0;
}

int refs_list_damaged(const struct store *store, struct strv *out_files, struct err *err)
{
	AUTO(struct strv, strv_done) files = { 0 };
	if (scan_names(store->root_fd, "refs", &files, err) < 0)
		return -1;
	for (size_t i = 0; i < files.len; i++) {
		char text[REF_TEXT_SIZE];
		AUTO_FREE char *path = mem_printf("refs/%s", files.items[i]);
		const char *name = read_ref(store, path, text);
		AUTO_FREE char *own_path = name != NULL ? ref_path(name) : NULL;
		if (own_path == NULL || strcmp(own_path, path) != 0)
			strv_add(out_files, files.items[i]);
	}
	return 0;
}
