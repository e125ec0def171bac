/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a tag or digest to one image: manifest, perhaps through indexes, and config. Small
 * documents, one after the other; each is held against the digest that named it.
 */
#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "oci/image_config.h"
#include "registry/document.h"
#include "registry/jobs.h"

#include <stdio.h>
#include <string.h>

struct resolving {
	struct platform wanted;
	char reference[160]; /* as in the URL */
	/* what comes of it */
	struct document document;
	struct document_descriptor top, index; /* index.digest "": there is none */
	struct buf bytes, index_bytes, config;
};

int try_endpoints(struct net *net,
		  int (*run)(struct net *net, struct endpoint *from, void *arg, struct err *err),
		  void *arg, struct err *err)
{
	struct err why = { 0 };
	const struct endpoint *last = NULL;
	for (size_t i = 0; i < net->endpoints_len; i++) {
		size_t at = (net->preferred + i) % net->endpoints_len;
		struct endpoint *endpoint = &net->endpoints[at];
		if (last != NULL && endpoint_is_settled(last, endpoint, &why))
			continue;
		err_clear(&why);
		if (run(net, endpoint, arg, &why) == 0) {
			net->preferred = at;
			return 0;
		}
		last = endpoint;
	}
	if (err != NULL)
		*err = why;
	return -1;
}

static int get(struct transfer *transfer, const char *what, struct err *err)
{
	if (transfer_run(transfer, err) < 0)
		return -1;
	return transfer->answer.status == 200 ? 0 : transfer_refused(transfer, what, err);
}

static int check_bytes(const struct transfer *transfer, const char *digest, uint64_t size,
		       struct err *err)
{
	const struct buf *body = &transfer->answer.body;
	char found[DIGEST_HEX_SIZE];
	digest_of(buf_str(body), body->len, found);
	if (size != UINT64_MAX && body->len != size)
		return err_set(err, ERR_INVALID, "%s sends %zu bytes where %llu were announced",
			       transfer->endpoint->fields[FETCH_HOST], body->len,
			       (unsigned long long)size);
	if (strcmp(found, digest) != 0)
		return err_set(err, ERR_INVALID, "%s sends bytes of digest sha256:%s for sha256:%s",
			       transfer->endpoint->fields[FETCH_HOST], found, digest);
	return 0;
}

/* --- manifests --- */

struct manifest_wish {
	struct resolving *resolving;
	const struct document_descriptor *named; /* by an index, or NULL */
	const char *digest;                      /* must be this, or NULL */
};

/* What the header says about the digest may be missing; it may not be another. */
static int check_manifest(const struct transfer *transfer, const struct manifest_wish *wish,
			  struct document_descriptor *out, struct err *err)
{
	const struct buf *body = &transfer->answer.body;
	const char *said = transfer->answer.digest;
	const char *host = transfer->endpoint->fields[FETCH_HOST];
	const char *hex = said != NULL ? digest_parse(said) : NULL;
	if (wish->digest != NULL &&
	    check_bytes(transfer, wish->digest,
			wish->named != NULL ? wish->named->size : UINT64_MAX, err) < 0)
		return -1;
	digest_of(buf_str(body), body->len, out->digest);
	out->size = body->len;
	if (hex != NULL && strcmp(hex, out->digest) != 0)
		return err_set(err, ERR_INVALID,
			       "%s sends a manifest that has not the digest it says", host);
	return 0;
}

static int fetch_manifest(struct net *net, struct endpoint *from, void *arg, struct err *err)
{
	struct manifest_wish *wish = arg;
	struct resolving *resolving = wish->resolving;
	struct document_descriptor found = { 0 };
	AUTO_FREE char *tail = mem_printf("manifests/%s", resolving->reference);
	struct transfer *transfer = mem_alloc(1, sizeof(*transfer));
	struct document *document = mem_alloc(1, sizeof(*document));
	transfer_init(transfer, net, from, endpoint_url(from, tail));
	transfer->accept = document_accept;
	transfer->body_max = FETCH_MANIFEST_MAX;
	struct answer *answer = &transfer->answer;
	int rc = get(transfer, resolving->reference, err);
	if (rc == 0)
		rc = check_manifest(transfer, wish, &found, err);
	if (rc == 0) {
		rc = document_read(buf_str(&answer->body), answer->body.len, answer->content_type,
				   &resolving->wanted, document, err);
		if (rc < 0)
			err_context(err, "%s: %s", from->fields[FETCH_HOST], resolving->reference);
	}
	if (rc == 0 && wish->named != NULL &&
	    strcmp(wish->named->media_type, document->media_type) != 0)
		rc = err_set(err, ERR_INVALID, "the index names a %s, and it is a %s",
			     wish->named->media_type, document->media_type);
	if (rc == 0) {
		memcpy(found.media_type, document->media_type, sizeof(found.media_type));
		resolving->document = *document;
		resolving->top = found;
		buf_done(&resolving->bytes);
		resolving->bytes = answer->body;
		memset(&answer->body, 0, sizeof(answer->body));
	}
	transfer_done(transfer);
	free(transfer);
	free(document);
	return rc;
}

