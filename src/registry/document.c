/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One reader for the four documents that we know. A document must be one thing for everybody: its
 * media type in the answer's header, in itself and in what named it are the same, and it holds
 * either manifests or layers. Addresses that a descriptor brings along ("urls") are not looked at.
 */
#include "registry/document.h"

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "format/printable.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define OCI    "application/vnd.oci.image."
#define DOCKER "application/vnd.docker."

const char document_accept[] = OCI "index.v1+json, " OCI "manifest.v1+json, " DOCKER
				   "distribution.manifest.list.v2+json, " DOCKER
				   "distribution.manifest.v2+json";

struct type_row {
	const char *name;
	enum document_kind kind;
};

static const struct type_row types[] = {
	{ OCI "index.v1+json", DOCUMENT_INDEX },
	{ OCI "manifest.v1+json", DOCUMENT_MANIFEST },
	{ DOCKER "distribution.manifest.list.v2+json", DOCUMENT_INDEX },
	{ DOCKER "distribution.manifest.v2+json", DOCUMENT_MANIFEST },
};

static const char *const config_types[] = {
	OCI "config.v1+json",
	DOCKER "container.image.v1+json",
};

static const char *const layer_types[] = {
	OCI "layer.v1.tar",
	OCI "layer.v1.tar+gzip",
	OCI "layer.v1.tar+zstd",
	OCI "layer.nondistributable.v1.tar",
	OCI "layer.nondistributable.v1.tar+gzip",
	OCI "layer.nondistributable.v1.tar+zstd",
	DOCKER "image.rootfs.diff.tar",
	DOCKER "image.rootfs.diff.tar.gzip",
	DOCKER "image.rootfs.diff.tar.zstd",
	DOCKER "image.rootfs.foreign.diff.tar",
	DOCKER "image.rootfs.foreign.diff.tar.gzip",
};

static bool is_one_of(const char *name, const char *const *list, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (strcmp(name, list[i]) == 0)
			return true;
	return false;
}

/* Foreign text in a message: short, and printable. */
struct shown {
	char text[80];
};

static struct shown show(const char *text)
{
	struct shown shown;
	AUTO(struct buf, buf_done) out = { 0 };
	printable_add_cut(&out, text, 72);
	snprintf(shown.text, sizeof(shown.text), "%s", buf_str(&out));
	return shown;
}

static const struct type_row *type_by_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (strcmp(name, types[i].name) == 0)
			return &types[i];
	return NULL;
}

static const char schema_1_type[] = DOCKER "distribution.manifest.v1"; /* "+prettyjws" follows */

static int schema_1(struct err *err)
{
	err_set(err, ERR_UNSUPPORTED,
		"the manifest is of schema 1, which says too little to check what it names");
	return err_hint(err, "push the image again with a current tool");
}

/* What header, document and shape say it is. */
static const struct type_row *read_type(const struct json_at *root, const char *content_type,
					struct err *err)
{
	AUTO_FREE char *own = NULL;
	uint64_t version = 0;
	if (strncmp(content_type, schema_1_type, sizeof(schema_1_type) - 1) == 0) {
		schema_1(err);
		return NULL;
	}
	if (json_get_str(root, "mediaType", &own, err) < 0 ||
	    json_get_uint64(root, "schemaVersion", &version, err) < 0)
		return NULL;
	if (version == 1) {
		schema_1(err);
		return NULL;
	}
	if (version != 2) {
		json_err(root, err, "no manifest: its schemaVersion is not 2");
		return NULL;
	}
	bool is_known = type_by_name(content_type) != NULL;
	if (is_known && own != NULL && strcmp(own, content_type) != 0) {
		json_err(root, err, "it comes as %s and says that it is %s", content_type,
			 show(own).text);
		return NULL;
	}
	const struct type_row *row = is_known ? type_by_name(content_type)
					      : type_by_name(own != NULL ? own : "");
	if (row == NULL)
		err_set(err, ERR_UNSUPPORTED, "no image: a document of type \"%s\"",
			show(own != NULL ? own : content_type).text);
	return row;
}

/* Readers in Go take "Layers" for "layers": a document that has such a key is two things at once.
 */
