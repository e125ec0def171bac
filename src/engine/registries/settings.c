/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file has the words of docker's daemon.json, with mirrors for any registry. Everything in it
 * is checked when it is read, so that a mistake is told before anybody is asked.
 */
#include "engine/registries/settings.h"

#include "base/json.h"
#include "base/mem.h"
#include "engine/registries/places.h"
#include "engine/registries/server.h"
#include "format/reference.h"

#include <json-c/json.h>
#include <string.h>
#include <strings.h>

void settings_file_done(struct settings_file *file)
{
	for (size_t i = 0; i < file->mirrors_len; i++) {
		free(file->mirrors[i].name);
		strv_done(&file->mirrors[i].locations);
	}
	free(file->mirrors);
	free(file->path);
	strv_done(&file->insecure);
	strv_done(&file->blocked);
	memset(file, 0, sizeof(*file));
}

void settings_done(struct settings *settings)
{
	for (size_t i = 0; i < settings->len; i++)
		settings_file_done(&settings->files[i]);
	settings->len = 0;
}

void settings_location_done(struct settings_location *location)
{
	free(location->host);
	free(location->prefix);
	memset(location, 0, sizeof(*location));
}

int settings_location_parse(const char *text, struct settings_location *out, struct err *err)
{
	bool is_plain = strncasecmp(text, "http://", 7) == 0;
	const char *start = is_plain ? text + 7 : text;
	if (strncasecmp(text, "https://", 8) == 0)
		start = text + 8;
	AUTO_FREE char *cut = mem_strdup(start);
	size_t len = strlen(cut);
	while (len > 0 && cut[len - 1] == '/')
		cut[--len] = '\0';
	AUTO_FREE char *name = server_name_parse(cut, err);
	if (name == NULL)
		return -1;
	size_t host_len = strcspn(name, "/");
	*out = (struct settings_location){
		.host = mem_strndup(name, host_len),
		.prefix = mem_strdup(name[host_len] == '/' ? name + host_len + 1 : ""),
		.is_plain_http = is_plain,
	};
	return 0;
}

static bool is_wildcard(const char *text)
{
	AUTO_FREE char *inner = strncmp(text, "*.", 2) == 0 ? mem_printf("x%s", text + 1) : NULL;
	AUTO_FREE char *name = inner != NULL ? server_name_parse(inner, NULL) : NULL;
	return name != NULL && strcmp(name, inner) == 0 && strpbrk(name, "/:") == NULL;
}

/* In its one spelling, so that it can be compared. */
static int add_names(const struct json_at *root, const char *key, bool takes_ranges,
		     struct strv *out, struct err *err)
{
	AUTO(struct strv, strv_done) words = { 0 };
	if (json_get_strv(root, key, &words, err) < 0)
		return -1;
	const struct json_at list = json_member(root, key);
	for (size_t i = 0; i < words.len; i++) {
		const struct json_at at = json_item(&list, i);
		struct server_range range;
		struct err why = { 0 };
		if (is_wildcard(words.items[i]) ||
		    (takes_ranges && server_range_parse(words.items[i], &range))) {
			strv_add(out, words.items[i]);
			continue;
		}
		AUTO_FREE char *name = server_name_parse(words.items[i], &why);
		if (name == NULL)
			return json_err(&at, err, "%s", why.text);
		if (takes_ranges && strchr(name, '/') != NULL)
			return json_err(&at, err, "%s: a registry, not a repository", name);
		strv_add_take(out, ptr_take(&name));
	}
	return 0;
}

static int add_mirrors(struct settings_file *file, const char *name, const struct json_at *parent,
		       const char *key, struct err *err)
{
	AUTO(struct strv, strv_done) locations = { 0 };
	if (json_get_strv(parent, key, &locations, err) < 0)
		return -1;
	const struct json_at list = json_member(parent, key);
	if (locations.len > SETTINGS_MIRRORS_MAX)
		return json_err(&list, err, "more than %d mirrors", SETTINGS_MIRRORS_MAX);
	for (size_t i = 0; i < locations.len; i++) {
		const struct json_at at = json_item(&list, i);
		AUTO(struct settings_location, settings_location_done) location = { 0 };
		struct err why = { 0 };
		if (settings_location_parse(locations.items[i], &location, &why) < 0)
			return json_err(&at, err, "%s", why.text);
	}
	file->mirrors = mem_realloc(file->mirrors,
				    (file->mirrors_len + 1) * sizeof(file->mirrors[0]));
	file->mirrors[file->mirrors_len++] = (struct settings_mirrors){
		.name = mem_strdup(name),
		.locations = locations,
	};
	locations = (struct strv){ 0 };
	return 0;
}

