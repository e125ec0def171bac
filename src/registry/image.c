/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine's questions that have one answer: an image, the tags, a login. Documents are kept as
 * bytes; that they have their digests, and that each names the next, is seen here without reading
 * them.
 */
#include "base/mem.h"
#include "registry/bounds.h"
#include "registry/drive.h"

#include <stdio.h>
#include <string.h>

void registry_image_done(struct registry_image *image)
{
	buf_done(&image->manifest_bytes);
	buf_done(&image->index_bytes);
	buf_done(&image->config);
	free(image->layers);
	memset(image, 0, sizeof(*image));
}

static int unexpected(struct err *err)
{
	return err_set(err, ERR_REMOTE, "the fetch worker said something unexpected");
}

static int ask(struct registry_session *session, enum fetch_packet_type type, struct err *err)
{
	session->packet.type = type;
	session->packet.what = 0;
	return fetch_packet_send(session->sock_fd, &session->packet, -1, err);
}

/* --- an image --- */

struct slot {
	struct registry_descriptor *descriptor;
	struct buf *bytes;
	size_t max;
};

static struct slot slot_of(struct registry_image *image, uint32_t what)
{
	switch (what) {
	case FETCH_INDEX:
		return (struct slot){ &image->index, &image->index_bytes, FETCH_MANIFEST_MAX };
	case FETCH_MANIFEST:
		return (struct slot){ &image->manifest, &image->manifest_bytes,
				      FETCH_MANIFEST_MAX };
	case FETCH_CONFIG:
		return (struct slot){ &image->config_descriptor, &image->config, FETCH_CONFIG_MAX };
	default:
		return (struct slot){ 0 };
	}
}

static bool is_digest(const char *hex)
{
	return strspn(hex, "0123456789abcdef") == DIGEST_HEX_LEN && hex[DIGEST_HEX_LEN] == '\0';
}

static int take_descriptor(const struct fetch_packet *packet, struct registry_descriptor *out)
{
	if (!is_digest(packet->descriptor.digest) || packet->descriptor.size > FETCH_BLOB_MAX)
		return -1;
	memcpy(out->media_type, packet->descriptor.media_type, sizeof(out->media_type));
	memcpy(out->digest, packet->descriptor.digest, sizeof(out->digest));
	out->size = packet->descriptor.size;
	return 0;
}

static int take_packet(struct registry_image *image, const struct fetch_packet *packet,
		       struct err *err)
{
	struct slot slot = slot_of(image, packet->what);
	if (packet->type == FETCH_DOCUMENT && slot.bytes != NULL &&
	    slot.descriptor->digest[0] == '\0' && packet->descriptor.size <= slot.max &&
	    take_descriptor(packet, slot.descriptor) == 0)
		return 0;
	if (packet->type == FETCH_BYTES && slot.bytes != NULL &&
	    packet->len <= slot.descriptor->size - slot.bytes->len) {
		buf_add(slot.bytes, packet->data, packet->len);
		return 0;
	}
	if (packet->type == FETCH_LAYER && packet->what == image->layers_len &&
	    image->layers_len < FETCH_LAYERS_MAX) {
		image->layers = mem_realloc(image->layers,
					    (image->layers_len + 1) * sizeof(*image->layers));
		if (take_descriptor(packet, &image->layers[image->layers_len]) == 0) {
			image->layers_len++;
			return 0;
		}
	}
	return unexpected(err);
}

static int check_document(const struct registry_descriptor *descriptor, const struct buf *bytes,
			  struct err *err)
{
	char found[DIGEST_HEX_SIZE];
	digest_of(buf_str(bytes), bytes->len, found);
	if (bytes->len != descriptor->size || strcmp(found, descriptor->digest) != 0)
		return unexpected(err);
	return 0;
}

/* Does the text of a document name this digest? */
static bool names(const struct buf *document, const char *hex)
{
	char text[sizeof("\"sha256:\"") + DIGEST_HEX_LEN];
	int len = snprintf(text, sizeof(text), "\"sha256:%s\"", hex);
	return document->len > 0 &&
	       memmem(document->data, document->len, text, (size_t)len) != NULL;
}

/* From what was asked for to the last layer, each digest leads to the next. An index may name the
 * manifest by way of another one, which does not come along. */