static int check_keys(const struct json_at *root, struct err *err)
{
	static const char *const keys[] = { "config",    "fsLayers",  "layers",
					    "manifests", "mediaType", "schemaVersion" };
	if (!json_object_is_type(root->value, json_type_object))
		return json_err(root, err, "no object");
	json_object_object_foreach (root->value, key, value) {
		(void)value;
		for (size_t i = 0; i < ARRAY_LEN(keys); i++)
			if (strcasecmp(key, keys[i]) == 0 && strcmp(key, keys[i]) != 0)
				return json_err(root, err, "\"%s\" for \"%s\"", key, keys[i]);
	}
	return 0;
}

static bool has(const struct json_at *root, const char *key)
{
	return json_member(root, key).value != NULL;
}

static int check_shape(const struct json_at *root, enum document_kind kind, struct err *err)
{
	bool is_index = has(root, "manifests");
	bool is_manifest = has(root, "layers") || has(root, "config");
	if (has(root, "fsLayers"))
		return json_err(root, err, "layers of schema 1 in a document that is none");
	if (is_index && is_manifest)
		return json_err(root, err, "an index and a manifest at once");
	if (is_index != (kind == DOCUMENT_INDEX))
		return json_err(root, err, "%s by its type, %s by what is in it",
				kind == DOCUMENT_INDEX ? "an index" : "a manifest",
				is_index ? "an index" : "a manifest");
	return 0;
}

static int read_descriptor(const struct json_at *at, struct document_descriptor *out,
			   struct err *err)
{
	AUTO_FREE char *digest = NULL, *type = NULL;
	if (json_need(json_get_str(at, "digest", &digest, err), at, "digest", err) < 0 ||
	    json_need(json_get_uint64(at, "size", &out->size, err), at, "size", err) < 0 ||
	    json_need(json_get_str(at, "mediaType", &type, err), at, "mediaType", err) < 0)
		return -1;
	const char *hex = digest_parse(digest);
	if (hex == NULL)
		return json_err(at, err, "\"%s\" is not a sha256 digest", show(digest).text);
	if (out->size > FETCH_BLOB_MAX)
		return json_err(at, err, "a size of %llu bytes", (unsigned long long)out->size);
	if (strlen(type) >= sizeof(out->media_type))
		return json_err(at, err, "a media type of %zu bytes", strlen(type));
	memcpy(out->digest, hex, DIGEST_HEX_SIZE);
	memcpy(out->media_type, type, strlen(type) + 1);
	return 0;
}

/* --- a manifest --- */

static int read_layer(const struct json_at *at, struct document_descriptor *out, struct err *err)
{
	if (read_descriptor(at, out, err) < 0)
		return -1;
	if (!is_one_of(out->media_type, layer_types, ARRAY_LEN(layer_types)))
		return err_set(err, ERR_UNSUPPORTED, "a layer of type \"%s\"",
			       show(out->media_type).text);
	return 0;
}

static int read_manifest(const struct json_at *root, struct document *out, struct err *err)
{
	struct json_at config, layers;
	if (json_need(json_get_object(root, "config", &config, err), root, "config", err) < 0 ||
	    json_need(json_get_array(root, "layers", &layers, err), root, "layers", err) < 0 ||
	    read_descriptor(&config, &out->config, err) < 0)
		return -1;
	if (!is_one_of(out->config.media_type, config_types, ARRAY_LEN(config_types)))
		return err_set(err, ERR_UNSUPPORTED, "no image, but an artifact of type \"%s\"",
			       show(out->config.media_type).text);
	if (out->config.size > FETCH_CONFIG_MAX)
		return json_err(&config, err, "more than %u bytes", FETCH_CONFIG_MAX);
	if (json_len(&layers) > FETCH_LAYERS_MAX)
		return json_err(&layers, err, "more than %u layers", FETCH_LAYERS_MAX);
	for (size_t i = 0; i < json_len(&layers); i++) {
		struct json_at item = json_item(&layers, i);
		if (read_layer(&item, &out->layers[out->layers_len++], err) < 0)
			return -1;
	}
	return 0;
}

/* --- an index --- */

