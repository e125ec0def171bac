/* SPDX-License-Identifier: Apache-2.0 */
/* onggi ps: the containers there are. */
#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "cli/listing.h"
#include "cli/verb.h"
#include "format/ago.h"
#include "format/number.h"
#include "format/printable.h"

#include <json-c/json.h>
#include <string.h>

#define COMMAND_CHARS_MAX 20 /* as Docker cuts it */

struct ps_input {
	bool all, latest, no_trunc, quiet;
	int last;
	char *format;
	struct strv filters;
};

static void ps_done(void *pointer)
{
	struct ps_input *input = pointer;
	free(input->format);
	strv_done(&input->filters);
}

static const char *const status_names[] = {
	[CONTAINER_CREATED] = "created",
	[CONTAINER_RUNNING] = "running",
	[CONTAINER_EXITED] = "exited",
};

/* An image filter with what it stands for: asked once, not per container. */
struct ps_ancestor {
	const char *text;
	char id[DIGEST_HEX_SIZE]; /* "" when there is no such image */
};

struct ps_subject {
	const struct container *container;
	const struct ps_ancestor *ancestors;
	size_t ancestors_len;
};

static bool match_id(const void *object, const char *value)
{
	const struct ps_subject *subject = object;
	return value[0] != '\0' && strncmp(subject->container->id, value, strlen(value)) == 0;
}

static bool match_name(const void *object, const char *value)
{
	const struct ps_subject *subject = object;
	const char *name = subject->container->name;
	return name != NULL && strstr(name, value[0] == '/' ? value + 1 : value) != NULL;
}

static bool match_label(const void *object, const char *value)
{
	const struct ps_subject *subject = object;
	return filter_matches_label(&subject->container->labels, value);
}

static bool match_status(const void *object, const char *value)
{
	const struct ps_subject *subject = object;
	return strcmp(status_names[subject->container->status], value) == 0;
}

static bool match_exited(const void *object, const char *value)
{
	const struct ps_subject *subject = object;
	uint64_t code;
	return subject->container->status == CONTAINER_EXITED &&
	       number_parse(value, 255, &code, NULL) == 0 &&
	       (int)code == subject->container->exit_code;
}

static bool match_ancestor(const void *object, const char *value)
{
	const struct ps_subject *subject = object;
	const struct container *container = subject->container;
	for (size_t i = 0; i < subject->ancestors_len; i++)
		if (strcmp(subject->ancestors[i].text, value) == 0 && container->image_id != NULL &&
		    strcmp(subject->ancestors[i].id, container->image_id) == 0)
			return true;
	return container->image != NULL && strcmp(container->image, value) == 0;
}

static bool subject_matches(const struct ps_subject *subject, const struct strv *filters)
{
	return filter_any(filters, "id", match_id, subject) &&
	       filter_any(filters, "name", match_name, subject) &&
	       filter_all(filters, "label", match_label, subject) &&
	       filter_any(filters, "status", match_status, subject) &&
	       filter_any(filters, "exited", match_exited, subject) &&
	       filter_any(filters, "ancestor", match_ancestor, subject);
}

static int status_check(const struct strv *filters, struct err *err)
{
	static const char *const words[] = { "created", "running",    "exited",  "paused",
					     "dead",    "restarting", "removing" };
	for (size_t i = 0; i < filters->len; i++) {
		const char *filter = filters->items[i];
		bool is_good = strncmp(filter, "status=", 7) != 0;
		for (size_t k = 0; k < ARRAY_LEN(words) && !is_good; k++)
			is_good = strcmp(filter + 7, words[k]) == 0;
		if (!is_good)
			return err_set(err, ERR_INVALID, "invalid filter '%s'", filter);
	}
	return 0;
}

