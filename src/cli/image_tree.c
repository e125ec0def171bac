/* SPDX-License-Identifier: Apache-2.0 */
/*
 * onggi image tree: which layers stand on which, and which images on them. A layer is kept by its
 * whole chain, so that it has one place; lines are only indented where images part.
 */
#include "base/json.h"
#include "base/mem.h"
#include "cli/facts.h"
#include "cli/output.h"
#include "cli/verb.h"
#include "format/bytes.h"
#include "format/printable.h"
#include "format/reference.h"
#include "store/layer.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NO_PARENT SIZE_MAX

struct tree_input {
	char *format;
};

static void tree_done(void *pointer)
{
	struct tree_input *input = pointer;
	free(input->format);
}

struct node {
	const char *name; /* of the layer; borrowed from an image */
	size_t parent;
	size_t children;
	uint64_t size_bytes;
	char diff_id[DIGEST_HEX_SIZE]; /* "" when the layer is not there */
	struct strv images;            /* whose topmost layer it is, by name */
};

struct layer_tree {
	struct node *nodes; /* parents before children */
	size_t len;
	struct strv without; /* images that have no layer */
};

static void layer_tree_done(struct layer_tree *tree)
{
	for (size_t i = 0; i < tree->len; i++)
		strv_done(&tree->nodes[i].images);
	free(tree->nodes);
	strv_done(&tree->without);
}

static void add_names(const struct image *image, struct strv *out)
{
	for (size_t i = 0; i < image->names.len; i++) {
		AUTO(struct reference, reference_done) reference = { 0 };
		if (reference_parse(image->names.items[i], &reference, NULL) == 0)
			strv_add_take(out, reference_familiar(&reference));
	}
	if (image->names.len == 0)
		strv_add_take(out, mem_strndup(image->id, ID_SHORT_LEN));
}

static size_t find_node(const struct layer_tree *tree, size_t parent, const char *name)
{
	size_t first = parent == NO_PARENT ? 0 : parent + 1;
	for (size_t i = first; i < tree->len; i++)
		if (tree->nodes[i].parent == parent && strcmp(tree->nodes[i].name, name) == 0)
			return i;
	return tree->len;
}

static size_t add_node(struct layer_tree *tree, const struct store *store, size_t parent,
		       const char *name)
{
	struct layer_info info;
	tree->nodes = mem_realloc(tree->nodes, (tree->len + 1) * sizeof(*tree->nodes));
	struct node *node = &tree->nodes[tree->len];
	*node = (struct node){ .name = name, .parent = parent };
	if (layer_info(store, name, &info, NULL) == 0) {
		node->size_bytes = info.size_bytes;
		memcpy(node->diff_id, info.diff_id, sizeof(node->diff_id));
	}
	if (parent != NO_PARENT)
		tree->nodes[parent].children++;
	return tree->len++;
}

static void add_image(struct layer_tree *tree, const struct store *store, const struct image *image)
{
	size_t at = NO_PARENT;
	for (size_t i = 0; i < image->layers.len; i++) {
		size_t next = find_node(tree, at, image->layers.items[i]);
		at = next < tree->len ? next : add_node(tree, store, at, image->layers.items[i]);
	}
	add_names(image, at != NO_PARENT ? &tree->nodes[at].images : &tree->without);
}

/* --- text --- */

struct drawing {
	const struct layer_tree *tree;
	struct buf *out;
	unsigned width; /* 0: no limit */
};

static void add_line(const struct drawing *drawing, const char *lead, const struct node *node)
{
	char size[BYTES_TEXT_SIZE];
	AUTO(struct buf, buf_done) names = { 0 }, line = { 0 };
	for (size_t i = 0; i < node->images.len; i++)
		buf_addf(&names, "%s%s", i > 0 ? ", " : "  ", node->images.items[i]);
	bytes_format_decimal(node->size_bytes, size);
	buf_addf(&line, "%s%.12s  %8s%s", lead, node->name,
		 node->diff_id[0] != '\0' ? size : "missing", buf_str(&names));
	printable_add_cut(drawing->out, buf_str(&line), drawing->width);
	buf_add_char(drawing->out, '\n');
}

static size_t child_after(const struct layer_tree *tree, size_t parent, size_t after)
{
	while (after < tree->len && tree->nodes[after].parent != parent)
		after++;
	return after;
}

/* A branch: the layers up to where it parts, then each part. As deep as images part, at most as an
 * image has layers. */
static void draw_branch(const struct drawing *drawing, size_t at, const char *first,
			const char *rest)
{
	const struct layer_tree *tree = drawing->tree;
	add_line(drawing, first, &tree->nodes[at]);
	while (tree->nodes[at].children == 1) {
		at = child_after(tree, at, at + 1);
		add_line(drawing, rest, &tree->nodes[at]);
	}
	size_t left = tree->nodes[at].children;
	for (size_t child = at; left > 0; left--) {
		child = child_after(tree, at, child + 1);
		AUTO_FREE char *inner_first = mem_printf("%s%s", rest, left > 1 ? "├─ " : "└─ ");
		AUTO_FREE char *inner_rest = mem_printf("%s%s", rest, left > 1 ? "│  " : "   ");
		draw_branch(drawing, child, inner_first, inner_rest);
	}
}

