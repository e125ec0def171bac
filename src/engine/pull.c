/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pull: one fetcher with the network brings the bytes of several layers at a time, each through a
 * pipe into an unpacker of its own. Nothing counts until both say that it was what the manifest
 * named; the image is recorded last, so that a failed pull leaves whole layers at most.
 */
#include "engine/pull.h"

#include "base/mem.h"
#include "engine/engine.h"
#include "store/layer.h"
#include "store/manifest.h"
#include "store/refs.h"
#include "sys/fd.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/utsname.h>
#include <unistd.h>

#define BLOB_NONE SIZE_MAX

struct pull {
	struct engine *engine;
	const struct pull_options *options;
	struct registries_choice choice;
	struct registry_session *session;
	struct pulling *now; /* NULL between images */
};

struct pulled_layer {
	size_t blob; /* the fetcher's number of it, or BLOB_NONE */
	enum unpacking_state state;
	uint64_t done_bytes;
};

/* One image on its way. */
struct pulling {
	struct pull *pull;
	struct registry_image image;
	struct image_config config;
	struct strv diff_ids; /* hex */
	struct pulled_layer *layers;
	int signal_fd; /* readable when one has come */
};

static void pulling_done(struct pulling *pulling)
{
	pulling->pull->now = NULL;
	registry_image_done(&pulling->image);
	image_config_done(&pulling->config);
	strv_done(&pulling->diff_ids);
	free(pulling->layers);
}

static void tell(const struct pulling *pulling, size_t index)
{
	const struct pull_watch *watch = &pulling->pull->options->watch;
	const struct pulled_layer *layer = &pulling->layers[index];
	if (watch->layer != NULL)
		watch->layer(watch->arg, index, layer->state, layer->done_bytes);
}

/* What the fetcher has sent: ahead of what has become files by a pipe at most. */
static void told_of_bytes(void *arg, size_t blob, uint64_t done_bytes)
{
	const struct pulling *pulling = ((struct pull *)arg)->now;
	for (size_t i = 0; pulling != NULL && i < pulling->image.layers_len; i++) {
		struct pulled_layer *layer = &pulling->layers[i];
		if (layer->blob != blob)
			continue;
		if (done_bytes > layer->done_bytes)
			layer->done_bytes = done_bytes;
		tell(pulling, i);
	}
}

void pull_close(struct pull *pull)
{
	if (pull == NULL)
		return;
	registry_close(pull->session);
	registries_choice_done(&pull->choice);
	free(pull);
}

struct pull *pull_open(struct engine *engine, const struct pull_options *options, struct err *err)
{
	AUTO_FREE char *worker = mem_printf("%s/onggi-fetch", engine->libexec_path);
	struct pull *pull = mem_alloc(1, sizeof(*pull));
	pull->engine = engine;
	pull->options = options;
	if (registries_target(options->reference, &options->registries, &pull->choice, err) < 0) {
		free(pull);
		return NULL;
	}
	pull->session = registry_open(worker, &pull->choice.target, told_of_bytes, pull, err);
	if (pull->session == NULL) {
		pull_close(pull);
		return NULL;
	}
	return pull;
}

int pull_tags(struct pull *pull, struct strv *out, struct err *err)
{
	return registry_tags(pull->session, out, err);
}

/* --- signals: held back while there is something to clean up --- */

struct held_signals {
	sigset_t before;
	int fd; /* readable when one has come; it stays pending */
};

