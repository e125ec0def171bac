/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Image configurations in and out. Everything in them is somebody else's word: it is checked for
 * shape here and for meaning where it is used; nothing here knows where an image lives.
 * OCI and Docker write the same object, with the same odd capitals.
 */
#include "oci/image_config.h"

#include "base/digest.h"
#include "base/json.h"
#include "base/json_write.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

static void step_done(struct image_step *step)
{
	free(step->created);
	free(step->author);
	free(step->created_by);
	free(step->comment);
}

void image_config_done(struct image_config *config)
{
	char *texts[] = { config->architecture, config->os,         config->variant,
			  config->author,       config->created,    config->user,
			  config->working_dir,  config->stop_signal };
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		free(texts[i]);
	struct strv *lists[] = { &config->env,    &config->entrypoint,    &config->cmd,
				 &config->shell,  &config->exposed_ports, &config->volumes,
				 &config->labels, &config->diff_ids };
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		strv_done(lists[i]);
	for (size_t i = 0; i < config->history_len; i++)
		step_done(&config->history[i]);
	free(config->history);
	memset(config, 0, sizeof(*config));
}

/* An empty string is Docker's way to say "not set". */
static int get_text(const struct json_at *object, const char *key, char **out, struct err *err)
{
	int got = json_get_str(object, key, out, err);
	if (got > 0 && (*out)[0] == '\0')
		free(ptr_take(out));
	return got;
}

static int read_container_part(const struct json_at *doc, struct image_config *out, struct err *err)
{
	struct json_at config;
	int got = json_get_object(doc, "config", &config, err);
	if (got <= 0)
		return got;
	return get_text(&config, "User", &out->user, err) < 0 ||
			       get_text(&config, "WorkingDir", &out->working_dir, err) < 0 ||
			       get_text(&config, "StopSignal", &out->stop_signal, err) < 0 ||
			       json_get_strv(&config, "Env", &out->env, err) < 0 ||
			       json_get_strv(&config, "Entrypoint", &out->entrypoint, err) < 0 ||
			       json_get_strv(&config, "Cmd", &out->cmd, err) < 0 ||
			       json_get_strv(&config, "Shell", &out->shell, err) < 0 ||
			       json_get_keys(&config, "ExposedPorts", &out->exposed_ports, err) <
				       0 ||
			       json_get_keys(&config, "Volumes", &out->volumes, err) < 0 ||
			       json_get_map(&config, "Labels", &out->labels, err) < 0 ||
			       json_get_bool(&config, "ArgsEscaped", &out->args_escaped, err) < 0
		       ? -1
		       : 0;
}

static int read_rootfs(const struct json_at *doc, struct image_config *out, struct err *err)
{
	struct json_at rootfs;
	AUTO_FREE char *type = NULL;
	if (json_need(json_get_object(doc, "rootfs", &rootfs, err), doc, "rootfs", err) < 0 ||
	    json_need(json_get_str(&rootfs, "type", &type, err), &rootfs, "type", err) < 0)
		return -1;
	if (strcmp(type, "layers") != 0) {
		struct json_at at = json_member(&rootfs, "type");
		return json_err(&at, err, "expected \"layers\"");
	}
	if (json_get_strv(&rootfs, "diff_ids", &out->diff_ids, err) < 0)
		return -1;
	struct json_at list = json_member(&rootfs, "diff_ids");
	if (out->diff_ids.len > IMAGE_LAYERS_MAX)
		return json_err(&list, err, "%zu layers, more than %d", out->diff_ids.len,
				IMAGE_LAYERS_MAX);
	for (size_t i = 0; i < out->diff_ids.len; i++) {
		struct json_at item = json_item(&list, i);
		if (digest_parse(out->diff_ids.items[i]) == NULL)
			return json_err(&item, err, "not a sha256 digest");
	}
	return 0;
}

static struct image_step *add_step(struct image_config *config)
{
	config->history = mem_realloc(config->history,
				      (config->history_len + 1) * sizeof(*config->history));
	struct image_step *step = &config->history[config->history_len++];
	*step = (struct image_step){ 0 };
	return step;
}

void image_config_add_step(struct image_config *config, const char *created, const char *created_by,
			   const char *comment)
{
	struct image_step *step = add_step(config);
	step->created = mem_strdup(created);
	step->created_by = mem_strdup(created_by);
	step->comment = mem_strdup(comment);
}