static char *status_text(const struct container *container)
{
	char ago[AGO_SIZE];
	uint64_t now_ns = clock_realtime_ns();
	bool is_running = container->status == CONTAINER_RUNNING;
	uint64_t since_ns = is_running ? container->started_ns : container->finished_ns;
	ago_format(now_ns > since_ns ? now_ns - since_ns : 0, ago);
	if (is_running)
		return mem_printf("Up %s", ago);
	if (container->status == CONTAINER_CREATED)
		return mem_strdup("Created");
	if (container->finished_ns == 0)
		return mem_printf("Exited (%d)", container->exit_code);
	return mem_printf("Exited (%d) %s ago", container->exit_code, ago);
}

static char *command_text(const struct container *container, bool no_trunc)
{
	AUTO(struct buf, buf_done) words = { 0 };
	AUTO(struct buf, buf_done) quoted = { 0 };
	for (size_t i = 0; i < container->args.len; i++)
		buf_addf(&words, "%s%s", i > 0 ? " " : "", container->args.items[i]);
	printable_add_quoted(&quoted, buf_str(&words), no_trunc ? 0 : COMMAND_CHARS_MAX);
	return buf_take(&quoted);
}

/* The name the user gave; else the start of the image's id; else the directory. */
static char *image_text(const struct container *container, bool no_trunc)
{
	if (container->image != NULL)
		return mem_strdup(container->image);
	if (container->image_id != NULL)
		return mem_strndup(container->image_id, no_trunc ? ID_LEN : ID_SHORT_LEN);
	return mem_strdup(container->rootfs != NULL ? container->rootfs : "");
}

static void add_row(struct json_object *rows, const struct container *container, bool no_trunc)
{
	AUTO_FREE char *id = mem_strndup(container->id, no_trunc ? ID_LEN : ID_SHORT_LEN);
	AUTO_FREE char *command = command_text(container, no_trunc);
	AUTO_FREE char *image = image_text(container, no_trunc);
	AUTO_FREE char *status = status_text(container);
	struct json_object *row = listing_add_row(rows, &container->labels);
	listing_set(row, "Command", command);
	listing_set_time(row, "RunningFor", "CreatedAt", container->created_ns);
	listing_set(row, "ID", id);
	listing_set(row, "Image", image);
	listing_set_labels(row, &container->labels);
	listing_set(row, "LocalVolumes", "0");
	listing_set(row, "Names", container->name != NULL ? container->name : "");
	listing_set(row, "Ports", "");
	listing_set(row, "State", status_names[container->status]);
	listing_set(row, "Status", status);
}

/* Images that filters name; those that are not there match nothing. */
static size_t ancestors_find(struct engine *engine, const struct strv *filters,
			     struct ps_ancestor *out)
{
	size_t len = 0;
	for (size_t i = 0; i < filters->len; i++) {
		if (strncmp(filters->items[i], "ancestor=", 9) != 0)
			continue;
		AUTO(struct image, image_done) image = { 0 };
		out[len] = (struct ps_ancestor){ .text = filters->items[i] + 9 };
		if (image_find(&engine->store, out[len].text, &image, NULL) == 0)
			memcpy(out[len].id, image.id, sizeof(image.id));
		len++;
	}
	return len;
}

static struct json_object *collect(struct engine *engine, const struct ps_input *input,
				   const struct container_list *list)
{
	struct ps_ancestor *ancestors = mem_alloc(input->filters.len, sizeof(*ancestors));
	struct ps_subject subject = { .ancestors = ancestors };
	subject.ancestors_len = ancestors_find(engine, &input->filters, ancestors);
	int last = input->latest ? 1 : input->last;
	bool all = input->all || last > 0 || filter_has(&input->filters, "status") ||
		   filter_has(&input->filters, "exited");
	struct json_object *rows = json_object_new_array();
	for (size_t i = 0; i < list->len; i++) {
		subject.container = &list->items[i];
		if ((!all && subject.container->status != CONTAINER_RUNNING) ||
		    !subject_matches(&subject, &input->filters))
			continue;
		if (last > 0 && json_object_array_length(rows) >= (size_t)last)
			break;
		add_row(rows, subject.container, input->no_trunc);
	}
	free(ancestors);
	return rows;
}