static void draw(const struct layer_tree *tree, struct buf *out)
{
	bool is_terminal = output_is_terminal(STDOUT_FILENO);
	struct drawing drawing = { tree, out, is_terminal ? output_width(STDOUT_FILENO, 0) : 0 };
	for (size_t i = 0; i < tree->len; i++)
		if (tree->nodes[i].parent == NO_PARENT)
			draw_branch(&drawing, i, "", "");
	for (size_t i = 0; i < tree->without.len; i++)
		buf_addf(out, "no layers               %s\n", tree->without.items[i]);
}

/* --- JSON --- */

static struct json_object *names_json(const struct strv *names)
{
	struct json_object *array = json_object_new_array();
	for (size_t i = 0; i < names->len; i++)
		json_object_array_add(array, json_object_new_string(names->items[i]));
	return array;
}

static struct json_object *node_json(const struct node *node)
{
	struct json_object *object = json_object_new_object();
	AUTO_FREE char *diff_id = mem_printf("sha256:%s", node->diff_id);
	json_object_object_add(object, "Layer", json_object_new_string(node->name));
	json_object_object_add(object, "DiffID",
			       node->diff_id[0] != '\0' ? json_object_new_string(diff_id) : NULL);
	json_object_object_add(object, "Size", json_object_new_uint64(node->size_bytes));
	json_object_object_add(object, "Images", names_json(&node->images));
	json_object_object_add(object, "Children", json_object_new_array());
	return object;
}

static struct json_object *tree_json(const struct layer_tree *tree)
{
	struct json_object *facts = json_object_new_object();
	struct json_object *roots = json_object_new_array();
	struct json_object **objects = mem_alloc(tree->len + 1, sizeof(struct json_object *));
	for (size_t i = 0; i < tree->len; i++) {
		size_t parent = tree->nodes[i].parent;
		objects[i] = node_json(&tree->nodes[i]);
		json_object_array_add(parent == NO_PARENT
					      ? roots
					      : json_object_object_get(objects[parent], "Children"),
				      objects[i]);
	}
	free(objects);
	json_object_object_add(facts, "Layers", roots);
	json_object_object_add(facts, "WithoutLayers", names_json(&tree->without));
	return facts;
}

/* Does it stand on the same first layer? */
static bool is_related(const struct image *image, const struct image *to)
{
	if (strcmp(image->id, to->id) == 0)
		return true;
	return image->layers.len > 0 && to->layers.len > 0 &&
	       strcmp(image->layers.items[0], to->layers.items[0]) == 0;
}

static int tree_verb(struct cli *cli, void *pointer, const struct strv *operands, struct err *err)
{
	const struct tree_input *input = pointer;
	AUTO(struct image, image_done) only = { 0 };
	AUTO(struct image_list, image_list_done) images = { 0 };
	AUTO(struct layer_tree, layer_tree_done) tree = { 0 };
	AUTO(struct buf, buf_done) text = { 0 };
	struct engine *engine = cli_engine(cli, err);
	if (engine == NULL || image_list(&engine->store, &images, err) < 0 ||
	    (operands->len > 0 && image_find(&engine->store, operands->items[0], &only, err) < 0))
		return -1;
	for (size_t i = 0; i < images.len; i++)
		if (operands->len == 0 || is_related(&images.items[i], &only))
			add_image(&tree, &engine->store, &images.items[i]);
	AUTO_JSON struct json_object *facts = tree_json(&tree);
	draw(&tree, &text);
	return facts_print(facts, buf_str(&text), input->format, err);
}

static const struct option_row rows[] = {
	{ .name = "format",
	  .type = OPTION_STRING,
	  .argument = "template",
	  .offset = offsetof(struct tree_input, format),
	  .help = "json, or a Go template: {{json .Layers}}" },
	{ 0 },
};

const struct verb verb_image_tree = {
	.name = "image tree",
	.operands = "[IMAGE]",
	.summary = "Show which layers images share",
	.details = "A line for each layer, the lowest first: its name in the store, its size, and "
		   "the images that end with it. Lines are indented where images part. With an "
		   "image as operand only those are shown that stand on the same first layer.\n\n"
		   "As JSON each layer has .Layer .DiffID .Size .Images and .Children.",
	.examples = "  onggi image tree\n  onggi image tree debian:12 --format json",
	.options = { { rows } },
	.input_size = sizeof(struct tree_input),
	.done = tree_done,
	.operands_max = 1,
	.complete_operands = COMPLETE_IMAGES,
	.run = tree_verb,
};