static int read_history(const struct json_at *doc, struct image_config *out, struct err *err)
{
	struct json_at history;
	int got = json_get_array(doc, "history", &history, err);
	for (size_t i = 0, len = got > 0 ? json_len(&history) : 0; i < len; i++) {
		struct json_at item = json_item(&history, i);
		struct image_step *step = add_step(out);
		if (get_text(&item, "created", &step->created, err) < 0 ||
		    get_text(&item, "author", &step->author, err) < 0 ||
		    get_text(&item, "created_by", &step->created_by, err) < 0 ||
		    get_text(&item, "comment", &step->comment, err) < 0 ||
		    json_get_bool(&item, "empty_layer", &step->is_empty, err) < 0)
			return -1;
	}
	return got;
}

int image_config_read(const struct json_at *doc, struct image_config *out, struct err *err)
{
	AUTO(struct image_config, image_config_done) config = { 0 };
	if (get_text(doc, "architecture", &config.architecture, err) < 0 ||
	    get_text(doc, "os", &config.os, err) < 0 ||
	    get_text(doc, "variant", &config.variant, err) < 0 ||
	    get_text(doc, "author", &config.author, err) < 0 ||
	    get_text(doc, "created", &config.created, err) < 0 ||
	    read_container_part(doc, &config, err) < 0 || read_rootfs(doc, &config, err) < 0)
		return -1;
	*out = config;
	memset(&config, 0, sizeof(config));
	return 0;
}

int image_config_parse(const char *json, size_t len, struct image_config *out, struct err *err)
{
	struct json_source source = { .what = "image config", .max_bytes = IMAGE_CONFIG_MAX };
	AUTO_JSON struct json_object *doc = NULL;
	if (json_parse_strict(json, len, &source, &doc, err) < 0)
		return -1;
	struct json_at root = json_root(doc);
	AUTO(struct image_config, image_config_done) config = { 0 };
	if (image_config_read(&root, &config, err) < 0 || read_history(&root, &config, err) < 0)
		return err_context(err, "image config");
	*out = config;
	memset(&config, 0, sizeof(config));
	return 0;
}

/* All members but the history, without the last brace. */
static void write_members(const struct image_config *config, struct buf *out)
{
	buf_add_char(out, '{');
	json_add_str(out, "created", config->created);
	json_add_str(out, "author", config->author);
	json_add_str(out, "architecture", config->architecture);
	json_add_str(out, "variant", config->variant);
	json_add_str(out, "os", config->os);
	json_add_key(out, "config");
	buf_add_char(out, '{');
	json_add_str(out, "User", config->user);
	json_add_keys(out, "ExposedPorts", &config->exposed_ports);
	json_add_strv(out, "Env", &config->env);
	json_add_strv(out, "Entrypoint", &config->entrypoint);
	json_add_strv(out, "Cmd", &config->cmd);
	json_add_keys(out, "Volumes", &config->volumes);
	json_add_str(out, "WorkingDir", config->working_dir);
	json_add_map(out, "Labels", &config->labels);
	json_add_str(out, "StopSignal", config->stop_signal);
	json_add_true(out, "ArgsEscaped", config->args_escaped);
	json_add_strv(out, "Shell", &config->shell);
	buf_add_char(out, '}');
	json_add_key(out, "rootfs");
	buf_add_str(out, "{\"type\":\"layers\"");
	if (config->diff_ids.len > 0)
		json_add_strv(out, "diff_ids", &config->diff_ids);
	else
		buf_add_str(out, ",\"diff_ids\":[]");
	buf_add_char(out, '}');
}

static void write_history(const struct image_config *config, struct buf *out)
{
	if (config->history_len == 0)
		return;
	json_add_key(out, "history");
	buf_add_char(out, '[');
	for (size_t i = 0; i < config->history_len; i++) {
		const struct image_step *step = &config->history[i];
		buf_add_str(out, i > 0 ? ",{" : "{");
		json_add_str(out, "created", step->created);
		json_add_str(out, "author", step->author);
		json_add_str(out, "created_by", step->created_by);
		json_add_str(out, "comment", step->comment);
		json_add_true(out, "empty_layer", step->is_empty);
		buf_add_char(out, '}');
	}
	buf_add_char(out, ']');
}

void image_config_write(const struct image_config *config, struct buf *out)
{
	write_members(config, out);
	buf_add_char(out, '}');
}

char *image_config_format(const struct image_config *config)
{
	struct buf out = { 0 };
	write_members(config, &out);
	write_history(config, &out);
	buf_add_char(&out, '}');
	return buf_take(&out);
}
