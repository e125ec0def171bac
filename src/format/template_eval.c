/* SPDX-License-Identifier: Apache-2.0 */
/* Walk the tree over JSON values. Every walk is bounded in steps and in output. */
#include "format/template_eval.h"

#include "base/mem.h"
#include "format/printable.h"
#include "format/template.h"
#include "format/template_tree.h"

#include <json-c/json.h>
#include <string.h>

#define ARGS_MAX      32
#define VARIABLES_MAX 64

struct variable {
	const char *name;          /* borrowed from the tree */
	struct json_object *value; /* owned */
};

struct walk {
	template_method *method;
	struct json_object *dot;
	struct variable variables[VARIABLES_MAX]; /* [0] is $ */
	size_t variables_len;
	unsigned steps;
	struct buf *out;
	struct err *err;
};

static void value_put(struct json_object **value)
{
	json_object_put(*value);
}
#define AUTO_VALUE AUTO(struct json_object *, value_put)

static int eval_pipe(struct walk *walk, const struct template_pipe *pipe, struct json_object **out);

static struct variable *variable_find(struct walk *walk, const char *name)
{
	for (size_t i = walk->variables_len; i-- > 0;)
		if (strcmp(walk->variables[i].name, name) == 0)
			return &walk->variables[i];
	return NULL;
}

/* Consumes nothing: takes its own reference. */
static int variable_set(struct walk *walk, const char *name, bool is_declaration,
			struct json_object *value)
{
	struct variable *variable = is_declaration ? NULL : variable_find(walk, name);
	if (variable == NULL && !is_declaration)
		return err_set(walk->err, ERR_INVALID, "undefined variable \"%.64s\"", name);
	if (variable == NULL) {
		if (walk->variables_len == VARIABLES_MAX)
			return err_set(walk->err, ERR_INVALID, "too many variables");
		variable = &walk->variables[walk->variables_len++];
		*variable = (struct variable){ .name = name };
	}
	json_object_put(variable->value);
	variable->value = json_object_get(value);
	return 0;
}

static void variables_drop(struct walk *walk, size_t len)
{
	while (walk->variables_len > len)
		json_object_put(walk->variables[--walk->variables_len].value);
}

static bool is_a(struct json_object *value, json_type type)
{
	return value != NULL && json_object_get_type(value) == type;
}

/* One field of `value`, borrowed. Only the first of a chain has to be there. */
static int eval_field(struct walk *walk, struct json_object *value, const char *name, bool is_first,
		      struct json_object **out)
{
	struct json_object *member = NULL;
	if (value != NULL && !is_a(value, json_type_object))
		return err_set(walk->err, ERR_INVALID, "can't evaluate field %.64s in a %s", name,
			       json_type_to_name(json_object_get_type(value)));
	bool is_there = value != NULL && json_object_object_get_ex(value, name, &member);
	if (!is_there && is_first)
		return err_set(walk->err, ERR_INVALID, "can't evaluate field %.64s: there is none",
			       name);
	*out = member;
	return 0;
}

static int eval_chain(struct walk *walk, const struct strv *chain, size_t len,
		      struct json_object *value, struct json_object **out)
{
	for (size_t i = 0; i < len; i++)
		if (eval_field(walk, value, chain->items[i], i == 0, &value) < 0)
			return -1;
	*out = json_object_get(value);
	return 0;
}

static struct json_object *number_value(const char *text)
{
	if (strchr(text, '.') != NULL)
		return json_object_new_double(strtod(text, NULL));
	return json_object_new_int64(strtoll(text, NULL, 10));
}

static int eval_word(struct walk *walk, const char *word, struct json_object **out)
{
	if (strcmp(word, "nil") == 0)
		*out = NULL;
	else if (strcmp(word, "true") == 0 || strcmp(word, "false") == 0)
		*out = json_object_new_boolean(word[0] == 't');
	else
		return template_call(word, NULL, 0, out, walk->err);
	return 0;
}

