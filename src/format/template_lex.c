/* SPDX-License-Identifier: Apache-2.0 */
/* Templates into pieces, actions into tokens. Never looks at what the tokens mean together. */
#include "base/buf.h"
#include "base/mem.h"
#include "format/template_tree.h"

#include <string.h>

static const char spaces[] = " \t\r\n";

static bool is_word_start(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static size_t word_len(const char *text, const char *end)
{
	const char *s = text;
	while (s < end && (is_word_start(*s) || is_digit(*s)))
		s++;
	return (size_t)(s - text);
}

/* End of the action that begins at `s`, behind "{{": at "}}". NULL when it is not closed. */
static const char *action_end(const char *s)
{
	for (; *s != '\0'; s++) {
		if (strncmp(s, "}}", 2) == 0)
			return s;
		if (*s == '`' || *s == '"') {
			char quote = *s++;
			for (; *s != quote; s++) {
				if (*s == '\\' && quote == '"' && s[1] != '\0')
					s++;
				if (*s == '\0')
					return NULL;
			}
		}
	}
	return NULL;
}

static const char *comment_end(const char *s)
{
	const char *end = strstr(s, "*/");
	return end != NULL ? strstr(end, "}}") : NULL;
}

static void trim_left(struct template_piece *piece)
{
	while (piece->len > 0 && strchr(spaces, piece->text[0]) != NULL) {
		piece->text++;
		piece->len--;
	}
}

static void trim_right(struct template_piece *piece)
{
	while (piece->len > 0 && strchr(spaces, piece->text[piece->len - 1]) != NULL)
		piece->len--;
}

/* "{{-" with a blank behind trims the text in front. */
static bool is_left_trim(const char *open)
{
	return open[2] == '-' && open[3] != '\0' && strchr(spaces, open[3]) != NULL;
}

static int next_action(const char **at, bool *trim_next, struct template_piece *out,
		       struct err *err)
{
	const char *begin = *at + 2 + (is_left_trim(*at) ? 2 : 0);
	bool is_comment = strncmp(begin, "/*", 2) == 0;
	const char *end = is_comment ? comment_end(begin + 2) : action_end(begin);
	if (end == NULL)
		return err_set(err, ERR_INVALID, "template parsing error: unclosed action");
	struct template_piece piece = { true, begin, (size_t)(end - begin) };
	*trim_next = piece.len >= 2 && end[-1] == '-' && strchr(spaces, end[-2]) != NULL;
	piece.len -= *trim_next;
	*at = end + 2;
	if (is_comment)
		piece = (struct template_piece){ false, "", 0 };
	*out = piece;
	return 1;
}

int template_next_piece(const char **at, bool *trim_next, struct template_piece *out,
			struct err *err)
{
	if (**at == '\0')
		return 0;
	if (strncmp(*at, "{{", 2) == 0)
		return next_action(at, trim_next, out, err);
	const char *open = strstr(*at, "{{");
	const char *end = open != NULL ? open : *at + strlen(*at);
	struct template_piece piece = { false, *at, (size_t)(end - *at) };
	if (*trim_next)
		trim_left(&piece);
	if (open != NULL && is_left_trim(open))
		trim_right(&piece);
	*trim_next = false;
	*at = end;
	*out = piece;
	return 1;
}

void token_list_done(struct token_list *list)
{
	for (size_t i = 0; i < list->len; i++)
		free(list->items[i].text);
	free(list->items);
	memset(list, 0, sizeof(*list));
}

static void token_add(struct token_list *list, enum token_kind kind, bool is_joined, char *text)
{
	list->items = mem_realloc(list->items, (list->len + 1) * sizeof(*list->items));
	list->items[list->len++] = (struct token){ .kind = kind,
						   .is_joined = is_joined,
						   .text = text };
}

/* A quoted string at *s; escapes \n \t \\ \" and the like. */
static char *read_string(const char **s, const char *end, struct err *err)
{
	static const char letters[] = "nt\\\"'r", values[] = "\n\t\\\"'\r";
	AUTO(struct buf, buf_done) text = { 0 };
	char quote = *(*s)++;
	for (; *s < end && **s != quote; (*s)++) {
		char c = **s;
		if (c == '\\' && quote == '"') {
			const char *at = *s + 1 < end ? strchr(letters, (*s)[1]) : NULL;
			if (at == NULL || *at == '\0') {
				err_set(err, ERR_INVALID,
					"template parsing error: unknown escape in a string");
				return NULL;
			}
			(*s)++;
			c = values[at - letters];
		}
		buf_add_char(&text, c);
	}
	if (*s >= end) {
		err_set(err, ERR_INVALID, "template parsing error: unterminated string");
		return NULL;
	}
	(*s)++;
	return buf_take(&text);
}

/* ".A.B" at *s, behind nothing or a space or what it belongs to. */
static void lex_field(const char **s, const char *end, bool is_joined, struct token_list *out)
{
	const char *begin = *s + 1;
	const char *at = *s;
	while (at < end && *at == '.' && at + 1 < end && is_word_start(at[1]))
		at += 1 + word_len(at + 1, end);
	if (at == *s) {
		token_add(out, TOKEN_DOT, is_joined, NULL);
		(*s)++;
		return;
	}
	token_add(out, TOKEN_FIELD, is_joined, mem_strndup(begin, (size_t)(at - begin)));
	*s = at;
}

static bool lex_sign(const char **s, bool is_joined, struct token_list *out)
{
	static const struct {
		const char *text;
		enum token_kind kind;
	} signs[] = { { "|", TOKEN_PIPE },     { "(", TOKEN_OPEN },   { ")", TOKEN_CLOSE },
		      { ":=", TOKEN_DECLARE }, { "=", TOKEN_ASSIGN }, { ",", TOKEN_COMMA } };
	for (size_t i = 0; i < ARRAY_LEN(signs); i++) {
		size_t len = strlen(signs[i].text);
		if (strncmp(*s, signs[i].text, len) == 0) {
			token_add(out, signs[i].kind, is_joined, NULL);
			*s += len;
			return true;
		}
	}
	return false;
}

static bool lex_number(const char **s, const char *end, bool is_joined, struct token_list *out)
{
	const char *at = *s + (**s == '-' || **s == '+');
	if (at >= end || !is_digit(*at))
		return false;
	while (at < end && (is_digit(*at) || *at == '.'))
		at++;
	token_add(out, TOKEN_NUMBER, is_joined, mem_strndup(*s, (size_t)(at - *s)));
	*s = at;
	return true;
}

static int lex_one(const char **s, const char *end, bool is_joined, struct token_list *out,
		   struct err *err)
{
	if (**s == '"' || **s == '`') {
		char *text = read_string(s, end, err);
		if (text == NULL)
			return -1;
		token_add(out, TOKEN_STRING, is_joined, text);
	} else if (**s == '.') {
		lex_field(s, end, is_joined, out);
	} else if (**s == '$' || is_word_start(**s)) {
		bool is_variable = **s == '$';
		size_t len = is_variable + word_len(*s + is_variable, end);
		token_add(out, is_variable ? TOKEN_VARIABLE : TOKEN_WORD, is_joined,
			  mem_strndup(*s, len));
		*s += len;
	} else if (!lex_number(s, end, is_joined, out) && !lex_sign(s, is_joined, out)) {
		return err_set(err, ERR_INVALID,
			       "template parsing error: unexpected \"%c\" in an action", **s);
	}
	return 0;
}

int template_lex(const char *text, size_t len, struct token_list *out, struct err *err)
{
	const char *end = text + len;
	AUTO(struct token_list, token_list_done) list = { 0 };
	bool is_joined = false;
	for (const char *s = text; s < end;) {
		if (strchr(spaces, *s) != NULL) {
			is_joined = false;
			s++;
			continue;
		}
		if (lex_one(&s, end, is_joined, &list, err) < 0)
			return -1;
		is_joined = true;
	}
	token_add(&list, TOKEN_END, false, NULL);
	*out = list;
	memset(&list, 0, sizeof(list));
	return 0;
}
