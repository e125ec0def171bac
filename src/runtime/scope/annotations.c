/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Annotations that set properties of the unit. Whoever may write an annotation (in a pod, say) is
 * not somebody who may run programs on the host as root, and properties like OnFailure= or
 * Conflicts= would let him: so there is a list of those that are about the unit alone, and its
 * order among others.
 */
#include "base/buf.h"
#include "base/mem.h"
#include "format/number.h"
#include "runtime/scope/property.h"

#include <inttypes.h>
#include <string.h>

#define PREFIX    "org.systemd.property."
#define VALUE_MAX 4096
#define ITEMS_MAX 64

struct row {
	const char *name;
	const char *type; /* D-Bus signature */
};

static const struct row rows[] = {
	{ "After", "as" },
	{ "Before", "as" },
	{ "BlockIOAccounting", "b" },
	{ "BlockIOWeight", "t" },
	{ "CPUAccounting", "b" },
	{ "CPUQuotaPerSecUSec", "t" },
	{ "CPUQuotaPeriodUSec", "t" },
	{ "CPUShares", "t" },
	{ "CPUWeight", "t" },
	{ "CollectMode", "s" },
	{ "DefaultDependencies", "b" },
	{ "Delegate", "b" },
	{ "Description", "s" },
	{ "Documentation", "as" },
	{ "FinalKillSignal", "i" },
	{ "IOAccounting", "b" },
	{ "IOWeight", "t" },
	{ "IPAccounting", "b" },
	{ "IgnoreOnIsolate", "b" },
	{ "JobRunningTimeoutUSec", "t" },
	{ "JobTimeoutUSec", "t" },
	{ "KillMode", "s" },
	{ "KillSignal", "i" },
	{ "ManagedOOMMemoryPressure", "s" },
	{ "ManagedOOMMemoryPressureLimit", "u" },
	{ "ManagedOOMPreference", "s" },
	{ "ManagedOOMSwap", "s" },
	{ "MemoryAccounting", "b" },
	{ "MemoryHigh", "t" },
	{ "MemoryLimit", "t" },
	{ "MemoryLow", "t" },
	{ "MemoryMax", "t" },
	{ "MemoryMin", "t" },
	{ "MemorySwapMax", "t" },
	{ "MemoryZSwapMax", "t" },
	{ "OOMPolicy", "s" },
	{ "RestartKillSignal", "i" },
	{ "RuntimeMaxUSec", "t" },
	{ "RuntimeRandomizedExtraUSec", "t" },
	{ "SendSIGHUP", "b" },
	{ "SendSIGKILL", "b" },
	{ "StartupCPUWeight", "t" },
	{ "StartupIOWeight", "t" },
	{ "StopWhenUnneeded", "b" },
	{ "TasksAccounting", "b" },
	{ "TasksMax", "t" },
	{ "TimeoutStopUSec", "t" },
};

static const struct row *find_row(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	return NULL;
}

/* systemd documents TimeoutStopSec and takes TimeoutStopUSec. @return whether it is one of those */
static bool take_seconds(char *name, struct buf *out)
{
	size_t len = strlen(name);
	bool is_seconds = len > 4 && strcmp(name + len - 3, "Sec") == 0 && name[len - 4] >= 'a' &&
			  name[len - 4] <= 'z';
	buf_add(out, name, is_seconds ? len - 3 : len);
	if (is_seconds)
		buf_add_str(out, "USec");
	return is_seconds;
}

/* --- GVariant's text form, as far as the types above need it --- */

static void skip_space(const char **next)
{
	*next += strspn(*next, " \t");
}

static bool is_plain(char c)
{
	return (unsigned char)c >= ' ' && c != 127;
}

/* 'text' or "text"; a backslash takes the next byte as it is. */
static int read_string(const char **next, struct buf *out, struct err *err)
{
	char quote = **next;
	if (quote != '\'' && quote != '"')
		return err_set(err, ERR_INVALID, "a string in quotes is expected");
	const char *at = *next + 1;
	for (; *at != quote; at++) {
		if (*at == '\\' && strchr("\\'\"", at[1]) != NULL && at[1] != '\0')
			at++;
		else if (*at == '\\')
			return err_set(err, ERR_INVALID, "an escape that is not for a quote");
		if (*at == '\0')
			return err_set(err, ERR_INVALID, "a string without an end");
		if (!is_plain(*at))
			return err_set(err, ERR_INVALID, "a control character");
		buf_add_char(out, *at);
	}
	*next = at + 1;
	return 0;
}