static int eval_operand(struct walk *walk, const struct operand *operand, struct json_object **out)
{
	AUTO_VALUE value = NULL;
	switch (operand->kind) {
	case OPERAND_DOT:
		value = json_object_get(walk->dot);
		break;
	case OPERAND_VARIABLE: {
		const struct variable *variable = variable_find(walk, operand->text);
		if (variable == NULL)
			return err_set(walk->err, ERR_INVALID, "undefined variable \"%.64s\"",
				       operand->text);
		value = json_object_get(variable->value);
		break;
	}
	case OPERAND_WORD:
		return eval_word(walk, operand->text, out);
	case OPERAND_STRING:
		*out = json_object_new_string(operand->text);
		return 0;
	case OPERAND_NUMBER:
		*out = number_value(operand->text);
		return 0;
	case OPERAND_PIPE:
		if (eval_pipe(walk, operand->pipe, &value) < 0)
			return -1;
		break;
	}
	return eval_chain(walk, &operand->chain, operand->chain.len, value, out);
}

/* {{.Label "key"}}: the last field of the chain is called with one string. */
static int eval_method(struct walk *walk, const struct operand *operand, struct json_object *arg,
		       struct json_object **out)
{
	const struct strv *chain = &operand->chain;
	AUTO_VALUE dot = NULL;
	if (operand->kind != OPERAND_DOT || chain->len == 0 || !is_a(arg, json_type_string))
		return err_set(walk->err, ERR_INVALID,
			       "can't give an argument to what is no function");
	if (eval_chain(walk, chain, chain->len - 1, walk->dot, &dot) < 0)
		return -1;
	const char *name = chain->items[chain->len - 1];
	struct json_object *value = walk->method != NULL
					    ? walk->method(dot, name, json_object_get_string(arg))
					    : NULL;
	if (value == NULL)
		return err_set(walk->err, ERR_INVALID, "%.64s is no function", name);
	*out = value;
	return 0;
}

/* @piped  value of the command in front of it in the pipeline, or NULL with has_piped false */
static int eval_command(struct walk *walk, const struct template_command *command, bool has_piped,
			struct json_object *piped, struct json_object **out)
{
	struct json_object *args[ARGS_MAX] = { 0 };
	size_t len = 0;
	const struct operand *first = &command->operands[0];
	int status = -1;
	if (command->len + 1 > ARGS_MAX)
		return err_set(walk->err, ERR_INVALID, "too many arguments");
	if (command->len == 1 && !has_piped)
		return eval_operand(walk, first, out);
	for (size_t i = 1; i < command->len; i++, len++)
		if (eval_operand(walk, &command->operands[i], &args[len]) < 0)
			goto done;
	if (has_piped)
		args[len++] = json_object_get(piped);
	if (first->kind == OPERAND_WORD)
		status = template_call(first->text, args, len, out, walk->err);
	else if (len == 1)
		status = eval_method(walk, first, args[0], out);
	else
		err_set(walk->err, ERR_INVALID, "can't give arguments to what is no function");
done:
	for (size_t i = 0; i < len; i++)
		json_object_put(args[i]);
	return status;
}

static int eval_commands(struct walk *walk, const struct template_pipe *pipe,
			 struct json_object **out)
{
	struct json_object *value = NULL;
	for (size_t i = 0; i < pipe->len; i++) {
		struct json_object *next = NULL;
		int status = ++walk->steps > TEMPLATE_STEPS_MAX
				     ? err_set(walk->err, ERR_INVALID, "the template runs too long")
				     : eval_command(walk, &pipe->commands[i], i > 0, value, &next);
		json_object_put(value);
		if (status < 0)
			return -1;
		value = next;
	}
	*out = value;
	return 0;
}

static int eval_pipe(struct walk *walk, const struct template_pipe *pipe, struct json_object **out)
{
	AUTO_VALUE value = NULL;
	if (eval_commands(walk, pipe, &value) < 0)
		return -1;
	if (pipe->variables[0] != NULL &&
	    variable_set(walk, pipe->variables[0], pipe->is_declaration, value) < 0)
		return -1;
	*out = ptr_take(&value);
	return 0;
}

static int walk_list(struct walk *walk, const struct template_node *node);

static int walk_body(struct walk *walk, const struct template_node *body, struct json_object *dot)
{
	struct json_object *outer = walk->dot;
	size_t variables_len = walk->variables_len;
	walk->dot = dot;
	int status = walk_list(walk, body);
	walk->dot = outer;
	variables_drop(walk, variables_len);
	return status;
}

