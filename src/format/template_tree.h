/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The inside of format/template.h: tokens and the tree. Only template_*.c include this. */
#include "base/err.h"
#include "base/strv.h"

#include <stdint.h>

enum token_kind {
	TOKEN_END, /* of the action */
	TOKEN_DOT,
	TOKEN_FIELD, /* ".A.B": text "A.B" */
	TOKEN_WORD,
	TOKEN_VARIABLE, /* "$x": text "$x"; a chain follows as TOKEN_FIELD */
	TOKEN_STRING,
	TOKEN_NUMBER,
	TOKEN_PIPE,
	TOKEN_OPEN,
	TOKEN_CLOSE,
	TOKEN_DECLARE, /* := */
	TOKEN_ASSIGN,
	TOKEN_COMMA,
};

struct token {
	enum token_kind kind;
	bool is_joined; /* no space in front of it */
	char *text;     /* owned; NULL where the kind says it all */
};

struct token_list {
	struct token *items; /* the last one is TOKEN_END */
	size_t len;
};
void token_list_done(struct token_list *list);

/** Tokens of the inside of one action. */
int template_lex(const char *text, size_t len, struct token_list *out, struct err *err);

/** A piece of the template: text, or the inside of an action. */
struct template_piece {
	bool is_action;
	const char *text; /* borrowed */
	size_t len;
};

/**
 * Cut off the next piece at *at; trimming is done here, comments are left out.
 * @return 1 with a piece, 0 at the end, -1 ERR_INVALID (unclosed action)
 */
int template_next_piece(const char **at, bool *trim_next, struct template_piece *out,
			struct err *err);

enum operand_kind {
	OPERAND_DOT,
	OPERAND_VARIABLE,
	OPERAND_WORD, /* a function, or true, false, nil */
	OPERAND_STRING,
	OPERAND_NUMBER,
	OPERAND_PIPE, /* in parentheses */
};

struct template_pipe;

struct operand {
	enum operand_kind kind;
	char *text;
	struct template_pipe *pipe;
	struct strv chain; /* fields behind it: .A.B is a dot with a chain */
};

struct template_command {
	struct operand *operands;
	size_t len;
};

struct template_pipe {
	char *variables[2];  /* "$i", "$e"; NULL when fewer */
	bool is_declaration; /* := rather than = */
	struct template_command *commands;
	size_t len;
};

enum node_kind { NODE_TEXT, NODE_PIPE, NODE_IF, NODE_RANGE, NODE_WITH };

struct template_node {
	enum node_kind kind;
	char *text;
	struct template_pipe *pipe;
	struct template_node *body, *otherwise;
	struct template_node *next;
};

struct template
{
	struct template_node *first;
};
