/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands in a file of credentials. Keys are compared by what they mean (server_name_of_key);
 * of several that mean the same, the one that is spelled as we would write it comes first.
 */
#include "engine/registries/auth_file.h"

#include "base/json.h"
#include "base/mem.h"
#include "engine/registries/places.h"
#include "engine/registries/secret.h"
#include "engine/registries/server.h"
#include "format/base64.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

void auth_file_done(struct auth_file *file)
{
	json_done_secret(&file->doc);
	free(file->path);
	file->path = NULL;
}

static int check_shape(const struct json_at *root, struct err *err)
{
	struct json_at object;
	AUTO_FREE char *text = NULL;
	if (!json_object_is_type(root->value, json_type_object))
		return err_set(err, ERR_INVALID, "it is not an object");
	if (json_get_object(root, "auths", &object, err) < 0 ||
	    json_get_object(root, "credHelpers", &object, err) < 0 ||
	    json_get_str(root, "credsStore", &text, err) < 0)
		return -1;
	return 0;
}

int auth_file_parse(const char *text, size_t len, const char *path, struct auth_file *out,
		    struct err *err)
{
	const struct json_source source = {
		.what = path,
		.max_bytes = AUTH_FILE_BYTES_MAX,
		.is_secret = true,
	};
	AUTO_JSON_SECRET struct json_object *doc = NULL;
	if (json_parse_strict(text, len, &source, &doc, err) < 0)
		return -1;
	const struct json_at root = json_root(doc);
	if (check_shape(&root, err) < 0)
		return err_context(err, "%s", path);
	*out = (struct auth_file){ .path = mem_strdup(path), .doc = ptr_take(&doc) };
	return 0;
}

int auth_file_read(const char *path, struct auth_file *out, struct err *err)
{
	AUTO(struct buf, secret_buf_done) text = { 0 };
	if (place_read(path, AUTH_FILE_BYTES_MAX, &text, err) < 0)
		return -1;
	/* Also one that somebody has made and not filled. */
	if (text.len == 0)
		return auth_file_parse("{}", 2, path, out, err);
	return auth_file_parse(buf_str(&text), text.len, path, out, err);
}

/* The key in an object that means `name`; borrowed, or NULL. */
static const char *find_key(const struct json_at *object, const char *name)
{
	const char *same = NULL;
	if (!json_object_is_type(object->value, json_type_object))
		return NULL;
	json_object_object_foreach (object->value, key, value) {
		if (value == NULL)
			continue;
		if (strcmp(key, server_key(name)) == 0 || strcmp(key, name) == 0)
			return key;
		AUTO_FREE char *meaning = server_name_of_key(key);
		if (same == NULL && strcmp(meaning, name) == 0)
			same = key;
	}
	return same;
}

const char *auth_file_keeper(const struct auth_file *file, const char *name, bool uses_store,
			     const char **out_server)
{
	const struct json_at root = json_root(file->doc);
	const struct json_at programs = json_member(&root, "credHelpers");
	const char *key = find_key(&programs, name);
	if (key != NULL) {
		const struct json_at program = json_member(&programs, key);
		*out_server = key;
		if (json_object_is_type(program.value, json_type_string))
			return json_object_get_string(program.value);
	}
	const struct json_at store = json_member(&root, "credsStore");
	if (!uses_store || !json_object_is_type(store.value, json_type_string) ||
	    json_object_get_string_len(store.value) == 0)
		return NULL;
	*out_server = server_key(name);
	return json_object_get_string(store.value);
}

bool auth_file_has(const struct auth_file *file, const char *name)
{
	const struct json_at root = json_root(file->doc);
	const struct json_at auths = json_member(&root, "auths");
	return find_key(&auths, name) != NULL;
}

/* "user:password" in base64; the password may have colons. */
static int decode_auth(const struct json_at *entry, const char *base64,
		       struct registry_credentials *out, struct err *err)
{
	const struct json_at at = json_member(entry, "auth");
	struct err why = { 0 };
	AUTO_SECRET char *text = base64_decode_text(base64, &why);
	char *colon = text != NULL ? strchr(text, ':') : NULL;
	if (text == NULL || colon == NULL)
		return json_err(&at, err, "%s",
				text == NULL ? why.text : "it is not USER:PASSWORD in base64");
	free(out->username);
	secret_free(out->secret);
	out->username = mem_strndup(text, (size_t)(colon - text));
	out->secret = mem_strdup(colon + 1);
	return 0;
}

