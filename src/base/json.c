/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The glue over json-c: base/json_scan.c says whether the text is acceptable, json-c builds the
 * tree, the cursor reads it. Nothing here knows what a document means.
 */
#include "base/json.h"

#include "base/buf.h"
#include "base/json_scan.h"
#include "base/mem.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#define BYTES_MAX_DEFAULT (1u << 20)

void json_done(struct json_object **doc)
{
	json_object_put(*doc);
	*doc = NULL;
}

void json_wipe(struct json_object *value)
{
	const struct json_at at = json_root(value);
	if (json_object_is_type(value, json_type_string)) {
		/* json-c has no way to write into a string of the same length. */
		uintptr_t text = (uintptr_t)json_object_get_string(value);
		explicit_bzero((void *)text, (size_t)json_object_get_string_len(value));
	} else if (json_object_is_type(value, json_type_object)) {
		json_object_object_foreach (value, key, member) {
			(void)key;
			json_wipe(member);
		}
	}
	for (size_t i = 0; json_object_is_type(value, json_type_array) && i < json_len(&at); i++)
		json_wipe(json_item(&at, i).value);
}

void json_done_secret(struct json_object **doc)
{
	json_wipe(*doc);
	json_done(doc);
}

/* Compare the tree with the shape of the text, object by object in the order they begin. The first
 * that differs has a key twice: everything before it was the same. */
static int check_unique(const struct json_at *at, const struct json_shape *shape, size_t *next,
			struct err *err)
{
	if (json_object_is_type(at->value, json_type_array)) {
		for (size_t i = 0, len = json_len(at); i < len; i++) {
			struct json_at item = json_item(at, i);
			if (check_unique(&item, shape, next, err) < 0)
				return -1;
		}
	} else if (json_object_is_type(at->value, json_type_object)) {
		if (json_len(at) != shape->members[(*next)++])
			return json_err(at, err, "a key occurs twice");
		json_object_object_foreach (at->value, key, value) {
			struct json_at member = { .value = value, .parent = at, .key = key };
			if (check_unique(&member, shape, next, err) < 0)
				return -1;
		}
	}
	return 0;
}

static int build(const char *text, size_t len, const struct json_source *source,
		 struct json_object **out, struct err *err)
{
	/* json-c counts a scalar in the innermost container as one level more. */
	struct json_tokener *tokener = json_tokener_new_ex(JSON_DEPTH_MAX + 2);
	if (tokener == NULL)
		mem_die("out of memory");
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
	/* With the NUL: a bare number ends only there. */
	struct json_object *doc = json_tokener_parse_ex(tokener, text, (int)len + 1);
	enum json_tokener_error error = json_tokener_get_error(tokener);
	if (source->is_secret && tokener->pb != NULL)
		explicit_bzero(tokener->pb->buf, (size_t)tokener->pb->size);
	json_tokener_free(tokener);
	if (error != json_tokener_success) {
		json_object_put(doc);
		return err_set(err, ERR_INVALID, "%s: %s", source->what,
			       json_tokener_error_desc(error));
	}
	*out = doc;
	return 0;
}

static char *dup_terminated(const char *text, size_t len)
{
	char *copy = mem_alloc(len + 1, 1);
	if (len > 0)
		memcpy(copy, text, len);
	return copy;
}

int json_parse_strict(const char *text, size_t len, const struct json_source *source,
		      struct json_object **out, struct err *err)
{
	size_t max = source->max_bytes != 0 ? source->max_bytes : BYTES_MAX_DEFAULT;
	if (len > max || len > INT32_MAX - 1)
		return err_set(err, ERR_INVALID, "%s is larger than %zu bytes", source->what, max);
	AUTO_FREE char *terminated = dup_terminated(text, len);
	AUTO(struct json_shape, json_shape_done) shape = { 0 };
	AUTO_JSON struct json_object *doc = NULL;
	int built = json_scan(terminated, len, source, &shape, err) == 0
			    ? build(terminated, len, source, &doc, err)
			    : -1;
	if (source->is_secret)
		explicit_bzero(terminated, len);
	if (built < 0)
		return -1;
	struct json_at root = json_root(doc);
	size_t next = 0;
	if (check_unique(&root, &shape, &next, err) < 0)
		return err_context(err, "%s", source->what);
	*out = doc;
	doc = NULL;
	return 0;
}

struct json_at json_root(struct json_object *doc)
{
	return (struct json_at){ .value = doc };
}

struct json_at json_member(const struct json_at *object, const char *key)
{
	struct json_at at = { .parent = object, .key = key };
	if (json_object_is_type(object->value, json_type_object))
		json_object_object_get_ex(object->value, key, &at.value);
	return at;
}

struct json_at json_item(const struct json_at *array, size_t index)
{
	return (struct json_at){
		.value = json_object_is_type(array->value, json_type_array)
				 ? json_object_array_get_idx(array->value, index)
				 : NULL,
		.parent = array,
		.index = index,
	};
}

size_t json_len(const struct json_at *at)
{
	if (json_object_is_type(at->value, json_type_array))
		return json_object_array_length(at->value);
	if (json_object_is_type(at->value, json_type_object))
		return (size_t)json_object_object_length(at->value);
	return 0;
}

static void add_path(const struct json_at *at, struct buf *out)
{
	if (at->parent == NULL)
		return;
	add_path(at->parent, out);
	if (at->key == NULL)
		buf_addf(out, "[%zu]", at->index);
	else
		buf_addf(out, "%s%.200s", out->len > 0 ? "." : "", at->key);
}

