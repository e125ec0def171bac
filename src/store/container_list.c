/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looking at containers: without any lock, since records are replaced whole. What disappears while
 * we look was removed and is skipped.
 */
#include "store/container.h"

#include "base/mem.h"
#include "base/warn.h"
#include "store/container_record.h"
#include "store/names.h"
#include "store/scan.h"

#include <stdlib.h>
#include <string.h>

static int not_found(const char *reference, struct err *err)
{
	err_set(err, ERR_NOT_FOUND, "no such container: %.256s", reference);
	return err_hint(err, "`onggi ps -a` shows all of them");
}

static int find_by_prefix(const struct store *store, const char *prefix, char out_id[ID_SIZE],
			  struct err *err)
{
	AUTO(struct strv, strv_done) ids = { 0 };
	if (scan_names(store->containers_fd, ".", &ids, err) < 0)
		return -1;
	const char *found = NULL;
	for (size_t i = 0; i < ids.len; i++) {
		if (strncmp(ids.items[i], prefix, strlen(prefix)) != 0 ||
		    strlen(ids.items[i]) != ID_LEN)
			continue;
		if (found != NULL)
			return err_set(err, ERR_CONFLICT, "container id %s is ambiguous", prefix);
		found = ids.items[i];
	}
	if (found == NULL)
		return not_found(prefix, err);
	memcpy(out_id, found, ID_SIZE);
	return 0;
}

int container_find(const struct store *store, const char *reference, struct container *out,
		   struct err *err)
{
	char id[ID_SIZE];
	bool is_full_id = strlen(reference) == ID_LEN && id_is_prefix(reference);
	if (is_full_id)
		memcpy(id, reference, ID_SIZE);
	else if (names_lookup(store, reference, id) == 0) {
		if (!id_is_prefix(reference))
			return not_found(reference, err);
		if (find_by_prefix(store, reference, id, err) < 0)
			return -1;
	}
	struct err why = { 0 };
	if (container_record_read(store, id, out, &why) == 0)
		return 0;
	if (why.kind == ERR_NOT_FOUND)
		return not_found(reference, err);
	if (err != NULL)
		*err = why;
	return -1;
}

void container_list_done(struct container_list *list)
{
	for (size_t i = 0; i < list->len; i++)
		container_done(&list->items[i]);
	free(list->items);
	memset(list, 0, sizeof(*list));
}

static int newer_first(const void *a, const void *b)
{
	const struct container *x = a, *y = b;
	if (x->created_ns != y->created_ns)
		return x->created_ns < y->created_ns ? 1 : -1;
	return strcmp(x->id, y->id);
}

int container_list(const struct store *store, struct container_list *out, struct err *err)
{
	AUTO(struct strv, strv_done) ids = { 0 };
	if (scan_names(store->containers_fd, ".", &ids, err) < 0)
		return -1;
	struct container_list list = { .items = mem_alloc(ids.len + 1, sizeof(*list.items)) };
	for (size_t i = 0; i < ids.len; i++) {
		struct err why = { 0 };
		if (strlen(ids.items[i]) != ID_LEN || !id_is_prefix(ids.items[i]))
			continue;
		if (container_record_read(store, ids.items[i], &list.items[list.len], &why) == 0)
			list.len++;
		else if (why.kind != ERR_NOT_FOUND)
			warn_say("%s", why.text);
	}
	qsort(list.items, list.len, sizeof(*list.items), newer_first);
	*out = list;
	return 0;
}