static int read_entry(const struct json_at *entry, struct registry_credentials *out,
		      struct err *err)
{
	AUTO(struct registry_credentials, registry_credentials_done) found = { 0 };
	AUTO_SECRET char *base64 = NULL;
	struct err why = { 0 };
	if (!json_object_is_type(entry->value, json_type_object))
		return json_err(entry, err, "expected an object");
	if (json_get_str(entry, "username", &found.username, err) < 0 ||
	    json_get_str(entry, "password", &found.secret, err) < 0 ||
	    json_get_str(entry, "identitytoken", &found.identity_token, err) < 0 ||
	    json_get_str(entry, "auth", &base64, err) < 0)
		return -1;
	if (base64 != NULL && base64[0] != '\0' && decode_auth(entry, base64, &found, err) < 0)
		return -1;
	if (found.identity_token != NULL && found.identity_token[0] == '\0')
		free(ptr_take(&found.identity_token));
	bool has_name = found.username != NULL && found.username[0] != '\0';
	if (!has_name && found.identity_token == NULL) {
		const struct json_at token = json_member(entry, "registrytoken");
		if (token.value == NULL)
			return 0;
		json_err(&token, err, "tokens of this kind are not supported");
		if (err != NULL)
			err->kind = ERR_UNSUPPORTED;
		return -1;
	}
	if (secret_check(&found, &why) < 0)
		return json_err(entry, err, "%s", why.text);
	*out = found;
	found = (struct registry_credentials){ 0 };
	return 1;
}

int auth_file_get(const struct auth_file *file, const char *name, struct registry_credentials *out,
		  struct err *err)
{
	const struct json_at root = json_root(file->doc);
	const struct json_at auths = json_member(&root, "auths");
	const char *key = find_key(&auths, name);
	if (key == NULL)
		return 0;
	const struct json_at entry = json_member(&auths, key);
	int found = read_entry(&entry, out, err);
	return found < 0 ? err_context(err, "%s", file->path) : found;
}

void auth_file_names(const struct auth_file *file, struct strv *out)
{
	static const char *const places[] = { "auths", "credHelpers" };
	const struct json_at root = json_root(file->doc);
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		const struct json_at object = json_member(&root, places[i]);
		if (object.value == NULL)
			continue;
		json_object_object_foreach (object.value, key, value) {
			AUTO_FREE char *name = server_name_of_key(key);
			if (value != NULL && strv_find(out, name) < 0)
				strv_add(out, name);
		}
	}
}

bool auth_file_remove(struct auth_file *file, const char *name)
{
	const struct json_at root = json_root(file->doc);
	const struct json_at auths = json_member(&root, "auths");
	bool was_there = false;
	for (const char *key; (key = find_key(&auths, name)) != NULL; was_there = true) {
		AUTO_FREE char *own_key = mem_strdup(key); /* it goes with its entry */
		json_wipe(json_member(&auths, own_key).value);
		json_object_object_del(auths.value, own_key);
	}
	return was_there;
}

void auth_file_set(struct auth_file *file, const char *name,
		   const struct registry_credentials *credentials)
{
	struct json_object *auths =
		json_member(&(struct json_at){ .value = file->doc }, "auths").value;
	if (auths == NULL) {
		auths = json_object_new_object();
		json_object_object_add(file->doc, "auths", auths);
	}
	const struct json_at at = { .value = auths };
	const char *known = find_key(&at, name);
	AUTO_FREE char *key = mem_strdup(known != NULL ? known : server_key(name));
	auth_file_remove(file, name);
	struct json_object *entry = json_object_new_object();
	if (credentials != NULL) {
		bool is_token = credentials->identity_token != NULL;
		const char *username = credentials->username != NULL ? credentials->username : "";
		AUTO_SECRET char *text = mem_printf("%s:%s", username,
						    is_token ? "" : credentials->secret);
		AUTO_SECRET char *base64 = base64_encode(text, strlen(text));
		json_object_object_add(entry, "auth", json_object_new_string(base64));
		if (is_token)
			json_object_object_add(entry, "identitytoken",
					       json_object_new_string(credentials->identity_token));
	}
	json_object_object_add(auths, key, entry);
}