int json_err(const struct json_at *at, struct err *err, const char *fmt, ...)
{
	AUTO(struct buf, buf_done) path = { 0 };
	AUTO(struct buf, buf_done) text = { 0 };
	add_path(at, &path);
	va_list ap;
	va_start(ap, fmt);
	buf_addv(&text, fmt, ap);
	va_end(ap);
	return err_set(err, ERR_INVALID, "%s%s%s", buf_str(&path), path.len > 0 ? ": " : "",
		       buf_str(&text));
}

static const char *type_words(enum json_type type)
{
	switch (type) {
	case json_type_boolean:
		return "true or false";
	case json_type_double:
		return "a fractional number";
	case json_type_int:
		return "a whole number";
	case json_type_object:
		return "an object";
	case json_type_array:
		return "a list";
	case json_type_string:
		return "a string";
	case json_type_null:
		break;
	}
	return "nothing";
}

/* @return 1 when it is there and of that type, 0 absent, -1 */
static int expect(const struct json_at *at, enum json_type type, struct err *err)
{
	if (at->value == NULL)
		return 0;
	if (!json_object_is_type(at->value, type))
		return json_err(at, err, "expected %s, found %s", type_words(type),
				type_words(json_object_get_type(at->value)));
	return 1;
}

char *json_str(const struct json_at *at, struct err *err)
{
	int got = expect(at, json_type_string, err);
	if (got == 0)
		json_err(at, err, "expected a string, found nothing");
	if (got <= 0)
		return NULL;
	const char *text = json_object_get_string(at->value);
	if (strlen(text) != (size_t)json_object_get_string_len(at->value)) {
		json_err(at, err, "a NUL in a string");
		return NULL;
	}
	return mem_strdup(text);
}

int json_get_str(const struct json_at *object, const char *key, char **out, struct err *err)
{
	struct json_at at = json_member(object, key);
	if (at.value == NULL)
		return 0;
	char *text = json_str(&at, err);
	if (text == NULL)
		return -1;
	free(*out);
	*out = text;
	return 1;
}

int json_get_bool(const struct json_at *object, const char *key, bool *out, struct err *err)
{
	struct json_at at = json_member(object, key);
	int got = expect(&at, json_type_boolean, err);
	if (got > 0)
		*out = json_object_get_boolean(at.value);
	return got;
}

int json_get_int64(const struct json_at *object, const char *key, int64_t *out, struct err *err)
{
	struct json_at at = json_member(object, key);
	int got = expect(&at, json_type_int, err);
	if (got <= 0)
		return got;
	if (json_object_get_uint64(at.value) > INT64_MAX)
		return json_err(&at, err, "%s is too large", json_object_to_json_string(at.value));
	*out = json_object_get_int64(at.value);
	return 1;
}

int json_get_uint64(const struct json_at *object, const char *key, uint64_t *out, struct err *err)
{
	struct json_at at = json_member(object, key);
	int got = expect(&at, json_type_int, err);
	if (got <= 0)
		return got;
	if (json_object_get_int64(at.value) < 0)
		return json_err(&at, err, "%s is negative", json_object_to_json_string(at.value));
	*out = json_object_get_uint64(at.value);
	return 1;
}

int json_get_uint32(const struct json_at *object, const char *key, uint32_t *out, struct err *err)
{
	uint64_t value = 0;
	int got = json_get_uint64(object, key, &value, err);
	if (got <= 0)
		return got;
	struct json_at at = json_member(object, key);
	if (value > UINT32_MAX)
		return json_err(&at, err, "%llu is too large", (unsigned long long)value);
	*out = (uint32_t)value;
	return 1;
}

int json_get_object(const struct json_at *object, const char *key, struct json_at *out,
		    struct err *err)
{
	struct json_at at = json_member(object, key);
	int got = expect(&at, json_type_object, err);
	if (got > 0)
		*out = at;
	return got;
}

int json_get_array(const struct json_at *object, const char *key, struct json_at *out,
		   struct err *err)
{
	struct json_at at = json_member(object, key);
	int got = expect(&at, json_type_array, err);
	if (got > 0)
		*out = at;
	return got;
}

int json_get_strv(const struct json_at *object, const char *key, struct strv *out, struct err *err)
{
	struct json_at list;
	int got = json_get_array(object, key, &list, err);
	if (got <= 0)
		return got;
	AUTO(struct strv, strv_done) items = { 0 };
	for (size_t i = 0, len = json_len(&list); i < len; i++) {
		struct json_at item = json_item(&list, i);
		char *text = json_str(&item, err);
		if (text == NULL)
			return -1;
		strv_add_take(&items, text);
	}
	strv_add_all(out, &items);
	return 1;
}

int json_get_map(const struct json_at *object, const char *key, struct strv *out, struct err *err)
{
	struct json_at map;
	int got = json_get_object(object, key, &map, err);
	if (got <= 0)
		return got;
	AUTO(struct strv, strv_done) items = { 0 };
	json_object_object_foreach (map.value, name, value) {
		struct json_at at = { .value = value, .parent = &map, .key = name };
		if (strchr(name, '=') != NULL)
			return json_err(&at, err, "a '=' in a key");
		AUTO_FREE char *text = value != NULL ? json_str(&at, err) : mem_strdup("");
		if (text == NULL)
			return -1;
		strv_add_take(&items, mem_printf("%s=%s", name, text));
	}
	strv_add_all(out, &items);
	return 1;
}

int json_get_keys(const struct json_at *object, const char *key, struct strv *out, struct err *err)
{
	struct json_at map;
	int got = json_get_object(object, key, &map, err);
	if (got <= 0)
		return got;
	json_object_object_foreach (map.value, name, value) {
		(void)value;
		strv_add(out, name);
	}
	return 1;
}

int json_need(int got, const struct json_at *object, const char *key, struct err *err)
{
	if (got != 0)
		return got;
	struct json_at at = json_member(object, key);
	return json_err(&at, err, "missing");
}
