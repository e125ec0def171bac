/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The option parser: words in, members of a struct out. It knows the grammar and the types, never
 * what an option means.
 */
#include "cli/option.h"

#include "base/mem.h"
#include "format/bytes.h"
#include "format/number.h"
#include "kernel/cgroup/limits.h"

#include <limits.h>
#include <string.h>

struct option_parser {
	const struct option_tables *options;
	const char *command;
	char *const *next; /* the argument to look at */
	void *target;
};

const struct option_row *option_find(const struct option_tables *options, const char *name,
				     size_t len)
{
	OPTION_EACH(row, options)
	{
		if (strncmp(row->name, name, len) == 0 && row->name[len] == '\0')
			return row;
	}
	return NULL;
}

static const struct option_row *option_find_letter(const struct option_tables *options, char letter)
{
	OPTION_EACH(row, options)
	{
		if (row->letter == letter)
			return row;
	}
	return NULL;
}

void option_add_name(struct buf *out, const struct option_row *row)
{
	if (row->letter != 0)
		buf_addf(out, "-%c, ", row->letter);
	buf_addf(out, "--%s", row->name);
}

static int set_flag(bool *member, const char *value, struct err *err)
{
	static const char *const yes[] = { "1", "t", "T", "true", "TRUE", "True" };
	static const char *const no[] = { "0", "f", "F", "false", "FALSE", "False" };
	for (size_t i = 0; i < ARRAY_LEN(yes); i++) {
		if (strcmp(value, yes[i]) == 0 || strcmp(value, no[i]) == 0) {
			*member = strcmp(value, yes[i]) == 0;
			return 0;
		}
	}
	return err_set(err, ERR_INVALID, "\"%s\" is neither true nor false", value);
}

static int set_value(struct cgroup_value *member, const char *value, struct err *err)
{
	int64_t number;
	if (number_parse_signed(value, INT64_MIN, INT64_MAX, &number, err) < 0)
		return -1;
	*member = (struct cgroup_value){ .is_set = true, .value = number };
	return 0;
}

static int set_bytes(struct cgroup_value *member, const char *value, struct err *err)
{
	uint64_t bytes;
	if (bytes_parse(value, &bytes, err) < 0)
		return -1;
	if (bytes > INT64_MAX)
		return err_set(err, ERR_INVALID, "invalid size: '%s'", value);
	*member = (struct cgroup_value){ .is_set = true, .value = (int64_t)bytes };
	return 0;
}

static int option_store(const struct option_row *row, void *target, const char *value,
			struct err *err)
{
	void *member = (char *)target + row->offset;
	switch (row->type) {
	case OPTION_FLAG:
		return set_flag(member, value, err);
	case OPTION_STRING: {
		char **text = member;
		free(*text);
		*text = mem_strdup(value);
		return 0;
	}
	case OPTION_LIST:
	case OPTION_REST:
		strv_add(member, value);
		return 0;
	case OPTION_INT: {
		int64_t number;
		if (number_parse_signed(value, INT_MIN, INT_MAX, &number, err) < 0)
			return -1;
		*(int *)member = (int)number;
		return 0;
	}
	case OPTION_VALUE:
		return set_value(member, value, err);
	case OPTION_BYTES:
		return set_bytes(member, value, err);
	case OPTION_CUSTOM:
		return row->set(row, target, value, err);
	case OPTION_REFUSED:
		break;
	}
	return -1; /* refused ones never get here */
}

static int option_refuse(const struct option_parser *parser, const struct option_row *row,
			 struct err *err)
{
	return err_set(err, ERR_UNSUPPORTED, "--%s is not yet supported by %s", row->name,
		       parser->command);
}

static int option_use(const struct option_parser *parser, const struct option_row *row,
		      const char *value, struct err *err)
{
	struct err cause = { 0 };
	if (option_store(row, parser->target, value, &cause) == 0)
		return 0;
	AUTO(struct buf, buf_done) name = { 0 };
	option_add_name(&name, row);
	err_set(err, cause.kind, "invalid argument \"%s\" for \"%s\" flag: %s", value,
		buf_str(&name), cause.text);
	if (cause.hint[0] != '\0')
		err_hint(err, "%s", cause.hint);
	return -1;
}

/* The value when none is attached to the option, or NULL if the next word has to be it. */
static const char *option_bare_value(const struct option_row *row)
{
	return row->type == OPTION_FLAG ? "true" : row->implied;
}

static int parse_long(struct option_parser *parser, struct err *err)
{
	const char *word = *parser->next++ + 2;
	size_t len = strcspn(word, "=");
	const struct option_row *row = option_find(parser->options, word, len);
	if (row == NULL && len == 4 && strncmp(word, "help", 4) == 0)
		return OPTION_WANTS_HELP;
	if (row == NULL)
		return err_set(err, ERR_INVALID, "unknown flag: --%.*s", (int)len, word);
	if (row->type == OPTION_REFUSED)
		return option_refuse(parser, row, err);
	if (word[len] == '=')
		return option_use(parser, row, word + len + 1, err);
	const char *value = option_bare_value(row);
	if (value == NULL && (value = *parser->next) != NULL)
		parser->next++;
	if (value == NULL)
		return err_set(err, ERR_INVALID, "flag needs an argument: --%s", row->name);
	int result = option_use(parser, row, value, err);
	while (result == 0 && row->type == OPTION_REST && *parser->next != NULL)
		result = option_use(parser, row, *parser->next++, err);
	return result;
}

/* One word of letters: -it, -eKEY=value, -e=KEY=value, -e KEY=value */
static int parse_letters(struct option_parser *parser, struct err *err)
{
	const char *word = *parser->next++;
	for (const char *s = word + 1; *s != '\0'; s++) {
		const struct option_row *row = option_find_letter(parser->options, *s);
		if (row == NULL && *s == 'h')
			return OPTION_WANTS_HELP;
		if (row == NULL)
			return err_set(err, ERR_INVALID, "unknown shorthand flag: '%c' in %s", *s,
				       word);
		if (row->type == OPTION_REFUSED)
			return option_refuse(parser, row, err);
		if (s[1] == '=')
			return option_use(parser, row, s + 2, err);
		const char *value = option_bare_value(row);
		if (value == NULL && s[1] != '\0')
			return option_use(parser, row, s + 1, err);
		if (value == NULL && (value = *parser->next) != NULL)
			parser->next++;
		if (value == NULL)
			return err_set(err, ERR_INVALID, "flag needs an argument: '%c' in %s", *s,
				       word);
		if (option_use(parser, row, value, err) < 0)
			return -1;
	}
	return OPTION_PARSED;
}

int option_parse(const struct option_tables *options, const char *command, bool stop_at_operand,
		 char *const *args, void *target, struct strv *operands, struct err *err)
{
	struct option_parser parser = {
		.options = options, .command = command, .next = args, .target = target
	};
	while (*parser.next != NULL) {
		const char *word = *parser.next;
		if (word[0] != '-' || word[1] == '\0') {
			if (stop_at_operand)
				break;
			strv_add(operands, word);
			parser.next++;
			continue;
		}
		if (strcmp(word, "--") == 0) {
			parser.next++;
			break;
		}
		int outcome = word[1] == '-' ? parse_long(&parser, err)
					     : parse_letters(&parser, err);
		if (outcome != OPTION_PARSED)
			return outcome;
	}
	for (; *parser.next != NULL; parser.next++)
		strv_add(operands, *parser.next);
	return OPTION_PARSED;
}