static int read_strings(const char **next, struct strv *out, struct err *err)
{
	if (strncmp(*next, "@as ", 4) == 0)
		*next += 4;
	skip_space(next);
	if (**next != '[')
		return err_set(err, ERR_INVALID, "a list of strings is expected: ['a', 'b']");
	(*next)++;
	skip_space(next);
	while (**next != ']') {
		AUTO(struct buf, buf_done) text = { 0 };
		if (out->len == ITEMS_MAX)
			return err_set(err, ERR_INVALID, "more than %d items", ITEMS_MAX);
		if (read_string(next, &text, err) < 0)
			return -1;
		strv_add_take(out, buf_take(&text));
		skip_space(next);
		if (**next == ',')
			(*next)++;
		else if (**next != ']')
			return err_set(err, ERR_INVALID, "\",\" or \"]\" is expected");
		skip_space(next);
	}
	(*next)++;
	return 0;
}

/* "uint64 5", or "5" for whatever is wanted. A named type must hold the value, no more. */
static int read_number(const char **next, uint64_t max, uint64_t *out, struct err *err)
{
	static const struct {
		const char *name;
		uint64_t max;
	} types[] = {
		{ "byte", UINT8_MAX },    { "int16", INT16_MAX },   { "uint16", UINT16_MAX },
		{ "int32", INT32_MAX },   { "uint32", UINT32_MAX }, { "int64", INT64_MAX },
		{ "uint64", UINT64_MAX },
	};
	size_t word = strspn(*next, "abcdefghijklmnopqrstuvwxyz0123456789");
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		if (strlen(types[i].name) != word || strncmp(*next, types[i].name, word) != 0)
			continue;
		*next += word;
		skip_space(next);
		max = types[i].max < max ? types[i].max : max;
		break;
	}
	size_t digits = strspn(*next, "+-0123456789.abcdefxABCDEF");
	AUTO_FREE char *text = mem_strndup(*next, digits);
	if (number_parse(text, max, out, err) < 0)
		return -1;
	*next += digits;
	return 0;
}

static int read_bool(const char **next, bool *out, struct err *err)
{
	size_t len = strspn(*next, "abcdefghijklmnopqrstuvwxyz");
	*out = len == 4 && strncmp(*next, "true", 4) == 0;
	if (!*out && (len != 5 || strncmp(*next, "false", 5) != 0))
		return err_set(err, ERR_INVALID, "true or false is expected");
	*next += len;
	return 0;
}

static int add_number(struct strv *list, const struct row *row, bool is_seconds, const char **next,
		      struct err *err)
{
	uint64_t value, max = row->type[0] == 'i'   ? INT32_MAX
			      : row->type[0] == 'u' ? UINT32_MAX
						    : UINT64_MAX;
	if (read_number(next, is_seconds ? max / 1000000 : max, &value, err) < 0)
		return -1;
	AUTO_FREE char *text = mem_printf("%" PRIu64, is_seconds ? value * 1000000 : value);
	property_add(list, row->name, row->type, text);
	return 0;
}

static int add_value(struct strv *list, const struct row *row, bool is_seconds, const char **next,
		     struct err *err)
{
	AUTO(struct buf, buf_done) text = { 0 };
	AUTO(struct strv, strv_done) items = { 0 };
	bool flag;
	if (strcmp(row->type, "as") == 0) {
		if (read_strings(next, &items, err) < 0)
			return -1;
		property_add_list(list, row->name, row->type, &items);
	} else if (strcmp(row->type, "s") == 0) {
		if (read_string(next, &text, err) < 0)
			return -1;
		property_add(list, row->name, row->type, buf_str(&text));
	} else if (strcmp(row->type, "b") == 0) {
		if (read_bool(next, &flag, err) < 0)
			return -1;
		property_add_bool(list, row->name, flag);
	} else {
		return add_number(list, row, is_seconds, next, err);
	}
	return 0;
}

static int add_annotation(struct strv *list, char *name, const char *value, struct err *err)
{
	AUTO(struct buf, buf_done) full = { 0 };
	bool is_seconds = take_seconds(name, &full);
	const struct row *row = find_row(buf_str(&full));
	if (row == NULL)
		return err_set(err, ERR_UNSUPPORTED,
			       "this property may not be set by an annotation");
	if (strlen(value) > VALUE_MAX)
		return err_set(err, ERR_INVALID, "the value is longer than %d bytes", VALUE_MAX);
	const char *next = value;
	skip_space(&next);
	if (add_value(list, row, is_seconds, &next, err) < 0)
		return -1;
	skip_space(&next);
	return *next == '\0' ? 0 : err_set(err, ERR_INVALID, "something follows the value");
}

int property_add_annotations(struct strv *list, const struct strv *annotations, struct err *err)
{
	for (size_t i = 0; i < annotations->len; i++) {
		const char *item = annotations->items[i];
		const char *equals = strchr(item, '=');
		if (equals == NULL || strncmp(item, PREFIX, sizeof(PREFIX) - 1) != 0)
			continue;
		const char *start = item + sizeof(PREFIX) - 1;
		AUTO_FREE char *name = mem_strndup(start, (size_t)(equals - start));
		if (add_annotation(list, name, equals + 1, err) < 0)
			return err_context(err, "annotation " PREFIX "%.64s", name);
	}
	return 0;
}