static int find_manifest(struct net *net, struct resolving *resolving, struct err *err)
{
	struct document_descriptor named;
	struct manifest_wish wish = { .resolving = resolving,
				      .digest = digest_parse(resolving->reference) };
	for (unsigned depth = 0; depth <= FETCH_INDEX_DEPTH_MAX; depth++) {
		if (try_endpoints(net, fetch_manifest, &wish, err) < 0)
			return -1;
		if (resolving->document.kind == DOCUMENT_MANIFEST)
			return 0;
		if (depth == 0) {
			resolving->index = resolving->top;
			resolving->index_bytes = resolving->bytes;
			memset(&resolving->bytes, 0, sizeof(resolving->bytes));
		}
		named = resolving->document.chosen;
		wish.named = &named;
		wish.digest = named.digest;
		snprintf(resolving->reference, sizeof(resolving->reference), "sha256:%s",
			 named.digest);
	}
	return err_set(err, ERR_INVALID, "indexes nested more than %u deep", FETCH_INDEX_DEPTH_MAX);
}

/* --- config --- */

static int fetch_config(struct net *net, struct endpoint *from, void *arg, struct err *err)
{
	struct resolving *resolving = arg;
	const struct document_descriptor *config = &resolving->document.config;
	AUTO_FREE char *tail = mem_printf("blobs/sha256:%s", config->digest);
	struct transfer *transfer = mem_alloc(1, sizeof(*transfer));
	transfer_init(transfer, net, from, endpoint_url(from, tail));
	transfer->body_max = config->size > 0 ? config->size : 1;
	int rc = get(transfer, "the image's config", err);
	if (rc == 0)
		rc = check_bytes(transfer, config->digest, config->size, err);
	if (rc == 0) {
		resolving->config = transfer->answer.body;
		memset(&transfer->answer.body, 0, sizeof(transfer->answer.body));
	}
	transfer_done(transfer);
	free(transfer);
	return rc;
}

/* An image that no index offered is for the platform that its config says. */
static int check_config(const struct resolving *resolving, struct err *err)
{
	struct image_config config = { 0 };
	struct platform offered;
	char there[PLATFORM_TEXT_SIZE], wanted[PLATFORM_TEXT_SIZE];
	if (image_config_parse(buf_str(&resolving->config), resolving->config.len, &config, err) <
	    0)
		return err_context(err, "image config");
	size_t layers_len = config.diff_ids.len;
	platform_set(&offered, config.os, config.architecture, config.variant);
	image_config_done(&config);
	if (layers_len != resolving->document.layers_len)
		return err_set(err, ERR_INVALID, "the manifest has %zu layers, the config %zu",
			       resolving->document.layers_len, layers_len);
	if (resolving->index.digest[0] != '\0' || offered.architecture[0] == '\0' ||
	    platform_fits(&resolving->wanted, &offered) > 0)
		return 0;
	platform_format(&offered, there);
	platform_format(&resolving->wanted, wanted);
	err_set(err, ERR_NOT_FOUND, "no image for %s: it is for %s", wanted, there);
	return err_hint(err, "--platform %s takes it all the same", there);
}

/* --- the answer --- */

static int say_document(enum fetch_document what, const struct document_descriptor *descriptor,
			const struct buf *bytes, struct err *err)
{
	struct fetch_packet *packet = fetch_packet();
	memcpy(packet->descriptor.media_type, descriptor->media_type,
	       sizeof(descriptor->media_type));
	memcpy(packet->descriptor.digest, descriptor->digest, DIGEST_HEX_SIZE);
	packet->descriptor.size = descriptor->size;
	if (fetch_say(FETCH_DOCUMENT, what, NULL, 0, err) < 0)
		return -1;
	for (size_t at = 0; at < bytes->len;) {
		size_t len = bytes->len - at;
		len = len < FETCH_CHUNK_MAX - 1 ? len : FETCH_CHUNK_MAX - 1;
		if (fetch_say(FETCH_BYTES, what, bytes->data + at, len, err) < 0)
			return -1;
		at += len;
	}
	return 0;
}

static int say_image(const struct resolving *resolving, struct err *err)
{
	const struct document *document = &resolving->document;
	if ((resolving->index.digest[0] != '\0' &&
	     say_document(FETCH_INDEX, &resolving->index, &resolving->index_bytes, err) < 0) ||
	    say_document(FETCH_MANIFEST, &resolving->top, &resolving->bytes, err) < 0 ||
	    say_document(FETCH_CONFIG, &document->config, &resolving->config, err) < 0)
		return -1;
	for (size_t i = 0; i < document->layers_len; i++) {
		struct fetch_packet *packet = fetch_packet();
		const struct document_descriptor *layer = &document->layers[i];
		memcpy(packet->descriptor.media_type, layer->media_type, sizeof(layer->media_type));
		memcpy(packet->descriptor.digest, layer->digest, DIGEST_HEX_SIZE);
		packet->descriptor.size = layer->size;
		if (fetch_say(FETCH_LAYER, (uint32_t)i, NULL, 0, err) < 0)
			return -1;
	}
	return 0;
}

int resolve_image(struct net *net, const char *const words[4], struct err *err)
{
	struct resolving *resolving = mem_alloc(1, sizeof(*resolving));
	snprintf(resolving->reference, sizeof(resolving->reference), "%s", words[0]);
	platform_set(&resolving->wanted, words[1], words[2], words[3]);
	int rc = find_manifest(net, resolving, err);
	if (rc == 0)
		rc = try_endpoints(net, fetch_config, resolving, err);
	if (rc == 0)
		rc = check_config(resolving, err);
	if (rc == 0)
		rc = say_image(resolving, err);
	buf_done(&resolving->bytes);
	buf_done(&resolving->index_bytes);
	buf_done(&resolving->config);
	free(resolving);
	return rc;
}
