/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The part of Go's text/template that --format needs, over JSON values.
 *
 *	{{.Field.Inner}} {{$x := .A}} {{if}} {{else if}} {{else}} {{with}} {{range $i, $e := .L}}
 *{{end}} pipelines, parentheses, comments, {{- trimming -}} json join split lower upper title
 *truncate pad len index slice print println printf eq ne lt le gt ge and or not
 *
 * A field that an object does not have is an error at the first level of a chain (a typo), and
 * no value below it, so that {{if .State.Health}} can be asked.
 * Source: https://pkg.go.dev/text/template
 */
#include "base/buf.h"
#include "base/err.h"

struct json_object;
struct template;

#define TEMPLATE_TEXT_MAX    (64u << 10)
#define TEMPLATE_NESTING_MAX 32
#define TEMPLATE_OUTPUT_MAX  (16u << 20)
#define TEMPLATE_STEPS_MAX   1000000

/** Parse. @return owned template, or NULL with ERR_INVALID: "template parsing error: ..." */
struct template *template_parse(const char *text, struct err *err);

/** NULL-safe. */
void template_free(struct template *template);

/**
 * Fields with an argument: {{.Label "key"}}.
 * @return an owned value, or NULL when there is no such method
 */
typedef struct json_object *template_method(struct json_object *dot, const char *name,
					    const char *argument);

/**
 * Append what the template makes of `data`. Values are escaped for terminals (newlines and tabs
 * stay); the template's own text is not.
 * @method  may be NULL
 * @return 0, or -1 ERR_INVALID; then `out` may hold a part
 */
int template_eval(const struct template *template, struct json_object *data,
		  template_method *method, struct buf *out, struct err *err);
