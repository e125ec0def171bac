/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Lists of things: a table, or whatever --format asks for. */
#include "base/err.h"
#include "base/strv.h"

#include <stdint.h>

struct json_object;

struct listing_field {
	const char *name;   /* as in a template: "ID" */
	const char *header; /* "CONTAINER ID" */
};

struct listing {
	const struct listing_field *fields; /* all there are; ends with name NULL */
	const char *const *columns;  /* of the usual table: names of fields; ends with NULL */
	const char *const *flexible; /* columns that may be cut on a narrow terminal */
};

/**
 * Print rows: objects with string members.
 * @rows    JSON array; a row's userdata may be a struct strv of its labels, for .Label
 * @format  NULL: the usual table; "json"; "table TEMPLATE"; or a template for each row
 */
int listing_print(const struct listing *listing, struct json_object *rows, const char *format,
		  struct err *err);

/** Add a row to an array of rows. @labels borrowed: as long as the rows are used */
struct json_object *listing_add_row(struct json_object *rows, const struct strv *labels);

/** Set a string member of a row. */
void listing_set(struct json_object *row, const char *name, const char *value);

/** "2 minutes ago" and "2026-01-02 03:04:05 +0000 UTC" as the members `since` and `at`. */
void listing_set_time(struct json_object *row, const char *since, const char *at, uint64_t time_ns);

/** Labels as "a=1,b=2". */
void listing_set_labels(struct json_object *row, const struct strv *labels);

/*
 * Filters: --filter NAME=VALUE, several of the same name are alternatives.
 */

/**
 * Check that each filter has one of these names ("status label", separated by spaces).
 * @return 0, or -1 ERR_INVALID
 */
int filter_check(const struct strv *filters, const char *names, struct err *err);

/** Does a filter of this name match? `match` is asked for each until one does.
 *  @return true, too, when no filter has the name */
typedef bool filter_match(const void *object, const char *value);
bool filter_any(const struct strv *filters, const char *name, filter_match *match,
		const void *object);

/** As filter_any, but all of that name have to match: labels are narrowed down. */
bool filter_all(const struct strv *filters, const char *name, filter_match *match,
		const void *object);

/** Is "key" or "key=value" among labels? */
bool filter_matches_label(const struct strv *labels, const char *wanted);

/** @return true when a filter of this name is there */
bool filter_has(const struct strv *filters, const char *name);

/**
 * A moment as a filter names it: a span back from now ("24h"), a date or time (UTC unless it says
 * its zone), or seconds since 1970.
 * @return 0, or -1 ERR_INVALID
 */
int filter_time(const char *text, uint64_t *out_realtime_ns, struct err *err);
