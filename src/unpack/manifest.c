/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Manifests into images. Everything that names a digest is held against it before it is believed;
 * the digests of layers go along and are checked while the layers are read.
 */
#include "unpack/manifest.h"

#include "base/json.h"
#include "base/mem.h"
#include "oci/image_config.h"
#include "unpack/path.h"
#include "unpack/tar.h"

#include <string.h>
#include <sys/utsname.h>

struct reading {
	struct archive *archive;
	manifest_image_fn *found;
	void *arg;
	unsigned images;  /* told so far */
	unsigned entries; /* of indexes, looked at so far */
	unsigned others;  /* for other platforms */
};

static int parse(const struct buf *text, const char *what, struct json_object **out,
		 struct err *err)
{
	struct json_source source = { .what = what, .max_bytes = UNPACK_MANIFEST_MAX };
	return json_parse_strict(buf_str(text), text->len, &source, out, err);
}

/* Config and layers must agree on their number; each layer gets its diff id. */
static int tell(struct reading *reading, struct manifest_image *image, struct err *err)
{
	struct image_config config = { 0 };
	if (image_config_parse(image->config, image->config_len, &config, err) < 0)
		return err_context(err, "image config");
	int rc = 0;
	if (config.diff_ids.len != image->layers_len)
		rc = err_set(err, ERR_INVALID, "the manifest has %zu layers, the config %zu",
			     image->layers_len, config.diff_ids.len);
	for (size_t i = 0; rc == 0 && i < image->layers_len; i++)
		memcpy(image->layers[i].diff_id, digest_parse(config.diff_ids.items[i]),
		       DIGEST_HEX_SIZE);
	image_config_done(&config);
	if (rc == 0 && ++reading->images > UNPACK_IMAGES_MAX)
		rc = err_set(err, ERR_INVALID, "more than %u images", UNPACK_IMAGES_MAX);
	return rc < 0 ? -1 : reading->found(reading->arg, image, err);
}

/* Newer docker-archives name files by their digest: then it must be true. */
static const char *digest_of_name(const char *name)
{
	static const char blobs[] = "blobs/sha256/";
	char text[sizeof("sha256:") + DIGEST_HEX_LEN] = "sha256:";
	bool is_blob = strncmp(name, blobs, sizeof(blobs) - 1) == 0;
	const char *hex = is_blob ? name + sizeof(blobs) - 1 : name;
	size_t len = strcspn(hex, ".");
	if (len != DIGEST_HEX_LEN || (!is_blob && strcmp(hex + len, ".json") != 0) ||
	    (is_blob && hex[len] != '\0'))
		return NULL;
	memcpy(text + 7, hex, DIGEST_HEX_LEN);
	text[7 + DIGEST_HEX_LEN] = '\0';
	return digest_parse(text) != NULL ? hex : NULL;
}

static int check_digest(const struct buf *bytes, const char *hex, const char *name, struct err *err)
{
	char found[DIGEST_HEX_SIZE];
	digest_of(buf_str(bytes), bytes->len, found);
	if (memcmp(found, hex, DIGEST_HEX_LEN) == 0)
		return 0;
	return err_set(err, ERR_INVALID, "%s does not have the digest it is named by",
		       tar_show(name).text);
}

/* --- docker-archive --- */

static int docker_layer(struct reading *reading, const char *name, struct manifest_image *image,
			struct err *err)
{
	struct unpack_layer_ref *ref = &image->layers[image->layers_len];
	if (image->layers_len == UNPACK_LAYERS_MAX)
		return err_set(err, ERR_INVALID, "more than %u layers", UNPACK_LAYERS_MAX);
	if (archive_locate(reading->archive, name, ref, err) < 0)
		return err_context(err, "layer");
	const char *hex = digest_of_name(name);
	if (hex != NULL)
		memcpy(ref->digest, hex, DIGEST_HEX_LEN);
	image->layers_len++;
	return 0;
}

static int docker_fill(struct reading *reading, const struct json_at *item,
		       struct manifest_image *image, struct buf *config, struct err *err)
{
	AUTO_FREE char *config_name = NULL;
	AUTO(struct strv, strv_done) layers = { 0 };
	if (json_need(json_get_str(item, "Config", &config_name, err), item, "Config", err) < 0 ||
	    json_get_strv(item, "RepoTags", &image->names, err) < 0 ||
	    json_need(json_get_strv(item, "Layers", &layers, err), item, "Layers", err) < 0)
		return -1;
	if (image->names.len > UNPACK_NAMES_MAX)
		return json_err(item, err, "more than %u names", UNPACK_NAMES_MAX);
	if (archive_read(reading->archive, config_name, UNPACK_CONFIG_MAX, config, err) < 0)
		return err_context(err, "image config");
	const char *hex = digest_of_name(config_name);
	if (hex != NULL && check_digest(config, hex, config_name, err) < 0)
		return -1;
	for (size_t i = 0; i < layers.len; i++)
		if (docker_layer(reading, layers.items[i], image, err) < 0)
			return -1;
	image->config = buf_str(config);
	image->config_len = config->len;
	return tell(reading, image, err);
}

