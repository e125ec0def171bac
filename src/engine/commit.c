/* SPDX-License-Identifier: Apache-2.0 */
/*
 * commit: the upper directory becomes an archive, the archive a layer on top of the image's, by the
 * same worker and the same checks as any layer from outside. The configuration is the image's, with
 * what the container was run with.
 */
#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "engine/changes.h"
#include "engine/collect.h"
#include "engine/engine.h"
#include "engine/feed.h"
#include "engine/paused.h"
#include "engine/unpacking.h"
#include "oci/image_change.h"
#include "store/layer.h"
#include "sys/fd.h"
#include "sys/tree.h"

#include <stdlib.h>
#include <string.h>

struct commit {
	struct engine *engine;
	const struct commit_options *options;
	struct container container;
	struct image image;
	struct image_config config;
	struct unpacking_stack stack;
	int upper_fd;
	bool has_layer;
};

static void commit_done(struct commit *commit)
{
	container_done(&commit->container);
	image_done(&commit->image);
	image_config_done(&commit->config);
	unpacking_stack_done(&commit->stack);
	fd_close(&commit->upper_fd);
}

/* --- the layer --- */

static int write_upper(void *arg, int fd, struct err *err)
{
	const struct commit *commit = arg;
	AUTO_FREE struct tar_writer *tar = mem_alloc(1, sizeof(*tar));
	tar_init(tar, fd, 0);
	if (collect_tree(tar, commit->upper_fd, true, err) < 0)
		return -1;
	return tar_finish(tar, err);
}

static int add_layer(struct commit *commit, struct err *err)
{
	AUTO(struct unpacking, unpacking_done) unpacking = { 0 };
	struct unpack_totals totals;
	struct feed feed;
	AUTO(struct strv, strv_done) names = { 0 };
	if (tree_names(commit->upper_fd, &names, err) < 0)
		return -1;
	if (names.len == 0)
		return 0;
	if (feed_start(&feed, write_upper, commit, err) < 0)
		return -1;
	struct unpack_layer layer = { .blob_fd = feed.read_fd };
	unpacking_init(&unpacking, commit->engine);
	int rc = unpacking_layer(&unpacking, commit->engine, &layer, &commit->stack, &totals, err);
	if (feed_end(&feed, rc, err) < 0)
		return -1;
	commit->has_layer = true;
	strv_add_take(&commit->config.diff_ids, mem_printf("sha256:%s", totals.diff_id));
	return 0;
}

static int take_layers(struct commit *commit, struct err *err)
{
	const struct strv *diff_ids = &commit->config.diff_ids;
	for (size_t i = 0; i < diff_ids->len; i++)
		if (!unpacking_find(commit->engine, &commit->stack, diff_ids->items[i]))
			return err_set(err, ERR_CONFLICT, "layer %.19s of the image is missing",
				       diff_ids->items[i]);
	return 0;
}

/* Nothing moves meanwhile. */
static int add_layer_paused(struct commit *commit, struct err *err)
{
	const struct store *store = &commit->engine->store;
	if (!commit->options->pauses || commit->container.status != CONTAINER_RUNNING)
		return add_layer(commit, err);
	int mark_fd = paused_begin(store, &commit->container, err);
	if (mark_fd < 0)
		return -1;
	int rc = add_layer(commit, err);
	paused_end(store, &commit->container, mark_fd);
	return rc;
}

/* --- the configuration --- */

static void replace_list(struct strv *list, struct strv *with)
{
	strv_done(list);
	*list = *with;
	*with = (struct strv){ 0 };
}

static void replace_text(char **text, char *with)
{
	if (with[0] == '\0') {
		free(with);
		return;
	}
	free(*text);
	*text = with;
}