static const struct listing_field fields[] = {
	{ "ID", "CONTAINER ID" },
	{ "Image", "IMAGE" },
	{ "Command", "COMMAND" },
	{ "RunningFor", "CREATED" },
	{ "CreatedAt", "CREATED AT" },
	{ "Status", "STATUS" },
	{ "State", "STATE" },
	{ "Ports", "PORTS" },
	{ "Names", "NAMES" },
	{ "Labels", "LABELS" },
	{ "LocalVolumes", "LOCAL VOLUMES" },
	{ 0 },
};
static const char *const columns[] = { "ID",     "Image", "Command", "RunningFor",
				       "Status", "Names", NULL };
static const char *const flexible[] = { "Image", "Command", "Names", NULL };
static const struct listing listing = { fields, columns, flexible };

static int ps_verb(struct cli *cli, void *pointer, const struct strv *operands, struct err *err)
{
	const struct ps_input *input = pointer;
	(void)operands;
	if (filter_check(&input->filters, "ancestor exited id label name status", err) < 0 ||
	    status_check(&input->filters, err) < 0)
		return -1;
	struct engine *engine = cli_engine(cli, err);
	AUTO(struct container_list, container_list_done) list = { 0 };
	if (engine == NULL || engine_recover(engine, err) < 0 ||
	    container_list(&engine->store, &list, err) < 0)
		return -1;
	AUTO_JSON struct json_object *rows = collect(engine, input, &list);
	return listing_print(&listing, rows, input->quiet ? "{{.ID}}" : input->format, err);
}

#define AT(member) offsetof(struct ps_input, member)
static const struct option_row rows[] = {
	{ .name = "all",
	  .letter = 'a',
	  .type = OPTION_FLAG,
	  .offset = AT(all),
	  .help = "Show all containers, not only those that run" },
	{ .name = "filter",
	  .letter = 'f',
	  .type = OPTION_LIST,
	  .argument = "name=value",
	  .offset = AT(filters),
	  .help = "Show only what matches: id, name (a part), label, status, exited (a status), "
		  "ancestor (an image)" },
	{ .name = "format",
	  .type = OPTION_STRING,
	  .argument = "template",
	  .offset = AT(format),
	  .help = "table, table TEMPLATE, json, or a Go template: {{.ID}} {{.Names}}" },
	{ .name = "last",
	  .letter = 'n',
	  .type = OPTION_INT,
	  .argument = "number",
	  .offset = AT(last),
	  .help = "Show the last containers made, in any state" },
	{ .name = "latest",
	  .letter = 'l',
	  .type = OPTION_FLAG,
	  .offset = AT(latest),
	  .help = "Show the last container made, in any state" },
	{ .name = "no-trunc",
	  .type = OPTION_FLAG,
	  .offset = AT(no_trunc),
	  .help = "Show whole IDs and commands" },
	{ .name = "quiet",
	  .letter = 'q',
	  .type = OPTION_FLAG,
	  .offset = AT(quiet),
	  .help = "Show only IDs" },
	{ .name = "size", .letter = 's', .type = OPTION_REFUSED },
	{ 0 },
};

const struct verb verb_ps = {
	.name = "ps",
	.summary = "List containers",
	.details =
		"Templates know .ID .Image .Command .CreatedAt .RunningFor .Status .State .Names "
		".Labels .Ports .LocalVolumes and .Label \"KEY\".",
	.examples = "  onggi ps -a\n"
		    "  onggi ps -aq -f status=exited\n"
		    "  onggi ps --format 'table {{.Names}}\\t{{.Status}}'",
	.options = { { rows } },
	.input_size = sizeof(struct ps_input),
	.done = ps_done,
	.run = ps_verb,
};