static int docker_read(struct reading *reading, struct err *err)
{
	AUTO(struct buf, buf_done) text = { 0 };
	AUTO_JSON struct json_object *doc = NULL;
	if (archive_read(reading->archive, "manifest.json", UNPACK_MANIFEST_MAX, &text, err) < 0 ||
	    parse(&text, "manifest.json", &doc, err) < 0)
		return -1;
	struct json_at root = json_root(doc);
	for (size_t i = 0; i < json_len(&root); i++) {
		struct json_at item = json_item(&root, i);
		struct manifest_image *image = mem_alloc(1, sizeof(*image));
		AUTO(struct buf, buf_done) config = { 0 };
		int rc = docker_fill(reading, &item, image, &config, err);
		strv_done(&image->names);
		free(image);
		if (rc < 0)
			return -1;
	}
	return 0;
}

/* --- OCI --- */

struct descriptor {
	char hex[DIGEST_HEX_SIZE];
	uint64_t size;
};

#define BLOB_NAME_SIZE (sizeof("blobs/sha256/") + DIGEST_HEX_LEN)

static void blob_name(const char *hex, char out[BLOB_NAME_SIZE])
{
	memcpy(out, "blobs/sha256/", 13);
	memcpy(out + 13, hex, DIGEST_HEX_SIZE);
}

static int descriptor_read(const struct json_at *at, struct descriptor *out, struct err *err)
{
	AUTO_FREE char *digest = NULL;
	if (json_need(json_get_str(at, "digest", &digest, err), at, "digest", err) < 0 ||
	    json_need(json_get_uint64(at, "size", &out->size, err), at, "size", err) < 0)
		return -1;
	const char *hex = digest_parse(digest);
	if (hex == NULL)
		return json_err(at, err, "\"%s\" is not a sha256 digest", tar_show(digest).text);
	memcpy(out->hex, hex, DIGEST_HEX_SIZE);
	return 0;
}

static int blob_read(struct reading *reading, const struct descriptor *d, size_t max_bytes,
		     struct buf *out, struct err *err)
{
	char name[BLOB_NAME_SIZE];
	blob_name(d->hex, name);
	if (archive_read(reading->archive, name, max_bytes, out, err) < 0)
		return -1;
	if (out->len != d->size)
		return err_set(err, ERR_INVALID, "%s has %zu bytes, its descriptor says %llu", name,
			       out->len, (unsigned long long)d->size);
	return check_digest(out, d->hex, name, err);
}

static int oci_layer(struct reading *reading, const struct json_at *at,
		     struct manifest_image *image, struct err *err)
{
	struct descriptor d;
	char name[BLOB_NAME_SIZE];
	struct unpack_layer_ref *ref = &image->layers[image->layers_len];
	if (descriptor_read(at, &d, err) < 0)
		return -1;
	blob_name(d.hex, name);
	if (archive_locate(reading->archive, name, ref, err) < 0)
		return err_context(err, "layer %zu", image->layers_len + 1);
	if (ref->length != d.size)
		return json_err(at, err, "the blob has %llu bytes, not %llu",
				(unsigned long long)ref->length, (unsigned long long)d.size);
	memcpy(ref->digest, d.hex, DIGEST_HEX_SIZE);
	image->layers_len++;
	return 0;
}

/* A manifest names a config and layers, never manifests too: such bytes mean different things to
 * different readers. */
static int oci_fill(struct reading *reading, const struct json_at *root,
		    struct manifest_image *image, struct buf *config, struct err *err)
{
	struct json_at config_at, layers;
	struct descriptor d;
	if (json_need(json_get_object(root, "config", &config_at, err), root, "config", err) < 0 ||
	    json_need(json_get_array(root, "layers", &layers, err), root, "layers", err) < 0)
		return -1;
	if (json_len(&layers) > UNPACK_LAYERS_MAX)
		return json_err(&layers, err, "more than %u layers", UNPACK_LAYERS_MAX);
	if (descriptor_read(&config_at, &d, err) < 0 ||
	    blob_read(reading, &d, UNPACK_CONFIG_MAX, config, err) < 0)
		return err_context(err, "image config");
	for (size_t i = 0; i < json_len(&layers); i++) {
		struct json_at item = json_item(&layers, i);
		if (oci_layer(reading, &item, image, err) < 0)
			return -1;
	}
	image->config = buf_str(config);
	image->config_len = config->len;
	return tell(reading, image, err);
}

static const char *machine_arch(const char *machine)
{
	static const char *const names[][2] = {
		{ "x86_64", "amd64" },    { "aarch64", "arm64" },       { "i686", "386" },
		{ "armv7l", "arm" },      { "ppc64le", "ppc64le" },     { "s390x", "s390x" },
		{ "riscv64", "riscv64" }, { "loongarch64", "loong64" },
	};
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(machine, names[i][0]) == 0)
			return names[i][1];
	return machine;
}

