/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens into a tree, by recursive descent with a bound on the nesting. */
#include "base/attr.h"
#include "base/mem.h"
#include "format/template.h"
#include "format/template_tree.h"

#include <string.h>

struct parser {
	const char *at; /* in the template's text */
	bool trim_next;
	unsigned nesting;
	struct token_list tokens; /* of the present action */
	size_t token;
	struct err *err;
};

enum list_stop { STOP_EOF, STOP_END, STOP_ELSE };

static void pipe_free(struct template_pipe *pipe)
{
	if (pipe == NULL)
		return;
	for (size_t i = 0; i < pipe->len; i++) {
		for (size_t k = 0; k < pipe->commands[i].len; k++) {
			struct operand *operand = &pipe->commands[i].operands[k];
			free(operand->text);
			pipe_free(operand->pipe);
			strv_done(&operand->chain);
		}
		free(pipe->commands[i].operands);
	}
	free(pipe->commands);
	free(pipe->variables[0]);
	free(pipe->variables[1]);
	free(pipe);
}

static void node_list_free(struct template_node *node)
{
	while (node != NULL) {
		struct template_node *next = node->next;
		free(node->text);
		pipe_free(node->pipe);
		node_list_free(node->body);
		node_list_free(node->otherwise);
		free(node);
		node = next;
	}
}

void template_free(struct template *template)
{
	if (template == NULL)
		return;
	node_list_free(template->first);
	free(template);
}

static int fail(struct parser *parser, const char *what)
{
	return err_set(parser->err, ERR_INVALID, "template parsing error: %s", what);
}

static const struct token *peek(const struct parser *parser)
{
	return &parser->tokens.items[parser->token];
}

static bool accept(struct parser *parser, enum token_kind kind)
{
	if (peek(parser)->kind != kind)
		return false;
	if (kind != TOKEN_END)
		parser->token++;
	return true;
}

static bool accept_word(struct parser *parser, const char *word)
{
	const struct token *token = peek(parser);
	if (token->kind != TOKEN_WORD || strcmp(token->text, word) != 0)
		return false;
	parser->token++;
	return true;
}

static struct template_pipe *parse_pipe(struct parser *parser);

static int parse_operand(struct parser *parser, struct operand *out)
{
	struct token *token = &parser->tokens.items[parser->token];
	static const enum operand_kind kinds[] = {
		[TOKEN_DOT] = OPERAND_DOT,       [TOKEN_FIELD] = OPERAND_DOT,
		[TOKEN_WORD] = OPERAND_WORD,     [TOKEN_VARIABLE] = OPERAND_VARIABLE,
		[TOKEN_STRING] = OPERAND_STRING, [TOKEN_NUMBER] = OPERAND_NUMBER,
	};
	if (token->kind == TOKEN_OPEN) {
		parser->token++;
		out->kind = OPERAND_PIPE;
		out->pipe = parse_pipe(parser);
		if (out->pipe == NULL)
			return -1;
		if (!accept(parser, TOKEN_CLOSE))
			return fail(parser, "missing )");
	} else if (token->kind == TOKEN_FIELD) {
		parser->token++;
		out->kind = OPERAND_DOT;
		strv_split(&out->chain, token->text, '.');
	} else if (token->kind >= TOKEN_DOT && token->kind <= TOKEN_NUMBER) {
		parser->token++;
		out->kind = kinds[token->kind];
		out->text = ptr_take(&token->text);
	} else {
		return fail(parser, "an operand is missing");
	}
	bool takes_chain = out->kind == OPERAND_PIPE || out->kind == OPERAND_VARIABLE;
	if (takes_chain && peek(parser)->kind == TOKEN_FIELD && peek(parser)->is_joined)
		strv_split(&out->chain, parser->tokens.items[parser->token++].text, '.');
	return 0;
}

static int parse_command(struct parser *parser, struct template_command *command)
{
	for (;;) {
		enum token_kind kind = peek(parser)->kind;
		bool is_last = kind == TOKEN_END || kind == TOKEN_PIPE || kind == TOKEN_CLOSE;
		if (is_last && command->len > 0)
			return 0;
		command->operands = mem_realloc(command->operands,
						(command->len + 1) * sizeof(*command->operands));
		struct operand *operand = &command->operands[command->len++];
		memset(operand, 0, sizeof(*operand));
		if (parse_operand(parser, operand) < 0)
			return -1;
	}
}

/* "$x :=", "$i, $e :=", "$x =" in front of a pipeline. */
static int parse_variables(struct parser *parser, struct template_pipe *pipe)
{
	const struct token *tokens = parser->tokens.items + parser->token;
	if (tokens[0].kind != TOKEN_VARIABLE)
		return 0;
	bool has_two = tokens[1].kind == TOKEN_COMMA;
	if (has_two && tokens[2].kind != TOKEN_VARIABLE)
		return fail(parser, "a variable is missing behind the comma");
	const struct token *sign = &tokens[has_two ? 3 : 1];
	if (sign->kind != TOKEN_DECLARE && sign->kind != TOKEN_ASSIGN)
		return has_two ? fail(parser, "missing :=") : 0;
	pipe->variables[0] = mem_strdup(tokens[0].text);
	if (has_two)
		pipe->variables[1] = mem_strdup(tokens[2].text);
	pipe->is_declaration = sign->kind == TOKEN_DECLARE;
	parser->token += has_two ? 4 : 2;
	return 0;
}

