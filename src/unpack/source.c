/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stream under a tar reader. The producer (a thread, or the reader itself) fills slots of a
 * small ring; the consumer looks at them in place. Knows nothing of tar.
 */
#include "unpack/source.h"

#include "base/mem.h"
#include "unpack/bounds.h"
#include "unpack/inflate.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#define SLOT_BYTES (256u << 10)
#define SLOTS_LEN  4u

struct slot {
	uint8_t *data;
	size_t len;
};

struct source {
	struct source_options options;
	struct inflater *inflater;
	enum inflate_kind kind;

	/* the producer's */
	uint8_t *input;
	size_t input_start, input_len;
	uint64_t read_bytes, made_bytes;
	bool is_input_done, is_done;
	struct digest input_digest, output_digest;

	/* shared, under the mutex when there is a thread */
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	struct slot slots[SLOTS_LEN];
	unsigned made, used; /* slots filled and given back, ever growing */
	bool is_ended, is_cancelled;
	struct err failure;
	uint64_t input_seen;

	/* the consumer's */
	pthread_t thread;
	bool has_started;
	size_t slot_offset;
	uint64_t consumed;
	source_tap *tap; /* or NULL */
	void *tap_arg;
};

static int read_input(struct source *source, struct err *err)
{
	struct source_options *o = &source->options;
	size_t want = SLOT_BYTES;
	ssize_t n;
	if (o->is_region && o->length - source->read_bytes < want)
		want = (size_t)(o->length - source->read_bytes);
	do {
		if (o->is_region)
			n = want == 0 ? 0
				      : pread(o->fd, source->input, want,
					      (off_t)(o->offset + source->read_bytes));
		else
			n = read(o->fd, source->input, want);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_sys(err, "read");
	if (n == 0 && o->is_region && source->read_bytes < o->length)
		return err_set(err, ERR_INVALID, "the archive is truncated");
	source->input_start = 0;
	source->input_len = (size_t)n;
	source->read_bytes += (uint64_t)n;
	source->is_input_done = n == 0;
	if (o->has_thread)
		digest_add(&source->input_digest, source->input, (size_t)n);
	return 0;
}

static int check_ratio(const struct source *source, struct err *err)
{
	if (source->made_bytes <= UNPACK_RATIO_FREE || source->kind == INFLATE_PLAIN ||
	    source->options.is_unlimited)
		return 0;
	if (source->made_bytes / UNPACK_RATIO_MAX <= source->read_bytes)
		return 0;
	return err_set(err, ERR_INVALID,
		       "it inflates more than %u-fold and beyond %llu bytes: refused as a bomb",
		       UNPACK_RATIO_MAX, UNPACK_RATIO_FREE);
}

/* Fill one slot. An empty slot afterwards means the end. */
static int produce(struct source *source, struct slot *slot, struct err *err)
{
	slot->len = 0;
	while (slot->len < SLOT_BYTES && !source->is_done) {
		if (source->input_len == 0 && !source->is_input_done && read_input(source, err) < 0)
			return -1;
		struct inflate_step step = {
			.in = source->input + source->input_start,
			.in_len = source->input_len,
			.out = slot->data + slot->len,
			.out_len = SLOT_BYTES - slot->len,
			.is_last = source->is_input_done,
		};
		int rc = inflater_run(source->inflater, &step, err);
		if (rc < 0)
			return -1;
		source->input_start += source->input_len - step.in_len;
		source->input_len = step.in_len;
		slot->len = SLOT_BYTES - step.out_len;
		source->is_done = rc == 1;
	}
	source->made_bytes += slot->len;
	return check_ratio(source, err);
}

static void *producer_main(void *arg)
{
	struct source *source = arg;
	bool goes_on = true;
	while (goes_on) {
		pthread_mutex_lock(&source->mutex);
		while (source->made - source->used == SLOTS_LEN && !source->is_cancelled)
			pthread_cond_wait(&source->changed, &source->mutex);
		goes_on = !source->is_cancelled;
		struct slot *slot = &source->slots[source->made % SLOTS_LEN];
		pthread_mutex_unlock(&source->mutex);
		if (!goes_on)
			break;

		struct err failure = { 0 };
		goes_on = produce(source, slot, &failure) == 0 && slot->len > 0;
		pthread_mutex_lock(&source->mutex);
		source->input_seen = source->read_bytes;
		if (goes_on)
			source->made++;
		else
			source->is_ended = true;
		source->failure = failure;
		pthread_cond_signal(&source->changed);
		pthread_mutex_unlock(&source->mutex);
	}
	return NULL;
}

static int open_stream(struct source *source, struct err *err)
{
	/* Enough for every magic, whatever a pipe gives per read. */
	size_t have = 0;
	while (have < 512 && !source->is_input_done) {
		source->input += have;
		int rc = read_input(source, err);
		source->input -= have;
		if (rc < 0)
			return -1;
		have += source->input_len;
	}
	source->input_len = have;
	source->is_input_done = false; /* asked again: a second 0 is cheap */
	source->kind = INFLATE_PLAIN;
	if (!source->options.is_plain &&
	    inflate_detect(source->input, have, &source->kind, err) < 0)
		return -1;
	source->inflater = inflater_new(source->kind);
	return 0;
}

struct source *source_open(const struct source_options *options, struct err *err)
{
	struct source *source = mem_alloc(1, sizeof(*source));
	source->options = *options;
	digest_init(&source->input_digest);
	digest_init(&source->output_digest);
	pthread_mutex_init(&source->mutex, NULL);
	pthread_cond_init(&source->changed, NULL);
	source->input = mem_alloc(1, SLOT_BYTES + 512);
	for (unsigned i = 0; i < (options->has_thread ? SLOTS_LEN : 1); i++)
		source->slots[i].data = mem_alloc(1, SLOT_BYTES);
	if (open_stream(source, err) < 0)
		goto fail;
	if (options->has_thread) {
		int errnum = pthread_create(&source->thread, NULL, producer_main, source);
		if (errnum != 0) {
			err_num(err, errnum, "start the inflating thread");
			goto fail;
		}
		source->has_started = true;
	}
	return source;
fail:
	source_free(source);
	return NULL;
}

void source_free(struct source *source)
{
	if (source == NULL)
		return;
	if (source->has_started) {
		pthread_mutex_lock(&source->mutex);
		source->is_cancelled = true;
		pthread_cond_signal(&source->changed);
		pthread_mutex_unlock(&source->mutex);
		pthread_join(source->thread, NULL);
	}
	for (unsigned i = 0; i < SLOTS_LEN; i++)
		free(source->slots[i].data);
	free(source->input);
	inflater_free(source->inflater);
	pthread_cond_destroy(&source->changed);
	pthread_mutex_destroy(&source->mutex);
	free(source);
}

static int wait_slot(struct source *source, struct err *err)
{
	pthread_mutex_lock(&source->mutex);
	while (source->made == source->used && !source->is_ended)
		pthread_cond_wait(&source->changed, &source->mutex);
	bool is_there = source->made != source->used;
	bool has_failed = !is_there && err_is_set(&source->failure);
	if (has_failed && err != NULL)
		*err = source->failure;
	pthread_mutex_unlock(&source->mutex);
	return has_failed ? -1 : is_there;
}

/* Without a thread the one slot is filled here. */
static int make_slot(struct source *source, struct err *err)
{
	if (source->made != source->used)
		return 1;
	if (produce(source, &source->slots[0], err) < 0)
		return -1;
	source->input_seen = source->read_bytes;
	if (source->slots[0].len == 0)
		return 0;
	source->made++;
	return 1;
}

static struct slot *current_slot(struct source *source)
{
	return &source->slots[source->options.has_thread ? source->used % SLOTS_LEN : 0];
}

ssize_t source_peek(struct source *source, const uint8_t **out, struct err *err)
{
	if (source->slot_offset == 0) {
		int rc = source->options.has_thread ? wait_slot(source, err)
						    : make_slot(source, err);
		if (rc <= 0)
			return rc;
	}
	struct slot *slot = current_slot(source);
	*out = slot->data + source->slot_offset;
	return (ssize_t)(slot->len - source->slot_offset);
}

void source_set_tap(struct source *source, source_tap *tap, void *arg)
{
	source->tap = tap;
	source->tap_arg = arg;
}

void source_consume(struct source *source, size_t len)
{
	if (source->tap != NULL)
		source->tap(source->tap_arg, current_slot(source)->data + source->slot_offset, len);
	source->slot_offset += len;
	source->consumed += len;
	if (source->slot_offset < current_slot(source)->len)
		return;
	source->slot_offset = 0;
	if (!source->options.has_thread) {
		source->used++;
		return;
	}
	/* On this side: the producer has the inflating and the other digest to do. */
	if (source->kind != INFLATE_PLAIN)
		digest_add(&source->output_digest, current_slot(source)->data,
			   current_slot(source)->len);
	pthread_mutex_lock(&source->mutex);
	source->used++;
	pthread_cond_signal(&source->changed);
	pthread_mutex_unlock(&source->mutex);
}

int source_read(struct source *source, void *out, size_t len, const char *what, struct err *err)
{
	uint8_t *to = out;
	for (size_t done = 0; done < len;) {
		const uint8_t *from;
		ssize_t n = source_peek(source, &from, err);
		if (n < 0)
			return -1;
		if (n == 0 && done == 0)
			return 0;
		if (n == 0)
			return err_set(err, ERR_INVALID, "the archive ends in the middle of %s",
				       what);
		size_t take = (size_t)n < len - done ? (size_t)n : len - done;
		memcpy(to + done, from, take);
		source_consume(source, take);
		done += take;
	}
	return 1;
}

int source_skip(struct source *source, uint64_t len, struct err *err)
{
	while (len > 0) {
		bool is_between = source->slot_offset == 0 && source->made == source->used;
		if (is_between && source->options.is_region && !source->options.has_thread &&
		    source->kind == INFLATE_PLAIN && source->input_len == 0) {
			if (len > source->options.length - source->read_bytes)
				return err_set(err, ERR_INVALID, "the archive is truncated");
			source->read_bytes += len;
			source->consumed += len;
			return 0;
		}
		const uint8_t *from;
		ssize_t n = source_peek(source, &from, err);
		if (n < 0)
			return -1;
		if (n == 0)
			return err_set(err, ERR_INVALID, "the archive is truncated");
		size_t take = (uint64_t)n < len ? (size_t)n : (size_t)len;
		source_consume(source, take);
		len -= take;
	}
	return 0;
}

uint64_t source_position(const struct source *source)
{
	return source->consumed;
}

uint64_t source_input_position(const struct source *source)
{
	/* A progress figure: a torn read is impossible on 64-bit, a stale one harmless. */
	return __atomic_load_n(&source->input_seen, __ATOMIC_RELAXED);
}

bool source_is_compressed(const struct source *source)
{
	return source->kind != INFLATE_PLAIN;
}

int source_finish(struct source *source, struct source_digests *out, struct err *err)
{
	const uint8_t *from;
	for (ssize_t n; (n = source_peek(source, &from, err)) != 0;) {
		if (n < 0)
			return -1;
		source_consume(source, (size_t)n);
	}
	pthread_join(source->thread, NULL);
	source->has_started = false;
	digest_hex(&source->input_digest, out->input);
	if (source->kind != INFLATE_PLAIN)
		digest_hex(&source->output_digest, out->output);
	else
		memcpy(out->output, out->input, sizeof(out->output));
	out->input_bytes = source->read_bytes;
	out->output_bytes = source->made_bytes;
	return 0;
}
