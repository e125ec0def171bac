/* SPDX-License-Identifier: Apache-2.0 */
/* The functions of the template language: Go's and the ones Docker adds. Upper and lower case are
 * ASCII's. */
#include "base/attr.h"
#include "base/mem.h"
#include "base/strv.h"
#include "format/json_text.h"
#include "format/printable.h"
#include "format/template_eval.h"

#include <ctype.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <string.h>

#define PRINTF_WIDTH_MAX 1000

struct call {
	const char *name;
	struct json_object *const *args;
	size_t len;
	struct err *err;
};

static bool is_a(struct json_object *value, json_type type)
{
	return value != NULL && json_object_get_type(value) == type;
}

static bool is_number(struct json_object *value)
{
	return is_a(value, json_type_int) || is_a(value, json_type_double);
}

bool template_is_true(struct json_object *value)
{
	switch (json_object_get_type(value)) {
	case json_type_null:
		return false;
	case json_type_boolean:
		return json_object_get_boolean(value);
	case json_type_int:
	case json_type_double:
		return json_object_get_double(value) != 0;
	case json_type_string:
		return json_object_get_string_len(value) > 0;
	case json_type_array:
		return json_object_array_length(value) > 0;
	case json_type_object:
		return json_object_object_length(value) > 0;
	}
	return false;
}

static void add_inner(struct buf *out, struct json_object *value)
{
	if (value == NULL)
		buf_add_str(out, "<nil>");
	else
		template_add_value(out, value);
}