static int check_image(const struct registry_image *image, const char *asked, struct err *err)
{
	bool has_index = image->index.digest[0] != '\0';
	const char *hex = digest_parse(asked);
	const struct registry_descriptor *top = has_index ? &image->index : &image->manifest;
	if (image->manifest.digest[0] == '\0' || image->config_descriptor.digest[0] == '\0' ||
	    (hex != NULL && strcmp(hex, top->digest) != 0) ||
	    !names(&image->manifest_bytes, image->config_descriptor.digest))
		return unexpected(err);
	for (size_t i = 0; i < image->layers_len; i++)
		if (!names(&image->manifest_bytes, image->layers[i].digest))
			return unexpected(err);
	if (check_document(&image->manifest, &image->manifest_bytes, err) < 0 ||
	    check_document(&image->config_descriptor, &image->config, err) < 0)
		return -1;
	return has_index ? check_document(&image->index, &image->index_bytes, err) : 0;
}

/* A tag's grammar, or a digest's. */
static bool is_reference(const char *text)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
	size_t len = strlen(text);
	if (digest_parse(text) != NULL)
		return true;
	return len > 0 && len <= 128 && strspn(text, letters) == len && text[0] != '.' &&
	       text[0] != '-';
}

static void add_word(struct fetch_packet *packet, const char *word)
{
	size_t len = word != NULL ? strlen(word) : 0;
	len = len < 64 || packet->len == 0 ? len : 64; /* no name of a platform is so long */
	if (len > 0)
		memcpy(packet->data + packet->len, word, len);
	packet->data[packet->len + len] = '\0';
	packet->len += (uint32_t)len + 1;
}

int registry_resolve(struct registry_session *session, const char *tag_or_digest,
		     const struct registry_platform *platform, struct registry_image *out,
		     struct err *err)
{
	static const struct registry_platform any;
	AUTO(struct registry_image, registry_image_done) image = { 0 };
	const struct registry_platform *wanted = platform != NULL ? platform : &any;
	int type = 0;
	if (!is_reference(tag_or_digest))
		return err_set(err, ERR_INVALID, "\"%.140s\" is neither a tag nor a digest",
			       tag_or_digest);
	session->packet.len = 0;
	add_word(&session->packet, tag_or_digest);
	add_word(&session->packet, wanted->os);
	add_word(&session->packet, wanted->architecture);
	add_word(&session->packet, wanted->variant);
	if (ask(session, FETCH_RESOLVE, err) < 0)
		return -1;
	while ((type = registry_next(session, err)) > 0 && type != FETCH_END)
		if (take_packet(&image, &session->packet, err) < 0)
			return -1;
	if (type < 0 || check_image(&image, tag_or_digest, err) < 0)
		return -1;
	*out = image;
	memset(&image, 0, sizeof(image));
	return 0;
}

/* --- tags and login --- */

int registry_tags(struct registry_session *session, struct strv *out, struct err *err)
{
	AUTO(struct strv, strv_done) tags = { 0 };
	int type;
	session->packet.len = 0;
	if (ask(session, FETCH_TAGS, err) < 0)
		return -1;
	while ((type = registry_next(session, err)) == FETCH_TAG) {
		if (tags.len == REGISTRY_TAGS_MAX)
			return unexpected(err);
		/* A name with other bytes is nobody's to pull, nor to show. */
		if (is_reference(session->packet.data))
			strv_add(&tags, session->packet.data);
	}
	if (type != FETCH_END)
		return type < 0 ? -1 : unexpected(err);
	strv_add_all(out, &tags);
	return 0;
}

int registry_check_login(struct registry_session *session, char **out_identity_token,
			 struct err *err)
{
	char *token = NULL;
	session->packet.len = 0;
	if (ask(session, FETCH_LOGIN, err) < 0)
		return -1;
	int type = registry_next(session, err);
	if (type == FETCH_TOKEN) {
		token = mem_strdup(session->packet.data);
		explicit_bzero(session->packet.data, sizeof(session->packet.data));
		type = registry_next(session, err);
	}
	if (type != FETCH_END) {
		free(token);
		return type < 0 ? -1 : unexpected(err);
	}
	*out_identity_token = token;
	return 0;
}
