/* SPDX-License-Identifier: Apache-2.0 */
#include "base/strv.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

void strv_done(struct strv *list)
{
	for (size_t i = 0; i < list->len; i++)
		free(list->items[i]);
	free(list->items);
	memset(list, 0, sizeof(*list));
}

void strv_add_take(struct strv *list, char *text)
{
	if (list->len + 2 > list->capacity) {
		list->capacity = list->capacity != 0 ? list->capacity * 2 : 8;
		list->items = mem_realloc(list->items, list->capacity * sizeof(char *));
	}
	list->items[list->len++] = text;
	list->items[list->len] = NULL;
}

void strv_add(struct strv *list, const char *text)
{
	strv_add_take(list, mem_strdup(text));
}

void strv_add_all(struct strv *list, const struct strv *more)
{
	for (size_t i = 0; i < more->len; i++)
		strv_add(list, more->items[i]);
}

void strv_remove(struct strv *list, size_t index)
{
	free(list->items[index]);
	memmove(&list->items[index], &list->items[index + 1],
		(list->len - index) * sizeof(list->items[0]));
	list->len--;
}

char *strv_take_last(struct strv *list)
{
	if (list->len == 0)
		return NULL;
	char *last = list->items[--list->len];
	list->items[list->len] = NULL;
	return last;
}

long strv_find(const struct strv *list, const char *text)
{
	for (size_t i = 0; i < list->len; i++)
		if (strcmp(list->items[i], text) == 0)
			return (long)i;
	return -1;
}

void strv_split(struct strv *out, const char *text, char separator)
{
	for (;;) {
		const char *end = strchrnul(text, separator);
		strv_add_take(out, mem_strndup(text, (size_t)(end - text)));
		if (*end == '\0')
			return;
		text = end + 1;
	}
}

static long env_index(const struct strv *env, const char *key, size_t key_len)
{
	for (size_t i = 0; i < env->len; i++)
		if (strncmp(env->items[i], key, key_len) == 0 && env->items[i][key_len] == '=')
			return (long)i;
	return -1;
}

const char *strv_env_get(const struct strv *env, const char *key)
{
	size_t key_len = strlen(key);
	long i = env_index(env, key, key_len);
	return i >= 0 ? env->items[i] + key_len + 1 : NULL;
}

void strv_env_set(struct strv *env, const char *assignment)
{
	long i = env_index(env, assignment, strcspn(assignment, "="));
	if (i < 0) {
		strv_add(env, assignment);
		return;
	}
	free(env->items[i]);
	env->items[i] = mem_strdup(assignment);
}