/* What it was run with: Docker's Config in the container's details. */
static int read_config(struct json_at *at, struct image_config *config, struct err *err)
{
	AUTO(struct strv, strv_done) env = { 0 }, cmd = { 0 }, entrypoint = { 0 }, labels = { 0 };
	AUTO_FREE char *user = NULL, *dir = NULL, *signal = NULL;
	if (json_get_strv(at, "Env", &env, err) < 0 || json_get_strv(at, "Cmd", &cmd, err) < 0 ||
	    json_get_strv(at, "Entrypoint", &entrypoint, err) < 0 ||
	    json_get_map(at, "Labels", &labels, err) < 0 ||
	    json_get_str(at, "User", &user, err) < 0 ||
	    json_get_str(at, "WorkingDir", &dir, err) < 0 ||
	    json_get_str(at, "StopSignal", &signal, err) < 0)
		return -1;
	replace_list(&config->env, &env);
	replace_list(&config->cmd, &cmd);
	replace_list(&config->entrypoint, &entrypoint);
	for (size_t i = 0; i < labels.len; i++)
		strv_env_set(&config->labels, labels.items[i]);
	char **texts[] = { &user, &dir, &signal };
	char **members[] = { &config->user, &config->working_dir, &config->stop_signal };
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (*texts[i] != NULL)
			replace_text(members[i], ptr_take(texts[i]));
	return 0;
}

static int read_details(struct commit *commit, struct err *err)
{
	const char *text = commit->container.details_json;
	struct json_source source = { .what = "container record", .max_bytes = IMAGE_CONFIG_MAX };
	AUTO_JSON struct json_object *doc = NULL;
	struct json_at config;
	if (text == NULL)
		return 0;
	if (json_parse_strict(text, strlen(text), &source, &doc, err) < 0)
		return -1;
	struct json_at root = json_root(doc);
	int got = json_get_object(&root, "Config", &config, err);
	return got <= 0 ? got : read_config(&config, &commit->config, err);
}

static char *command_line(const struct strv *args)
{
	struct buf text = { 0 };
	for (size_t i = 0; i < args->len; i++)
		buf_addf(&text, "%s%s", i > 0 ? " " : "", args->items[i]);
	return buf_take(&text);
}

static void add_step(struct commit *commit)
{
	char created[CLOCK_RFC3339_SIZE];
	struct image_config *config = &commit->config;
	const struct commit_options *options = commit->options;
	AUTO_FREE char *created_by = command_line(&commit->container.args);
	clock_format_rfc3339(clock_realtime_ns(), created);
	image_config_add_step(config, created, created_by, options->message);
	struct image_step *step = &config->history[config->history_len - 1];
	step->is_empty = !commit->has_layer;
	step->author = mem_strdup(options->author);
	free(config->created);
	config->created = mem_strdup(created);
	free(config->author);
	config->author = mem_strdup(options->author);
}

static int change_config(struct commit *commit, struct err *err)
{
	const struct strv *changes = commit->options->changes;
	if (read_details(commit, err) < 0)
		return -1;
	for (size_t i = 0; changes != NULL && i < changes->len; i++)
		if (image_change_apply(&commit->config, changes->items[i], err) < 0)
			return err_context(err, "--change");
	return 0;
}

/* --- all of it --- */

static int commit_all(struct commit *commit, char out_id[65], struct err *err)
{
	const struct store *store = &commit->engine->store;
	AUTO(struct strv, strv_done) names = { 0 };
	char *name = NULL;
	if (commit->options->name != NULL && image_full_name(commit->options->name, &name, err) < 0)
		return -1;
	if (name != NULL)
		strv_add_take(&names, name);
	if (container_find(store, commit->options->container, &commit->container, err) < 0)
		return -1;
	AUTO_FD lease_fd = layer_lease(store, err);
	commit->upper_fd = lease_fd >= 0 ? changes_open(commit->engine, &commit->container, err)
					 : -1;
	if (commit->upper_fd < 0 ||
	    image_find(store, commit->container.image_id, &commit->image, err) < 0 ||
	    image_load_config(store, commit->image.id, &commit->config, err) < 0 ||
	    change_config(commit, err) < 0 || take_layers(commit, err) < 0 ||
	    add_layer_paused(commit, err) < 0)
		return -1;
	add_step(commit);
	AUTO_FREE char *json = image_config_format(&commit->config);
	return image_add(store, json, strlen(json), &commit->stack.names, &names, out_id, err);
}

int engine_commit(struct engine *engine, const struct commit_options *options, char out_id[65],
		  struct err *err)
{
	struct commit commit = { .engine = engine, .options = options, .upper_fd = -1 };
	int rc = commit_all(&commit, out_id, err);
	commit_done(&commit);
	return rc;
}