static int compare_keys(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void template_keys(struct json_object *map, struct strv *out)
{
	json_object_object_foreach (map, name, unused) {
		(void)unused;
		strv_add(out, name);
	}
	if (out->len > 0)
		qsort(out->items, out->len, sizeof(char *), compare_keys);
}

static void add_map(struct buf *out, struct json_object *value)
{
	AUTO(struct strv, strv_done) keys = { 0 };
	template_keys(value, &keys);
	buf_add_str(out, "map[");
	for (size_t i = 0; i < keys.len; i++) {
		buf_addf(out, "%s%s:", i > 0 ? " " : "", keys.items[i]);
		add_inner(out, json_object_object_get(value, keys.items[i]));
	}
	buf_add_char(out, ']');
}

void template_add_value(struct buf *out, struct json_object *value)
{
	switch (json_object_get_type(value)) {
	case json_type_null:
		buf_add_str(out, "<no value>");
		break;
	case json_type_string:
		buf_add_str(out, json_object_get_string(value));
		break;
	case json_type_double:
		buf_addf(out, "%g", json_object_get_double(value));
		break;
	case json_type_array:
		buf_add_char(out, '[');
		for (size_t i = 0; i < json_object_array_length(value); i++) {
			if (i > 0)
				buf_add_char(out, ' ');
			add_inner(out, json_object_array_get_idx(value, i));
		}
		buf_add_char(out, ']');
		break;
	case json_type_object:
		add_map(out, value);
		break;
	default:
		buf_add_str(out, json_object_to_json_string(value));
		break;
	}
}

static int wrong_args(const struct call *call, const char *what)
{
	return err_set(call->err, ERR_INVALID, "error calling %s: %s", call->name, what);
}

static struct json_object *take_text(struct buf *text)
{
	AUTO_FREE char *owned = buf_take(text);
	return json_object_new_string(owned);
}

static int call_json(const struct call *call, struct json_object **out)
{
	AUTO(struct buf, buf_done) text = { 0 };
	json_text_add(&text, call->args[0], JSON_TEXT_COMPACT);
	*out = take_text(&text);
	return 0;
}

static int call_case(const struct call *call, struct json_object **out)
{
	if (!is_a(call->args[0], json_type_string))
		return wrong_args(call, "wants a string");
	AUTO_FREE char *text = mem_strdup(json_object_get_string(call->args[0]));
	bool is_start = true;
	for (char *s = text; *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;
		if (call->name[0] == 'u' || (call->name[0] == 't' && is_start))
			*s = (char)toupper(c);
		else if (call->name[0] == 'l')
			*s = (char)tolower(c);
		is_start = isspace(c);
	}
	*out = json_object_new_string(text);
	return 0;
}

static int call_join(const struct call *call, struct json_object **out)
{
	struct json_object *list = call->args[0];
	if ((list != NULL && !is_a(list, json_type_array)) ||
	    !is_a(call->args[1], json_type_string))
		return wrong_args(call, "wants a list and a string");
	AUTO(struct buf, buf_done) text = { 0 };
	for (size_t i = 0; list != NULL && i < json_object_array_length(list); i++) {
		if (i > 0)
			buf_add_str(&text, json_object_get_string(call->args[1]));
		add_inner(&text, json_object_array_get_idx(list, i));
	}
	*out = take_text(&text);
	return 0;
}

static int call_split(const struct call *call, struct json_object **out)
{
	if (!is_a(call->args[0], json_type_string) || !is_a(call->args[1], json_type_string) ||
	    json_object_get_string_len(call->args[1]) == 0)
		return wrong_args(call, "wants a string and a separator");
	const char *text = json_object_get_string(call->args[0]);
	const char *separator = json_object_get_string(call->args[1]);
	struct json_object *list = json_object_new_array();
	const char *end;
	for (; (end = strstr(text, separator)) != NULL; text = end + strlen(separator))
		json_object_array_add(list, json_object_new_string_len(text, (int)(end - text)));
	json_object_array_add(list, json_object_new_string(text));
	*out = list;
	return 0;
}

static int call_truncate(const struct call *call, struct json_object **out)
{
	if (!is_a(call->args[0], json_type_string) || !is_a(call->args[1], json_type_int))
		return wrong_args(call, "wants a string and a length");
	const char *text = json_object_get_string(call->args[0]);
	int64_t max = json_object_get_int64(call->args[1]);
	size_t len = strlen(text);
	if (max >= 0 && (uint64_t)max < len)
		len = (size_t)max;
	*out = json_object_new_string_len(text, (int)len);
	return 0;
}

static int call_pad(const struct call *call, struct json_object **out)
{
	if (!is_a(call->args[0], json_type_string) || !is_a(call->args[1], json_type_int) ||
	    !is_a(call->args[2], json_type_int))
		return wrong_args(call, "wants a string and two lengths");
	int64_t before = json_object_get_int64(call->args[1]);
	int64_t after = json_object_get_int64(call->args[2]);
	if (before < 0 || before > PRINTF_WIDTH_MAX || after < 0 || after > PRINTF_WIDTH_MAX)
		return wrong_args(call, "the length is out of range");
	AUTO(struct buf, buf_done) text = { 0 };
	if (json_object_get_string_len(call->args[0]) > 0)
		buf_addf(&text, "%*s%s%*s", (int)before, "", json_object_get_string(call->args[0]),
			 (int)after, "");
	*out = take_text(&text);
	return 0;
}

static int call_len(const struct call *call, struct json_object **out)
{
	struct json_object *value = call->args[0];
	size_t len;
	if (is_a(value, json_type_string))
		len = (size_t)json_object_get_string_len(value);
	else if (is_a(value, json_type_array))
		len = json_object_array_length(value);
	else if (is_a(value, json_type_object))
		len = (size_t)json_object_object_length(value);
	else
		return wrong_args(call, "wants a string, a list or a map");
	*out = json_object_new_int64((int64_t)len);
	return 0;
}

static int call_index(const struct call *call, struct json_object **out)
{
	struct json_object *value = call->args[0];
	for (size_t i = 1; i < call->len; i++) {
		struct json_object *key = call->args[i];
		if (is_a(value, json_type_array) && is_a(key, json_type_int)) {
			int64_t at = json_object_get_int64(key);
			if (at < 0 || (uint64_t)at >= json_object_array_length(value))
				return wrong_args(call, "index out of range");
			value = json_object_array_get_idx(value, (size_t)at);
		} else if (is_a(value, json_type_object) && is_a(key, json_type_string)) {
			if (!json_object_object_get_ex(value, json_object_get_string(key),
						       &value)) {
				*out = json_object_new_string("");
				return 0;
			}
		} else {
			return wrong_args(call, "wants a list and a number, or a map and a name");
		}
	}
	*out = json_object_get(value);
	return 0;
}

static int call_slice(const struct call *call, struct json_object **out)
{
	if (!is_a(call->args[0], json_type_string))
		return wrong_args(call, "wants a string");
	int64_t len = json_object_get_string_len(call->args[0]);
	int64_t bounds[2] = { 0, len };
	for (size_t i = 1; i < call->len; i++) {
		if (!is_a(call->args[i], json_type_int))
			return wrong_args(call, "wants numbers as bounds");
		bounds[i - 1] = json_object_get_int64(call->args[i]);
	}
	if (bounds[0] < 0 || bounds[1] > len || bounds[0] > bounds[1])
		return wrong_args(call, "index out of range");
	*out = json_object_new_string_len(json_object_get_string(call->args[0]) + bounds[0],
					  (int)(bounds[1] - bounds[0]));
	return 0;
}

/* Blanks go between operands when neither is a string, with println always. */
static int call_print(const struct call *call, struct json_object **out)
{
	AUTO(struct buf, buf_done) text = { 0 };
	bool is_line = strcmp(call->name, "println") == 0;
	for (size_t i = 0; i < call->len; i++) {
		bool has_string = i > 0 && (is_a(call->args[i], json_type_string) ||
					    is_a(call->args[i - 1], json_type_string));
		if (i > 0 && (is_line || !has_string))
			buf_add_char(&text, ' ');
		add_inner(&text, call->args[i]);
	}
	if (is_line)
		buf_add_char(&text, '\n');
	*out = take_text(&text);
	return 0;
}

/* One conversion of printf; *format is behind the '%'. */
struct conversion {
	bool is_left, is_zero, has_precision;
	int width, precision;
	char letter;
};

static bool read_count(const char **s, int *out)
{
	*out = 0;
	for (; **s >= '0' && **s <= '9'; (*s)++) {
		*out = *out * 10 + (**s - '0');
		if (*out > PRINTF_WIDTH_MAX)
			return false;
	}
	return true;
}

static bool read_conversion(const char **s, struct conversion *out)
{
	*out = (struct conversion){ 0 };
	for (; **s == '-' || **s == '0' || **s == '+' || **s == '#' || **s == ' '; (*s)++) {
		out->is_left |= **s == '-';
		out->is_zero |= **s == '0';
	}
	if (!read_count(s, &out->width))
		return false;
	if (**s == '.') {
		(*s)++;
		out->has_precision = true;
		if (!read_count(s, &out->precision))
			return false;
	}
	out->letter = **s;
	if (**s != '\0')
		(*s)++;
	return out->letter != '\0';
}

static bool convert_number(struct buf *field, const struct conversion *how,
			   struct json_object *value)
{
	int zeros = how->is_zero && !how->is_left ? how->width : 0;
	if (how->letter == 'f' && is_number(value))
		buf_addf(field, "%0*.*f", zeros, how->has_precision ? how->precision : 6,
			 json_object_get_double(value));
	else if (how->letter == 'd' && is_a(value, json_type_int))
		buf_addf(field, "%0*" PRId64, zeros, json_object_get_int64(value));
	else if (how->letter == 'x' && is_a(value, json_type_int))
		buf_addf(field, "%0*" PRIx64, zeros, (uint64_t)json_object_get_int64(value));
	else
		return false;
	return true;
}

static bool convert(struct buf *field, const struct conversion *how, struct json_object *value)
{
	if (strchr("dxf", how->letter) != NULL)
		return convert_number(field, how, value);
	if (how->letter == 't' && !is_a(value, json_type_boolean))
		return false;
	AUTO(struct buf, buf_done) text = { 0 };
	add_inner(&text, value);
	if (how->letter == 'q')
		printable_add_quoted(field, buf_str(&text), 0);
	else if (how->has_precision && (size_t)how->precision < text.len)
		buf_add(field, text.data, (size_t)how->precision);
	else
		buf_add_str(field, buf_str(&text));
	return true;
}

static int add_conversion(const struct call *call, const struct conversion *how, size_t arg,
			  struct buf *out)
{
	AUTO(struct buf, buf_done) field = { 0 };
	if (strchr("svqdxtf", how->letter) == NULL)
		return wrong_args(call, "known are %s %v %q %d %x %t %f and %%");
	if (arg >= call->len)
		return wrong_args(call, "an argument is missing");
	if (!convert(&field, how, call->args[arg]))
		return wrong_args(call, "an argument has the wrong type");
	size_t width = printable_width(buf_str(&field), field.len);
	int fill = (size_t)how->width > width ? how->width - (int)width : 0;
	buf_addf(out, "%*s%s%*s", how->is_left ? 0 : fill, "", buf_str(&field),
		 how->is_left ? fill : 0, "");
	return 0;
}

static int call_printf(const struct call *call, struct json_object **out)
{
	AUTO(struct buf, buf_done) text = { 0 };
	if (!is_a(call->args[0], json_type_string))
		return wrong_args(call, "wants a string");
	size_t arg = 1;
	for (const char *s = json_object_get_string(call->args[0]); *s != '\0';) {
		struct conversion how;
		if (*s != '%') {
			buf_add_char(&text, *s++);
			continue;
		}
		s++;
		if (*s == '%') {
			buf_add_char(&text, *s++);
			continue;
		}
		if (!read_conversion(&s, &how))
			return wrong_args(call, "bad format");
		if (add_conversion(call, &how, arg++, &text) < 0)
			return -1;
	}
	if (arg < call->len)
		return wrong_args(call, "too many arguments");
	*out = take_text(&text);
	return 0;
}

/* @return -1, 0, 1, or 2 when the values cannot be compared */
static int compare(struct json_object *a, struct json_object *b)
{
	if (is_a(a, json_type_string) && is_a(b, json_type_string)) {
		int order = strcmp(json_object_get_string(a), json_object_get_string(b));
		return order < 0 ? -1 : order > 0;
	}
	if (is_a(a, json_type_int) && is_a(b, json_type_int)) {
		int64_t x = json_object_get_int64(a), y = json_object_get_int64(b);
		return x < y ? -1 : x > y;
	}
	if (is_number(a) && is_number(b)) {
		double x = json_object_get_double(a), y = json_object_get_double(b);
		return x < y ? -1 : x > y;
	}
	if (is_a(a, json_type_boolean) && is_a(b, json_type_boolean))
		return json_object_get_boolean(a) != json_object_get_boolean(b);
	if (a == NULL || b == NULL)
		return a != b;
	return 2;
}

static int call_equal(const struct call *call, struct json_object **out)
{
	bool is_equal = false;
	for (size_t i = 1; i < call->len; i++) {
		int order = compare(call->args[0], call->args[i]);
		if (order == 2)
			return wrong_args(call, "incompatible types for comparison");
		is_equal |= order == 0;
	}
	*out = json_object_new_boolean(call->name[0] == 'e' ? is_equal : !is_equal);
	return 0;
}

static int call_order(const struct call *call, struct json_object **out)
{
	int order = compare(call->args[0], call->args[1]);
	if (order == 2 || call->args[0] == NULL || call->args[1] == NULL)
		return wrong_args(call, "incompatible types for comparison");
	bool is_less = call->name[0] == 'l', or_equal = call->name[1] == 'e';
	bool is_so = order == 0 ? or_equal : (order < 0) == is_less;
	*out = json_object_new_boolean(is_so);
	return 0;
}

/* and: the first empty argument, or the last; or: the first that is not empty, or the last. */
static int call_logic(const struct call *call, struct json_object **out)
{
	bool stops_at = call->name[0] == 'o';
	size_t i = 0;
	while (i + 1 < call->len && template_is_true(call->args[i]) != stops_at)
		i++;
	*out = json_object_get(call->args[i]);
	return 0;
}

static int call_not(const struct call *call, struct json_object **out)
{
	*out = json_object_new_boolean(!template_is_true(call->args[0]));
	return 0;
}

static const struct template_function {
	const char *name;
	size_t min, max;
	int (*call)(const struct call *call, struct json_object **out);
} functions[] = {
	{ "and", 1, SIZE_MAX, call_logic },
	{ "eq", 2, SIZE_MAX, call_equal },
	{ "ge", 2, 2, call_order },
	{ "gt", 2, 2, call_order },
	{ "index", 1, SIZE_MAX, call_index },
	{ "join", 2, 2, call_join },
	{ "json", 1, 1, call_json },
	{ "le", 2, 2, call_order },
	{ "len", 1, 1, call_len },
	{ "lower", 1, 1, call_case },
	{ "lt", 2, 2, call_order },
	{ "ne", 2, 2, call_equal },
	{ "not", 1, 1, call_not },
	{ "or", 1, SIZE_MAX, call_logic },
	{ "pad", 3, 3, call_pad },
	{ "print", 0, SIZE_MAX, call_print },
	{ "printf", 1, SIZE_MAX, call_printf },
	{ "println", 0, SIZE_MAX, call_print },
	{ "slice", 1, 3, call_slice },
	{ "split", 2, 2, call_split },
	{ "title", 1, 1, call_case },
	{ "truncate", 2, 2, call_truncate },
	{ "upper", 1, 1, call_case },
};

int template_call(const char *name, struct json_object *const *args, size_t args_len,
		  struct json_object **out, struct err *err)
{
	struct call call = { .name = name, .args = args, .len = args_len, .err = err };
	for (size_t i = 0; i < ARRAY_LEN(functions); i++) {
		if (strcmp(functions[i].name, name) != 0)
			continue;
		if (args_len < functions[i].min || args_len > functions[i].max)
			return wrong_args(&call, "wrong number of arguments");
		return functions[i].call(&call, out);
	}
	return err_set(err, ERR_INVALID, "function \"%.64s\" not defined", name);
}