/* A list is the default registry's, as docker has it; an object says whose they are. */
static int read_mirrors(const struct json_at *root, struct settings_file *file, struct err *err)
{
	static const char key[] = "registry-mirrors";
	struct json_at of_each = json_member(root, key);
	if (of_each.value == NULL)
		return 0;
	if (json_object_is_type(of_each.value, json_type_array))
		return add_mirrors(file, REFERENCE_DEFAULT_DOMAIN, root, key, err);
	if (json_get_object(root, key, &of_each, err) < 0)
		return -1;
	json_object_object_foreach (of_each.value, word, value) {
		(void)value;
		const struct json_at at = json_member(&of_each, word);
		struct err why = { 0 };
		AUTO_FREE char *name = server_name_parse(word, &why);
		if (name == NULL)
			return json_err(&at, err, "%s", why.text);
		if (add_mirrors(file, name, &of_each, word, err) < 0)
			return -1;
	}
	return 0;
}

static int read_root(const struct json_at *root, struct settings_file *file, struct err *err)
{
	static const char *const known[] = { "insecure-registries", "blocked-registries",
					     "registry-mirrors" };
	if (!json_object_is_type(root->value, json_type_object))
		return err_set(err, ERR_INVALID, "it is not an object");
	json_object_object_foreach (root->value, key, value) {
		size_t i = 0;
		(void)value;
		while (i < ARRAY_LEN(known) && strcmp(known[i], key) != 0)
			i++;
		if (i == ARRAY_LEN(known)) {
			err_set(err, ERR_INVALID, "unknown key %.100s", key);
			return err_hint(err,
					"known are insecure-registries, blocked-registries and "
					"registry-mirrors");
		}
	}
	if (add_names(root, known[0], true, &file->insecure, err) < 0 ||
	    add_names(root, known[1], false, &file->blocked, err) < 0)
		return -1;
	return read_mirrors(root, file, err);
}

int settings_parse(const char *text, size_t len, const char *path, struct settings_file *out,
		   struct err *err)
{
	const struct json_source source = { .what = path, .max_bytes = SETTINGS_BYTES_MAX };
	AUTO_JSON struct json_object *doc = NULL;
	AUTO(struct settings_file, settings_file_done) file = { .path = mem_strdup(path) };
	if (json_parse_strict(text, len, &source, &doc, err) < 0)
		return -1;
	const struct json_at root = json_root(doc);
	if (read_root(&root, &file, err) < 0)
		return err_context(err, "%s", path);
	*out = file;
	file = (struct settings_file){ 0 };
	return 0;
}

int settings_read(struct settings *out, struct err *err)
{
	AUTO(struct settings, settings_done) settings = { 0 };
	AUTO(struct strv, strv_done) dirs = { 0 };
	place_settings(&dirs);
	for (size_t i = 0; i < dirs.len && i < ARRAY_LEN(settings.files); i++) {
		AUTO_FREE char *path = mem_printf("%s/registries.json", dirs.items[i]);
		AUTO(struct buf, buf_done) text = { 0 };
		int there = place_read(path, SETTINGS_BYTES_MAX, &text, err);
		if (there < 0)
			return -1;
		if (there == 0)
			continue;
		if (settings_parse(buf_str(&text), text.len, path, &settings.files[settings.len],
				   err) < 0)
			return -1;
		settings.len++;
	}
	*out = settings;
	settings = (struct settings){ 0 };
	return 0;
}

const char *settings_blocked_by(const struct settings *settings, const char *name)
{
	for (size_t i = 0; i < settings->len; i++) {
		const struct strv *blocked = &settings->files[i].blocked;
		for (size_t j = 0; j < blocked->len; j++)
			if (server_is_within(name, blocked->items[j]))
				return settings->files[i].path;
	}
	return NULL;
}

bool settings_is_insecure(const struct settings *settings, const char *host)
{
	for (size_t i = 0; i < settings->len; i++) {
		const struct strv *insecure = &settings->files[i].insecure;
		for (size_t j = 0; j < insecure->len; j++) {
			struct server_range range;
			if (server_is_within(host, insecure->items[j]) ||
			    (server_range_parse(insecure->items[j], &range) &&
			     server_is_in_range(host, &range)))
				return true;
		}
	}
	return false;
}

const struct strv *settings_mirrors_of(const struct settings *settings, const char *name)
{
	const struct settings_mirrors *best = NULL;
	for (size_t i = settings->len; i > 0 && best == NULL; i--) {
		const struct settings_file *file = &settings->files[i - 1];
		for (size_t j = 0; j < file->mirrors_len; j++) {
			const struct settings_mirrors *mirrors = &file->mirrors[j];
			if (server_is_within(name, mirrors->name) &&
			    (best == NULL || strlen(mirrors->name) > strlen(best->name)))
				best = mirrors;
		}
	}
	return best != NULL ? &best->locations : NULL;
}
