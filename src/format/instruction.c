/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The instructions that only change an image's configuration.
 * Source: Dockerfile reference, "Format", and docker-import(1), "--change"
 */
#include "format/instruction.h"

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"

#include <string.h>
#include <strings.h>

static const char blanks[] = " \t\r\n";

void instruction_done(struct instruction *instruction)
{
	strv_done(&instruction->args);
}

/* ["a", "b"]: JSON. */
static int parse_array(const char *text, struct strv *out, struct err *err)
{
	AUTO_JSON struct json_object *doc = NULL;
	struct json_source source = { .what = "the exec form", .max_bytes = INSTRUCTION_MAX };
	if (json_parse_strict(text, strlen(text), &source, &doc, err) < 0)
		return -1;
	struct json_at root = json_root(doc);
	for (size_t i = 0; i < json_len(&root); i++) {
		struct json_at item = json_item(&root, i);
		char *word = json_str(&item, err);
		if (word == NULL)
			return -1;
		strv_add_take(out, word);
	}
	return 0;
}

static int parse_command(const char *text, struct strv *out, struct err *err)
{
	if (text[0] == '[')
		return parse_array(text, out, err);
	strv_add(out, "/bin/sh");
	strv_add(out, "-c");
	strv_add(out, text);
	return 0;
}

/* A quoted part; *s is at the quote. */
static bool read_quoted(const char **s, struct buf *word)
{
	char quote = *(*s)++;
	for (; **s != quote; (*s)++) {
		if (**s == '\0')
			return false;
		if (quote == '"' && **s == '\\' && (*s)[1] != '\0')
			(*s)++;
		buf_add_char(word, **s);
	}
	(*s)++;
	return true;
}

/* Words as a shell would split them: quotes and backslashes, no expansion. */
static int split_words(const char *s, struct strv *out, struct err *err)
{
	for (s += strspn(s, blanks); *s != '\0'; s += strspn(s, blanks)) {
		AUTO(struct buf, buf_done) word = { 0 };
		while (*s != '\0' && strchr(blanks, *s) == NULL) {
			if (*s == '"' || *s == '\'') {
				if (!read_quoted(&s, &word))
					return err_set(err, ERR_INVALID, "a quote is not closed");
				continue;
			}
			s += *s == '\\' && s[1] != '\0';
			buf_add_char(&word, *s++);
		}
		strv_add_take(out, buf_take(&word));
	}
	return 0;
}

static int parse_pairs(const char *text, struct strv *out, struct err *err)
{
	if (split_words(text, out, err) < 0)
		return -1;
	if (strchr(out->items[0], '=') == NULL) { /* the old form: a key, the rest is its value */
		size_t key_len = strcspn(text, blanks);
		const char *value = text + key_len + strspn(text + key_len, blanks);
		if (*value == '\0')
			return err_set(err, ERR_INVALID, "KEY=VALUE is expected");
		strv_done(out);
		strv_add_take(out, mem_printf("%.*s=%s", (int)key_len, text, value));
		return 0;
	}
	for (size_t i = 0; i < out->len; i++)
		if (out->items[i][0] == '=' || strchr(out->items[i], '=') == NULL)
			return err_set(err, ERR_INVALID, "\"%.64s\" is not KEY=VALUE",
				       out->items[i]);
	return 0;
}

static int parse_list(const char *text, struct strv *out, struct err *err)
{
	return text[0] == '[' ? parse_array(text, out, err) : split_words(text, out, err);
}

static int parse_one(const char *text, struct strv *out, struct err *err)
{
	(void)err;
	strv_add(out, text);
	return 0;
}

/* "80", "80/tcp", "8000-8010/udp" */
static bool is_port(const char *text)
{
	size_t len = strspn(text, "0123456789-");
	const char *protocol = text + len;
	return len > 0 && text[0] != '-' &&
	       (protocol[0] == '\0' || strcmp(protocol, "/tcp") == 0 ||
		strcmp(protocol, "/udp") == 0 || strcmp(protocol, "/sctp") == 0);
}

static int parse_ports(const char *text, struct strv *out, struct err *err)
{
	if (split_words(text, out, err) < 0)
		return -1;
	for (size_t i = 0; i < out->len; i++) {
		if (!is_port(out->items[i]))
			return err_set(err, ERR_INVALID, "invalid port: %.64s", out->items[i]);
		if (strchr(out->items[i], '/') != NULL)
			continue;
		char *port = mem_printf("%s/tcp", out->items[i]);
		free(out->items[i]);
		out->items[i] = port;
	}
	return 0;
}

static const struct {
	const char *word;
	enum instruction_kind kind;
	int (*parse)(const char *text, struct strv *out, struct err *err);
} instructions[] = {
	{ "CMD", INSTRUCTION_CMD, parse_command },
	{ "ENTRYPOINT", INSTRUCTION_ENTRYPOINT, parse_command },
	{ "ENV", INSTRUCTION_ENV, parse_pairs },
	{ "EXPOSE", INSTRUCTION_EXPOSE, parse_ports },
	{ "LABEL", INSTRUCTION_LABEL, parse_pairs },
	{ "STOPSIGNAL", INSTRUCTION_STOPSIGNAL, parse_one },
	{ "USER", INSTRUCTION_USER, parse_one },
	{ "VOLUME", INSTRUCTION_VOLUME, parse_list },
	{ "WORKDIR", INSTRUCTION_WORKDIR, parse_one },
};

static int unknown(const char *word, size_t len, struct err *err)
{
	static const char *const others[] = { "ADD",     "ARG",         "COPY",
					      "FROM",    "HEALTHCHECK", "MAINTAINER",
					      "ONBUILD", "RUN",         "SHELL" };
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (strlen(others[i]) == len && strncasecmp(others[i], word, len) == 0)
			return err_set(err, ERR_UNSUPPORTED, "%s is not a valid change command",
				       others[i]);
	return err_set(err, ERR_INVALID, "unknown instruction: %.*s", len < 64 ? (int)len : 64,
		       word);
}

int instruction_parse(const char *text, struct instruction *out, struct err *err)
{
	if (strlen(text) > INSTRUCTION_MAX)
		return err_set(err, ERR_INVALID, "the instruction is too long");
	text += strspn(text, blanks);
	size_t len = strcspn(text, blanks);
	size_t end = strlen(text);
	while (end > len && strchr(blanks, text[end - 1]) != NULL)
		end--;
	size_t begin = len + strspn(text + len, blanks);
	AUTO_FREE char *rest = begin < end ? mem_strndup(text + begin, end - begin)
					   : mem_strdup("");
	for (size_t i = 0; i < ARRAY_LEN(instructions); i++) {
		const char *word = instructions[i].word;
		if (strlen(word) != len || strncasecmp(word, text, len) != 0)
			continue;
		AUTO(struct instruction, instruction_done) parsed = { instructions[i].kind, { 0 } };
		if (rest[0] == '\0')
			return err_set(err, ERR_INVALID, "%s needs an argument", word);
		if (instructions[i].parse(rest, &parsed.args, err) < 0)
			return err_context(err, "%s", word);
		*out = parsed;
		memset(&parsed, 0, sizeof(parsed));
		return 0;
	}
	return unknown(text, len, err);
}