/* @key  owned: consumed */
static int walk_element(struct walk *walk, const struct template_node *node,
			struct json_object *key, struct json_object *element)
{
	AUTO_VALUE owned_key = key;
	char *const *names = node->pipe->variables;
	bool is_declaration = node->pipe->is_declaration;
	const char *element_name = names[1] != NULL ? names[1] : names[0];
	if (names[1] != NULL && variable_set(walk, names[0], is_declaration, owned_key) < 0)
		return -1;
	if (element_name != NULL && variable_set(walk, element_name, is_declaration, element) < 0)
		return -1;
	return walk_body(walk, node->body, element);
}

/* Members of an object in the order of their names, as Go ranges over a map. */
static int walk_members(struct walk *walk, const struct template_node *node,
			struct json_object *value)
{
	AUTO(struct strv, strv_done) keys = { 0 };
	template_keys(value, &keys);
	for (size_t i = 0; i < keys.len; i++) {
		size_t variables_len = walk->variables_len;
		struct json_object *member = json_object_object_get(value, keys.items[i]);
		if (walk_element(walk, node, json_object_new_string(keys.items[i]), member) < 0)
			return -1;
		variables_drop(walk, variables_len);
	}
	return 0;
}

static int walk_range(struct walk *walk, const struct template_node *node)
{
	AUTO_VALUE value = NULL;
	if (eval_commands(walk, node->pipe, &value) < 0)
		return -1;
	if (!template_is_true(value))
		return walk_body(walk, node->otherwise, walk->dot);
	if (is_a(value, json_type_object))
		return walk_members(walk, node, value);
	if (!is_a(value, json_type_array))
		return err_set(walk->err, ERR_INVALID, "range can't iterate over a %s",
			       json_type_to_name(json_object_get_type(value)));
	for (size_t i = 0; i < json_object_array_length(value); i++) {
		size_t variables_len = walk->variables_len;
		if (walk_element(walk, node, json_object_new_int64((int64_t)i),
				 json_object_array_get_idx(value, i)) < 0)
			return -1;
		variables_drop(walk, variables_len);
	}
	return 0;
}

static int walk_branch(struct walk *walk, const struct template_node *node)
{
	AUTO_VALUE value = NULL;
	size_t variables_len = walk->variables_len;
	if (eval_pipe(walk, node->pipe, &value) < 0)
		return -1;
	bool is_true = template_is_true(value);
	struct json_object *dot = is_true && node->kind == NODE_WITH ? value : walk->dot;
	int status = walk_body(walk, is_true ? node->body : node->otherwise, dot);
	variables_drop(walk, variables_len);
	return status;
}

static int walk_pipe(struct walk *walk, const struct template_node *node)
{
	AUTO_VALUE value = NULL;
	AUTO(struct buf, buf_done) text = { 0 };
	if (eval_pipe(walk, node->pipe, &value) < 0)
		return -1;
	if (node->pipe->variables[0] != NULL)
		return 0;
	template_add_value(&text, value);
	printable_add(walk->out, buf_str(&text), PRINTABLE_TEXT);
	return 0;
}

static int walk_list(struct walk *walk, const struct template_node *node)
{
	for (; node != NULL; node = node->next) {
		int status = 0;
		if (++walk->steps > TEMPLATE_STEPS_MAX || walk->out->len > TEMPLATE_OUTPUT_MAX)
			return err_set(walk->err, ERR_INVALID, "the template runs too long");
		switch (node->kind) {
		case NODE_TEXT:
			buf_add_str(walk->out, node->text);
			break;
		case NODE_PIPE:
			status = walk_pipe(walk, node);
			break;
		case NODE_RANGE:
			status = walk_range(walk, node);
			break;
		case NODE_IF:
		case NODE_WITH:
			status = walk_branch(walk, node);
			break;
		}
		if (status < 0)
			return -1;
	}
	return 0;
}

int template_eval(const struct template *template, struct json_object *data,
		  template_method *method, struct buf *out, struct err *err)
{
	struct walk walk = { .method = method, .dot = data, .out = out, .err = err };
	walk.variables[0] = (struct variable){ .name = "$", .value = json_object_get(data) };
	walk.variables_len = 1;
	int status = walk_list(&walk, template->first);
	variables_drop(&walk, 0);
	return status < 0 ? err_context(err, "template") : 0;
}
