/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * JSON from outside: parsed strictly by json-c, and read through a cursor that knows where it is,
 * so that every error names the place: "process.args[2]: expected a string, found a number".
 *
 *	AUTO_JSON struct json_object *doc = NULL;
 *	if (json_parse_strict(text, len, &(struct json_source){ .what = "config.json" }, &doc, err)
 *< 0) return -1; struct json_at root = json_root(doc), process; if
 *(json_need(json_get_object(&root, "process", &process, err), &root, "process", err) < 0) return
 *-1;
 *
 * A null member counts as absent, as in every engine's reader.
 */
#include "base/attr.h"
#include "base/err.h"
#include "base/strv.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_object; /* json-c's */

#define JSON_DEPTH_MAX   64
#define JSON_STRING_MAX  (1u << 20)
#define JSON_VALUES_MAX  (1u << 18) /* of any kind, in one document */
#define JSON_OBJECTS_MAX (1u << 16) /* json-c needs about 750 bytes for each */

struct json_source {
	const char *what;   /* names the document in errors */
	size_t max_bytes;   /* 0: 1 MiB */
	unsigned max_depth; /* 0: JSON_DEPTH_MAX, which is also the most */
	bool is_secret; /* the parser wipes its own copies; the document's: json_done_secret() */
};

/**
 * Parse one document. Refused: duplicate keys, trailing bytes, NaN and Infinity, comments, a byte
 * order mark, invalid UTF-8, NUL in keys, integers beyond 64 bits, and what is beyond the limits.
 * Integers up to 2^64-1 are kept exactly.
 *
 * @out    json_object_put() it (AUTO_JSON); NULL for the document "null"
 * @return 0, or -1 ERR_INVALID with the byte offset
 * Source: RFC 8259
 */
int json_parse_strict(const char *text, size_t len, const struct json_source *source,
		      struct json_object **out, struct err *err);

/** json_object_put for a scope's end. */
void json_done(struct json_object **doc);
#define AUTO_JSON __attribute__((cleanup(json_done)))

/** The same for a document with secrets, and no other owner: all its strings are wiped first. */
void json_done_secret(struct json_object **doc);
#define AUTO_JSON_SECRET __attribute__((cleanup(json_done_secret)))

/** Wipe the strings in a value, which stays what it is: before it is replaced in its document. */
void json_wipe(struct json_object *value);

/** A value and the way to it. `parent` is borrowed: keep it in scope. */
struct json_at {
	struct json_object *value; /* borrowed from the document; NULL: absent or null */
	const struct json_at *parent;
	const char *key; /* NULL: item `index` of an array */
	size_t index;
};

/** Where reading begins, and one step down from there: a member or an item that is not there
 *  has the value NULL. What they return refers to its parent, which must stay. */
struct json_at json_root(struct json_object *doc);
struct json_at json_member(const struct json_at *object, const char *key);
struct json_at json_item(const struct json_at *array, size_t index);

/** Items of an array, members of an object, 0 for anything else. */
size_t json_len(const struct json_at *at);

/** ERR_INVALID "path: ...". @return -1 */
int json_err(const struct json_at *at, struct err *err, const char *fmt, ...) PRINTF_LIKE(3, 4);

/*
 * Typed members of an object. All return 1 with the value, 0 when it is absent (`out` untouched),
 * -1 ERR_INVALID with its path when it has another type or is out of range.
 */
int json_get_str(const struct json_at *object, const char *key, char **out, struct err *err);
int json_get_bool(const struct json_at *object, const char *key, bool *out, struct err *err);
int json_get_int64(const struct json_at *object, const char *key, int64_t *out, struct err *err);
int json_get_uint64(const struct json_at *object, const char *key, uint64_t *out, struct err *err);
int json_get_uint32(const struct json_at *object, const char *key, uint32_t *out, struct err *err);

/** Cursors to walk on with. */
int json_get_object(const struct json_at *object, const char *key, struct json_at *out,
		    struct err *err);
int json_get_array(const struct json_at *object, const char *key, struct json_at *out,
		   struct err *err);

/** Array of strings; `{"k": "v"}` as "k=v" (a "=" in k is refused); the keys of `{"k": {}}`.
 *  All append to `out`. */
int json_get_strv(const struct json_at *object, const char *key, struct strv *out, struct err *err);
int json_get_map(const struct json_at *object, const char *key, struct strv *out, struct err *err);
int json_get_keys(const struct json_at *object, const char *key, struct strv *out, struct err *err);

/** The value itself as a string (for items of an array): owned, or NULL with an error. */
char *json_str(const struct json_at *at, struct err *err);

/** Turn "absent" into an error: wraps a json_get_. @return `got`, or -1 "path: missing" for 0 */
int json_need(int got, const struct json_at *object, const char *key, struct err *err);
