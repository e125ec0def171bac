/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A growing list of owned strings, NULL-terminated so that `items` can be an argv or envp.
 * Zero-initialise it; `items` is NULL while the list is empty and was never touched.
 */
#include <stdbool.h>
#include <stddef.h>

struct strv {
	char **items;
	size_t len;
	size_t capacity;
};

/** Free everything; append one, all, or remove one (the order stays). */
void strv_done(struct strv *list);
void strv_add(struct strv *list, const char *text);            /* copies */
void strv_add_take(struct strv *list, char *text);             /* consumes */
void strv_add_all(struct strv *list, const struct strv *more); /* copies */
void strv_remove(struct strv *list, size_t index);

/** Take the last one off. @return owned; NULL when there is none */
char *strv_take_last(struct strv *list);

/** Index of an equal string, or -1. */
long strv_find(const struct strv *list, const char *text);

/** Split at each `separator`; empty parts are kept. Appends to `out`. */
void strv_split(struct strv *out, const char *text, char separator);

/* Environment lists: entries "KEY=value". */

/** @return the value of KEY in a list of KEY=value, borrowed, or NULL */
const char *strv_env_get(const struct strv *env, const char *key);

/** Set or replace KEY (the part of `assignment` before '='). Copies. */
void strv_env_set(struct strv *env, const char *assignment);