struct choice {
	const struct platform *wanted;
	unsigned best;    /* how well the best fits so far */
	size_t index;     /* which that is */
	struct buf there; /* platforms, for the message */
	unsigned others;
};

static void note_platform(struct choice *choice, const struct platform *platform)
{
	char text[PLATFORM_TEXT_SIZE];
	if (strcmp(platform->os, "unknown") == 0) /* attestations, not images */
		return;
	if (choice->others++ >= 16) {
		if (choice->others == 18)
			buf_add_str(&choice->there, ", ...");
		return;
	}
	platform_format(platform, text);
	if (choice->there.len > 0)
		buf_add_str(&choice->there, ", ");
	printable_add(&choice->there, text, PRINTABLE_LINE);
}

/* An entry that does not say what it is for is taken only when nothing else is left. */
static int weigh(struct choice *choice, const struct json_at *item, size_t index, struct err *err)
{
	struct json_at at;
	AUTO_FREE char *os = NULL, *arch = NULL, *variant = NULL;
	struct platform offered;
	unsigned fits = 1;
	int rc = json_get_object(item, "platform", &at, err);
	if (rc > 0) {
		if (json_get_str(&at, "os", &os, err) < 0 ||
		    json_get_str(&at, "architecture", &arch, err) < 0 ||
		    json_get_str(&at, "variant", &variant, err) < 0)
			return -1;
		platform_set(&offered, os, arch, variant);
		note_platform(choice, &offered);
		fits = platform_fits(choice->wanted, &offered);
		fits += fits > 0;
	}
	if (fits > choice->best) {
		choice->best = fits;
		choice->index = index;
	}
	return rc < 0 ? -1 : 0;
}

static int nothing_fits(const struct choice *choice, struct err *err)
{
	char wanted[PLATFORM_TEXT_SIZE];
	platform_format(choice->wanted, wanted);
	err_set(err, ERR_NOT_FOUND, "no image for %s in it", show(wanted).text);
	return choice->there.len > 0 ? err_hint(err, "there are: %s", buf_str(&choice->there)) : -1;
}

static int read_index(const struct json_at *root, const struct platform *wanted,
		      struct document *out, struct err *err)
{
	struct choice choice = { .wanted = wanted };
	struct json_at list;
	if (json_need(json_get_array(root, "manifests", &list, err), root, "manifests", err) < 0)
		return -1;
	if (json_len(&list) > FETCH_INDEX_ENTRIES_MAX)
		return json_err(&list, err, "more than %u manifests", FETCH_INDEX_ENTRIES_MAX);
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < json_len(&list); i++) {
		struct json_at item = json_item(&list, i);
		rc = weigh(&choice, &item, i, err);
	}
	if (rc == 0 && choice.best == 0)
		rc = nothing_fits(&choice, err);
	if (rc == 0) {
		struct json_at item = json_item(&list, choice.index);
		rc = read_descriptor(&item, &out->chosen, err);
		if (rc == 0 && out->chosen.size > FETCH_MANIFEST_MAX)
			rc = json_err(&item, err, "more than %u bytes", FETCH_MANIFEST_MAX);
	}
	buf_done(&choice.there);
	return rc;
}

int document_read(const char *bytes, size_t len, const char *content_type,
		  const struct platform *wanted, struct document *out, struct err *err)
{
	struct json_source source = { .what = "the manifest", .max_bytes = FETCH_MANIFEST_MAX };
	AUTO_JSON struct json_object *doc = NULL;
	if (json_parse_strict(bytes, len, &source, &doc, err) < 0)
		return -1;
	struct json_at root = json_root(doc);
	const struct type_row *row = read_type(&root, content_type, err);
	if (row == NULL || check_keys(&root, err) < 0 || check_shape(&root, row->kind, err) < 0)
		return -1;
	struct document *read = mem_alloc(1, sizeof(*read));
	read->kind = row->kind;
	snprintf(read->media_type, sizeof(read->media_type), "%s", row->name);
	int rc = row->kind == DOCUMENT_INDEX ? read_index(&root, wanted, read, err)
					     : read_manifest(&root, read, err);
	if (rc == 0)
		*out = *read;
	free(read);
	return rc;
}