static struct template_pipe *parse_pipe(struct parser *parser)
{
	struct template_pipe *pipe = mem_alloc(1, sizeof(*pipe));
	if (++parser->nesting > TEMPLATE_NESTING_MAX) {
		fail(parser, "nested too deeply");
		goto failed;
	}
	if (parse_variables(parser, pipe) < 0)
		goto failed;
	do {
		pipe->commands = mem_realloc(pipe->commands,
					     (pipe->len + 1) * sizeof(*pipe->commands));
		struct template_command *command = &pipe->commands[pipe->len++];
		memset(command, 0, sizeof(*command));
		if (parse_command(parser, command) < 0)
			goto failed;
	} while (accept(parser, TOKEN_PIPE));
	parser->nesting--;
	return pipe;
failed:
	pipe_free(pipe);
	return NULL;
}

static int parse_list(struct parser *parser, struct template_node **out, enum list_stop *stop);

/* The rest of {{if}}, {{with}} or {{range}}, behind the word. */
static struct template_node *parse_control(struct parser *parser, enum node_kind kind)
{
	struct template_node *node = mem_alloc(1, sizeof(*node));
	enum list_stop stop;
	node->kind = kind;
	if (++parser->nesting > TEMPLATE_NESTING_MAX) {
		fail(parser, "nested too deeply");
		goto failed;
	}
	node->pipe = parse_pipe(parser);
	if (node->pipe == NULL)
		goto failed;
	if (!accept(parser, TOKEN_END)) {
		fail(parser, "unexpected words in an action");
		goto failed;
	}
	if (parse_list(parser, &node->body, &stop) < 0)
		goto failed;
	if (stop == STOP_ELSE && accept_word(parser, "if")) {
		node->otherwise = parse_control(parser, NODE_IF);
		stop = STOP_END; /* it has taken the {{end}} that both share */
		if (node->otherwise == NULL)
			goto failed;
	} else if (stop == STOP_ELSE) {
		if (!accept(parser, TOKEN_END)) {
			fail(parser, "unexpected words behind else");
			goto failed;
		}
		if (parse_list(parser, &node->otherwise, &stop) < 0)
			goto failed;
	}
	if (stop != STOP_END) {
		fail(parser, stop == STOP_EOF ? "an {{end}} is missing" : "a second {{else}}");
		goto failed;
	}
	parser->nesting--;
	return node;
failed:
	node_list_free(node);
	return NULL;
}

static struct template_node *parse_action(struct parser *parser)
{
	static const char *const later[] = { "define", "template", "block", "break", "continue" };
	for (size_t i = 0; i < ARRAY_LEN(later); i++) {
		if (accept_word(parser, later[i])) {
			err_set(parser->err, ERR_UNSUPPORTED, "{{%s}} is not yet supported",
				later[i]);
			return NULL;
		}
	}
	if (accept_word(parser, "if"))
		return parse_control(parser, NODE_IF);
	if (accept_word(parser, "with"))
		return parse_control(parser, NODE_WITH);
	if (accept_word(parser, "range"))
		return parse_control(parser, NODE_RANGE);
	struct template_pipe *pipe = parse_pipe(parser);
	if (pipe == NULL)
		return NULL;
	struct template_node *node = mem_alloc(1, sizeof(*node));
	node->kind = NODE_PIPE;
	node->pipe = pipe;
	if (!accept(parser, TOKEN_END) || pipe->variables[1] != NULL) {
		fail(parser, "unexpected words in an action");
		node_list_free(node);
		return NULL;
	}
	return node;
}

static int parse_piece(struct parser *parser, const struct template_piece *piece,
		       struct template_node **out, enum list_stop *stop, bool *has_stopped)
{
	if (!piece->is_action) {
		*out = mem_alloc(1, sizeof(**out));
		(*out)->text = mem_strndup(piece->text, piece->len);
		return 0;
	}
	token_list_done(&parser->tokens);
	parser->token = 0;
	if (template_lex(piece->text, piece->len, &parser->tokens, parser->err) < 0)
		return -1;
	*has_stopped = true;
	if (accept_word(parser, "end")) {
		*stop = STOP_END;
		return accept(parser, TOKEN_END) ? 0 : fail(parser, "unexpected words behind end");
	}
	if (accept_word(parser, "else")) {
		*stop = STOP_ELSE;
		return 0;
	}
	*has_stopped = false;
	*out = parse_action(parser);
	return *out != NULL ? 0 : -1;
}

/* Nodes up to {{end}}, {{else}} or the end of the text. On failure *out still owns its nodes. */
static int parse_list(struct parser *parser, struct template_node **out, enum list_stop *stop)
{
	struct template_node **tail = out;
	for (;;) {
		struct template_piece piece;
		bool has_stopped = false;
		int got = template_next_piece(&parser->at, &parser->trim_next, &piece, parser->err);
		if (got < 0)
			return -1;
		if (got == 0) {
			*stop = STOP_EOF;
			return 0;
		}
		if (parse_piece(parser, &piece, tail, stop, &has_stopped) < 0)
			return -1;
		if (has_stopped)
			return 0;
		tail = &(*tail)->next;
	}
}

struct template *template_parse(const char *text, struct err *err)
{
	struct parser parser = { .at = text, .err = err };
	if (strlen(text) > TEMPLATE_TEXT_MAX) {
		fail(&parser, "the template is too long");
		return NULL;
	}
	struct template *template = mem_alloc(1, sizeof(*template));
	enum list_stop stop = STOP_EOF;
	int status = parse_list(&parser, &template->first, &stop);
	if (status == 0 && stop != STOP_EOF)
		status = fail(&parser,
			      stop == STOP_END ? "unexpected {{end}}" : "unexpected {{else}}");
	token_list_done(&parser.tokens);
	if (status == 0)
		return template;
	template_free(template);
	return NULL;
}