/* @return 1 if the descriptor is for this machine or does not say, 0, -1 */
static int platform_fits(const struct json_at *at, struct err *err)
{
	struct json_at platform;
	AUTO_FREE char *os = NULL, *arch = NULL;
	struct utsname self;
	int rc = json_get_object(at, "platform", &platform, err);
	if (rc <= 0)
		return rc < 0 ? -1 : 1;
	if (json_get_str(&platform, "os", &os, err) < 0 ||
	    json_get_str(&platform, "architecture", &arch, err) < 0)
		return -1;
	if (os == NULL || arch == NULL || uname(&self) < 0)
		return 0;
	return strcmp(os, "linux") == 0 && strcmp(arch, machine_arch(self.machine)) == 0;
}

/* containerd writes the whole name; others a name with a tag, or only a tag, which names nothing.
 */
static int read_name(const struct json_at *at, struct strv *names, struct err *err)
{
	struct json_at notes;
	AUTO_FREE char *full = NULL, *ref = NULL;
	int rc = json_get_object(at, "annotations", &notes, err);
	if (rc <= 0)
		return rc;
	if (json_get_str(&notes, "io.containerd.image.name", &full, err) < 0 ||
	    json_get_str(&notes, "org.opencontainers.image.ref.name", &ref, err) < 0)
		return -1;
	if (full == NULL && ref != NULL && strpbrk(ref, "/:") != NULL)
		full = ptr_take(&ref);
	if (full != NULL && strv_find(names, full) < 0)
		strv_add(names, full);
	return 0;
}

static int oci_index(struct reading *reading, const struct json_at *root, const struct strv *names,
		     unsigned depth, struct err *err);

static int oci_document(struct reading *reading, const struct descriptor *d,
			const struct strv *names, unsigned depth, struct err *err)
{
	AUTO(struct buf, buf_done) text = { 0 }, config = { 0 };
	AUTO_JSON struct json_object *doc = NULL;
	char name[BLOB_NAME_SIZE];
	blob_name(d->hex, name);
	if (blob_read(reading, d, UNPACK_MANIFEST_MAX, &text, err) < 0 ||
	    parse(&text, name, &doc, err) < 0)
		return -1;
	struct json_at root = json_root(doc);
	struct json_at manifests = json_member(&root, "manifests");
	struct json_at layers = json_member(&root, "layers");
	if (manifests.value != NULL && layers.value != NULL)
		return json_err(&root, err, "both an index and a manifest");
	if (manifests.value != NULL)
		return oci_index(reading, &root, names, depth + 1, err);
	struct manifest_image *image = mem_alloc(1, sizeof(*image));
	strv_add_all(&image->names, names);
	int rc = oci_fill(reading, &root, image, &config, err);
	strv_done(&image->names);
	free(image);
	return rc < 0 ? err_context(err, "%s", name) : 0;
}

/* At the top every fitting entry is an image; inside an index (one image for many platforms) the
 * first that fits. */
static int oci_index(struct reading *reading, const struct json_at *root, const struct strv *names,
		     unsigned depth, struct err *err)
{
	struct json_at list;
	if (json_need(json_get_array(root, "manifests", &list, err), root, "manifests", err) < 0)
		return -1;
	if (depth > 4)
		return json_err(root, err, "indexes nested more than 4 deep");
	for (size_t i = 0; i < json_len(&list); i++) {
		struct json_at item = json_item(&list, i);
		struct descriptor d;
		AUTO(struct strv, strv_done) all_names = { 0 };
		if (++reading->entries > UNPACK_INDEX_MAX)
			return json_err(&item, err, "more than %u manifests", UNPACK_INDEX_MAX);
		int fits = platform_fits(&item, err);
		reading->others += fits == 0;
		if (fits < 0)
			return -1;
		if (fits == 0)
			continue;
		strv_add_all(&all_names, names);
		if (descriptor_read(&item, &d, err) < 0 || read_name(&item, &all_names, err) < 0 ||
		    oci_document(reading, &d, &all_names, depth, err) < 0)
			return -1;
		if (depth > 0)
			break;
	}
	return 0;
}

static int oci_read(struct reading *reading, struct err *err)
{
	AUTO(struct buf, buf_done) text = { 0 };
	AUTO_JSON struct json_object *doc = NULL;
	static const struct strv no_names;
	if (archive_read(reading->archive, "index.json", UNPACK_MANIFEST_MAX, &text, err) < 0 ||
	    parse(&text, "index.json", &doc, err) < 0)
		return -1;
	struct json_at root = json_root(doc);
	return oci_index(reading, &root, &no_names, 0, err);
}

int manifest_read(struct archive *archive, manifest_image_fn *found, void *arg, struct err *err)
{
	struct reading reading = { .archive = archive, .found = found, .arg = arg };
	int rc;
	if (archive_has(archive,
			"manifest.json")) /* it has all the names; newer Dockers write both */
		rc = docker_read(&reading, err);
	else if (archive_has(archive, "index.json"))
		rc = oci_read(&reading, err);
	else
		return err_set(
			err, ERR_INVALID,
			"not an image archive: neither manifest.json nor index.json is in it");
	if (rc == 0 && reading.images == 0 && reading.others > 0)
		return err_set(err, ERR_NOT_FOUND, "no image for this machine's platform in it");
	if (rc == 0 && reading.images == 0)
		return err_set(err, ERR_INVALID, "no image in it");
	return rc;
}