static int hold_signals(struct held_signals *out, struct err *err)
{
	static const int ends[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT };
	sigset_t held;
	sigemptyset(&held);
	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		struct sigaction action;
		/* What is ignored (nohup) is no interruption. */
		if (sigaction(ends[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
			sigaddset(&held, ends[i]);
	}
	if (sigprocmask(SIG_BLOCK, &held, &out->before) < 0)
		return err_sys(err, "hold signals back");
	out->fd = signalfd(-1, &held, SFD_CLOEXEC | SFD_NONBLOCK);
	if (out->fd >= 0)
		return 0;
	err_sys(err, "make a descriptor for signals");
	sigprocmask(SIG_SETMASK, &out->before, NULL);
	return -1;
}

/* One that came takes effect here. */
static void release_signals(struct held_signals *held)
{
	fd_close(&held->fd);
	sigprocmask(SIG_SETMASK, &held->before, NULL);
}

/* --- what is pulled --- */

/* The config is a stranger's, but its digest is the manifest's, and so it is taken at its word. */
static int check_image(struct pulling *pulling, struct err *err)
{
	const struct registry_image *image = &pulling->image;
	const struct buf *config = &image->config;
	if (image_config_parse(buf_str(config), config->len, &pulling->config, err) < 0)
		return err_context(err, "image config");
	const struct strv *diff_ids = &pulling->config.diff_ids;
	if (image->layers_len == 0)
		return err_set(err, ERR_UNSUPPORTED, "an image without layers");
	if (image->layers_len > IMAGE_LAYERS_MAX)
		return err_set(err, ERR_INVALID, "it has %zu layers; %d are the most",
			       image->layers_len, IMAGE_LAYERS_MAX);
	if (diff_ids->len != image->layers_len)
		return err_set(err, ERR_INVALID,
			       "image config: %zu diff ids for %zu layers of the manifest",
			       diff_ids->len, image->layers_len);
	for (size_t i = 0; i < diff_ids->len; i++) {
		const char *hex = digest_parse(diff_ids->items[i]);
		if (hex == NULL)
			return err_set(err, ERR_INVALID, "image config: diff id %zu: not a digest",
				       i + 1);
		strv_add(&pulling->diff_ids, hex);
	}
	return 0;
}

static int resolve(struct pulling *pulling, const char *tag_or_digest, struct err *err)
{
	struct pull *pull = pulling->pull;
	struct registry_platform platform = pull->options->platform;
	struct utsname machine;
	if (platform.os == NULL || platform.os[0] == '\0')
		platform.os = "linux";
	if (platform.architecture == NULL || platform.architecture[0] == '\0') {
		if (uname(&machine) < 0)
			return err_sys(err, "ask for this machine's architecture");
		platform.architecture = machine.machine;
	}
	if (registry_resolve(pull->session, tag_or_digest, &platform, &pulling->image, err) < 0)
		return -1;
	size_t len = pulling->image.layers_len;
	pulling->layers = mem_alloc(len + 1, sizeof(*pulling->layers));
	for (size_t i = 0; i < len; i++)
		pulling->layers[i] = (struct pulled_layer){ .blob = BLOB_NONE,
							    .state = UNPACKING_WAITS };
	return check_image(pulling, err);
}

/* --- layers --- */

static int open_layer(void *arg, size_t index, struct unpack_layer *layer, struct err *err)
{
	struct pulling *pulling = arg;
	const struct registry_descriptor *descriptor = &pulling->image.layers[index];
	layer->blob_fd = registry_fetch(pulling->pull->session, descriptor,
					&pulling->layers[index].blob, err);
	if (layer->blob_fd < 0)
		return err_context(err, "fetch layer %.12s", descriptor->digest);
	layer->digest = descriptor->digest;
	return 0;
}

static int check_layer(void *arg, size_t index, struct err *err)
{
	const struct pulling *pulling = arg;
	const struct registry_descriptor *descriptor = &pulling->image.layers[index];
	int state = registry_blob_state(pulling->pull->session, pulling->layers[index].blob, err);
	return state < 0 ? err_context(err, "fetch layer %.12s", descriptor->digest) : state;
}

static void layer_progress(void *arg, size_t index, enum unpacking_state state, uint64_t done_bytes)
{
	struct pulling *pulling = arg;
	struct pulled_layer *layer = &pulling->layers[index];
	layer->state = state;
	if (done_bytes > layer->done_bytes)
		layer->done_bytes = done_bytes;
	tell(pulling, index);
}

static int step(void *arg, struct err *err)
{
	const struct pulling *pulling = arg;
	struct pollfd signals = { .fd = pulling->signal_fd, .events = POLLIN };
	if (poll(&signals, 1, 0) > 0)
		return err_num(err, EINTR, "interrupted");
	return registry_step(pulling->pull->session, err);
}

/* The fetcher and signals as one descriptor. @return owned */
static int watch_events(const struct pulling *pulling, struct err *err)
{
	const int fds[] = { registry_fd(pulling->pull->session), pulling->signal_fd };
	AUTO_FD fd = epoll_create1(EPOLL_CLOEXEC);
	if (fd < 0)
		return err_sys(err, "make an epoll descriptor");
	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		struct epoll_event event = { .events = EPOLLIN };
		if (epoll_ctl(fd, EPOLL_CTL_ADD, fds[i], &event) < 0)
			return err_sys(err, "watch the fetcher");
	}
	return fd_take(&fd);
}

/* A layer that lacks a part is in the way of the one that is to come. */
static int set_damaged_aside(const struct pulling *pulling, struct err *err)
{
	char chain[DIGEST_HEX_SIZE] = "";
	for (size_t i = 0; i < pulling->diff_ids.len; i++) {
		char next[DIGEST_HEX_SIZE];
		layer_chain_id(chain, pulling->diff_ids.items[i], next);
		memcpy(chain, next, sizeof(chain));
		if (layer_set_damaged_aside(&pulling->pull->engine->store, chain, err) < 0)
			return -1;
	}
	return 0;
}

static int fill_layers(struct pulling *pulling, struct unpacking_stack *stack, struct err *err)
{
	struct engine *engine = pulling->pull->engine;
	AUTO(struct unpacking, unpacking_done) unpacking = { 0 };
	AUTO_FD events_fd = watch_events(pulling, err);
	if (events_fd < 0 || set_damaged_aside(pulling, err) < 0)
		return -1;
	const struct unpacking_hooks hooks = {
		.arg = pulling,
		.open = open_layer,
		.check = check_layer,
		.progress = layer_progress,
		.has_fd = true,
		.fd = events_fd,
		.step = step,
	};
	unpacking_init(&unpacking, engine);
	return unpacking_layers(&unpacking, engine, &pulling->diff_ids, &hooks, stack, err);
}

/* --- the record --- */

static void describe(const struct registry_descriptor *from, struct manifest_blob *out)
{
	snprintf(out->media_type, sizeof(out->media_type), "%s", from->media_type);
	snprintf(out->digest, sizeof(out->digest), "%s", from->digest);
	out->size = from->size;
}

static void describe_image(const struct registry_image *image, struct manifest *out)
{
	describe(&image->manifest, &out->self);
	describe(&image->index, &out->index);
	describe(&image->config_descriptor, &out->config);
	out->layers = mem_alloc(image->layers_len + 1, sizeof(*out->layers));
	for (out->layers_len = 0; out->layers_len < image->layers_len; out->layers_len++)
		describe(&image->layers[out->layers_len], &out->layers[out->layers_len]);
}

static int record(const struct pulling *pulling, const struct reference *reference,
		  const struct unpacking_stack *stack, struct pull_result *out, struct err *err)
{
	const struct store *store = &pulling->pull->engine->store;
	const struct registry_image *image = &pulling->image;
	AUTO(struct manifest, manifest_done) manifest = { 0 };
	AUTO_FREE char *repository = mem_printf("%s/%s", reference->domain, reference->path);
	struct pull_result result = { 0 };
	char before[DIGEST_HEX_SIZE] = "";
	describe_image(image, &manifest);
	const struct image_pulled pulled = {
		.config = &image->config,
		.layers = &stack->names,
		.repository = repository,
		.tag = reference->digest == NULL ? reference->tag : NULL,
		.manifest = &manifest,
		.manifest_bytes = &image->manifest_bytes,
		.index_bytes = &image->index_bytes,
	};
	AUTO_FREE char *name = pulled.tag != NULL
				       ? mem_printf("%s:%s", repository, pulled.tag)
				       : mem_printf("%s@sha256:%s", repository, reference->digest);
	refs_lookup(store, name, before);
	if (image_add_pulled(store, &pulled, result.id, err) < 0)
		return -1;
	snprintf(result.digest, sizeof(result.digest), "%s", manifest_digest(&manifest));
	result.is_new = strcmp(before, result.id) != 0;
	*out = result;
	return 0;
}

static int fill_and_record(struct pulling *pulling, const struct reference *reference,
			   struct pull_result *out, struct err *err)
{
	AUTO(struct unpacking_stack, unpacking_stack_done) stack = { 0 };
	/* Until the image is recorded, nothing but this keeps its layers. */
	AUTO_FD lease_fd = layer_lease(&pulling->pull->engine->store, err);
	if (lease_fd < 0 || fill_layers(pulling, &stack, err) < 0)
		return -1;
	return record(pulling, reference, &stack, out, err);
}

int pull_image(struct pull *pull, const struct reference *reference, struct pull_result *out,
	       struct err *err)
{
	const struct pull_watch *watch = &pull->options->watch;
	struct held_signals held;
	AUTO(struct pulling, pulling_done) pulling = { .pull = pull };
	AUTO_FREE char *by_digest = reference->digest != NULL
					    ? mem_printf("sha256:%s", reference->digest)
					    : NULL;
	const char *wanted = by_digest != NULL ? by_digest : reference->tag;
	if (resolve(&pulling, wanted, err) < 0 || hold_signals(&held, err) < 0)
		return -1;
	pull->now = &pulling;
	pulling.signal_fd = held.fd;
	if (watch->begin != NULL)
		watch->begin(watch->arg, pulling.image.layers, pulling.image.layers_len);
	int rc = fill_and_record(&pulling, reference, out, err);
	pull->now = NULL;
	release_signals(&held);
	return rc;
}
